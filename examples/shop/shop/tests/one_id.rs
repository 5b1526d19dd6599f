//! Two registrations at once: each has one correlation id and one trace, through every line of the log to its e-mail.

mod support;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use support::PASSWORD;
use support::client::Client;
use support::process::Process;
use support::services::Ports;

const IDS: [&str; 2] = ["one-left", "one-right"];

/// The id of the registration before.
const FIRST: &str = "one-first";

/// The id under which the test reads the mailbox.
const READER: &str = "one-reader";

async fn register(client: &Client, http: &str, id: &str) {
    let body = json!({ "name": "Ana", "email": format!("{id}@example.com"), "password": PASSWORD });
    let headers = [
        ("content-type", "application/json"),
        ("x-correlation-id", id),
    ];
    let url = format!("{http}/api/v1/register");
    let answer = client
        .request("POST", &url, &headers, body.to_string())
        .await
        .unwrap();
    assert_eq!(answer.status, 201, "{answer:?}");
    assert_eq!(answer.headers["x-correlation-id"], id);
}

/// Waits until the log tells of so many handled events behind `from`.
async fn handled(log: &Path, from: usize, wanted: usize) {
    let is_handled =
        |line: &str| line.contains("\"msf::event\"") && line.contains("\"outcome\":\"handled\"");
    for _ in 0..2000 {
        let text = std::fs::read_to_string(log).unwrap();
        if text[from..]
            .split_inclusive('\n')
            .filter(|line| line.ends_with('\n') && is_handled(line))
            .count()
            >= wanted
        {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!(
        "no event was handled: {}",
        std::fs::read_to_string(log).unwrap()
    );
}

/// The lines of one registration by what they tell.
fn what(line: &Value) -> String {
    let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
    match &*text("target") {
        "msf::request" => format!("{} {}", text("service"), text("route")),
        "msf::event" => format!("{} {}", text("service"), text("outcome")),
        target => format!("{} {target}", text("service")),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_line_has_the_id_and_the_trace_of_its_registration() {
    let folder = tempfile::tempdir().unwrap();
    let shop = Process::start(folder.path()).await;
    follow(vec![shop]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_line_of_three_processes_has_the_id_and_the_trace_of_its_registration() {
    let folder = tempfile::tempdir().unwrap();
    let (ports, mut all) = (Ports::free(), Vec::new());
    for program in [ports.gateway(), ports.users(), ports.email()] {
        all.push(Process::launch(folder.path(), program).await);
    }
    follow(all).await;
}

/// Registers two at once and reads all that the processes write; the first is the gateway's, the last the email-service's.
async fn follow(shop: Vec<Process>) {
    let (gateway, email) = (shop.first().unwrap(), shop.last().unwrap());
    let client = Client::new(gateway.http());
    // The first registration fetches keys, for all that follow: those lines are nobody's in particular.
    register(&client, gateway.http(), FIRST).await;
    handled(&email.log, 0, 1).await;
    let read = |log: &Path| std::fs::read_to_string(log).unwrap();
    let logs: Vec<_> = shop
        .iter()
        .map(|process| (process.log.clone(), read(&process.log).len()))
        .collect();
    let (_, from) = logs[logs.len() - 1];

    let [left, right] = IDS;
    tokio::join!(
        register(&client, gateway.http(), left),
        register(&client, gateway.http(), right),
    );
    handled(&email.log, from, IDS.len()).await;

    let headers = [("accept", "application/json"), ("x-correlation-id", READER)];
    let mut mails = BTreeMap::new();
    for id in IDS {
        let url = format!("{}?to={id}@example.com", email.mail());
        let listed = client
            .request("GET", &url, &headers, String::new())
            .await
            .unwrap()
            .json();
        assert_eq!(listed["total"], 1, "{listed}");
        assert_eq!(listed["messages"][0]["correlation_id"], id, "{listed}");
        mails.insert(id, listed["messages"][0]["id"].clone());
    }
    for process in shop {
        assert_eq!(process.stop().await, Some(0));
    }

    let mut traces: BTreeMap<&str, String> = BTreeMap::new();
    let mut told: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut events = BTreeMap::new();
    let lines = logs.iter().flat_map(|(log, from)| {
        let mut stopping = false;
        let text = read(log).split_off(*from);
        let lines: Vec<_> = text
            .lines()
            .map(|line| {
                let parsed = serde_json::from_str::<Value>(line);
                let line = parsed.unwrap_or_else(|error| panic!("{error}: {line}"));
                stopping |= line["message"] == "stopping";
                (line, stopping)
            })
            .collect();
        lines
    });
    for (line, stopping) in lines {
        let known = match line["correlation_id"].as_str() {
            // Written when the answer is over, which its reader may know first.
            Some(FIRST) => Some("api-gateway /api/v1/register"),
            Some(READER) => Some("email-service /mail"),
            // The end of the process is nobody's request.
            None if stopping => continue,
            _ => None,
        };
        if let Some(known) = known {
            assert_eq!(what(&line), known, "{line}");
            continue;
        }
        let Some(id) = IDS.into_iter().find(|id| line["correlation_id"] == *id) else {
            panic!("a line without the id of a registration: {line}");
        };
        let other = IDS.into_iter().find(|other| *other != id).unwrap();
        assert!(
            !line.to_string().contains(other),
            "a line with both ids: {line}"
        );
        let trace = line["trace_id"]
            .as_str()
            .unwrap_or_else(|| panic!("a line without a trace: {line}"));
        assert_eq!(trace.len(), 32, "{line}");
        let known = traces.entry(id).or_insert_with(|| trace.to_owned());
        assert_eq!(known, trace, "another trace: {line}");
        if line["target"] == "msf::event" && line["outcome"] == "handled" {
            events.insert(id, line["event_id"].clone());
        }
        told.entry(id).or_default().push(what(&line));
    }
    assert_ne!(traces[left], traces[right]);
    // The mail is that of the event.
    assert_eq!(events, mails);
    for id in IDS {
        for wanted in [
            "api-gateway /api/v1/register",
            "user-service shop.user.v1.UserService/Register",
            "email-service handled",
        ] {
            let times = told[id].iter().filter(|line| *line == wanted).count();
            assert_eq!(times, 1, "{wanted}: {told:?}");
        }
    }
}
