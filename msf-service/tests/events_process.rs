//! Events of real processes: settings, announced pages, and dead letters by command and admin port while they run.

mod process;

use msf_service::bus::{
    Delivery, EmbeddedTransport, Event, Handled, HandlerError, Retry, Subscription,
};
use msf_service::clock::Clock;
use msf_service::error::Error;
use msf_service::http::{Path as Name, Routes};
use msf_service::{App, Boot, Host, Info, Rule};
use process::{Ended, Running, ask, become_program, exchange, get, program};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Serialize, Deserialize, Event)]
#[event(name = "people.greeted")]
struct Greeted {
    #[event(key)]
    name: String,
}

const ERROR: &str = "the <b>mailbox</b> is\n\u{1b}[31mred";

/// Handles what has a file of its name in the working folder; the rest is a dead letter at once.
async fn greeter(boot: Boot<()>) -> msf_service::Result<App> {
    async fn greeted(delivery: Delivery<Greeted>) -> Handled {
        match std::fs::read(&delivery.name) {
            Ok(_) => Ok(()),
            Err(_) if delivery.name == "once" && delivery.attempt() == 1 => {
                Err(HandlerError::retry("once"))
            }
            Err(_) => Err(HandlerError::dead(ERROR)),
        }
    }
    let events = boot.events()?;
    let greet = async move |Name(name): Name<String>| -> Result<String, Error> {
        Ok(events.publish(Greeted { name }).await?.to_string())
    };
    boot.announcer().announce_page("guests", "/guests");
    let retry = Retry::after([std::time::Duration::from_millis(1)]);
    Ok(App::new()
        .http(Routes::new().post("/{name}", Rule::public("a test"), greet))
        .subscribe(Subscription::new("greetings").on(greeted).retry(retry)))
}

async fn plain(boot: Boot<()>) -> msf_service::Result<App> {
    boot.announcer().announce_page("front", "/");
    Ok(App::new())
}

async fn twins(_: Boot<()>) -> msf_service::Result<App> {
    async fn never(_: Delivery<Greeted>) -> Handled {
        Ok(())
    }
    Ok(App::new().on("bills", never).on("bills", never))
}

#[test]
fn entry() {
    become_program(|name, arguments, variables| {
        let info = Info::new("greeter", "0.1.0").port(0);
        let host = match name {
            "greeter" => Host::alone(info, greeter),
            "twins" => Host::alone(info, twins),
            "both" => Host::new(info).app("plain", plain).app("mail", greeter),
            _ => unreachable!("no such program"),
        };
        host.run_with(arguments, variables)
    });
}

/// Runs `dead` with these arguments over the folder of a program that runs.
async fn dead(running: &Running, arguments: &[&str]) -> Ended {
    let data = running.ready["data_dir"].as_str().unwrap();
    dead_in(&running.ready, data, arguments).await
}

async fn dead_in(ready: &Value, data: &str, arguments: &[&str]) -> Ended {
    let name = if ready["services"].is_object() {
        "both"
    } else {
        "greeter"
    };
    let start = program(name).args(["dead"]).args(arguments.iter().copied());
    start.args(["--data-dir", data]).end().await
}

async fn said(running: &Running, arguments: &[&str]) -> String {
    let ended = dead(running, arguments).await;
    assert_eq!((ended.code, &*ended.stderr), (Some(0), ""), "{ended:?}");
    ended.stdout
}

async fn list(running: &Running) -> Vec<Value> {
    let json = said(running, &["list", "--format", "json"]).await;
    serde_json::from_str(&json).unwrap()
}

/// Publishes one that cannot be handled, and waits until it is a dead letter.
async fn fail(running: &mut Running, name: &str) -> String {
    let (status, id) = ask(running.http(), "POST", &format!("/{name}"), "", "").await;
    assert_eq!(status, 200, "{id}");
    running.logs(&format!("\"event_id\":\"{id}\"")).await;
    id
}

