//! The id in a path.

use msf_service::axum::extract::FromRequestParts;
use msf_service::axum::http::request::Parts;
use msf_service::error::{Error, Kind};
use msf_service::http::Path;

/// The `{id}` of a path. One that is no text is the id of nothing: 404, as for any that is not known.
#[derive(Debug)]
pub(super) struct Id(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        match Path::<String>::from_request_parts(parts, state).await {
            Ok(Path(id)) => Ok(Self(id)),
            Err(error) if error.kind() == Kind::Malformed => Err(Error::of(Kind::NotFound)),
            Err(error) => Err(error),
        }
    }
}
