//! The file of a schema, and the test that compares it with the type.

use std::fmt;
use std::path::{Path, PathBuf};
use std::{fs, io};

use msf_bus::{Event, EventType};
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value};

use super::change::{Change, Effect};
use super::compare::compare;

/// Why the schema of an event does not stand as its file says. `Display` says what to do.
///
/// ```
/// # use msf_testing::schema::{SchemaError, check_schema};
/// # use msf_service::bus::Event;
/// # use serde::{Deserialize, Serialize};
/// #[derive(Serialize, Deserialize, schemars::JsonSchema, Event)]
/// #[event(name = "orders.order-placed")]
/// struct OrderPlaced { order_id: String }
///
/// let folder = tempfile::tempdir().unwrap();
/// let error = check_schema::<OrderPlaced>(folder.path(), false).unwrap_err();
/// assert!(matches!(error, SchemaError::Missing { .. }));
/// check_schema::<OrderPlaced>(folder.path(), true).unwrap();
/// check_schema::<OrderPlaced>(folder.path(), false).unwrap();
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum SchemaError {
    /// There is no file yet.
    Missing {
        /// Where it belongs.
        file: PathBuf,
    },
    /// The type changed in a way that readers can live with, and the file does not know of it.
    Behind {
        /// The file.
        file: PathBuf,
        /// What changed; empty where only words did.
        changes: Vec<Change>,
    },
    /// The type changed in a way that breaks readers.
    Broken {
        /// The file.
        file: PathBuf,
        /// The type of the event, as it stands.
        event_type: EventType,
        /// All that changed.
        changes: Vec<Change>,
    },
    /// The file cannot be read or written.
    File {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Compares the type with `FOLDER/STREAM.vN.json`; `MSF_BLESS=1` in the environment writes the file where that is allowed.
///
/// For a test of the crate that the event is in; a folder that is relative starts at that crate. See [`crate::schema`]
/// for what may change.
///
/// # Panics
///
/// With the text of [`SchemaError`]: the file is missing or behind, or the type has changed in a way that breaks readers. The
/// last is never blessed: remove the file by hand if nobody has ever published such an event.
#[track_caller]
pub fn golden_schema<E: Event + JsonSchema>(folder: impl AsRef<Path>) {
    let bless = std::env::var_os("MSF_BLESS").is_some_and(|value| value == "1");
    if let Err(error) = check_schema::<E>(folder, bless) {
        panic!("{error}");
    }
}

/// [`golden_schema`] without its environment and its panic.
///
/// # Errors
///
/// [`SchemaError`]. With `bless`, only what breaks readers, and files that cannot be read or written.
pub fn check_schema<E: Event + JsonSchema>(
    folder: impl AsRef<Path>,
    bless: bool,
) -> Result<(), SchemaError> {
    let event_type = EventType::of::<E>();
    let schema = SchemaGenerator::default().into_root_schema_for::<E>();
    let mut new = sorted(schema.to_value());
    if let Value::Object(keywords) = &mut new {
        // The name of the shape in an envelope: `dataschema`.
        let id = format!("urn:msf:{}:{}", E::NAME, E::VERSION);
        keywords.insert("$id".to_owned(), Value::String(id));
    }
    check(folder.as_ref(), event_type, sorted(new), bless)
}

fn check(folder: &Path, event_type: EventType, new: Value, bless: bool) -> Result<(), SchemaError> {
    let file = folder.join(format!("{event_type}.json"));
    let failed = |source: io::Error| SchemaError::File {
        file: file.clone(),
        source,
    };
    let old: Value = match fs::read_to_string(&file) {
        Ok(text) => serde_json::from_str(&text).map_err(|error| failed(error.into()))?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return if bless {
                write(&file, &new).map_err(failed)
            } else {
                Err(SchemaError::Missing { file })
            };
        }
        Err(error) => return Err(failed(error)),
    };
    if old == new {
        return Ok(());
    }
    let changes = compare(&old, &new);
    if changes
        .iter()
        .any(|change| change.effect == Effect::Breaking)
    {
        return Err(SchemaError::Broken {
            file,
            event_type,
            changes,
        });
    }
    if bless {
        write(&file, &new).map_err(failed)
    } else {
        Err(SchemaError::Behind { file, changes })
    }
}

fn write(file: &Path, schema: &Value) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut text = serde_json::to_string_pretty(schema)?;
    text.push('\n');
    fs::write(file, text)
}

/// The same order at each build: that of maps depends on what else is compiled in, and that of required fields means nothing.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<(String, Value)> = map.into_iter().collect();
            entries.sort_by(|one, other| one.0.cmp(&other.0));
            let entries = entries.into_iter().map(|(name, value)| {
                let mut value = sorted(value);
                if let ("required", Value::Array(names)) = (name.as_str(), &mut value) {
                    names.sort_by(|one, other| one.as_str().cmp(&other.as_str()));
                }
                (name, value)
            });
            Value::Object(entries.collect::<Map<_, _>>())
        }
        Value::Array(values) => Value::Array(values.into_iter().map(sorted).collect()),
        other => other,
    }
}

impl fmt::Display for SchemaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { file } => write!(
                f,
                "the event has no schema file {}: run the test with MSF_BLESS=1 to write it, and commit it",
                file.display()
            ),
            Self::Behind { file, changes } => {
                write!(
                    f,
                    "the schema file {} is behind: run with MSF_BLESS=1 to write it, and commit it",
                    file.display()
                )?;
                list(f, changes)?;
                if changes
                    .iter()
                    .any(|change| change.effect == Effect::Widened)
                {
                    f.write_str("\nReaders that were built before cannot read what is new here: deploy readers first, then publishers.")?;
                }
                Ok(())
            }
            Self::Broken {
                file,
                event_type,
                changes,
            } => {
                write!(
                    f,
                    "{event_type} is not what its schema file {} says, and what is deployed goes by that file:",
                    file.display()
                )?;
                list(f, changes)?;
                let (stream, version) = (event_type.stream(), event_type.version());
                write!(
                    f,
                    "\nTake the change back, and add a new type with version = {next}:\n    #[event(name = \"{stream}\", version = {next})]\n\
                     Subscribers handle both, `.on(v{version}).on(v{next})`, before the first is published. MSF_BLESS=1 does not overwrite this; remove the \
                     file by hand if no such event was ever published.",
                    next = version.saturating_add(1)
                )
            }
            Self::File { file, source } => {
                write!(f, "the schema file {}: {source}", file.display())
            }
        }
    }
}

fn list(f: &mut fmt::Formatter<'_>, changes: &[Change]) -> fmt::Result {
    for change in changes {
        let mark = if change.effect == Effect::Breaking {
            "breaking"
        } else {
            "possible"
        };
        write!(f, "\n  - {mark}: {change}")?;
    }
    Ok(())
}

impl std::error::Error for SchemaError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            // Its text is in ours.
            Self::File { source, .. } => source.source(),
            _ => None,
        }
    }
}
