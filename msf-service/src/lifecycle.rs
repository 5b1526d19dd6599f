//! The order in which a process stops, within its bound.
//!
//! On the first signal: (1) readiness ends, the drain delay passes; (2) the servers take no new connection and finish
//! what is in hand; (3) components of [`Phase::Messages`] take no new work; (4) shortly before the grace bound open
//! streams end, at it what is left is cut and counted; (5) components of [`Phase::Pools`] end; (6) telemetry is flushed,
//! by whoever runs this. A second signal jumps to (4).
//!
//! What people wrongly assume:
//!
//! - *"Each step may take the grace."* The bound counts from the signal and is one for all steps.
//! - *"A process that is told to stop may refuse new calls at once."* Balancers notice late: readiness ends first.

use std::sync::Arc;

use msf_core::component::{Component, LifeHandle, Phase};
use msf_core::health::{Health, State};
use msf_core::{BoxError, observe};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::client::Registration;
use crate::components::{CUT, Components};
use crate::edge::{Drained, Stop};
use crate::timetable::Timetable;

/// Why a process begins to stop.
#[derive(Debug)]
pub(crate) enum Cause {
    /// A signal, or a test that has seen enough.
    Asked,
    /// A part ended by itself: which, and why.
    Failed {
        app: Arc<str>,
        part: String,
        why: BoxError,
    },
}

/// One app that runs: its server, its components, and what ends them.
#[derive(Debug)]
pub(crate) struct Serving {
    name: Arc<str>,
    health: Health,
    stop: Stop,
    server: JoinHandle<Drained>,
    registration: Registration,
    components: Components,
    cut_on_drop: CutOnDrop,
}

/// What a stop of one app came to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    /// Connections that were cut.
    pub(crate) cut: usize,
    /// Components that did not end in time, by name.
    pub(crate) unfinished: Vec<String>,
}

impl Serving {
    /// Starts the server and the components of an app; whoever ends unasked reports to `failures`.
    pub(crate) fn start(
        name: Arc<str>,
        health: Health,
        stop: Stop,
        server: impl Future<Output = Drained> + Send + 'static,
        registration: Registration,
        components: Vec<Box<dyn Component>>,
        failures: &mpsc::UnboundedSender<Cause>,
    ) -> Self {
        let components = Components::start(&name, components, failures);
        let cut_on_drop = CutOnDrop {
            stop: stop.clone(),
            lives: components.lives(),
        };
        let server = tokio::spawn(observe::in_service(Arc::clone(&name), server));
        Self {
            name,
            health,
            stop,
            server,
            registration,
            components,
            cut_on_drop,
        }
    }

    pub(crate) fn name(&self) -> &Arc<str> {
        &self.name
    }

    pub(crate) fn health(&self) -> &Health {
        &self.health
    }

    /// Step 1, up to the delay: this is done for all apps of a process before any of them goes on.
    pub(crate) fn announce(&self) {
        self.health.set_state(State::Draining);
    }

    /// Step 3, which all apps of a process take together: an app that stops late must not take messages until then.
    pub(crate) fn stop_messages(&self) {
        self.components.stop(Phase::Messages);
    }

    /// Steps 2 to 5.
    pub(crate) async fn drain(self, timetable: &Timetable) -> Outcome {
        let Self {
            health,
            stop,
            server,
            registration,
            mut components,
            cut_on_drop: _cut_on_drop,
            ..
        } = self;
        timetable.until_drained_delay().await;
        let mut outcome = Outcome::default();

        stop.soft.cancel();
        registration.close();
        components.stop(Phase::Messages);
        {
            let work = async {
                let messages = components.finished(Phase::Messages);
                let (drained, (), ()) = tokio::join!(server, registration.drained(), messages);
                drained.map_or(0, |drained| drained.cut)
            };
            tokio::pin!(work);
            let mut done = tokio::select! {
                cut = &mut work => Some(cut),
                () = timetable.until_end_of_streams() => None,
            };
            if done.is_none() {
                stop.end_streams.cancel();
                done = tokio::select! {
                    cut = &mut work => Some(cut),
                    () = timetable.until_hard() => None,
                };
            }
            if done.is_none() {
                stop.hard.cancel();
                outcome.cut += registration.cut();
                done = tokio::time::timeout(CUT, &mut work).await.ok();
            }
            outcome.cut += done.unwrap_or(0);
        }
        let late = components.cut(Phase::Messages).await;
        outcome.unfinished.extend(late);

        components.stop(Phase::Pools);
        tokio::select! {
            () = components.finished(Phase::Pools) => {}
            () = timetable.until_end_of_pools() => {}
        }
        let late = components.cut(Phase::Pools).await;
        outcome.unfinished.extend(late);
        health.set_state(State::Stopped);
        outcome
    }
}

/// Ends what was dropped without a stop: a server that nobody can reach any more.
#[derive(Debug)]
struct CutOnDrop {
    stop: Stop,
    lives: Vec<LifeHandle>,
}

impl Drop for CutOnDrop {
    fn drop(&mut self) {
        self.stop.hard.cancel();
        self.lives.iter().for_each(LifeHandle::cut);
    }
}
