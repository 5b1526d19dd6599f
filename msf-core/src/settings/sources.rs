//! Where settings come from.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use super::document::Document;
use super::dotenv::Dotenv;
use super::loading::Scope;
use super::mistake::{Mistake, MistakeKind};
use super::sample::sample;
use super::{Origin, Settings};

/// The sources of one process: a later one wins over an earlier, defaults < file < `.env` < environment < flags.
///
/// Files are read when they are named, so that several loads see the same text; what is wrong with them is a mistake at load.
///
/// ```
/// use msf_core::settings::{Settings, Sources};
///
/// #[derive(Settings)]
/// #[settings(crate = "msf_core::settings")]
/// struct Config {
///     /// First word of every answer.
///     #[setting(default = "Hello")]
///     greeting: String,
/// }
///
/// let sources = Sources::for_app("hello").env([("HELLO__GREETING", "Hi")]);
/// let loaded = sources.load::<Config>().unwrap();
/// assert_eq!(loaded.value.greeting, "Hi");
/// assert_eq!(loaded.effective.get("greeting").unwrap().source().to_string(), "environment variable HELLO__GREETING");
/// ```
#[derive(Clone)]
#[must_use]
pub struct Sources {
    pub(super) program: String,
    pub(super) name: String,
    pub(super) table: Option<String>,
    pub(super) apps: Vec<String>,
    pub(super) file: Option<(PathBuf, Result<Document, Vec<Mistake>>)>,
    pub(super) dotenv: Dotenv,
    pub(super) variables: Vec<(String, Option<String>)>,
    pub(super) flags: Vec<Flag>,
    pub(super) mistakes: Vec<Mistake>,
}

#[derive(Clone)]
pub(super) struct Flag {
    pub(super) key: String,
    pub(super) value: String,
    pub(super) name: String,
}

// === impl Sources ===

impl Sources {
    /// No source but the defaults; `name` begins the variables: `user-service` reads `USER_SERVICE__HTTP__LISTEN`.
    pub fn for_app(name: impl Into<String>) -> Self {
        let name = name.into();
        Self {
            program: name.clone(),
            name,
            table: None,
            apps: Vec::new(),
            file: None,
            dotenv: Dotenv::default(),
            variables: Vec::new(),
            flags: Vec::new(),
            mistakes: Vec::new(),
        }
    }

    /// Says which tables of the file are apps of this process, so that their keys are not unknown; see [`app`](Self::app).
    pub fn with_apps<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.apps.extend(names.into_iter().map(Into::into));
        self
    }

    /// Reads a TOML file, which must be there; naming another replaces it.
    pub fn file(mut self, path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let document = Document::read(&path);
        self.file = Some((path, document));
        self
    }

    /// Takes `text` as if it were the content of the TOML file `path`; for tests and embedded settings.
    pub fn file_text(mut self, path: impl Into<PathBuf>, text: impl Into<String>) -> Self {
        let path = path.into();
        let document = Document::parse(&path, text.into());
        self.file = Some((path, document));
        self
    }

    /// Reads a `.env` file if it is there: `NAME=value` lines with quotes, `#` comments and `export`, without expansion of `$`.
    pub fn dotenv(mut self, path: impl AsRef<Path>) -> Self {
        self.dotenv = Dotenv::read(path.as_ref());
        self
    }

    /// Adds variables of the environment, usually [`std::env::vars_os`]; those of other programs are ignored.
    pub fn env<K: Into<OsString>, V: Into<OsString>>(
        mut self,
        variables: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        // A name that is not UTF-8 has no prefix of ours; a value that is not is a mistake, if its name has.
        let variables = variables
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()));
        let readable = variables
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok())));
        self.variables.extend(readable);
        self.variables.sort();
        self
    }

    /// Sets one key on behalf of a flag of the command line, whose name becomes the source: `("http.listen", "127.0.0.1:0", "--listen")`.
    ///
    /// A later call wins over an earlier one.
    pub fn set(
        mut self,
        key: impl Into<String>,
        value: impl Into<String>,
        flag: impl Into<String>,
    ) -> Self {
        self.flags.push(Flag {
            key: key.into(),
            value: value.into(),
            name: flag.into(),
        });
        self
    }

    /// Takes the argument of `--set`, `KEY=VALUE`; the same key twice is a mistake.
    pub fn set_argument(mut self, argument: &str) -> Self {
        let origin = || Origin::Flag("--set".to_owned());
        let Some((key, value)) = argument.split_once('=') else {
            // The argument is not repeated: what has no key may be a value.
            let mistake = Mistake::new(MistakeKind::Syntax, "a `--set` has no `=`").at(origin());
            self.mistakes
                .push(mistake.help("write `--set KEY=VALUE`".to_owned()));
            return self;
        };
        if self
            .flags
            .iter()
            .any(|flag| flag.name == "--set" && flag.key == key)
        {
            let mistake = Mistake::new(
                MistakeKind::DuplicateKey,
                format!("the key `{key}` is set twice with `--set`"),
            );
            self.mistakes.push(mistake.key_path(key).at(origin()));
        }
        self.set(key, value, "--set")
    }

    /// The sources of one app of this process: its table of the file, its own variables, and the flags whose keys begin with its name.
    ///
    /// The variables are the same as when the app runs alone. Keep the name of an app apart from that of the process.
    pub fn app(&self, name: impl Into<String>) -> Self {
        let name = name.into();
        Self {
            name: name.clone(),
            table: Some(name),
            apps: Vec::new(),
            ..self.clone()
        }
    }

    /// A commented settings file with every key, its meaning and its default; loading it changes nothing.
    pub fn sample<C: Settings>(&self) -> String {
        sample(&C::schema(), &self.scope())
    }

    pub(super) fn scope(&self) -> Scope {
        let file = self
            .file
            .as_ref()
            .map_or("the file of `--config FILE`".to_owned(), |(path, _)| {
                path.display().to_string()
            });
        Scope {
            name: self.name.clone(),
            table: self.table.clone(),
            file,
        }
    }
}

/// Without the values: they may be secret.
impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sources")
            .field("name", &self.name)
            .field("table", &self.table)
            .finish_non_exhaustive()
    }
}
