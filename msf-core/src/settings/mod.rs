//! The settings of a service: declared once as a struct, read from every source, all mistakes told at once.
//!
//! A later source wins over an earlier: the default in the code, the TOML file, `.env`, the environment
//! (`APP_NAME__SECTION__KEY`), flags. A load either gives the struct together with the source of each value, or *every*
//! mistake of every source.
//!
//! What people wrongly assume:
//!
//! - *A misspelt key is ignored.* It is a mistake, in a file, in `.env`, in the environment and in a flag, and the nearest valid
//!   key is named.
//! - *One underscore nests.* `HELLO__HTTP__HEADER_TIME` is `http.header_time`: two nest, one belongs to the name.
//! - *The value helps to find the mistake.* It may be a secret pasted into the wrong variable, so a value of the environment or of
//!   a flag is never repeated, and of a file only the line of a value that is not secret.
//! - *The struct needs serde.* The derive reads fields itself; that is how it knows the place of every value.
//!
//! ```
//! use std::time::Duration;
//!
//! use msf_core::settings::{Secret, Settings, Sources};
//!
//! #[derive(Settings)]
//! #[settings(crate = "msf_core::settings")] // a crate that depends on msf-service leaves this line out
//! pub struct Config {
//!     /// First word of every answer.
//!     #[setting(default = "Hello")]
//!     pub greeting: String,
//!     /// Opens the door; required, as it has no default.
//!     #[setting(secret)]
//!     pub api_key: Secret,
//!     pub limits: Limits,
//!     pub peer: Option<String>,
//! }
//!
//! #[derive(Settings)]
//! #[settings(crate = "msf_core::settings")]
//! pub struct Limits {
//!     /// The longest a call may take.
//!     #[setting(default = "10s")]
//!     pub deadline: Duration,
//! }
//!
//! let sources = Sources::for_app("hello")
//!     .file_text("hello.toml", "[limits]\ndeadlines = '5s'\n")
//!     .env([("HELLO__API_KEY", "k3y")]);
//! let mistakes = sources.load::<Config>().err().unwrap();
//! assert!(mistakes.to_string().starts_with("\
//! error: unknown key `limits.deadlines`
//!  --> hello.toml:2:1
//!   |
//! 2 | deadlines …
//!   | ^^^^^^^^^
//!   = help: did you mean `limits.deadline`?
//! "));
//! ```

mod byte_size;
mod document;
mod dotenv;
mod duration;
mod effective;
mod load;
mod loading;
mod matching;
mod mistake;
mod nearest;
mod origin;
mod place;
mod sample;
mod scalar;
mod schema;
mod secret;
mod setting;
mod snippet;
mod sources;
mod suggestion;
mod value;

/// Reads a struct as a section of settings, or an enum without fields as a choice.
///
/// Of a struct with named fields each field is a key: its name is the field's, its description the doc comment, and its type a
/// [`Scalar`], a `Vec` of them, another struct that derives this (a nested section), a `BTreeMap<String, _>` (entries by name), or an
/// `Option` of these. A key without a default is required, except an `Option` and a map.
///
/// | attribute | on | meaning |
/// | --- | --- | --- |
/// | `#[setting(default = LITERAL)]` | a field | text, number, `true`, or `["a", "b"]`; a duration or a choice is text |
/// | `#[setting(secret)]` | a field | says to the reader that the value is never shown; the type must be [`Secret`] |
/// | `#[setting(name = "text")]` | a variant | its text, where `kebab-case` of its name is wrong |
/// | `#[settings(crate = "path")]` | the type | where this module is; `::msf_service::settings` unless said otherwise |
///
/// ```
/// use std::collections::BTreeMap;
///
/// use msf_core::settings::{Settings, Sources};
///
/// #[derive(Debug, PartialEq, Settings)]
/// #[settings(crate = "msf_core::settings")]
/// enum Backend {
///     Sqlite,
///     #[setting(name = "mongodb")]
///     MongoDb,
/// }
///
/// #[derive(Settings)]
/// #[settings(crate = "msf_core::settings")]
/// struct Store {
///     #[setting(default = "sqlite")]
///     backend: Backend,
/// }
///
/// #[derive(Settings)]
/// #[settings(crate = "msf_core::settings")]
/// struct Config {
///     /// `stores.NAME.backend`
///     stores: BTreeMap<String, Store>,
/// }
///
/// let sources = Sources::for_app("hello").env([("HELLO__STORES__MAIN__BACKEND", "mongodb")]);
/// assert_eq!(sources.load::<Config>().unwrap().value.stores["main"].backend, Backend::MongoDb);
/// ```
pub use msf_macros::Settings;

pub use byte_size::ByteSize;
pub use effective::{Effective, Entry};
pub use load::Loaded;
pub use mistake::{Mistake, MistakeKind, Mistakes};
pub use origin::Origin;
pub use place::{Place, Section};
pub use scalar::{Scalar, ValueKind};
pub use schema::{Key, Literal, ScalarShape, Schema, Shape};
pub use secret::Secret;
pub use setting::{Setting, Settings};
pub use sources::Sources;
pub use value::Value;

/// The exit code of a program whose settings are wrong: `EX_CONFIG` of sysexits.h.
pub const EXIT_CODE: u8 = 78;
