//! JSON in and out, with errors that name the field.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderMap};
use msf_core::error::{Error, Kind};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::object::StructsAreObjects;

/// A JSON body: extracts it, or answers with it.
///
/// Rejections: 415 without `application/json` (or `+json`), 413 beyond the body limit, 400 where it is not JSON, 422
/// where it is and a field does not fit, with the path of that field; an array is no struct. Put `#[serde(deny_unknown_fields)]` on the type
/// to refuse fields that it does not have.
///
/// ```
/// use msf_service::http::Json;
/// #[derive(serde::Deserialize, serde::Serialize)]
/// struct Greeting { name: String }
/// async fn echo(Json(greeting): Json<Greeting>) -> Json<Greeting> { Json(greeting) }
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[must_use]
pub struct Json<T>(pub T);

impl<T, S> FromRequest<S> for Json<T>
where
    T: DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        if !is_json(request.headers()) {
            let message = "the body has to be application/json";
            return Err(Error::new(
                Kind::UnsupportedMediaType,
                "json.content_type",
                message,
            ));
        }
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|rejection| unread(&rejection))?;
        let mut reader = serde_json::Deserializer::from_slice(&bytes);
        let value = serde_path_to_error::deserialize(StructsAreObjects(&mut reader))
            .map_err(|error| unfit(&error))?;
        reader.end().map_err(|error| malformed(&error))?;
        Ok(Self(value))
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(bytes) => ([(CONTENT_TYPE, "application/json")], bytes).into_response(),
            Err(error) => Error::internal(error).into_response(),
        }
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(media_type) = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
    else {
        return false;
    };
    let essence = media_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"))
}

fn unread(rejection: &BytesRejection) -> Error {
    match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Error::of(Kind::TooLarge),
        _ => Error::new(Kind::Malformed, "body.incomplete", "the body ended early"),
    }
}

fn unfit(error: &serde_path_to_error::Error<serde_json::Error>) -> Error {
    // serde's text ends with the position, which is of no use to whoever filled in a form.
    let text = error.inner().to_string();
    let message = text
        .rsplit_once(" at line ")
        .map_or(&*text, |split| split.0);
    // `1e400` is JSON, and no type of ours holds it: the field does not fit. serde_json counts it as bad syntax.
    if !error.inner().is_data() && message != "number out of range" {
        return malformed(error.inner());
    }
    Error::of(Kind::Invalid).with_field(super::misfit::misfit(error.path(), "json.field", message))
}

fn malformed(error: &serde_json::Error) -> Error {
    let message = format!(
        "the body is not JSON: line {}, column {}",
        error.line(),
        error.column()
    );
    Error::new(Kind::Malformed, "json.syntax", message)
}
