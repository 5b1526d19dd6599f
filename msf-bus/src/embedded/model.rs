//! The jobs against a model that is too simple to be wrong: any sequence of publishes, claims, verdicts and lost leases.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use msf_core::clock::FakeClock;
use msf_store::sqlite::rusqlite::Connection;
use proptest::prelude::*;

use super::cycle::{self, Claimer, LEASE, Outcome, Work};
use super::publish::{self, Row};
use super::{schema, subscriptions};
use crate::dead_letter::Reason;
use crate::transport::Verdict;
use crate::{Envelope, EventId};

#[derive(Clone, Debug)]
enum Step {
    Publish {
        key: Option<u8>,
    },
    /// One of two consumers does its job: `outcomes` says of those in its hand, by place, what becomes of them.
    Cycle {
        who: usize,
        outcomes: Vec<(usize, Kind)>,
        renew: bool,
        claim: usize,
    },
    Wait {
        millis: u64,
    },
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Ack,
    Retry(u64),
    Dead,
    Dropped,
    Returned,
}

#[derive(Debug)]
struct Event {
    seq: i64,
    key: Option<u8>,
    due: i64,
    owner: Option<usize>,
    attempt: u32,
    deliveries: i64,
}

struct Model {
    /// Milliseconds since 1970, never 0: that is no time in the table, but what may be taken at once.
    now: i64,
    queue: Vec<Event>,
    dead: usize,
}

impl Model {
    fn new() -> Self {
        Self {
            now: 1,
            queue: Vec::new(),
            dead: 0,
        }
    }

    fn publish(&mut self, key: Option<u8>) {
        // One more than the last of those that are there: that of one that is gone comes again.
        let last = self.queue.last().map_or(0, |event| event.seq);
        self.queue.push(Event {
            seq: last + 1,
            key,
            due: 0,
            owner: None,
            attempt: 1,
            deliveries: 0,
        });
    }

    /// Whether it was in that hand.
    fn settle(&mut self, who: usize, seq: i64, kind: Kind) -> bool {
        let place = self
            .queue
            .iter()
            .position(|event| event.seq == seq && event.owner == Some(who));
        let Some(place) = place else { return false };
        let event = &mut self.queue[place];
        event.owner = None;
        match kind {
            Kind::Ack => drop(self.queue.remove(place)),
            Kind::Dead => {
                self.queue.remove(place);
                self.dead += 1;
            }
            Kind::Retry(after) => {
                event.due = self.now + i64::try_from(after).unwrap();
                event.attempt += 1;
                event.deliveries = 0;
            }
            Kind::Dropped => event.due = self.now + 100,
            Kind::Returned => {
                event.due = 0;
                event.deliveries -= 1;
            }
        }
        true
    }

    fn renew(&mut self, who: usize, seq: i64) -> bool {
        let held = |event: &&mut Event| event.seq == seq && event.owner == Some(who);
        match self.queue.iter_mut().find(held) {
            Some(event) => {
                event.due = self.now + LEASE;
                true
            }
            None => false,
        }
    }

    fn claim(&mut self, who: usize, ordered: bool, limit: usize) -> Vec<(i64, u32)> {
        let mut claimed = Vec::new();
        let mut keys = BTreeSet::new();
        for event in &mut self.queue {
            let first = event.key.is_none_or(|key| keys.insert(key));
            if claimed.len() < limit && event.due <= self.now && (first || !ordered) {
                event.owner = Some(who);
                event.deliveries += 1;
                event.due = self.now + LEASE;
                claimed.push((event.seq, event.attempt));
            }
        }
        claimed
    }
}

fn kinds() -> impl Strategy<Value = Kind> {
    prop_oneof![
        4 => Just(Kind::Ack),
        2 => (0..3000_u64).prop_map(Kind::Retry),
        1 => Just(Kind::Dead),
        1 => Just(Kind::Dropped),
        1 => Just(Kind::Returned),
    ]
}

fn steps() -> impl Strategy<Value = Step> {
    let outcomes = prop::collection::vec((0..4_usize, kinds()), 0..3);
    prop_oneof![
        2 => prop::option::of(0..3_u8).prop_map(|key| Step::Publish { key }),
        3 => (0..2_usize, outcomes, any::<bool>(), 0..4_usize)
            .prop_map(|(who, outcomes, renew, claim)| Step::Cycle { who, outcomes, renew, claim }),
        1 => prop_oneof![0..200_u64, 1000..3000_u64].prop_map(|millis| Step::Wait { millis }),
    ]
}

fn envelope(key: Option<u8>) -> Envelope {
    Envelope {
        id: EventId::random(),
        event_type: "numbers.counted.v1".to_owned(),
        source: "/services/numbers".to_owned(),
        time: SystemTime::UNIX_EPOCH,
        key: key.map(|key| key.to_string()),
        correlation_id: "c".to_owned(),
        causation_id: None,
        traceparent: None,
        tracestate: None,
        data: Vec::new().into(),
    }
}

