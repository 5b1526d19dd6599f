//! Whoever registers gets a welcome e-mail, and the mailbox shows it to programs and to people.

mod support;

use msf_service::Profile;
use msf_service::client::Local;
use msf_service::settings::Secret;
use msf_testing::{Answer, Call, Start, Started};
use serde_json::{Value, json};
use support::api::Tokens;
use support::{PASSWORD, Shop, api, fresh_email};

/// Asks as a program does.
fn program(call: Call<'_>) -> Call<'_> {
    call.header("accept", "application/json")
}

/// Asks as a browser does.
fn browser(call: Call<'_>) -> Call<'_> {
    let accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    call.header("accept", accept)
}

async fn mailbox(email: &Started, query: &str) -> Value {
    let answer = program(email.get(&format!("/mail{query}"))).send().await;
    assert_eq!(answer.status(), 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), "application/json");
    answer.json()
}

async fn register(shop: &Shop, name: &str, email: &str, correlation_id: &str) -> Answer {
    let body = json!({ "name": name, "email": email, "password": PASSWORD });
    let call = shop.gateway.post("/api/v1/register").json(&body);
    let answer = call.header("x-correlation-id", correlation_id).send().await;
    assert_eq!(answer.status(), 201, "{}", answer.text());
    shop.email.handled("welcome-mail").await;
    answer
}

#[tokio::test]
async fn a_registration_is_welcomed_under_its_correlation_id() {
    let shop = Shop::start().await;
    assert_eq!(
        mailbox(&shop.email, "").await,
        json!({ "messages": [], "total": 0 })
    );
    let body = json!({ "name": "Ana María", "email": "Ana@Example.com", "password": PASSWORD });
    let call = shop.gateway.post("/api/v1/register").json(&body);
    let registered = call.header("x-correlation-id", "c-ana").send().await;
    assert_eq!(registered.status(), 201, "{}", registered.text());
    assert_eq!(registered.header("x-correlation-id"), "c-ana");
    let handled = shop.email.handled("welcome-mail").await;

    let listed = mailbox(&shop.email, "").await;
    let message = &listed["messages"][0];
    assert_eq!(listed["total"], 1);
    assert_eq!(message["to"], "Ana@Example.com");
    assert_eq!(message["subject"], "Welcome to the shop, Ana María");
    assert_eq!(message["correlation_id"], "c-ana");
    assert_eq!(message["id"], handled["event_id"]);
    let keys: Vec<_> = message.as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        ["correlation_id", "id", "received_at", "subject", "to"]
    );
    let received_at = message["received_at"].as_str().unwrap();
    assert!(
        received_at.starts_with("20") && received_at.ends_with('Z'),
        "{received_at}"
    );

    let path = format!("/mail/{}", message["id"].as_str().unwrap());
    let whole: Value = program(shop.email.get(&path)).send().await.json();
    assert_eq!(whole["from"], "no-reply@shop.example");
    assert!(
        whole["text"]
            .as_str()
            .unwrap()
            .contains("Welcome, Ana María!")
    );
    assert!(
        whole["html"]
            .as_str()
            .unwrap()
            .contains("<h1>Welcome, Ana María!</h1>")
    );

    // One id and one trace from the request to the handler.
    let request = shop.gateway.requests().pop().unwrap();
    assert_eq!(request["correlation_id"], "c-ana");
    let rpc = shop.users.requests().pop().unwrap();
    for line in [&rpc, &handled] {
        assert_eq!(line["correlation_id"], "c-ana", "{line}");
        assert_eq!(line["trace_id"], request["trace_id"], "{line}");
    }
    assert_eq!(shop.errors(), Vec::<Value>::new());
}

