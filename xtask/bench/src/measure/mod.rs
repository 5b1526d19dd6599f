//! The instruments: processes and what the system says of them, load, windows that alternate.

mod burst;
mod cores;
mod cpu_time;
mod load;
mod once;
mod process;
mod rounds;
mod usage;

pub(crate) use burst::{Reply, burst};
pub(crate) use cores::{Cores, Place};
pub(crate) use cpu_time::CpuClock;
pub(crate) use load::{Answer, Repeat, Script, Window, get, load, post};
pub(crate) use once::once;
pub(crate) use process::{Process, Void};
pub(crate) use rounds::{Pace, alternate};
pub(crate) use usage::{CpuReading, Memory};
