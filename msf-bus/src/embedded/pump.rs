//! The task of a subscription: fetches what is due and carries verdicts out, one job after the other.
//!
//! A job is only made where there is something to do. Others of this process say so by a nudge; what other processes do
//! shows in the version of the file, which is looked at ten times a second.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use msf_core::clock::Clock;
use msf_core::error::chain;
use msf_store::sqlite::{self, Database};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time;

use super::cycle::{self, Claimed, Claimer, Done, LEASE, Outcome, RENEWED, Work};
use super::deliveries::{Claim, Fetched, Message, Settler};
use super::subscriptions;
use crate::backoff::Backoff;
use crate::transport::Verdict;
use crate::{TransportError, attributes, millis};

/// How often the file is asked whether another process wrote to it.
const POLL: Duration = Duration::from_millis(100);
/// The longest that it waits when the file could not be written to.
const LONGEST_BACKOFF: Duration = Duration::from_secs(1);
/// When an event is looked at again whose attributes cannot be read.
const UNREADABLE: Duration = Duration::from_secs(60);

/// The task of a subscription.
pub(super) struct Pump {
    database: Database,
    clock: Clock,
    claimer: Claimer,
    /// How many may be in hand at once.
    capacity: usize,
    nudge: Arc<Notify>,
    fetched: mpsc::UnboundedSender<Result<Fetched, TransportError>>,
    messages: (
        mpsc::UnboundedSender<Message>,
        mpsc::UnboundedReceiver<Message>,
    ),
    in_hand: HashMap<i64, InHand>,
    /// What was decided and is not in the file yet.
    decided: Vec<Decided>,
    /// Whether there may be something to claim.
    wanted: bool,
    /// When one of those that wait is due.
    due: Option<i64>,
    /// When it was last said that the streams are wanted.
    declared_at: i64,
    /// The number of the last claim.
    claims: u64,
    backoff: Backoff,
}

struct InHand {
    claim: u64,
    until: i64,
    decided: bool,
}

struct Decided {
    seq: i64,
    outcome: Outcome,
    answer: Option<oneshot::Sender<Result<(), TransportError>>>,
}

impl Pump {
    pub(super) fn new(
        database: Database,
        clock: Clock,
        claimer: Claimer,
        capacity: usize,
        nudge: Arc<Notify>,
        fetched: mpsc::UnboundedSender<Result<Fetched, TransportError>>,
    ) -> Self {
        let declared_at = millis::of(clock.now());
        Self {
            database,
            clock,
            claimer,
            capacity,
            nudge,
            fetched,
            messages: mpsc::unbounded_channel(),
            in_hand: HashMap::new(),
            decided: Vec::new(),
            wanted: true,
            due: None,
            declared_at,
            claims: 0,
            backoff: Backoff::up_to(LONGEST_BACKOFF),
        }
    }

    /// Works until nobody wants its deliveries any more and all is settled that was handed out.
    pub(super) async fn run(self) {
        let (database, nudge) = (self.database.clone(), Arc::clone(&self.nudge));
        tokio::select! {
            never = watch(&database, &nudge) => match never {},
            () = self.work() => {}
        }
    }

    async fn work(mut self) {
        loop {
            while let Ok(message) = self.messages.1.try_recv() {
                self.take(message);
            }
            let stops = self.fetched.is_closed();
            if stops && self.in_hand.is_empty() {
                return;
            }
            let work = self.plan(stops);
            if work.is_empty() {
                self.wait(stops).await;
                continue;
            }
            let work = Arc::new(work);
            match self.carry_out(Arc::clone(&work)).await {
                Ok(done) => self.apply(&work, done),
                Err(sqlite::Error::Closed) => return self.end(),
                Err(error) => self.fail(&error).await,
            }
        }
    }

