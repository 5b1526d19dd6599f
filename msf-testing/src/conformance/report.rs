//! What became of each promise.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use msf_core::BoxFuture;
use tokio::time::Instant;

/// How long a case may take. The longest needs a few seconds of real waiting.
const LONGEST: Duration = Duration::from_secs(60);

/// What became of each promise. `Display` is a table, a line each.
#[derive(Clone, Debug)]
#[must_use = "a report that nobody looks at tells nobody: `assert_ok`"]
pub struct Report {
    kind: &'static str,
    cases: Vec<Case>,
}

/// One promise.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Case {
    /// The promise.
    pub name: &'static str,
    /// Kept, or how it was broken.
    pub outcome: Result<(), String>,
    /// How long it took.
    pub took: Duration,
}

/// The outcome of a case while it runs.
pub(super) type Outcome = Result<(), String>;

/// A promise and the future that tries it.
pub(super) type Try = (&'static str, BoxFuture<'static, Outcome>);

/// Makes a [`Try`].
pub(super) fn case(name: &'static str, run: impl Future<Output = Outcome> + Send + 'static) -> Try {
    (name, Box::pin(run))
}

/// An error unless `kept`.
pub(super) fn ensure(kept: bool, why: impl FnOnce() -> String) -> Outcome {
    if kept { Ok(()) } else { Err(why()) }
}

impl Report {
    /// Tries one after the other, each in a task of its own: what one breaks does not end the next.
    pub(super) async fn of(kind: &'static str, tries: Vec<Try>) -> Self {
        let mut cases = Vec::new();
        for (name, run) in tries {
            let begin = Instant::now();
            let mut task = tokio::spawn(run);
            let outcome = match tokio::time::timeout(LONGEST, &mut task).await {
                Ok(Ok(outcome)) => outcome,
                Ok(Err(ended)) => Err(why_ended(ended)),
                Err(_) => {
                    task.abort();
                    Err(format!("it hangs: no end within {} s", LONGEST.as_secs()))
                }
            };
            cases.push(Case {
                name,
                outcome,
                took: begin.elapsed(),
            });
        }
        Self { kind, cases }
    }

    /// All promises, in the order in which they were tried.
    pub fn cases(&self) -> &[Case] {
        &self.cases
    }

    /// Those that were broken.
    pub fn broken(&self) -> impl Iterator<Item = &Case> {
        self.cases.iter().filter(|case| case.outcome.is_err())
    }

    /// # Panics
    ///
    /// A promise was broken: with the whole table.
    #[track_caller]
    pub fn assert_ok(&self) {
        let broken = self.broken().count();
        assert!(
            broken == 0,
            "{broken} promises of the {} are broken\n{self}",
            self.kind
        );
    }
}

fn why_ended(error: tokio::task::JoinError) -> String {
    let Ok(panic) = error.try_into_panic() else {
        return "its task was cancelled".to_owned();
    };
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied());
    format!("it panicked: {}", text.unwrap_or("without a text"))
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for case in &self.cases {
            let took = case.took.as_secs_f32();
            match &case.outcome {
                Ok(()) => writeln!(f, "ok     {took:5.1} s  {}", case.name)?,
                Err(why) => writeln!(f, "BROKEN {took:5.1} s  {}: {why}", case.name)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_fails_or_panics_is_named_and_the_rest_runs() {
        let report = Report::of(
            "sample",
            vec![
                case("fails", async { Err("so it is".to_owned()) }),
                case("panics", async { panic!("at {}", "once") }),
                case("works", async { Ok(()) }),
            ],
        )
        .await;
        let broken: Vec<_> = report
            .broken()
            .map(|case| (case.name, case.outcome.clone().unwrap_err()))
            .collect();
        assert_eq!(
            broken,
            [
                ("fails", "so it is".to_owned()),
                ("panics", "it panicked: at once".to_owned())
            ]
        );
        assert_eq!(report.cases().len(), 3);
        assert!(
            report
                .to_string()
                .contains("BROKEN   0.0 s  fails: so it is\n")
        );
    }

    #[tokio::test(start_paused = true)]
    async fn what_hangs_is_named() {
        let report = Report::of("sample", vec![case("hangs", std::future::pending())]).await;
        let why = report.cases()[0].outcome.clone().unwrap_err();
        assert_eq!(why, "it hangs: no end within 60 s");
    }

    #[tokio::test]
    #[should_panic(expected = "1 promises of the sample are broken")]
    async fn a_broken_promise_fails_the_test() {
        let report = Report::of("sample", vec![case("fails", async { Err(String::new()) })]).await;
        report.assert_ok();
    }
}
