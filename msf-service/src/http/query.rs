//! The query of a URL.

use axum::extract::FromRequestParts;
use http::request::Parts;
use msf_core::error::{Error, Kind};
use serde::de::DeserializeOwned;

use super::misfit::misfit;

/// The query, deserialized. One that does not fit is answered with 400 and the name of the parameter.
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
        let pairs = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
        let reader = serde_urlencoded::Deserializer::new(pairs);
        serde_path_to_error::deserialize(reader)
            .map(Self)
            .map_err(|error| {
                let told = error.inner().to_string();
                let field = misfit(error.path(), "query.field", &told);
                Error::new(
                    Kind::Malformed,
                    "query.malformed",
                    "the query cannot be read",
                )
                .with_field(field)
            })
    }
}
