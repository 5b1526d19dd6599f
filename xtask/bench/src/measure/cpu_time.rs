//! What a call costs in CPU time, where it is made in the benchmark itself.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use super::Void;

/// How many calls are made between two looks at the clock.
const BATCH: u32 = 16;

/// Whose CPU time is counted.
#[derive(Clone, Copy, Debug)]
pub(crate) enum CpuClock {
    /// Of this thread.
    Thread,
    /// Of all threads of this process.
    Process,
}

impl CpuClock {
    fn now(self) -> Duration {
        let now = clock_gettime(match self {
            Self::Thread => ClockId::ThreadCPUTime,
            Self::Process => ClockId::ProcessCPUTime,
        });
        let seconds = u64::try_from(now.tv_sec).unwrap_or_default();
        let nanos = u32::try_from(now.tv_nsec).unwrap_or_default();
        Duration::new(seconds, nanos)
    }

    /// CPU time of one of many calls, in nanoseconds. `calls` makes as many as it is told to, until they have used `window`
    /// together; as long again as an eighth of it comes first and is not counted.
    pub(crate) fn per_call(
        self,
        window: Duration,
        mut calls: impl FnMut(u32) -> Result<(), Void>,
    ) -> Result<f64, Void> {
        self.spend(window / 8, &mut calls)?;
        let (used, made) = self.spend(window, &mut calls)?;
        Ok(used.as_secs_f64() * 1e9 / f64::from(made))
    }

    fn spend(
        self,
        window: Duration,
        calls: &mut impl FnMut(u32) -> Result<(), Void>,
    ) -> Result<(Duration, u32), Void> {
        let (began, mut made) = (self.now(), 0);
        loop {
            calls(BATCH)?;
            made += BATCH;
            let used = self.now().saturating_sub(began);
            if used >= window {
                return Ok((used, made));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::hint::black_box;

    use super::*;

    /// Some work, the more the larger `size`.
    fn work(size: u64) -> impl FnMut(u32) -> Result<(), Void> {
        move |times| {
            for _ in 0..times {
                black_box((0..size).map(black_box).sum::<u64>());
            }
            Ok(())
        }
    }

    #[test]
    fn what_is_ten_times_the_work_costs_about_ten_times_as_much() {
        let window = Duration::from_millis(20);
        let cost = |size| CpuClock::Thread.per_call(window, work(size)).unwrap();
        let least = |size| (0..5).map(|_| cost(size)).fold(f64::MAX, f64::min);
        let ratio = least(20_000) / least(2_000);
        assert!((7.0..13.0).contains(&ratio), "{ratio}");
    }

    #[test]
    fn a_call_that_fails_voids_the_window() {
        let mut made = 0;
        let calls = |times| {
            made += times;
            if made > 3 * BATCH {
                return Err(Void::new("refused"));
            }
            Ok(())
        };
        let window = Duration::from_secs(1);
        let void = CpuClock::Thread.per_call(window, calls).unwrap_err();
        assert_eq!(void, Void::new("refused"));
    }

    #[test]
    fn a_thread_is_counted_without_the_others_and_a_process_with_all() {
        let used = |clock: CpuClock, before| clock.now().saturating_sub(before);
        let before = (CpuClock::Thread.now(), CpuClock::Process.now());
        let window = Duration::from_millis(50);
        let other = std::thread::spawn(move || CpuClock::Thread.per_call(window, work(2_000)));
        other.join().unwrap().unwrap();
        let own = used(CpuClock::Thread, before.0);
        assert!(own < window / 2, "{own:?}");
        assert!(used(CpuClock::Process, before.1) >= window);
    }
}
