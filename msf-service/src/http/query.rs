//! The query of a URL.

use axum::extract::FromRequestParts;
use http::request::Parts;
use msf_core::error::{Error, FieldError, Kind};
use serde::de::DeserializeOwned;

/// The query, deserialized. One that does not fit is answered with 400.
///
/// ```
/// use msf_service::http::Query;
/// #[derive(serde::Deserialize)]
/// struct Page { page: Option<u32> }
/// async fn list(Query(page): Query<Page>) -> String { page.page.unwrap_or(1).to_string() }
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[must_use]
pub struct Query<T>(pub T);

impl<T, S> FromRequestParts<S> for Query<T>
where
    T: DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Error> {
        match axum::extract::Query::try_from_uri(&parts.uri) {
            Ok(query) => Ok(Self(query.0)),
            Err(rejection) => {
                // axum says "Failed to deserialize query string: FIELD: what is wrong"; only the last two are news.
                let text = rejection.body_text();
                let told = text
                    .split_once(": ")
                    .map_or(text.as_str(), |(_, told)| told);
                let error = Error::new(
                    Kind::Malformed,
                    "query.malformed",
                    "the query cannot be read",
                );
                let (field, message) = told.split_once(": ").unwrap_or(("", told));
                Err(error.with_field(FieldError::new(
                    field.to_owned(),
                    "query.field",
                    message.to_owned(),
                )))
            }
        }
    }
}
