//! The part of a service that hands events to the handlers of one subscription.
//!
//! It asks the transport for deliveries, has at most as many in hand as the subscription allows, and gives a verdict on each:
//! only after the handler is done, and only once the verdict is durable is the delivery forgotten.

mod gauges;
mod process;
mod verdict;

use std::sync::Arc;

use msf_core::component::{Component, Life, Phase};
use msf_core::{BoxError, BoxFuture};
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tokio::time::sleep;

use crate::backoff::Backoff;
use crate::transport::{Deliveries, SubscriptionSpec};
use crate::{Events, Subscription, TransportError};
use gauges::Gauges;
use process::Handlers;

/// The consumer of one subscription.
pub(crate) struct Consumer {
    name: String,
    spec: SubscriptionSpec,
    handlers: Arc<Handlers>,
    events: Events,
}

impl Consumer {
    pub(crate) fn new(subscription: Subscription, events: Events) -> Self {
        let full = format!("{}.{}", events.service(), subscription.name);
        let mut streams: Vec<String> = subscription
            .handlers
            .keys()
            .map(|event_type| event_type.stream().to_owned())
            .collect();
        streams.dedup();
        let spec = SubscriptionSpec {
            in_hand: subscription.concurrency,
            ordered: subscription.ordered,
            ..SubscriptionSpec::new(full.clone(), streams)
        };
        Self {
            name: subscription.name.clone(),
            spec,
            handlers: Arc::new(Handlers::new(full, subscription, events.clock().clone())),
            events,
        }
    }

    async fn consume(&self, life: &Life) {
        let gauges = Gauges::new(&self.name, &self.spec.name, &self.events);
        let mut in_hand = JoinSet::new();
        let mut backoff = Backoff::default();
        while !life.is_stopping() {
            let subscribed = tokio::select! {
                biased;
                () = life.soft() => break,
                subscribed = self.events.transport().subscribe(self.spec.clone()) => subscribed,
            };
            let failed = match subscribed {
                Ok(mut deliveries) => {
                    let (closed, open) = watch::channel(false);
                    let ended = tokio::select! {
                        ended = self.take(&mut *deliveries, &mut in_hand, &gauges, &open, life, &mut backoff) => ended,
                        never = gauges.keep() => match never {},
                    };
                    // What was handed out is finished while no more is taken.
                    let close = async {
                        deliveries.close().await;
                        // Nobody takes a verdict any more: what has none yet is delivered again.
                        closed.send_replace(true);
                    };
                    tokio::join!(close, async {
                        while let Some(ended) = in_hand.join_next().await {
                            self.note(&ended);
                            gauges.in_hand(in_hand.len());
                        }
                    });
                    ended.err()
                }
                Err(error) => Some(error),
            };
            if let Some(error) = failed {
                if backoff.is_fresh() {
                    let error = msf_core::error::chain(&error);
                    tracing::warn!(
                        subscription = self.name,
                        error,
                        "no events come in; trying again"
                    );
                }
                tokio::select! {
                    () = life.soft() => break,
                    () = sleep(backoff.next()) => {}
                }
            }
        }
    }

    /// A handler's panic is a failure of that handler; one of our own code must not pass unseen. The delivery comes again.
    fn note(&self, ended: &Result<(), JoinError>) {
        if let Err(error) = ended {
            tracing::error!(subscription = self.name, %error, "the handling of an event broke off");
        }
    }

    /// Takes deliveries until told to stop, or until the transport fails.
    async fn take(
        &self,
        deliveries: &mut dyn Deliveries,
        in_hand: &mut JoinSet<()>,
        gauges: &Gauges<'_>,
        open: &watch::Receiver<bool>,
        life: &Life,
        backoff: &mut Backoff,
    ) -> Result<(), TransportError> {
        loop {
            gauges.in_hand(in_hand.len());
            tokio::select! {
                biased;
                () = life.soft() => return Ok(()),
                Some(ended) = in_hand.join_next(), if !in_hand.is_empty() => self.note(&ended),
                received = deliveries.next() => {
                    let received = received?;
                    backoff.reset();
                    let handlers = Arc::clone(&self.handlers);
                    let service = self.events.service().into();
                    in_hand.spawn(handlers.process(received, service, open.clone()));
                }
            }
        }
    }
}

impl Component for Consumer {
    fn name(&self) -> &str {
        &self.name
    }

    fn stops_in(&self) -> Phase {
        Phase::Messages
    }

    fn run(self: Box<Self>, life: Life) -> BoxFuture<'static, Result<(), BoxError>> {
        Box::pin(async move {
            self.consume(&life).await;
            Ok(())
        })
    }
}
