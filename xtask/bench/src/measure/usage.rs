//! What the system says a process has used.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use super::process::Void;

/// The CPU time of each thread of a process, to the nanosecond.
///
/// The kernel counts whole processes in ticks of 10 ms, threads in nanoseconds. A thread that ends takes its count with
/// it, so that two readings only compare where no thread has ended between them.
#[derive(Clone, Debug)]
pub(crate) struct CpuReading {
    threads: BTreeMap<u32, Duration>,
}

/// Memory of a process in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    pub(crate) resident: u64,
    /// The most it ever had.
    pub(crate) peak: u64,
}

impl CpuReading {
    pub(crate) fn of(pid: u32) -> Result<Self, Void> {
        let folder = format!("/proc/{pid}/task");
        let gone = |error: &dyn std::fmt::Display| Void::new(format!("{folder}: {error}"));
        let mut threads = BTreeMap::new();
        for entry in fs::read_dir(&folder).map_err(|error| gone(&error))? {
            let entry = entry.map_err(|error| gone(&error))?;
            let thread: u32 = entry
                .file_name()
                .to_str()
                .and_then(|name| name.parse().ok())
                .ok_or_else(|| gone(&"a thread without a number"))?;
            // A thread may end between the listing and this; the difference then says so.
            let Ok(text) = fs::read_to_string(entry.path().join("schedstat")) else {
                continue;
            };
            let nanos = text
                .split_ascii_whitespace()
                .next()
                .and_then(|field| field.parse().ok())
                .ok_or_else(|| gone(&"schedstat without a number"))?;
            threads.insert(thread, Duration::from_nanos(nanos));
        }
        Ok(Self { threads })
    }

    /// What was used since `earlier`.
    pub(crate) fn since(&self, earlier: &Self) -> Result<Duration, Void> {
        let mut used = Duration::ZERO;
        for (thread, now) in &self.threads {
            let before = earlier.threads.get(thread).copied().unwrap_or_default();
            used += now.saturating_sub(before);
        }
        match earlier
            .threads
            .keys()
            .find(|thread| !self.threads.contains_key(thread))
        {
            // An idle thread of tokio's ends some ten seconds after a start.
            Some(thread) => Err(Void::passing(format!(
                "thread {thread} ended within a window"
            ))),
            None => Ok(used),
        }
    }
}

impl Memory {
    pub(crate) fn of(pid: u32) -> Result<Self, Void> {
        let file = format!("/proc/{pid}/status");
        let text =
            fs::read_to_string(&file).map_err(|error| Void::new(format!("{file}: {error}")))?;
        let bytes = |key: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(key))?;
            let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
            Some(kib * 1024)
        };
        match (bytes("VmRSS:"), bytes("VmHWM:")) {
            (Some(resident), Some(peak)) => Ok(Self { resident, peak }),
            _ => Err(Void::new(format!("{file} does not say how much memory"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_counted_and_rest_is_not() {
        let own = std::process::id();
        let before = CpuReading::of(own).unwrap();
        let until = std::time::Instant::now() + Duration::from_millis(50);
        while std::time::Instant::now() < until {
            std::hint::spin_loop();
        }
        let used = CpuReading::of(own).unwrap();
        // Other tests of this process work too, and the machine may be busy: there is a lower bound only.
        assert!(used.since(&before).is_err() || used.since(&before).unwrap() > Duration::ZERO);
        assert!(Memory::of(own).unwrap().resident > 1 << 20);
    }

    #[test]
    fn a_thread_that_ended_voids_the_difference() {
        let one = CpuReading {
            threads: BTreeMap::from([(1, Duration::from_secs(1)), (2, Duration::from_secs(9))]),
        };
        let other = CpuReading {
            threads: BTreeMap::from([(1, Duration::from_secs(3)), (3, Duration::from_secs(1))]),
        };
        assert!(other.since(&one).is_err());
        let both = CpuReading {
            threads: BTreeMap::from([(1, Duration::from_secs(3)), (2, Duration::from_secs(10))]),
        };
        assert_eq!(both.since(&one).unwrap(), Duration::from_secs(3));
    }
}
