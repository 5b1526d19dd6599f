//! Dead letters: kept, looked into, sent back, removed.

use std::time::Duration;

use msf_bus::dead_letter::{DeadLetter, Reason, Which};
use msf_bus::transport::Verdict;
use msf_bus::{EventId, Transport};

use super::TransportFactory;
use super::retry::again;
use super::scene::{Consumer, Scene, ack, publish, settle, subscribe};
use crate::conformance::report::{Outcome, ensure};
use crate::conformance::sample::number;

fn dead(error: &str) -> Verdict {
    Verdict::Dead {
        reason: Reason::Refused,
        error: error.to_owned(),
    }
}

async fn list(
    transport: &impl Transport,
    service: &str,
    which: Which,
) -> Result<Vec<DeadLetter>, String> {
    let letters = transport.dead_letters().list(service, which).await;
    letters.map_err(|error| error.to_string())
}

fn numbers(letters: &[DeadLetter]) -> Result<Vec<u32>, String> {
    letters
        .iter()
        .map(|letter| number(&letter.envelope))
        .collect()
}

/// Makes a dead letter of each of these, one after the other.
async fn die(consumer: &mut Consumer, times: u32) -> Result<Vec<EventId>, String> {
    let mut ids = Vec::new();
    for _ in 0..times {
        let received = consumer.next().await?;
        ids.push(received.envelope.id);
        settle(&received, dead("never")).await?;
    }
    Ok(ids)
}

pub(super) async fn kept<F: TransportFactory>(scene: Scene<F>) -> Outcome {
    let transport = scene.open().await;
    let mut consumer = subscribe(&transport, scene.spec("doomed")).await?;
    let mut sent = scene.sample("events", 0)?;
    sent.key = Some("k".to_owned());
    publish(&transport, vec![sent]).await?;
    for error in ["first", "second"] {
        settle(&consumer.expect(0).await?, again(Duration::ZERO, error)).await?;
    }
    let last = consumer.expect(0).await?;
    settle(&last, dead("third")).await?;
    consumer.nothing("it is a dead letter").await?;
    drop((consumer, transport));

    let transport = scene.open().await;
    let letters = list(&transport, &scene.service(), Which::All).await?;
    let [letter] = letters.as_slice() else {
        return Err(format!(
            "{} dead letters are there instead of one",
            letters.len()
        ));
    };
    ensure(letter.envelope == last.envelope, || {
        "its envelope is another".to_owned()
    })?;
    ensure(letter.subscription == scene.subscription("doomed"), || {
        format!("its subscription is {}", letter.subscription)
    })?;
    ensure(letter.reason == Reason::Refused, || {
        format!("its reason is {}", letter.reason)
    })?;
    ensure(letter.error == "third", || {
        format!("its error is {}", letter.error)
    })?;
    let history: Vec<_> = letter
        .history
        .iter()
        .map(|failure| failure.error.as_str())
        .collect();
    ensure(history == ["first", "second"], || {
        format!("its history is {history:?}")
    })?;
    ensure(
        letter.history.is_sorted_by_key(|failure| failure.at),
        || "its history has no order".to_owned(),
    )?;
    ensure(letter.redriven == 0, || {
        format!("it was redriven {} times", letter.redriven)
    })
}

pub(super) async fn listed<F: TransportFactory>(scene: Scene<F>) -> Outcome {
    let transport = scene.open().await;
    let mut one = subscribe(&transport, scene.spec("one")).await?;
    let mut other = subscribe(&transport, scene.spec("other")).await?;
    publish(&transport, scene.samples(0..3)?).await?;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.extend(die(&mut one, 1).await?);
        scene.factory.pass(Duration::from_millis(20)).await;
    }
    die(&mut other, 1).await?;
    let service = scene.service();
    let all = list(&transport, &service, Which::All).await?;
    ensure(all.len() == 4, || {
        format!("{} of 4 dead letters are listed", all.len())
    })?;
    let name = scene.subscription("one");
    let of_one: Vec<_> = all
        .iter()
        .filter(|letter| letter.subscription == name)
        .map(|letter| letter.envelope.id)
        .collect();
    ensure(
        of_one == ids && all.is_sorted_by_key(|letter| letter.at),
        || "the oldest is not the first".to_owned(),
    )?;
    let chosen = list(&transport, &service, Which::Events(vec![ids[1]])).await?;
    ensure(
        chosen.iter().any(|letter| letter.envelope.id == ids[1])
            && chosen.iter().all(|letter| letter.envelope.id == ids[1]),
        || format!("of one event {} are listed", chosen.len()),
    )?;
    let mut counts = transport
        .dead_letters()
        .count(&service)
        .await
        .map_err(|error| error.to_string())?;
    counts.retain(|(_, count)| *count > 0);
    counts.sort();
    let expected = [
        (scene.subscription("one"), 3),
        (scene.subscription("other"), 1),
    ];
    ensure(counts == expected, || {
        format!("they are counted as {counts:?}")
    })?;
    // The name of one service may begin like that of another.
    let stranger = &service[..service.len() - 1];
    let strange = list(&transport, stranger, Which::All).await?;
    ensure(strange.is_empty(), || {
        "another service sees them".to_owned()
    })
}

