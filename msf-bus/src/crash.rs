//! Points at which a test ends the process as kill -9 does (feature `crash-points`, for tests only).
//!
//! `MSF_CRASH_AT=POINT[:N]` arms one: the process kills itself at the N-th passing, 1 unless said otherwise. The points are
//! those at which something could be lost or happen twice; see [`POINTS`].

/// The points, in the order in which an event passes them.
///
/// ```
/// assert_eq!(msf_bus::crash::POINTS[0], "after_commit");
/// ```
pub const POINTS: [&str; 5] = [
    "after_commit",
    "before_publish",
    "after_publish",
    "after_effect",
    "before_ack",
];

/// Ends the process here if this point is armed and it is its turn.
#[cfg(not(feature = "crash-points"))]
#[inline]
pub(crate) fn point(_: &'static str) {}

#[cfg(feature = "crash-points")]
pub use armed::check;
#[cfg(feature = "crash-points")]
pub(crate) use armed::point;

#[cfg(feature = "crash-points")]
mod armed {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU32, Ordering};

    use rustix::process::{Signal, getpid, kill_process};

    use super::POINTS;

    // The one place of the project with state of the whole process; it exists in tests of crashes alone.
    static ARMED: OnceLock<Option<Armed>> = OnceLock::new();

    struct Armed {
        point: String,
        left: AtomicU32,
    }

    /// Says what is wrong with `MSF_CRASH_AT`.
    ///
    /// # Errors
    ///
    /// It names no point, or its number is none.
    pub fn check() -> Result<(), String> {
        std::env::var("MSF_CRASH_AT").map_or(Ok(()), |text| parse(&text).map(drop))
    }

    fn parse(text: &str) -> Result<Armed, String> {
        let (point, times) = text.split_once(':').unwrap_or((text, "1"));
        let times = times.parse().ok().filter(|times| *times > 0);
        match times {
            Some(times) if POINTS.contains(&point) => Ok(Armed {
                point: point.to_owned(),
                left: AtomicU32::new(times),
            }),
            _ => Err(format!(
                "MSF_CRASH_AT is `{text}`: expected POINT or POINT:N with one of {}",
                POINTS.join(", ")
            )),
        }
    }

    pub(crate) fn point(name: &'static str) {
        let armed = ARMED.get_or_init(|| {
            let text = std::env::var("MSF_CRASH_AT").ok()?;
            parse(&text).ok()
        });
        let Some(armed) = armed.as_ref().filter(|armed| armed.point == name) else {
            return;
        };
        if armed.left.fetch_sub(1, Ordering::AcqRel) == 1 {
            // Nothing may run after this line, on any thread: the signal cannot be caught.
            let _ = kill_process(getpid(), Signal::KILL);
            loop {
                std::thread::park();
            }
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn what_names_no_point_is_told() {
            for wrong in [
                "",
                "after",
                "after_commit:0",
                "after_commit:x",
                "before_ack:",
            ] {
                assert!(parse(wrong).is_err(), "{wrong}");
            }
            let armed = parse("before_ack:3").ok().unwrap();
            assert_eq!((&*armed.point, armed.left.into_inner()), ("before_ack", 3));
        }
    }
}