    /// What is to be done now.
    fn plan(&mut self, stops: bool) -> Work {
        let now = millis::of(self.clock.now());
        let mut work = Work::default();
        for decided in &self.decided {
            work.outcomes.push((decided.seq, decided.outcome.clone()));
        }
        work.held_until = i64::MAX;
        for (seq, held) in self.in_hand.iter().filter(|(_, held)| !held.decided) {
            if held.until.saturating_sub(now) <= LEASE - RENEWED {
                work.renew.push(*seq);
            } else {
                work.held.push(*seq);
                work.held_until = work.held_until.min(held.until);
            }
        }
        work.renews_streams =
            !stops && now.saturating_sub(self.declared_at) >= subscriptions::RENEWED;
        self.wanted |= self.due.is_some_and(|due| due <= now);
        // A job that is needed anyway looks for more.
        if !stops && (self.wanted || !work.outcomes.is_empty()) {
            work.claim = self.capacity.saturating_sub(self.undecided());
        }
        work
    }

    fn undecided(&self) -> usize {
        self.in_hand.len() - self.decided.len()
    }

    async fn carry_out(&mut self, work: Arc<Work>) -> sqlite::Result<Done> {
        let (claimer, clock) = (self.claimer.clone(), self.clock.clone());
        if work.claim > 0 {
            // What comes from here on may come too late for this job.
            self.wanted = false;
        }
        self.database
            .write(move |tx| -> sqlite::Result<_> { Ok(cycle::run(tx, &claimer, &work, &clock)?) })
            .await
    }

    fn apply(&mut self, work: &Work, done: Done) {
        if work.renews_streams {
            self.declared_at = millis::of(self.clock.now());
        }
        if !self.backoff.is_fresh() {
            tracing::info!(subscription = %self.claimer.name, "the events are fetched again");
            self.backoff.reset();
        }
        for decided in self.decided.drain(..) {
            self.in_hand.remove(&decided.seq);
            if let Some(answer) = decided.answer {
                // Who has gone wants no answer.
                let _ = answer.send(Ok(()));
            }
        }
        for seq in &done.renewed {
            if let Some(held) = self.in_hand.get_mut(seq) {
                held.until = done.until;
            }
        }
        if !done.lost.is_empty() {
            tracing::warn!(
                subscription = %self.claimer.name,
                events = done.lost.len(),
                "events in hand were not settled before their lease was over and another consumer took them: they are \
                 handled there once more"
            );
            // What is held in vain is held no longer: its verdict would find nothing.
            for seq in &done.lost {
                self.in_hand.remove(seq);
            }
        }
        if done.given_up > 0 {
            tracing::error!(
                subscription = %self.claimer.name,
                events = done.given_up,
                "events were handed out too often without a verdict and are dead letters now"
            );
        }
        if work.claim > 0 {
            self.wanted |= done.more;
        }
        self.due = done.due;
        for event in done.claimed {
            self.hand(event, done.until);
        }
    }

