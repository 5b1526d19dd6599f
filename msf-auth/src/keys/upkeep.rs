//! Keeps a ring fresh while a service runs.

use std::time::Duration;

use futures_util::future::BoxFuture;
use msf_core::BoxError;
use msf_core::component::{Component, Life, Phase};
use msf_core::error::chain;
use tokio::time::MissedTickBehavior;

use super::KeyRing;

const EVERY: Duration = Duration::from_secs(60);

/// The component of a [`KeyRing`]: once a minute it takes over the rotations of other processes, and rotates when it is time.
///
/// A failure is logged and tried again: the keys in hand sign on.
///
/// ```
/// use msf_core::component::Component as _;
/// let ring = msf_auth::keys::KeyRing::generate().unwrap();
/// assert_eq!(ring.upkeep().name(), "key-ring");
/// ```
#[derive(Debug)]
pub struct KeyUpkeep {
    ring: KeyRing,
}

impl KeyUpkeep {
    pub(super) fn new(ring: KeyRing) -> Self {
        Self { ring }
    }

    async fn once(&self) {
        let ring = self.ring.clone();
        // It syncs a file and may wait for another process' lock.
        let done = tokio::task::spawn_blocking(move || ring.rotate_if_due()).await;
        match done {
            Ok(Ok(None)) => {}
            Ok(Ok(Some(rotated))) => {
                tracing::info!(target: "msf::auth", kid = rotated.kid, "a new signing key is published");
            }
            Ok(Err(error)) => {
                tracing::error!(target: "msf::auth", error = chain(&error), "the key ring cannot be kept fresh");
            }
            Err(error) => {
                tracing::error!(target: "msf::auth", error = chain(&error), "the key ring cannot be kept fresh");
            }
        }
    }
}

impl Component for KeyUpkeep {
    fn name(&self) -> &'static str {
        "key-ring"
    }

    fn stops_in(&self) -> Phase {
        Phase::Messages
    }

    fn run(self: Box<Self>, life: Life) -> BoxFuture<'static, Result<(), BoxError>> {
        Box::pin(async move {
            let mut ticks = tokio::time::interval(EVERY);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                tokio::select! {
                    () = life.soft() => return Ok(()),
                    _ = ticks.tick() => self.once().await,
                }
            }
        })
    }
}
