//! What a run says while it is under way, and what went wrong with it.

use std::io::{IsTerminal, Write, stderr};

/// Tells how far a run has come: on a terminal in one line that changes, else one line for each section.
#[derive(Debug)]
pub(crate) struct Progress {
    terminal: bool,
    silent: bool,
    void: Vec<String>,
}

impl Progress {
    pub(crate) fn new() -> Self {
        Self {
            terminal: stderr().is_terminal(),
            silent: false,
            void: Vec::new(),
        }
    }

    #[cfg(test)]
    pub(crate) fn silent() -> Self {
        Self {
            terminal: false,
            silent: true,
            void: Vec::new(),
        }
    }

    /// A new section begins.
    pub(crate) fn section(&self, title: &str) {
        if !self.silent {
            let clear = if self.terminal { "\r\x1b[2K" } else { "" };
            let _ = writeln!(stderr(), "{clear}{title}");
        }
    }

    /// Where it is, until the next word.
    pub(crate) fn show(&self, text: &str) {
        if self.terminal && !self.silent {
            let _ = write!(stderr(), "\r\x1b[2K{text}");
            let _ = stderr().flush();
        }
    }

    /// A window does not count.
    pub(crate) fn void(&mut self, why: String) {
        self.section(&format!("void: {why}"));
        self.void.push(why);
    }

    /// Everything that did not count.
    pub(crate) fn into_void(self) -> Vec<String> {
        self.void
    }
}