#[tokio::test]
async fn nobody_is_welcomed_who_did_not_register() {
    let shop = Shop::start().await;
    register(&shop, "Ana", "ana@example.com", "c-1").await;
    let again = api::register(&shop.gateway, "ANA@example.com", PASSWORD).await;
    assert_eq!(again.status(), 409);
    let weak = api::register(&shop.gateway, &fresh_email(), "short").await;
    assert_eq!(weak.status(), 422);
    register(&shop, "Bo", "bo@example.com", "c-2").await;
    // The admin is not among them either.
    let listed = mailbox(&shop.email, "").await;
    let to: Vec<_> = listed["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| &message["to"])
        .collect();
    assert_eq!(to, ["ana@example.com", "bo@example.com"]);
    assert_eq!(listed["total"], 2);
}

#[tokio::test]
async fn a_name_is_shown_and_never_run() {
    let shop = Shop::start().await;
    let name = "<b>\"Ana\"</b> & <script>alert('x')</script>";
    register(&shop, name, "ana@example.com", "c-1").await;
    let listed = mailbox(&shop.email, "").await;
    let path = format!("/mail/{}", listed["messages"][0]["id"].as_str().unwrap());
    let whole: Value = program(shop.email.get(&path)).send().await.json();
    let html = whole["html"].as_str().unwrap();
    assert!(!html.contains("<b>") && !html.contains("<script"), "{html}");
    assert!(
        html.contains("&lt;b&gt;&quot;Ana&quot;&lt;/b&gt; &amp; &lt;script&gt;"),
        "{html}"
    );

    for (path, shown) in [
        ("/mail", "&lt;b&gt;&quot;Ana&quot;&lt;/b&gt; &amp; "),
        // What is escaped in the mail is escaped once more in the attribute that holds it.
        (&*path, "&amp;lt;b&amp;gt;&amp;quot;Ana"),
    ] {
        let page = browser(shop.email.get(path)).send().await;
        let text = page.text();
        assert_eq!(page.status(), 200, "{text}");
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        let policy = page.header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none';") && !policy.contains("script"),
            "{policy}"
        );
        assert_eq!(page.header("x-content-type-options"), "nosniff");
        assert!(!text.contains("<b>") && !text.contains("<script"), "{text}");
        assert!(text.contains(shown), "{text}");
    }
    let page = browser(shop.email.get(&path)).send().await.text();
    assert!(
        page.contains("<iframe title=\"HTML\" sandbox=\"\" srcdoc=\"&lt;!doctype html&gt;"),
        "{page}"
    );
    // What is looked for comes back in the form, as text.
    let asked = "/mail?to=%22%3E%3Cscript%3E";
    let page = browser(shop.email.get(asked)).send().await.text();
    assert!(
        page.contains("value=\"&quot;&gt;&lt;script&gt;\""),
        "{page}"
    );
    assert!(!page.contains("<script"), "{page}");
}

#[tokio::test]
async fn pages_are_oldest_first_and_an_address_is_found_without_case() {
    let shop = Shop::start().await;
    for number in 1..=5 {
        let email = format!("User-{number}@Example.com");
        register(&shop, "Ana", &email, &format!("c-{number}")).await;
    }
    let ids = async |query: &str| -> (Vec<String>, u64) {
        let listed = mailbox(&shop.email, query).await;
        let messages = listed["messages"].as_array().unwrap().iter();
        let ids = messages.map(|message| message["correlation_id"].as_str().unwrap().to_owned());
        (ids.collect(), listed["total"].as_u64().unwrap())
    };
    let all = ["c-1", "c-2", "c-3", "c-4", "c-5"];
    for (query, wanted, total) in [
        ("", &all[..], 5),
        ("?page=1&page_size=2", &all[..2], 5),
        ("?page_size=2&page=3", &all[4..], 5),
        ("?page=4&page_size=2", &[], 5),
        ("?page_size=100", &all, 5),
        ("?to=uSER-3%40eXAMPLE.com", &all[2..3], 1),
        ("?to=user-3@example.com&page=2", &[], 1),
        ("?to=user-3@example", &[], 0),
        ("?to=%25", &[], 0),
        ("?to=", &all, 5),
    ] {
        let (found, counted) = ids(query).await;
        assert_eq!(
            (&*found, counted),
            (
                &*wanted.iter().map(ToString::to_string).collect::<Vec<_>>(),
                total
            ),
            "{query}"
        );
    }
    let page = browser(shop.email.get("/mail?page=2&page_size=2"))
        .send()
        .await
        .text();
    assert!(
        page.contains("/mail?page=1&amp;page_size=2")
            && page.contains("/mail?page=3&amp;page_size=2"),
        "{page}"
    );
    assert!(
        page.contains("User-3@Example.com") && !page.contains("User-5@Example.com"),
        "{page}"
    );
}