fn outcome(kind: Kind) -> Outcome {
    let error = "no route".to_owned();
    match kind {
        Kind::Ack => Outcome::Verdict(Verdict::Ack),
        Kind::Retry(after) => {
            let after = Duration::from_millis(after);
            Outcome::Verdict(Verdict::Retry { after, error })
        }
        Kind::Dead => {
            let reason = Reason::Refused;
            Outcome::Verdict(Verdict::Dead { reason, error })
        }
        Kind::Dropped => Outcome::Dropped,
        Kind::Returned => Outcome::Returned,
    }
}

fn check(ordered: bool, steps: Vec<Step>) -> Result<(), TestCaseError> {
    let connection = Connection::open_in_memory().unwrap();
    for migration in schema::MIGRATIONS {
        connection.execute_batch(migration.sql).unwrap();
    }
    let streams = ["numbers.counted".to_owned()];
    let subscription = subscriptions::declare(&connection, "sums.add", &streams, 0).unwrap();
    let claimers = [1_u8, 2].map(|owner| Claimer {
        subscription,
        name: Arc::from("sums.add"),
        streams: streams.clone().into(),
        owner: [owner; 16],
        ordered,
    });
    let mut model = Model::new();
    let start = Duration::from_millis(model.now.unsigned_abs());
    let fake = FakeClock::new(SystemTime::UNIX_EPOCH + start);
    let mut hands: [Vec<i64>; 2] = [Vec::new(), Vec::new()];
    for step in steps {
        match step {
            Step::Publish { key } => {
                let row = Row::of(envelope(key)).unwrap();
                publish::store(&connection, &[row], 10).unwrap();
                model.publish(key);
            }
            Step::Wait { millis } => {
                fake.advance(Duration::from_millis(millis));
                model.now += i64::try_from(millis).unwrap();
            }
            Step::Cycle {
                who,
                outcomes,
                renew,
                claim,
            } => {
                let hand = &mut hands[who];
                let mut work = Work {
                    claim,
                    ..Work::default()
                };
                let mut lost = Vec::new();
                for (place, kind) in outcomes {
                    if place < hand.len() {
                        let seq = hand.remove(place);
                        work.outcomes.push((seq, outcome(kind)));
                        if !model.settle(who, seq, kind) {
                            lost.push(seq);
                        }
                    }
                }
                if renew {
                    for seq in hand.iter() {
                        work.renew.push(*seq);
                        if !model.renew(who, *seq) {
                            lost.push(*seq);
                        }
                    }
                }
                let claimed = model.claim(who, ordered, claim);
                let done = cycle::run(&connection, &claimers[who], &work, &fake.clock()).unwrap();
                prop_assert_eq!(&done.lost, &lost);
                hand.retain(|seq| !lost.contains(seq));
                let found: Vec<_> = done.claimed.iter().map(|e| (e.seq, e.attempt)).collect();
                prop_assert_eq!(&found, &claimed);
                for (seq, _) in claimed {
                    // The same event, in the same hand once more: the older claim is none.
                    hand.retain(|held| *held != seq);
                    hand.push(seq);
                }
                let next = model.queue.iter().map(|event| event.due);
                let next = next.filter(|due| *due > model.now).min();
                if claim > 0 {
                    prop_assert_eq!(done.due, next);
                }
            }
        }
        let waiting = subscriptions::waiting(&connection, "sums.add").unwrap();
        prop_assert_eq!(waiting, u64::try_from(model.queue.len()).unwrap());
        let deliveries: Vec<i64> = connection
            .prepare("SELECT deliveries FROM queue ORDER BY seq")
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        let expected: Vec<i64> = model.queue.iter().map(|event| event.deliveries).collect();
        prop_assert_eq!(deliveries, expected);
        let dead: i64 = connection
            .query_row("SELECT count(*) FROM dead", [], |row| row.get(0))
            .unwrap();
        prop_assert_eq!(usize::try_from(dead).unwrap(), model.dead);
    }
    Ok(())
}

#[test]
fn what_is_to_come_again_without_a_wait_is_the_next_at_the_same_moment() {
    let cycle = |who, outcomes, claim| Step::Cycle {
        who,
        outcomes,
        renew: false,
        claim,
    };
    let steps = vec![
        Step::Publish { key: None },
        Step::Publish { key: None },
        cycle(1, vec![], 2),
        cycle(1, vec![(0, Kind::Retry(0))], 0),
        cycle(0, vec![], 1),
    ];
    check(false, steps).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_sequence_ends_as_in_the_model(steps in prop::collection::vec(steps(), 0..60)) {
        check(false, steps)?;
    }

    #[test]
    fn any_sequence_ends_as_in_the_model_with_one_of_each_key_at_a_time(steps in prop::collection::vec(steps(), 0..60)) {
        check(true, steps)?;
    }
}