    /// Hands an event to the consumer.
    fn hand(&mut self, event: Claimed, until: i64) {
        self.claims += 1;
        let number = self.claims;
        let held = InHand {
            claim: number,
            until,
            decided: false,
        };
        self.in_hand.insert(event.seq, held);
        let claim = Claim {
            seq: event.seq,
            number,
        };
        match attributes::envelope(&event.attributes, event.data) {
            // Where nobody takes it any more, dropping it tells us so.
            Ok(envelope) => drop(self.fetched.send(Ok(Fetched {
                envelope,
                attempt: event.attempt,
                settle: Settler::new(claim, self.messages.0.clone()),
            }))),
            Err(error) => {
                tracing::error!(
                    subscription = %self.claimer.name,
                    seq = event.seq,
                    error,
                    "a queued event cannot be read; it waits for a program that can"
                );
                let verdict = Verdict::Retry {
                    after: UNREADABLE,
                    error,
                };
                self.decide(claim, Outcome::Verdict(verdict), None);
            }
        }
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Settle {
                claim,
                verdict,
                answer,
            } => self.decide(claim, Outcome::Verdict(verdict), Some(answer)),
            Message::Drop { claim, handed_out } => {
                let outcome = if handed_out {
                    Outcome::Dropped
                } else {
                    Outcome::Returned
                };
                self.decide(claim, outcome, None);
            }
        }
    }

    fn decide(
        &mut self,
        claim: Claim,
        outcome: Outcome,
        answer: Option<oneshot::Sender<Result<(), TransportError>>>,
    ) {
        let seq = claim.seq;
        let held = self
            .in_hand
            .get_mut(&seq)
            .filter(|held| held.claim == claim.number);
        match held {
            Some(held) if !held.decided => {
                held.decided = true;
                self.decided.push(Decided {
                    seq,
                    outcome,
                    answer,
                });
            }
            // The first verdict stands; who gave it and went away without the answer may ask again.
            Some(_) => {
                if let (Some(answer), Some(decided)) = (
                    answer,
                    self.decided.iter_mut().find(|decided| decided.seq == seq),
                ) {
                    decided.answer = Some(answer);
                }
            }
            // Settled before, or taken over by another consumer: there is nothing left to decide.
            None => {
                if let Some(answer) = answer {
                    let _ = answer.send(Ok(()));
                }
            }
        }
    }

    /// Tells those who wait for an answer, and waits a while itself.
    async fn fail(&mut self, error: &sqlite::Error) {
        let text = chain(error);
        if self.backoff.is_fresh() {
            tracing::warn!(
                subscription = %self.claimer.name,
                error = text,
                "the file of the events cannot be written to; trying again until it can"
            );
        }
        self.wanted = true;
        let in_hand = &mut self.in_hand;
        self.decided.retain_mut(|decided| {
            let told = decided
                .answer
                .take()
                .is_some_and(|answer| answer.send(Err(TransportError::new(text.clone()))).is_ok());
            // Who was told decides anew. What nobody waits for is ours to carry out.
            if told && let Some(held) = in_hand.get_mut(&decided.seq) {
                held.decided = false;
            }
            !told
        });
        time::sleep(self.backoff.next()).await;
    }

    /// The file is closed: nothing will come any more.
    fn end(self) {
        let error = "the file of the events is closed";
        let _ = self.fetched.send(Err(TransportError::new(error)));
    }

    /// Waits until there may be something to do.
    async fn wait(&mut self, stops: bool) {
        let now = millis::of(self.clock.now());
        let left = |at: i64| Duration::from_millis(u64::try_from(at - now).unwrap_or(0));
        let room = !stops && self.undecided() < self.capacity;
        // Not longer than a poll: the clock may be set, and the timer does not know.
        let due = self.due.filter(|_| room).map(|due| left(due).min(POLL));
        let renewal = self.in_hand.values().map(|held| held.until).min();
        let renewal = renewal.map(|until| left(until - (LEASE - RENEWED)).min(POLL * 5));
        // The clock that decides may be set: it is looked at more often than it has to be.
        let streams = (!stops).then_some(POLL * 50);
        let next = due.into_iter().chain(renewal).chain(streams).min();
        let message = tokio::select! {
            message = self.messages.1.recv() => message,
            () = self.nudge.notified() => {
                self.wanted = true;
                None
            }
            () = self.fetched.closed(), if !stops => None,
            () = time::sleep(next.unwrap_or_default()), if next.is_some() => None,
        };
        if let Some(message) = message {
            self.take(message);
        }
    }
}

/// Nudges when the file was written to.
async fn watch(database: &Database, nudge: &Notify) -> Infallible {
    let mut seen: Option<i64> = None;
    loop {
        time::sleep(POLL).await;
        // The number means something only on the connection that was asked before, and there is only one that reads.
        let version = database
            .read(|db| -> sqlite::Result<i64> {
                Ok(db.pragma_query_value(None, "data_version", |row| row.get(0))?)
            })
            .await;
        // Without an answer anything may have happened.
        let version = version.ok();
        if version.is_none() || version != seen {
            nudge.notify_one();
        }
        seen = version;
    }
}
