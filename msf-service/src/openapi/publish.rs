//! The routes of the document and of its page.

use std::sync::{Arc, OnceLock};

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue, StatusCode};
use msf_core::access::Rule;
use msf_core::error::{Error, Kind};
use serde_json::{Map, Value};

use super::document::document;
use super::{OpenApi, Operation, page, probes};
use crate::http::Routes;

/// Where the document is.
const DOCUMENT: &str = "/openapi.json";
/// Where the page is.
const PAGE: &str = "/docs";

const HTML: &str = "text/html; charset=utf-8";

/// What is made once and answered often.
#[derive(Debug)]
struct File {
    bytes: Bytes,
    etag: HeaderValue,
    headers: HeaderMap,
}

/// A file that is made when all routes are known, its own among them.
#[derive(Clone, Debug, Default)]
struct Later(Arc<OnceLock<File>>);

/// Adds the document of all routes, and its page, to the routes.
pub(crate) fn publish(api: &OpenApi, routes: Routes) -> crate::Result<Routes> {
    let (document_file, page_file) = (Later::default(), Later::default());
    let (of_document, of_page) = (document_file.clone(), page_file.clone());
    let own = Routes::new()
        .get(
            DOCUMENT,
            Rule::public("what the API is, is no secret"),
            async move |headers: HeaderMap| of_document.answer(&headers),
        )
        .describe(
            operation("openapi", "The OpenAPI document of this API")
                .answers::<Map<String, Value>>(StatusCode::OK, "The document."),
        )
        .get(
            PAGE,
            Rule::public("what the API is, is no secret"),
            async move |headers: HeaderMap| of_page.answer(&headers),
        )
        .describe(
            operation("docs", "A page that shows this API and lets one try it").answers_as(
                StatusCode::OK,
                HTML,
                "The page.",
            ),
        );
    let routes = routes.merge(own);

    let misplaced = routes.misplaced().iter().map(|operation| {
        let id = operation.id;
        format!("`{id}` describes no route, or one that is described already")
    });
    let mut mistakes: Vec<String> = misplaced.collect();
    match document(api, routes.rows(), &probes::operations()) {
        Err(further) => mistakes.extend(further),
        Ok(document) => {
            let bytes = serde_json::to_string_pretty(&document)?;
            document_file.set(bytes, "application/json", None)?;
            page_file.set(page::html(), HTML, Some(page::policy()))?;
        }
    }
    if mistakes.is_empty() {
        return Ok(routes);
    }
    Err(format!(
        "the OpenAPI document cannot be made: {}",
        mistakes.join("; ")
    )
    .into())
}

fn operation(id: &'static str, summary: &'static str) -> Operation {
    Operation::new(id, summary)
        .tag("api")
        .header("if-none-match", "The `ETag` of the one that is known.")
        .answers_empty(
            StatusCode::NOT_MODIFIED,
            "It is still the one that is known.",
        )
        .answer_header(StatusCode::OK, "etag", "Changes with the API.")
}

impl Later {
    fn set(
        &self,
        text: String,
        media_type: &'static str,
        policy: Option<String>,
    ) -> crate::Result<()> {
        let etag = HeaderValue::try_from(format!("\"{}\"", page::sha256(&text)))?;
        let mut headers = HeaderMap::new();
        let mut fixed = |name, value| headers.insert(name, HeaderValue::from_static(value));
        fixed(CONTENT_TYPE, media_type);
        // Asked for each time, and sent when it has changed: with the next version of the service.
        fixed(CACHE_CONTROL, "no-cache");
        fixed(X_CONTENT_TYPE_OPTIONS, "nosniff");
        fixed(REFERRER_POLICY, "no-referrer");
        if let Some(policy) = policy {
            headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::try_from(policy)?);
        }
        headers.insert(ETAG, etag.clone());
        let file = File {
            bytes: text.into(),
            etag,
            headers,
        };
        self.0
            .set(file)
            .map_err(|_| "the OpenAPI document was made twice".into())
    }

    fn answer(&self, request: &HeaderMap) -> Response {
        match self.0.get() {
            Some(file) => file.answer(request),
            None => Error::of(Kind::Unavailable).into_response(),
        }
    }
}

impl File {
    fn answer(&self, request: &HeaderMap) -> Response {
        let known = request.get_all(IF_NONE_MATCH).iter().any(|value| {
            let tags = value.as_bytes().split(|byte| *byte == b',');
            let mut tags = tags.map(<[u8]>::trim_ascii);
            tags.any(|tag| {
                tag == b"*" || tag.strip_prefix(b"W/").unwrap_or(tag) == self.etag.as_bytes()
            })
        });
        if known {
            let mut headers = self.headers.clone();
            headers.remove(CONTENT_TYPE);
            return (StatusCode::NOT_MODIFIED, headers).into_response();
        }
        (self.headers.clone(), self.bytes.clone()).into_response()
    }
}
