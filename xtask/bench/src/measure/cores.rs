//! Which core a process runs on.

use std::io;

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Where a process is put: what is measured has a core of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// The first core.
    Measured,
    /// The second core, which the load is on too.
    Other,
    /// Wherever the system puts it.
    Anywhere,
}

/// The cores that this process may use.
#[derive(Clone, Debug)]
pub(crate) struct Cores {
    all: Vec<usize>,
}

impl Cores {
    pub(crate) fn of_this_process() -> io::Result<Self> {
        let set = sched_getaffinity(None)?;
        let all = (0..CpuSet::MAX_CPU).filter(|core| set.is_set(*core));
        Ok(Self { all: all.collect() })
    }

    pub(crate) fn count(&self) -> usize {
        self.all.len()
    }

    /// Puts this thread, and what it starts from now on, at `place`. On one core everything is anywhere.
    pub(crate) fn move_to(&self, place: Place) -> io::Result<()> {
        let chosen: &[usize] = match (place, &self.all[..]) {
            (Place::Measured, [first, _, ..]) => std::slice::from_ref(first),
            (Place::Other, [_, others @ ..]) if !others.is_empty() => others,
            (_, all) => all,
        };
        let mut set = CpuSet::new();
        for core in chosen {
            set.set(*core);
        }
        Ok(sched_setaffinity(None, &set)?)
    }
}
