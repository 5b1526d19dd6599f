//! What a consumer has in its hands: the deliveries of a subscription, and who takes the verdict on one.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

use msf_core::BoxFuture;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::transport::{Deliveries, Received, Settle, Verdict};
use crate::{Envelope, TransportError};

/// What is told to the pump of a subscription.
#[derive(Debug)]
pub(super) enum Message {
    /// Carry this verdict out, and answer when that is done.
    Settle {
        claim: Claim,
        verdict: Verdict,
        answer: oneshot::Sender<Result<(), TransportError>>,
    },
    /// There will be no verdict.
    Drop { claim: Claim, handed_out: bool },
}

/// One claim of one event. The same event, claimed once more, has another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Claim {
    pub(super) seq: i64,
    pub(super) number: u64,
}

/// An event that is in hand and was not handed out yet.
pub(super) struct Fetched {
    pub(super) envelope: Envelope,
    pub(super) attempt: u32,
    pub(super) settle: Settler,
}

/// Takes the verdict on one claim; dropped before it was carried out, it says that there will be none.
pub(super) struct Settler {
    claim: Claim,
    handed_out: bool,
    settled: AtomicBool,
    pump: mpsc::UnboundedSender<Message>,
}

/// The deliveries of one subscription to one consumer.
pub(super) struct EmbeddedDeliveries {
    pub(super) fetched: mpsc::UnboundedReceiver<Result<Fetched, TransportError>>,
    pub(super) pump: JoinHandle<()>,
}

impl Settler {
    pub(super) fn new(claim: Claim, pump: mpsc::UnboundedSender<Message>) -> Self {
        Self {
            claim,
            handed_out: false,
            settled: AtomicBool::new(false),
            pump,
        }
    }
}

impl Settle for Settler {
    fn settle(&self, verdict: Verdict) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(async move {
            let (answer, answered) = oneshot::channel();
            let message = Message::Settle {
                claim: self.claim,
                verdict,
                answer,
            };
            self.pump.send(message).map_err(|_| ended())?;
            answered.await.map_err(|_| ended())??;
            self.settled.store(true, Ordering::Relaxed);
            Ok(())
        })
    }
}

impl Drop for Settler {
    fn drop(&mut self) {
        if !*self.settled.get_mut() {
            // Where the pump has ended, the lease ends soon.
            let _ = self.pump.send(Message::Drop {
                claim: self.claim,
                handed_out: self.handed_out,
            });
        }
    }
}

impl fmt::Debug for Settler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settler")
            .field("claim", &self.claim)
            .finish_non_exhaustive()
    }
}

impl Deliveries for EmbeddedDeliveries {
    fn next(&mut self) -> BoxFuture<'_, Result<Received, TransportError>> {
        Box::pin(async {
            let mut fetched = self.fetched.recv().await.ok_or_else(ended)??;
            fetched.settle.handed_out = true;
            Ok(Received::new(
                fetched.envelope,
                fetched.attempt,
                Box::new(fetched.settle),
            ))
        })
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, ()> {
        let Self { fetched, pump } = *self;
        // Closed, it tells the pump to claim no more; what is in it says so of itself.
        drop(fetched);
        Box::pin(async move {
            // What a pump that panicked had in hand is delivered again; the panic itself must not pass unseen.
            if let Err(error) = pump.await {
                tracing::error!(%error, "the task of a subscription broke off");
            }
        })
    }
}

fn ended() -> TransportError {
    TransportError::new(
        "the subscription has ended: its runtime or its file was closed; what was in hand is delivered again",
    )
}