#[tokio::test]
async fn what_is_asked_wrongly_is_told() {
    let shop = Shop::start().await;
    for (query, field) in [
        ("page=0", "page"),
        ("page=-1", "page"),
        ("page=x", "page"),
        ("page=", "page"),
        ("page_size=0", "page_size"),
        ("page_size=101", "page_size"),
        ("page_size=1.5", "page_size"),
    ] {
        for call in [program, browser] {
            let answer = call(shop.email.get(&format!("/mail?{query}"))).send().await;
            assert_eq!(answer.status(), 400, "{query}");
            assert_eq!(
                answer.header("content-type"),
                "application/problem+json",
                "{query}"
            );
            let problem: Value = answer.json();
            assert_eq!(problem["errors"][0]["field"], field, "{problem}");
        }
    }
    for id in ["0190b5a0-7c1e-7b1a-8c6e-3f2d9a1b4c5d", "first", "..%2f"] {
        let answer = program(shop.email.get(&format!("/mail/{id}"))).send().await;
        assert_eq!(answer.status(), 404, "{id}");
        assert_eq!(answer.json::<Value>()["code"], "mail.unknown", "{id}");
    }
}

/// With the tokens that users log in with.
#[tokio::test]
async fn in_production_the_mailbox_is_the_admins() {
    msf_service::auth::install_crypto_provider();
    let (local, folder) = (Local::new(), tempfile::tempdir().unwrap());
    let named = |name: &str| Start::named(name).local(&local).data_dir(folder.path());
    let mut settings: user_service::Config = support::defaults();
    settings.auth.first_admin.email = Some("boss@example.com".to_owned());
    settings.auth.first_admin.password = Some(Secret::new("the boss's own".to_owned()));
    let users = named(user_service::NAME).start(user_service::app, settings);
    let _users = users.await.unwrap();
    let auth = named(auth_service::NAME).start(auth_service::app, support::defaults());
    let _auth = auth.await.unwrap();
    let gateway = named(api_gateway::NAME).start(api_gateway::app, support::defaults());
    let gateway = gateway.await.unwrap();
    let email = named(email_service::NAME).profile(Profile::Prod);
    let email = email.start(email_service::app, support::defaults());
    let email = email.await.unwrap();

    let (_, user) = api::new_user(&gateway).await;
    let admin = api::login(&gateway, "boss@example.com", "the boss's own").await;
    let admin = Tokens::of(&admin);
    email.handled("welcome-mail").await;
    for (path, found) in [
        ("/mail", 200),
        ("/mail/0190b5a0-7c1e-7b1a-8c6e-3f2d9a1b4c5d", 404),
    ] {
        let status = async |token: &str| {
            let call = email.get(path);
            let call = call.header("authorization", &format!("Bearer {token}"));
            call.send().await.status()
        };
        assert_eq!(email.get(path).send().await.status(), 401);
        assert_eq!(status("no-token").await, 401);
        assert_eq!(status(&user.access).await, 403);
        assert_eq!(status(&admin.access).await, found);
    }
    let walk = email.policy_walk().await;
    assert!(walk.violations().next().is_none(), "{walk}");
}
