//! How a process ends.

use std::process::ExitCode;

/// The exit codes of every program.
///
/// ```
/// assert_eq!(msf_service::Exit::Configuration.code(), 78);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Exit {
    /// It did what it was asked to, and stopped in order: 0.
    Clean,
    /// A part failed, a port was in use, or a second signal cut the stop short: 1.
    Failed,
    /// The command line is wrong: 2.
    Usage,
    /// The settings are wrong: 78, `EX_CONFIG`. No socket was opened.
    Configuration,
}

impl Exit {
    /// The number.
    pub const fn code(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Configuration => 78,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
