//! What is to happen to a token: one pure function, for every store.

use std::time::{Duration, SystemTime};

use super::{Generation, Session, SessionPolicy};

/// What is to happen to a refresh token whose tag was right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It is the current one: write `to` as the current generation and now as the time of the rotation, hand out `to`.
    Rotate {
        /// The next generation.
        to: Generation,
    },
    /// It was rotated a moment ago and its successor is unused: hand out `to` once more, write nothing.
    Repeat {
        /// The current generation.
        to: Generation,
    },
    /// It was used before: remove the session, hand out nothing.
    Reuse,
    /// The session has outlived itself: remove it, hand out nothing.
    Expired,
    /// There is no such session, or it never handed out this token: hand out nothing.
    Unknown,
}

/// Decides what is to happen to the token of generation `presented` in the session `state`.
///
/// A [`SessionStore`](super::SessionStore) calls it and carries it out within one transaction.
///
/// ```
/// use msf_auth::refresh::{Decision, Generation, Session, SessionId, SessionPolicy, decide};
/// use std::time::{Duration, SystemTime};
///
/// let (now, policy) = (SystemTime::UNIX_EPOCH, SessionPolicy::default());
/// let [first, second] = [0, 1].map(|number| Generation::new(number).unwrap());
/// let mut session = Session {
///     id: SessionId::random(), subject: "ana".to_owned(), generation: first, created_at: now, rotated_at: now,
/// };
/// assert_eq!(decide(Some(&session), first, now, &policy), Decision::Rotate { to: second });
/// session.generation = second;
/// assert_eq!(decide(Some(&session), first, now, &policy), Decision::Repeat { to: second });
/// assert_eq!(decide(Some(&session), first, now + Duration::from_secs(11), &policy), Decision::Reuse);
/// ```
pub fn decide(
    state: Option<&Session>,
    presented: Generation,
    now: SystemTime,
    policy: &SessionPolicy,
) -> Decision {
    let Some(session) = state else {
        return Decision::Unknown;
    };
    let current = session.generation;
    if presented > current {
        return Decision::Unknown;
    }
    if has_expired(session, now, policy) {
        return Decision::Expired;
    }
    if presented == current {
        return current
            .next()
            .map_or(Decision::Expired, |to| Decision::Rotate { to });
    }
    // A clock that was set back by more than the window must not open it again.
    let is_fresh = apart(now, session.rotated_at) <= policy.grace && !policy.grace.is_zero();
    if presented.next() == Some(current) && is_fresh {
        return Decision::Repeat { to: current };
    }
    Decision::Reuse
}

fn has_expired(session: &Session, now: SystemTime, policy: &SessionPolicy) -> bool {
    since(session.created_at, now) >= policy.absolute
        || since(session.rotated_at, now) >= policy.idle
}

/// The time from `then` to `now`; nothing, where the clock was set back.
fn since(then: SystemTime, now: SystemTime) -> Duration {
    now.duration_since(then).unwrap_or_default()
}

