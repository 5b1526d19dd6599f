//! The table of rules in the book is what the code does, and the samples of its page do what they say.

mod routes;

use msf_service::prelude::*;
use msf_service::{Principal, access::Head, axum::http::Method};

const PAGE: &str = include_str!("../../../src/reference/access-rules.md");

/// Each rule as the page writes it, and as Rust does.
macro_rules! rules {
    ($($rule:expr;)+) => { vec![$((stringify!($rule), $rule as Rule<Head>)),+] };
}

fn rules() -> Vec<(&'static str, Rule<Head>)> {
    rules! {
        Rule::public("no secret");
        Rule::authenticated("everybody whom we know");
        Rule::role("admin");
        Rule::service("billing");
        Rule::owner(|Path(id): &Path<String>| id);
        Rule::when("reads", |method: &Method, _: &Principal| method == Method::GET);
        Rule::nobody("comes with the next release");
        Rule::owner(|Path(id): &Path<String>| id).or(Rule::role("admin"));
        Rule::role("admin").and(Rule::owner(|Path(id): &Path<String>| id));
    }
}

/// Spaces and line breaks are the formatter's affair.
fn squeeze(text: &str) -> String {
    text.replace("\\|", "|").split_whitespace().collect()
}

/// One route for each rule: `/0/ana` has the first.
async fn app(_: Boot<()>) -> msf_service::Result<App> {
    let routes = rules().into_iter().enumerate();
    let routes = routes.fold(Routes::new(), |routes, (number, (_, rule))| {
        routes.get(&format!("/{number}/{{id}}"), rule, async || "let in")
    });
    Ok(App::new().http(routes))
}

#[tokio::test]
async fn the_table_of_rules_is_true() -> msf_service::Result<()> {
    let app = msf_testing::start(app, ()).await?;
    let callers = [
        None,
        Some(Principal::user("ana")),
        Some(Principal::user("bo")),
        Some(Principal::user("cy").with_role("admin")),
        Some(Principal::service("billing")),
    ];
    let mut real = Vec::new();
    for (number, (written, rule)) in rules().into_iter().enumerate() {
        let mut row = vec![squeeze(written), squeeze(&rule.to_string())];
        for caller in &callers {
            let mut call = app.get(&format!("/{number}/ana"));
            if let Some(principal) = caller {
                call = call.as_principal(principal);
            }
            row.push(call.send().await.status().as_u16().to_string());
        }
        real.push(row);
    }
    let head = "| rule | in the access table | nobody known | ana | bo | an admin | billing |";
    let (_, table) = PAGE.split_once(head).expect("the table of rules");
    let rows = table
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    let shown: Vec<Vec<String>> = rows
        .map(|row| {
            let row = row.replace("\\|", "\u{0}");
            let cells = row.trim_matches('|').split('|').map(|cell| {
                let cell = cell.replace('\u{0}', "|");
                squeeze(&cell.replace(['`'], ""))
            });
            cells.collect()
        })
        .collect();
    assert_eq!(shown, real);
    Ok(())
}
