//! The variable parts of a path.

use axum::extract::FromRequestParts;
use axum::extract::path::ErrorKind;
use axum::extract::rejection::PathRejection;
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
        let path = axum::extract::Path::from_request_parts(parts, state).await;
        path.map(|path| Self(path.0)).map_err(rejected)
    }
}

fn rejected(rejection: PathRejection) -> Error {
    let PathRejection::FailedToDeserializePathParams(failure) = rejection else {
        return Error::internal(rejection);
    };
    let malformed = Error::new(Kind::Malformed, "path.malformed", "the path cannot be read");
    match failure.into_kind() {
        ErrorKind::ParseErrorAtKey {
            key, expected_type, ..
        } => {
            let message = format!("is not of type {expected_type}");
            malformed.with_field(FieldError::new(key, "path.type", message))
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
