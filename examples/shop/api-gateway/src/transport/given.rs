//! Fields that may be left out of a body, but not be null.

use serde::{Deserialize, Deserializer};

/// For `#[serde(default, deserialize_with = "given")]`: absent is `None`, and null is as wrong as it is for `T`.
///
/// With `skip_serializing_if = "Option::is_none"` the schema has no `default: null`, which would be no value of the field.
///
/// serde's own `Option` reads null as if the field were absent; a client that sends it means to empty the field.
pub(super) fn given<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}