fn apart(one: SystemTime, other: SystemTime) -> Duration {
    one.duration_since(other)
        .unwrap_or_else(|before| before.duration())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::SessionId;
    use super::*;

    const DAY: Duration = Duration::from_secs(24 * 60 * 60);

    fn start() -> SystemTime {
        SystemTime::UNIX_EPOCH + DAY * 20_000
    }

    fn session(generation: u64) -> Session {
        Session {
            id: SessionId::random(),
            subject: "ana".to_owned(),
            generation: Generation::new(generation).unwrap(),
            created_at: start(),
            rotated_at: start(),
        }
    }

    fn generation(number: u64) -> Generation {
        Generation::new(number).unwrap()
    }

    fn of(session: &Session, presented: u64, now: SystemTime) -> Decision {
        decide(
            Some(session),
            generation(presented),
            now,
            &SessionPolicy::default(),
        )
    }

    #[test]
    fn the_table() {
        let (now, state) = (start(), session(5));
        assert_eq!(of(&state, 5, now), Decision::Rotate { to: generation(6) });
        assert_eq!(of(&state, 4, now), Decision::Repeat { to: generation(5) });
        assert_eq!(of(&state, 3, now), Decision::Reuse);
        assert_eq!(of(&state, 0, now), Decision::Reuse);
        assert_eq!(of(&state, 6, now), Decision::Unknown);
        let policy = SessionPolicy::default();
        assert_eq!(
            decide(None, Generation::FIRST, now, &policy),
            Decision::Unknown
        );
    }

    #[test]
    fn the_window_ends_after_ten_seconds_and_a_clock_set_back_does_not_open_it() {
        let state = session(5);
        let second = Duration::from_secs(1);
        let milli = Duration::from_millis(1);
        assert_eq!(
            of(&state, 4, start() + second * 10),
            Decision::Repeat { to: generation(5) }
        );
        assert_eq!(
            of(&state, 4, start() + second * 10 + milli),
            Decision::Reuse
        );
        assert_eq!(
            of(&state, 4, start() - second * 10),
            Decision::Repeat { to: generation(5) }
        );
        assert_eq!(
            of(&state, 4, start() - second * 10 - milli),
            Decision::Reuse
        );
        let none = SessionPolicy {
            grace: Duration::ZERO,
            ..SessionPolicy::default()
        };
        assert_eq!(
            decide(Some(&state), generation(4), start(), &none),
            Decision::Reuse
        );
    }

    #[test]
    fn a_session_ends_thirty_days_after_its_login_and_seven_after_its_last_rotation() {
        let milli = Duration::from_millis(1);
        let rotate = Decision::Rotate { to: generation(6) };
        let mut state = session(5);
        assert_eq!(of(&state, 5, start() + DAY * 7 - milli), rotate);
        assert_eq!(of(&state, 5, start() + DAY * 7), Decision::Expired);
        state.rotated_at = start() + DAY * 29;
        assert_eq!(of(&state, 5, start() + DAY * 30 - milli), rotate);
        assert_eq!(of(&state, 5, start() + DAY * 30), Decision::Expired);
        assert_eq!(of(&state, 2, start() + DAY * 30), Decision::Expired);
        assert_eq!(of(&state, 5, start() - DAY), rotate);
    }

    #[test]
    fn the_last_generation_has_no_successor() {
        let state = session(Generation::LAST.get());
        assert_eq!(
            of(&state, Generation::LAST.get(), start()),
            Decision::Expired
        );
        assert_eq!(Generation::LAST.next(), None);
    }

    proptest! {
        #[test]
        fn every_case_has_its_answer(
            current in prop_oneof![0..6u64, Just(Generation::LAST.get())],
            behind in -2i64..6,
            rotated in 0u64..40 * 24 * 60 * 60,
            now in -100i64..20,
        ) {
            let Some(presented) = current.checked_add_signed(-behind).and_then(Generation::new) else {
                return Ok(());
            };
            let mut state = session(current);
            state.rotated_at = start() + Duration::from_secs(rotated);
            let now = state.rotated_at.checked_add(Duration::from_secs(now.unsigned_abs())).filter(|_| now >= 0)
                .unwrap_or_else(|| state.rotated_at - Duration::from_secs(now.unsigned_abs()));
            let expired = now.duration_since(start()).is_ok_and(|age| age >= DAY * 30);
            let gap = now.duration_since(state.rotated_at).unwrap_or_else(|e| e.duration());
            let expected = match behind {
                i64::MIN..=-1 => Decision::Unknown,
                _ if expired => Decision::Expired,
                0 => generation(current).next().map_or(Decision::Expired, |to| Decision::Rotate { to }),
                1 if gap <= Duration::from_secs(10) => Decision::Repeat { to: generation(current) },
                _ => Decision::Reuse,
            };
            prop_assert_eq!(decide(Some(&state), presented, now, &SessionPolicy::default()), expected);
        }
    }
}