#[tokio::test]
async fn without_a_transport_nobody_is_told_that_all_is_well_and_none_is_made() {
    for (flags, told) in [
        (
            &["--data-dir", "nowhere"][..],
            "nowhere: name the data folder",
        ),
        (
            &["--ephemeral"],
            "an ephemeral folder ends with its process",
        ),
        (&[], ".msf: name the data folder"),
    ] {
        for command in [&["dead", "list"][..], &["dead", "purge", "--all"]] {
            let start = program("greeter");
            let folder = start.folder.clone();
            let arguments = command.iter().chain(flags).copied();
            let ended = start.args(arguments).end().await;
            assert_eq!((ended.code, &*ended.stdout), (Some(1), ""), "{ended:?}");
            assert!(ended.stderr.contains(told), "{ended:?}");
            assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0, "{flags:?}");
        }
    }
}

#[tokio::test]
async fn an_id_that_no_dead_letter_has_is_an_error_and_a_wrong_command_line_another() {
    const ID: &str = "0190b5a0-7c1e-7b1a-8c6e-3f2d9a1b4c5d";
    for command in [
        &["show", ID][..],
        &["redrive", ID],
        &["purge", ID, "--dry-run"],
    ] {
        let start = program("greeter");
        let file = start.folder.join(".msf/bus.db");
        drop(EmbeddedTransport::open(file, Clock::system()).unwrap());
        let ended = start
            .args(["dead"])
            .args(command.iter().copied())
            .end()
            .await;
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(
            ended
                .stderr
                .contains(&format!("no dead letter has the id {ID}")),
            "{ended:?}"
        );
    }
    for command in [
        &[][..],
        &["show"],
        &["show", ID, ID],
        &["redrive"],
        &["purge", "--dry-run"],
        &["redrive", "--all", ID],
        &["redrive", "17"],
        &["list", "--all"],
        &["list", "--format", "toml"],
    ] {
        let ended = program("greeter")
            .args(["dead"])
            .args(command.iter().copied())
            .end()
            .await;
        assert_eq!(ended.code, Some(2), "{command:?} {ended:?}");
    }
    let ended = program("greeter")
        .args(["dead", "list", "--set", "events.backend=embeded"])
        .end()
        .await;
    assert_eq!(ended.code, Some(78), "{ended:?}");
}

#[tokio::test]
async fn a_backend_that_is_none_names_the_nearest() {
    let ended = program("greeter")
        .env("GREETER__EVENTS__BACKEND", "embeded")
        .end()
        .await;
    assert_eq!(ended.code, Some(78), "{ended:?}");
    for word in ["`events.backend`", "GREETER__EVENTS__BACKEND", "`embedded`"] {
        assert!(ended.stderr.contains(word), "{word}: {}", ended.stderr);
    }
    let shown = program("greeter").args(["config"]).end().await.stdout;
    assert!(shown.contains("backend = \"embedded\""), "{shown}");
}

#[tokio::test]
async fn to_look_at_an_app_with_events_leaves_no_trace_of_it() {
    for command in [&["access"][..], &["config", "--check"], &["config"]] {
        let start = program("greeter");
        let folder = start.folder.clone();
        let ended = start.args(command.iter().copied()).end().await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert_eq!(
            std::fs::read_dir(&folder).unwrap().count(),
            0,
            "{command:?}"
        );
    }
    let start = program("greeter");
    let file = start.folder.join(".msf/bus.db");
    assert_eq!(start.args(["migrate"]).end().await.code, Some(0));
    assert!(file.is_file());
}

#[tokio::test]
async fn two_subscriptions_of_one_name_end_the_start() {
    let start = program("twins");
    let folder = start.folder.clone();
    let ended = start.args(["--ephemeral"]).end().await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(
        ended.stderr.contains("two subscriptions `bills`"),
        "{ended:?}"
    );
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
}

#[tokio::test]
async fn the_address_of_a_page_is_announced_with_the_port_of_its_app() {
    let alone = program("greeter").ready().await;
    let page = format!("http://{}/guests", alone.http());
    assert_eq!(alone.ready["guests"], page);
    assert!(alone.ready_line().contains(&page), "{}", alone.ready_line());

    let both = program("both").ready().await;
    let mail = both.ready["services"]["mail"][0]["http"].as_str().unwrap();
    assert_eq!(both.ready["guests"], format!("{mail}/guests"));
    assert_eq!(both.ready["front"], format!("http://{}/", both.http()));
}

