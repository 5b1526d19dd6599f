//! Where a value came from.

use std::fmt;
use std::path::PathBuf;

/// Where a value came from, as a person can find it again.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// The default in the code.
    Default,
    /// A place in the settings file; lines and columns count from 1, columns in characters.
    File {
        /// The file as it was named.
        path: PathBuf,
        /// The line.
        line: usize,
        /// The column.
        column: usize,
    },
    /// A line of a `.env` file.
    Dotenv {
        /// The file as it was named.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The variable in full; empty when the line has none.
        variable: String,
    },
    /// A variable of the environment, with its full name.
    Variable(String),
    /// A flag of the command line, with its name.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line, column } => write!(f, "{}:{line}:{column}", path.display()),
            Self::Dotenv {
                path,
                line,
                variable,
            } if variable.is_empty() => write!(f, "{}:{line}", path.display()),
            Self::Dotenv {
                path,
                line,
                variable,
            } => write!(f, "{}:{line} {variable}", path.display()),
            Self::Variable(name) => write!(f, "environment variable {name}"),
            Self::Flag(name) => f.write_str(name),
        }
    }
}
