//! What a process says on standard error when something is wrong.

use std::io::{self, Write as _};

use msf_core::error::chain;
use msf_core::settings::Mistakes;

use crate::Exit;

/// Says why it failed; mistakes in the settings have an exit code of their own.
pub(crate) fn failed(error: &(dyn std::error::Error + 'static)) -> Exit {
    if let Some(mistakes) = error.downcast_ref::<Mistakes>() {
        complain(&mistakes.to_string());
        return Exit::Configuration;
    }
    complain(&format!("error: {}", chain(error)));
    Exit::Failed
}

/// Says on standard error what is wrong.
pub(crate) fn complain(text: &str) {
    // Where standard error is closed nobody can be told.
    let _ = writeln!(io::stderr().lock(), "{}", text.trim_end());
}