#[tokio::test]
async fn a_dead_letter_is_listed_shown_and_put_back_while_the_process_runs() {
    let mut running = program("greeter").ready().await;
    assert_eq!(said(&running, &["list"]).await, "no dead letters\n");
    let id = fail(&mut running, "ana").await;

    let table = said(&running, &["list"]).await;
    let lines: Vec<Vec<&str>> = table
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(
        lines[0],
        [
            "ID",
            "TYPE",
            "SUBSCRIPTION",
            "REASON",
            "ATTEMPTS",
            "SINCE",
            "ERROR"
        ]
    );
    assert_eq!(
        lines[1][..5],
        [
            &*id,
            "people.greeted.v1",
            "greeter.greetings",
            "refused",
            "1"
        ]
    );
    assert!(
        table.ends_with("the <b>mailbox</b> is\\n\\u001b[31mred\n"),
        "{table}"
    );
    assert_eq!(table.lines().count(), 2);

    let letters = list(&running).await;
    let [letter] = &letters[..] else {
        panic!("{letters:?}")
    };
    let since = letter["since"].as_str().unwrap();
    assert!(since.starts_with("20") && since.ends_with('Z'), "{since}");
    let expected = json!({
        "id": id, "type": "people.greeted.v1", "subscription": "greeter.greetings", "reason": "refused",
        "attempts": 1, "since": since, "redriven": 0, "error": ERROR,
    });
    assert_eq!(*letter, expected);

    let shown: Value =
        serde_json::from_str(&said(&running, &["show", &id, "--format", "json"]).await).unwrap();
    let event = &shown[0]["event"];
    assert_eq!(event["data"], json!({"name": "ana"}));
    assert_eq!(
        (
            &event["specversion"],
            &event["id"],
            &event["source"],
            &event["subject"]
        ),
        (
            &json!("1.0"),
            &json!(id),
            &json!("/services/greeter"),
            &json!("ana")
        )
    );
    assert_eq!(event["dataschema"], "urn:msf:people.greeted:1");
    assert_eq!(shown[0]["history"], json!([]));
    let text = said(&running, &["show", &id]).await;
    for part in [
        &format!("id            {id}\n"),
        "failures before\n  none\n",
        "\"name\": \"ana\"",
        "\\u001b[31mred",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains('\u{1b}'), "{text}");

    // The reason is gone now: what is put back is handled by the process that runs.
    let dry = said(&running, &["redrive", &id, "--dry-run"]).await;
    assert!(
        dry.ends_with("1 dead letter would be redriven; nothing was done\n"),
        "{dry}"
    );
    std::fs::write(running.folder.join("ana"), "").unwrap();
    assert_eq!(list(&running).await.len(), 1);
    let told = said(&running, &["redrive", &id]).await;
    assert!(
        told.starts_with(&format!(
            "{id}  people.greeted.v1  greeter.greetings  was redriven\n"
        )),
        "{told}"
    );
    assert!(told.ends_with("\n1 dead letter redriven\n"), "{told}");
    running.logs("\"outcome\":\"handled\"").await;
    assert_eq!(said(&running, &["list"]).await, "no dead letters\n");
    running.signal("TERM").await;
    assert_eq!(running.ended().await.code, Some(0));
}

#[tokio::test]
async fn attempts_count_the_failures_before_and_one_unknown_id_stops_all() {
    let mut running = program("greeter").ready().await;
    fail(&mut running, "once").await;
    running.logs("\"outcome\":\"dead\"").await;
    let letters = list(&running).await;
    assert_eq!(
        (&letters[0]["attempts"], &letters[0]["reason"]),
        (&json!(2), &json!("refused")),
        "{letters:?}"
    );
    let id = letters[0]["id"].as_str().unwrap();
    let shown: Value =
        serde_json::from_str(&said(&running, &["show", id, "--format", "json"]).await).unwrap();
    assert_eq!(shown[0]["history"][0]["error"], "once");

    let other = "0190b5a0-7c1e-7b1a-8c6e-3f2d9a1b4c5d";
    let ended = dead(&running, &["purge", id, other]).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert_eq!(list(&running).await.len(), 1);
    let purged = said(&running, &["purge", "--all", "--format", "json"]).await;
    let purged: Value = serde_json::from_str(&purged).unwrap();
    assert_eq!(
        (&purged["count"], &purged["dead_letters"][0]["id"]),
        (&json!(1), &json!(id))
    );
    assert!(list(&running).await.is_empty());
}

