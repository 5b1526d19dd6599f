//! The command line: `[--json FILE] [--plots DIR] [--only NAME]... [--quick]`.

use std::path::PathBuf;

use crate::sections;

/// What a run is asked to do.
#[derive(Debug, Default)]
pub(crate) struct Arguments {
    /// Where the report goes as JSON.
    pub(crate) json: Option<PathBuf>,
    /// The folder that the plots go to, as SVG.
    pub(crate) plots: Option<PathBuf>,
    /// The sections to measure; all where it is empty.
    pub(crate) only: Vec<String>,
    /// One short window of everything: shows that it works, measures nothing.
    pub(crate) quick: bool,
}

impl Arguments {
    pub(crate) fn read(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut read = Self::default();
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| format!("{word} needs a value"));
            match word.as_str() {
                "--json" => read.json = Some(value()?.into()),
                "--plots" => read.plots = Some(value()?.into()),
                "--only" => read.only.push(value()?),
                "--quick" => read.quick = true,
                _ => {
                    return Err(format!(
                        "unexpected argument `{word}`; there are --json FILE, --plots DIR, --only NAME, --quick"
                    ));
                }
            }
        }
        match read
            .only
            .iter()
            .find(|name| !sections::NAMES.contains(&name.as_str()))
        {
            Some(name) => Err(format!(
                "no section called `{name}`; there are {}",
                sections::NAMES.join(", ")
            )),
            None => Ok(read),
        }
    }

    pub(crate) fn wants(&self, section: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|name| name == section)
    }
}
