//! The variable parts of a path.

use axum::extract::path::ErrorKind;
use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequestParts, RawPathParams};
use http::request::Parts;
use msf_core::error::{Error, FieldError, Kind};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// The variable parts of the matched path, as a value, a tuple or a struct.
///
/// A part that does not fit is answered with 400 and its name.
///
/// ```
/// use msf_service::http::Path;
/// async fn user(Path(id): Path<u64>) -> String { id.to_string() }
/// ```
#[derive(Clone, Copy, Debug, Deserialize)]
#[must_use]
pub struct Path<T>(pub T);

impl<T, S> FromRequestParts<S> for Path<T>
where
    T: DeserializeOwned + Send,
    S: Send + Sync,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let rejection = match axum::extract::Path::from_request_parts(parts, state).await {
            Ok(path) => return Ok(Self(path.0)),
            Err(rejection) => rejection,
        };
        // Values and tuples know no names; the pattern does.
        let names = match RawPathParams::from_request_parts(parts, state).await {
            Ok(params) => params.iter().map(|(name, _)| name.to_owned()).collect(),
            Err(_) => Vec::new(),
        };
        Err(rejected(rejection, &names))
    }
}

fn rejected(rejection: PathRejection, names: &[String]) -> Error {
    let PathRejection::FailedToDeserializePathParams(failure) = rejection else {
        return Error::internal(rejection);
    };
    let malformed = Error::new(Kind::Malformed, "path.malformed", "the path cannot be read");
    let name = |index: usize| names.get(index).cloned().unwrap_or_default();
    let mistyped = |name: String, expected: &str| {
        FieldError::new(name, "path.type", format!("is not of type {expected}"))
    };
    match failure.into_kind() {
        ErrorKind::ParseErrorAtKey {
            key, expected_type, ..
        } => malformed.with_field(mistyped(key, expected_type)),
        ErrorKind::ParseErrorAtIndex {
            index,
            expected_type,
            ..
        } => malformed.with_field(mistyped(name(index), expected_type)),
        ErrorKind::ParseError { expected_type, .. } => {
            malformed.with_field(mistyped(name(0), expected_type))
        }
        ErrorKind::DeserializeError { key, message, .. } => {
            malformed.with_field(FieldError::new(key, "path.value", message))
        }
        ErrorKind::Message(message) if names.len() == 1 => {
            malformed.with_field(FieldError::new(name(0), "path.value", message))
        }
        ErrorKind::InvalidUtf8InPathParam { key } => {
            malformed.with_field(FieldError::new(key, "path.utf8", "is not UTF-8"))
        }
        // A handler that asks for other parts than its pattern has: nothing the caller could mend.
        kind @ (ErrorKind::WrongNumberOfParameters { .. } | ErrorKind::UnsupportedType { .. }) => {
            Error::internal(kind.to_string())
        }
        _ => malformed,
    }
}
