//! What becomes of a delivery after its handler.

use std::any::Any;
use std::time::Duration;

use msf_core::error::chain;

use crate::dead_letter::Reason;
use crate::transport::Verdict;
use crate::{Handled, HandlerError, Receipt, Retry};

/// How one attempt ended.
pub(super) enum Ended {
    /// The handler returned.
    Handled(Handled),
    /// The handler panicked, with this.
    Panicked(Box<dyn Any + Send>),
    /// The handler took longer than it may.
    TimedOut(Duration),
    /// Its type is none of msf.
    UnknownType,
    /// No handler is for this stream.
    UnknownStream(String),
    /// No handler is for this version of the stream.
    UnknownVersion(String),
    /// The data is not what the type says.
    Undecodable(String),
}

/// The verdict, the word for it in logs and metrics, and the error.
pub(super) struct Judged {
    pub(super) verdict: Verdict,
    pub(super) outcome: &'static str,
    pub(super) error: Option<String>,
}

impl Ended {
    /// Judges by the policy; `attempt` is the number of the one that ended.
    pub(super) fn judge(self, retry: &Retry, attempt: u32, receipt: &Receipt) -> Judged {
        let done = |outcome| Judged {
            verdict: Verdict::Ack,
            outcome,
            error: None,
        };
        let (failed, wanted) = match self {
            Self::Handled(Ok(())) if receipt.is_repeated() => return done("duplicate"),
            Self::Handled(Ok(())) => return done("handled"),
            Self::UnknownType => return done("unknown"),
            Self::Handled(Err(HandlerError::Dead(error))) => {
                return dead(Reason::Refused, chain(&*error));
            }
            Self::UnknownStream(error) => return dead(Reason::UnknownStream, error),
            Self::UnknownVersion(error) => return dead(Reason::UnknownVersion, error),
            Self::Undecodable(error) => return dead(Reason::Undecodable, error),
            Self::Handled(Err(HandlerError::Retry(error))) => (chain(&*error), None),
            Self::Handled(Err(HandlerError::RetryAfter(after, error))) => {
                (chain(&*error), Some(after))
            }
            Self::Panicked(payload) => (format!("the handler panicked: {}", text(&*payload)), None),
            Self::TimedOut(deadline) => (
                format!("the handler took longer than {deadline:?} and was dropped"),
                None,
            ),
        };
        match retry.next(attempt) {
            Some(after) => Judged {
                verdict: Verdict::Retry {
                    after: wanted.unwrap_or(after),
                    error: failed.clone(),
                },
                outcome: "retried",
                error: Some(failed),
            },
            None => dead(Reason::RetriesExhausted, failed),
        }
    }
}

fn dead(reason: Reason, error: String) -> Judged {
    Judged {
        verdict: Verdict::Dead {
            reason,
            error: error.clone(),
        },
        outcome: "dead",
        error: Some(error),
    }
}

/// The words of a panic.
fn text(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::EventId;

    fn judge(ended: Ended, attempt: u32) -> Judged {
        let retry = Retry::after([Duration::from_secs(1)]);
        let receipt = Receipt::new("a.b", EventId::random(), SystemTime::UNIX_EPOCH);
        ended.judge(&retry, attempt, &receipt)
    }

    fn failed() -> Ended {
        Ended::Handled(Err(HandlerError::retry("no")))
    }

    #[test]
    fn a_failure_comes_again_until_the_policy_is_used_up() {
        let first = judge(failed(), 1);
        assert!(matches!(&first.verdict, Verdict::Retry { error, .. } if error == "no"));
        assert_eq!(first.outcome, "retried");
        let last = judge(failed(), 2);
        let dead = Verdict::Dead {
            reason: Reason::RetriesExhausted,
            error: "no".to_owned(),
        };
        assert_eq!((last.verdict, last.outcome), (dead, "dead"));
    }

    #[test]
    fn a_handler_chooses_the_time_but_not_the_number_of_attempts() {
        let wanted = Duration::from_secs(99);
        let later = || Ended::Handled(Err(HandlerError::retry_after(wanted, "later")));
        assert!(
            matches!(judge(later(), 1).verdict, Verdict::Retry { after, .. } if after == wanted)
        );
        assert_eq!(judge(later(), 2).outcome, "dead");
    }

    #[test]
    fn what_no_attempt_can_mend_is_dead_at_once_and_what_is_done_is_not() {
        for (ended, reason) in [
            (
                Ended::Handled(Err(HandlerError::dead("no"))),
                Reason::Refused,
            ),
            (Ended::Undecodable("no".to_owned()), Reason::Undecodable),
            (Ended::UnknownStream("no".to_owned()), Reason::UnknownStream),
            (
                Ended::UnknownVersion("no".to_owned()),
                Reason::UnknownVersion,
            ),
        ] {
            let judged = judge(ended, 1);
            assert!(
                matches!(judged.verdict, Verdict::Dead { reason: found, .. } if found == reason)
            );
        }
        for (ended, outcome) in [
            (Ended::Handled(Ok(())), "handled"),
            (Ended::UnknownType, "unknown"),
        ] {
            let judged = judge(ended, 1);
            assert_eq!((judged.verdict, judged.outcome), (Verdict::Ack, outcome));
        }
        let receipt = Receipt::new("a.b", EventId::random(), SystemTime::UNIX_EPOCH);
        receipt.mark_repeated();
        let judged = Ended::Handled(Ok(())).judge(&Retry::never(), 1, &receipt);
        assert_eq!(judged.outcome, "duplicate");
    }

    #[test]
    fn a_panic_and_a_hang_are_failures_that_say_so() {
        for payload in [
            Box::new("boom") as Box<dyn Any + Send>,
            Box::new("boom".to_owned()),
        ] {
            let error = judge(Ended::Panicked(payload), 1).error.unwrap();
            assert_eq!(error, "the handler panicked: boom");
        }
        let error = judge(Ended::TimedOut(Duration::from_secs(3)), 1).error;
        assert!(error.unwrap().contains("longer than 3s"));
    }
}
