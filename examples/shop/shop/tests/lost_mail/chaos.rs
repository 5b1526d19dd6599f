//! Start, wait until nothing is pending, load, kill; again and again, and then count.

use std::collections::BTreeSet;
use std::time::Duration;

use rand::Rng as _;
use serde_json::Value;
use tokio::time::Instant;

use crate::deployment::Deployment;
use crate::load::{Accepted, Load};
use crate::stores::Stores;
use crate::support::client::Client;
use crate::tally::{RECOVERY, Tally};

/// Kills at moments that nobody chose.
pub(crate) async fn at_random_moments(mut shop: Deployment, rounds: usize) {
    let (accepted, mut tally) = (Accepted::default(), Tally::default());
    for _ in 0..rounds {
        shop.start().await;
        tally.recovered(drained(&shop).await);

        let load = Load::begin(shop.client(), &accepted, shop.has_gateway());
        let moment = rand::rng().random_range(20..600);
        tokio::time::sleep(Duration::from_millis(moment)).await;
        let in_flight = load.in_flight();
        shop.kill().await;
        let data = shop.data();
        let stores = Stores(&data);
        // With the publisher alive an event waits for a moment only.
        let unpublished = stores.unpublished() * u64::from(shop.publisher_is_down());
        tally.killed(in_flight, unpublished, stores.unhandled());
        load.end().await;
    }
    settle("kills at random moments", shop, &accepted, tally).await;
}

/// Kills at each crash point, `rounds` times.
#[cfg(feature = "crash-points")]
pub(crate) async fn at_crash_points(mut shop: Deployment, rounds: usize) {
    let (accepted, mut tally) = (Accepted::default(), Tally::default());
    for point in msf_service::bus::crash::POINTS {
        for _ in 0..rounds {
            // What was pending passes the points too, so it is handled before one is armed.
            shop.start().await;
            tally.recovered(drained(&shop).await);
            let passing = rand::rng().random_range(1..=6);
            shop.arm(point, passing).await;

            let load = Load::begin(shop.client(), &accepted, shop.has_gateway());
            shop.crashed(point).await;
            let in_flight = load.in_flight();
            let data = shop.data();
            let stores = Stores(&data);
            let (unpublished, unhandled) = (stores.unpublished(), stores.unhandled());
            let lost = load.end().await;
            tally.killed(in_flight + lost, unpublished, unhandled);
        }
    }
    settle("kills at crash points", shop, &accepted, tally).await;
}

/// Waits until no event is pending; how long that took.
async fn drained(shop: &Deployment) -> Duration {
    let (began, data) = (Instant::now(), shop.data());
    let stores = Stores(&data);
    // In the order of their way: what left the first was in the second before.
    while stores.unpublished() > 0 || stores.unhandled() > 0 {
        assert!(
            began.elapsed() < RECOVERY,
            "{RECOVERY:?} after ready {} events are unpublished, {} unhandled",
            stores.unpublished(),
            stores.unhandled()
        );
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    began.elapsed()
}

/// Each user has one mail and each mail a user; whoever was answered is among them.
async fn settle(what: &str, mut shop: Deployment, accepted: &Accepted, mut tally: Tally) {
    shop.start().await;
    tally.recovered(drained(&shop).await);
    let data = shop.data();
    let stores = Stores(&data);
    assert_eq!(stores.dead_letters(), 0);
    let (accepted, users) = (accepted.lock().unwrap().clone(), stores.users());
    let lost: Vec<_> = accepted.difference(&users).collect();
    assert!(
        lost.is_empty(),
        "answered with 201 and not stored: {lost:?}"
    );

    let (recipients, total) = mailbox(&shop.client(), &shop.mail()).await;
    let without_mail: Vec<_> = users.difference(&recipients).collect();
    assert!(without_mail.is_empty(), "no mail: {without_mail:?}");
    let without_user: Vec<_> = recipients.difference(&users).collect();
    assert!(without_user.is_empty(), "no user: {without_user:?}");
    assert_eq!(total, users.len(), "somebody has two mails");
    assert!(!accepted.is_empty());
    shop.stop().await;
    tally.tell(what, accepted.len(), users.len());
}

/// All addresses in the mailbox, and how many mails there are, read page by page.
async fn mailbox(client: &Client, mail: &str) -> (BTreeSet<String>, usize) {
    let (mut recipients, mut read) = (BTreeSet::new(), 0);
    for page in 1.. {
        let url = format!("{mail}?page={page}&page_size=100");
        let accept = [("accept", "application/json")];
        let answer = client.request("GET", &url, &accept, String::new()).await;
        let body = answer.unwrap().json();
        let messages = body["messages"].as_array().unwrap();
        if messages.is_empty() {
            assert_eq!(body["total"], Value::from(read));
            break;
        }
        read += messages.len();
        let to = |message: &Value| message["to"].as_str().unwrap().to_owned();
        recipients.extend(messages.iter().map(to));
    }
    (recipients, read)
}