#[tokio::test]
async fn the_admin_port_shows_and_decides_for_each_app_and_for_all() {
    let running = program("both").ready().await;
    let admin = running.admin();
    let mail = process::address(&running.ready["services"]["mail"][0]["http"]);
    let (_, id) = ask(mail, "POST", "/ana", "", "").await;
    let mut running = running;
    running.logs("\"outcome\":\"dead\"").await;

    for (path, there) in [("/dead", 1), ("/mail/dead", 1), ("/plain/dead", 0)] {
        let (status, json) = get(admin, &format!("{path}?format=json")).await;
        let json: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(
            (status, json.as_array().unwrap().len()),
            (200, there),
            "{path}"
        );
    }
    let (_, head, html) = exchange(
        admin,
        "GET",
        "/mail/dead",
        "accept: text/html,*/*;q=0.8\r\n",
        "",
    )
    .await;
    assert!(head.contains("text/html"), "{head}");
    assert!(
        html.contains("the &lt;b&gt;mailbox&lt;/b&gt; is") && !html.contains("<b>"),
        "{html}"
    );
    assert!(html.contains(&format!("<a href=\"dead/{id}\">")), "{html}");
    let (_, html) = ask(
        admin,
        "GET",
        &format!("/dead/{id}"),
        "accept: text/html\r\n",
        "",
    )
    .await;
    assert!(
        html.contains("&quot;name&quot;: &quot;ana&quot;") && !html.contains("<b>"),
        "{html}"
    );
    let (_, text) = get(admin, &format!("/mail/dead/{id}")).await;
    assert!(text.starts_with(&format!("id            {id}\n")), "{text}");
    assert_eq!(get(admin, &format!("/plain/dead/{id}")).await.0, 404);
    assert_eq!(get(admin, "/dead/17").await.0, 400);
    let (_, index) = get(admin, "/mail/").await;
    assert!(index.contains("<a href=\"dead\">"), "{index}");

    let order = json!({"action": "redrive", "ids": [id], "dry_run": true}).to_string();
    assert_eq!(ask(admin, "POST", "/plain/dead", "", &order).await.0, 404);
    let evil = "origin: https://evil.example\r\n";
    assert_eq!(ask(admin, "POST", "/dead", evil, &order).await.0, 403);
    for wrong in [
        json!({"action": "redrive"}),
        json!({"action": "redrive", "ids": []}),
        json!({"action": "redrive", "ids": [id], "all": true}),
        json!({"action": "burn", "all": true}),
        json!({"action": "purge", "all": true, "dryrun": true}),
        json!({"action": "purge", "ids": ["17"]}),
    ] {
        let (status, told) = ask(admin, "POST", "/dead", "", &wrong.to_string()).await;
        assert_eq!(status, 400, "{wrong} {told}");
    }
    assert_eq!(ask(admin, "PUT", "/dead", "", &order).await.0, 405);
    let (status, told) = ask(admin, "POST", "/mail/dead", "", &order).await;
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(
        (status, &told["count"], &told["dry_run"]),
        (200, &json!(1), &json!(true))
    );

    std::fs::write(running.folder.join("ana"), "").unwrap();
    let order = json!({"action": "redrive", "all": true}).to_string();
    let (_, told) = ask(admin, "POST", "/dead", "", &order).await;
    assert!(told.contains(&format!("\"id\":\"{id}\"")), "{told}");
    let logs = running.logs("\"outcome\":\"handled\"").await;
    let lines = logs
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let noted: Vec<Value> = lines
        .filter(|line| line["message"] == "dead letters decided about")
        .collect();
    let [note] = &noted[..] else {
        panic!("{noted:?}")
    };
    assert_eq!(
        (&note["action"], &note["count"], &note["ids"]),
        (&json!("redrive"), &json!(1), &json!(id))
    );
    assert_eq!(note["level"], "INFO");
    assert_eq!(get(admin, "/dead").await.1, "no dead letters\n");
}

#[cfg(feature = "crash-points")]
#[tokio::test]
async fn a_crash_point_that_is_none_ends_the_start() {
    let ended = program("greeter")
        .env("MSF_CRASH_AT", "lunch")
        .args(["--ephemeral"])
        .end()
        .await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(
        ended.stderr.contains("MSF_CRASH_AT is `lunch`"),
        "{ended:?}"
    );
}
