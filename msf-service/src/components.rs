//! The components of an app that run: started, watched, ended.

use std::sync::Arc;
use std::time::Duration;

use msf_core::component::{Component, Life, LifeHandle, Phase};
use msf_core::{BoxError, observe};
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinHandle};

use crate::lifecycle::Cause;

/// How long after the bound a part may take to notice that it was cut: 50 ms.
pub(crate) const CUT: Duration = Duration::from_millis(50);

/// The components of one app.
#[derive(Debug)]
pub(crate) struct Components(Vec<RunningComponent>);

#[derive(Debug)]
struct RunningComponent {
    name: String,
    phase: Phase,
    handle: LifeHandle,
    task: JoinHandle<()>,
}

impl Components {
    /// Starts them; whichever ends unasked, or with an error, reports to `failures`.
    pub(crate) fn start(
        app: &Arc<str>,
        components: Vec<Box<dyn Component>>,
        failures: &mpsc::UnboundedSender<Cause>,
    ) -> Self {
        let start = |component| start(app, component, failures);
        Self(components.into_iter().map(start).collect())
    }

    /// The handles that end them.
    pub(crate) fn lives(&self) -> Vec<LifeHandle> {
        self.0
            .iter()
            .map(|running| running.handle.clone())
            .collect()
    }

    /// Asks those of `phase` to end.
    pub(crate) fn stop(&self, phase: Phase) {
        let own = self.0.iter().filter(|running| running.phase == phase);
        own.for_each(|running| running.handle.stop());
    }

    /// Waits until those of `phase` have ended.
    pub(crate) async fn finished(&mut self, phase: Phase) {
        for running in self.0.iter_mut().filter(|running| running.phase == phase) {
            if !running.task.is_finished() {
                // An error is a panic of our own wrapper; there is nothing left to wait for then.
                let _ = (&mut running.task).await;
            }
        }
    }

    /// Cuts those of `phase` that have not ended, and says which they were.
    pub(crate) async fn cut(&mut self, phase: Phase) -> Vec<String> {
        let mut late = Vec::new();
        for running in self.0.extract_if(.., |running| running.phase == phase) {
            if !running.task.is_finished() {
                running.handle.cut();
                let _ = tokio::time::timeout(CUT, running.task).await;
                late.push(running.name);
            }
        }
        late
    }
}

fn start(
    name: &Arc<str>,
    component: Box<dyn Component>,
    failures: &mpsc::UnboundedSender<Cause>,
) -> RunningComponent {
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
    RunningComponent {
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
