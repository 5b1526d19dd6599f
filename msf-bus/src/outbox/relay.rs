//! Publishes what waits in an outbox: at once when told, else at the next sweep.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use msf_core::component::{Component, Life, Phase};
use msf_core::context::Context;
use msf_core::health::Check;
use msf_core::{BoxError, BoxFuture};
use tokio::sync::Notify;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use super::Outbox;
use crate::backoff::Backoff;
use crate::{Envelope, EventId, Events, PublishError, crash, record};

/// How many events are published at once.
const BATCH: usize = 256;
/// How long a relay that died keeps others from its outbox.
const LEASE: Duration = Duration::from_secs(2);
/// How often to look for what nobody told of: another process has died over it.
const SWEEP: Duration = Duration::from_secs(1);

/// The relay of one outbox.
pub(crate) struct Relay {
    outbox: Arc<dyn Outbox>,
    staged: Arc<Notify>,
    events: Events,
    name: String,
    owner: String,
    trouble: Trouble,
    refused: Refused,
    /// When it was last measured what waits.
    looked: Instant,
}

/// Those that the transport will never take, and why the last of them. They stay in the outbox, and hold nobody back.
#[derive(Default)]
struct Refused {
    ids: HashSet<EventId>,
    why: Option<String>,
}

impl Refused {
    /// Leaves them out of a batch, and forgets those that are no longer in the outbox.
    fn leave_out_of(&mut self, batch: &mut Vec<Envelope>) {
        let (mut there, before) = (HashSet::new(), &self.ids);
        batch.retain(|envelope| {
            let refused = before.contains(&envelope.id);
            if refused {
                there.insert(envelope.id);
            }
            !refused
        });
        self.ids = there;
        if self.ids.is_empty() {
            self.why = None;
        }
    }
}

/// Why the last attempt to publish failed, if it did.
type Trouble = Arc<Mutex<Option<String>>>;

impl Relay {
    pub(crate) fn new(outbox: Arc<dyn Outbox>, events: Events) -> Self {
        Self {
            name: format!("relay of {}", outbox.name()),
            staged: outbox.staged(),
            outbox,
            events,
            owner: uuid::Uuid::new_v4().to_string(),
            trouble: Trouble::default(),
            refused: Refused::default(),
            looked: Instant::now(),
        }
    }

    async fn relay(&mut self, life: &Life) -> Result<(), BoxError> {
        // A store without an outbox shows now, and not with the first event.
        self.look().await?;
        let staged = Arc::clone(&self.staged);
        let mut sweep = interval(SWEEP);
        sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut backoff = Backoff::default();
        while !life.is_stopping() {
            let told = tokio::select! {
                biased;
                () = life.soft() => break,
                () = staged.notified() => true,
                _ = sweep.tick() => false,
            };
            // A sweep that finds nothing must not ask for the lock of the file.
            let pending = told || self.look().await.unwrap_or(true);
            if !pending {
                continue;
            }
            if let Err(error) = self.publish_all(Some(life), u64::MAX).await {
                self.fail(&error, backoff.is_fresh());
                tokio::select! {
                    () = life.soft() => break,
                    () = sleep(backoff.next()) => staged.notify_one(),
                }
            } else {
                self.trouble().clone_from(&self.refused.why);
                backoff.reset();
            }
        }
        // What was staged so far still leaves; what cannot, leaves at the next start. So does what others go on staging,
        // or this would have no end.
        let rest = async {
            let staged = self.outbox.pending().await?.count;
            self.publish_all(None, staged).await
        };
        if let Err(error) = rest.await {
            self.fail(&error, backoff.is_fresh());
        }
        Ok(())
    }