pub(super) async fn redriven<F: TransportFactory>(scene: Scene<F>) -> Outcome {
    let transport = scene.open().await;
    let mut failing = subscribe(&transport, scene.spec("failing")).await?;
    let mut working = subscribe(&transport, scene.spec("working")).await?;
    publish(&transport, scene.samples(0..3)?).await?;
    let ids = die(&mut failing, 3).await?;
    working.ack_all(0..3).await?;
    let service = scene.service();
    let which = Which::Events(vec![ids[1]]);
    let redriven = transport.dead_letters().redrive(&service, which).await;
    let redriven = redriven.map_err(|error| error.to_string())?;
    ensure(redriven == 1, || {
        format!("{redriven} were redriven instead of one")
    })?;
    let again = failing.next().await?;
    ensure(again.envelope.id == ids[1] && again.attempt == 1, || {
        format!(
            "event {} came in attempt {}",
            again.envelope.id, again.attempt
        )
    })?;
    working
        .nothing("it was redriven for another subscription")
        .await?;
    let left = list(&transport, &service, Which::All).await?;
    ensure(left.len() == 2, || {
        format!("{} are left instead of 2", left.len())
    })?;
    settle(&again, dead("still")).await?;
    let letters = list(&transport, &service, Which::Events(vec![ids[1]])).await?;
    let times: Vec<_> = letters.iter().map(|letter| letter.redriven).collect();
    ensure(times == [1], || {
        format!("it says that it was redriven {times:?} times")
    })?;
    let all = transport.dead_letters().redrive(&service, Which::All).await;
    let all = all.map_err(|error| error.to_string())?;
    ensure(all == 3, || format!("{all} were redriven instead of 3"))?;
    failing.ack_all(0..3).await?;
    let left = list(&transport, &service, Which::All).await?;
    ensure(left.is_empty(), || format!("{:?} are left", numbers(&left)))
}

pub(super) async fn purged<F: TransportFactory>(scene: Scene<F>) -> Outcome {
    let transport = scene.open().await;
    let mut consumer = subscribe(&transport, scene.spec("purged")).await?;
    publish(&transport, scene.samples(0..3)?).await?;
    let ids = die(&mut consumer, 3).await?;
    let service = scene.service();
    let letters = transport.dead_letters();
    let purged = letters.purge(&service, Which::Events(vec![ids[0]])).await;
    let purged = purged.map_err(|error| error.to_string())?;
    ensure(purged == 1, || {
        format!("{purged} were purged instead of one")
    })?;
    let left = list(&transport, &service, Which::All).await?;
    let left: Vec<_> = left.iter().map(|letter| letter.envelope.id).collect();
    ensure(left == ids[1..], || {
        format!("{} are left instead of 2", left.len())
    })?;
    let again = letters.redrive(&service, Which::Events(vec![ids[0]])).await;
    let again = again.map_err(|error| error.to_string())?;
    ensure(again == 0, || "what was purged was redriven".to_owned())?;
    let stranger = letters.purge(&format!("{service}x"), Which::All).await;
    let stranger = stranger.map_err(|error| error.to_string())?;
    ensure(stranger == 0, || "another service purged them".to_owned())?;
    let rest = letters.purge(&service, Which::All).await;
    let rest = rest.map_err(|error| error.to_string())?;
    ensure(rest == 2, || format!("{rest} were purged instead of 2"))?;
    consumer.nothing("it was purged").await?;
    publish(&transport, scene.samples(3..4)?).await?;
    ack(&consumer.expect(3).await?).await
}
