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
use std::time::Duration;

use msf_core::component::{Component, Life, LifeHandle, Phase};
use msf_core::health::{Health, State};
use msf_core::{BoxError, observe};
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinHandle};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::client::Registration;
use crate::edge::{Drained, Stop};

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

/// The points in time of one stop.
#[derive(Clone, Debug)]
pub(crate) struct Timetable {
    begin: Instant,
    drained_delay: Instant,
    end_streams: Instant,
    hard: Instant,
    hurry: CancellationToken,
}

impl Timetable {
    /// Counts from now. Streams end a tenth of the grace, but at most half a second, before the bound.
    pub(crate) fn start(grace: Duration, drain_delay: Duration, hurry: CancellationToken) -> Self {
        let begin = Instant::now();
        // Whoever says `Duration::MAX` means to wait as long as it takes; no clock reaches that far.
        let after = |time: Duration| begin.checked_add(time).unwrap_or_else(|| begin + FAR);
        let hard = after(grace);
        let margin = (grace / 10).min(Duration::from_millis(500));
        Self {
            begin,
            drained_delay: after(drain_delay).min(hard),
            end_streams: hard - margin,
            hard,
            hurry,
        }
    }

    /// Waits for the end of the drain delay.
    pub(crate) async fn until_drained_delay(&self) {
        self.until(self.drained_delay).await;
    }

    /// Waits for the bound; with a second signal just long enough for streams to say that they end.
    async fn until_hard(&self) {
        tokio::select! {
            () = tokio::time::sleep_until(self.hard) => {}
            () = async { self.hurry.cancelled().await; tokio::time::sleep(LAST_WORDS).await } => {}
        }
    }

    async fn until(&self, instant: Instant) {
        tokio::select! {
            () = tokio::time::sleep_until(instant) => {}
            () = self.hurry.cancelled() => {}
        }
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.begin.elapsed()
    }
}

/// A component that runs.
#[derive(Debug)]
struct Running {
    name: String,
    phase: Phase,
    handle: LifeHandle,
    task: JoinHandle<()>,
}

/// One app that runs: its server, its components, and what ends them.
#[derive(Debug)]
pub(crate) struct Serving {
    name: Arc<str>,
    health: Health,
    stop: Stop,
    server: JoinHandle<Drained>,
    registration: Registration,
    components: Vec<Running>,
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
        let components: Vec<Running> = components
            .into_iter()
            .map(|component| start(&name, component, failures))
            .collect();
        let lives = components.iter().map(|running| running.handle.clone());
        let cut_on_drop = CutOnDrop {
            stop: stop.clone(),
            lives: lives.collect(),
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
        stop_phase(&self.components, Phase::Messages);
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
        stop_phase(&components, Phase::Messages);
        {
            let work = async {
                let messages = finished(&mut components, Phase::Messages);
                let (drained, (), ()) = tokio::join!(server, registration.drained(), messages);
                drained.map_or(0, |drained| drained.cut)
            };
            tokio::pin!(work);
            let mut done = tokio::select! {
                cut = &mut work => Some(cut),
                () = timetable.until(timetable.end_streams) => None,
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
        outcome
            .unfinished
            .extend(cut(&mut components, Phase::Messages).await);

        stop_phase(&components, Phase::Pools);
        let bound = timetable.hard.max(Instant::now() + CUT);
        tokio::select! {
            () = finished(&mut components, Phase::Pools) => {}
            () = tokio::time::sleep_until(bound) => {}
            () = timetable.hurry.cancelled() => {}
        }
        outcome
            .unfinished
            .extend(cut(&mut components, Phase::Pools).await);
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

/// A time that no process lives to see: 30 years.
const FAR: Duration = Duration::from_secs(30 * 365 * 86_400);
/// How long streams get to end with a status when a second signal has come: 20 ms.
const LAST_WORDS: Duration = Duration::from_millis(20);
/// How long after the bound a part may take to notice that it was cut: 50 ms.
const CUT: Duration = Duration::from_millis(50);

fn start(
    name: &Arc<str>,
    component: Box<dyn Component>,
    failures: &mpsc::UnboundedSender<Cause>,
) -> Running {
    let (handle, life) = Life::new();
    let (part, phase) = (component.name().to_owned(), component.stops_in());
    let (app, failures, reported) = (Arc::clone(name), failures.clone(), part.clone());
    let stopping = life.clone();
    let run = async move {
        let cut = life.clone();
        let run = tokio::spawn(observe::in_service(Arc::clone(&app), component.run(life)));
        let abort = run.abort_handle();
        let result = tokio::select! {
            result = run => result,
            () = cut.hard() => {
                abort.abort();
                return;
            }
        };
        let why: BoxError = match result {
            Ok(Ok(())) if stopping.is_stopping() => return,
            Ok(Ok(())) => "it ended although nobody had asked it to".into(),
            Ok(Err(error)) => error,
            Err(ended) => panicked(ended),
        };
        // Nobody listens any more once the process has stopped.
        let _ = failures.send(Cause::Failed {
            app,
            part: reported,
            why,
        });
    };
    Running {
        name: part,
        phase,
        handle,
        task: tokio::spawn(run),
    }
}

/// Why a task ended without a result, in the words of its panic.
fn panicked(ended: JoinError) -> BoxError {
    match ended.try_into_panic() {
        Ok(payload) => {
            let text = payload.downcast_ref::<&str>().copied();
            let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
            format!("it panicked: {}", text.unwrap_or("no message")).into()
        }
        Err(ended) => ended.into(),
    }
}

fn stop_phase(components: &[Running], phase: Phase) {
    components
        .iter()
        .filter(|running| running.phase == phase)
        .for_each(|running| running.handle.stop());
}

async fn finished(components: &mut [Running], phase: Phase) {
    for running in components
        .iter_mut()
        .filter(|running| running.phase == phase)
    {
        if !running.task.is_finished() {
            // An error is a panic of our own wrapper; there is nothing left to wait for then.
            let _ = (&mut running.task).await;
        }
    }
}

/// Cuts what has not ended, and says which that was.
async fn cut(components: &mut Vec<Running>, phase: Phase) -> Vec<String> {
    let mut late = Vec::new();
    for running in components.extract_if(.., |running| running.phase == phase) {
        if !running.task.is_finished() {
            running.handle.cut();
            let _ = tokio::time::timeout(CUT, running.task).await;
            late.push(running.name);
        }
    }
    late
}