    /// Publishes until nothing waits, another relay is at it, it were as many as `most`, or `life` ends.
    async fn publish_all(&mut self, life: Option<&Life>, most: u64) -> Result<(), BoxError> {
        let mut seen: u64 = 0;
        while seen < most && !life.is_some_and(Life::is_stopping) {
            // An outbox that does not get empty is the one that somebody wants to know of.
            if self.looked.elapsed() >= SWEEP {
                self.look().await?;
            }
            // Those that were refused are the oldest, and come with each claim.
            let limit = BATCH.saturating_add(self.refused.ids.len());
            let mut batch = self.outbox.claim(&self.owner, limit, LEASE).await?;
            self.refused.leave_out_of(&mut batch);
            if batch.is_empty() {
                return Ok(());
            }
            seen = seen.saturating_add(u64::try_from(batch.len()).unwrap_or(u64::MAX));
            crash::point("after_commit");
            self.publish(batch).await?;
        }
        Ok(())
    }

    async fn publish(&mut self, batch: Vec<Envelope>) -> Result<(), BoxError> {
        crash::point("before_publish");
        let verdicts = record::publish(&**self.events.transport(), batch.clone()).await;
        crash::point("after_publish");
        // A transport that says nothing of an event has not confirmed it.
        let silence = || Some(Err(PublishError::unavailable("the transport said nothing")));
        let verdicts = verdicts.into_iter().chain(std::iter::from_fn(silence));
        let mut failure = None;
        let mut published = Vec::with_capacity(batch.len());
        let now = self.events.clock().now();
        for (envelope, verdict) in batch.iter().zip(verdicts) {
            match verdict {
                Ok(()) => {
                    let waited = now.duration_since(envelope.time).unwrap_or_default();
                    record::relayed(self.outbox.name(), waited);
                    Context::extract(envelope).sync_scope(|| {
                        tracing::debug!(
                            target: "msf::event",
                            event_id = %envelope.id,
                            event_type = envelope.event_type,
                            "relayed"
                        );
                    });
                    published.push(envelope.id);
                }
                Err(error) if error.may_be_repeated() => failure = failure.or(Some(error)),
                Err(error) => self.refuse(envelope, &error),
            }
        }
        if !published.is_empty() {
            self.outbox.remove(published).await?;
        }
        failure.map_or(Ok(()), |error| Err(error.into()))
    }

    /// Keeps an event from being tried again and again.
    fn refuse(&mut self, envelope: &Envelope, error: &PublishError) {
        let why = msf_core::error::chain(error);
        tracing::error!(
            target: "msf::event",
            store = self.outbox.name(),
            event_id = %envelope.id,
            event_type = envelope.event_type,
            error = why,
            "an event cannot be published and stays in the outbox: the next start tries again"
        );
        self.refused.ids.insert(envelope.id);
        self.refused.why = Some(why);
    }

    /// Measures what waits; whether anything does.
    async fn look(&mut self) -> Result<bool, BoxError> {
        self.looked = Instant::now();
        let pending = self.outbox.pending().await?;
        let age = pending.oldest.map(|oldest| {
            let now = self.events.clock().now();
            now.duration_since(oldest).unwrap_or_default()
        });
        record::pending(self.outbox.name(), pending.count, age.unwrap_or_default());
        Ok(pending.count > 0)
    }

    fn fail(&self, error: &BoxError, first: bool) {
        let why = msf_core::error::chain(&**error);
        if first {
            let store = self.outbox.name();
            tracing::warn!(
                store,
                error = why,
                "events wait in the outbox: they cannot be published"
            );
        }
        *self.trouble() = Some(why);
    }

    fn trouble(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Component for Relay {
    fn name(&self) -> &str {
        &self.name
    }

    fn stops_in(&self) -> Phase {
        Phase::Messages
    }

    /// The service works on while events wait, so this only degrades it.
    fn checks(&self) -> Vec<Check> {
        let (outbox, trouble) = (Arc::clone(&self.outbox), Arc::clone(&self.trouble));
        let ask = move || {
            let outbox = Arc::clone(&outbox);
            let trouble = trouble
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone();
            async move {
                outbox.pending().await?;
                match trouble {
                    Some(why) => Err(BoxError::from(format!("events wait in the outbox: {why}"))),
                    None => Ok(()),
                }
            }
        };
        vec![Check::new(format!("outbox of {}", self.outbox.name()), ask).optional()]
    }

    fn run(mut self: Box<Self>, life: Life) -> BoxFuture<'static, Result<(), BoxError>> {
        Box::pin(async move { self.relay(&life).await })
    }
}
