//! All layers of msf-core on an axum `Router` that msf did not build.
//!
//! ```sh
//! cargo run -p msf-core --example plain_axum
//! curl -i localhost:3000/notes/ana                                     # 401: nobody is known to be calling
//! curl -i localhost:3000/notes/ana -H 'authorization: Bearer ana'      # 200: she owns them
//! curl -i localhost:3000/notes/ana -H 'authorization: Bearer bob'      # 403
//! curl -i localhost:3000/notes/ana -H 'authorization: Bearer bob+admin'
//! ```

use std::time::Duration;

use axum::extract::{MatchedPath, Path};
use axum::routing::{get, post};
use axum::{Json, Router};
use msf_core::BoxFuture;
use msf_core::access::{
    AccessLayer, AuthenticateLayer, Authenticator, Head, OwnerId, Principal, Rule,
};
use msf_core::context::ContextLayer;
use msf_core::error::{Error, FieldError, Kind};
use msf_core::observe::ObserveLayer;
use msf_core::resilience::{BodyLimitLayer, CatchPanicLayer, DeadlineLayer, InFlightLayer};

// ANCHOR: authenticator
/// Takes `Bearer SUBJECT` or `Bearer SUBJECT+ROLE` at its word: a stand-in for a check of signed tokens.
struct TrustingTokens;

impl Authenticator for TrustingTokens {
    fn authenticate<'a>(
        &'a self,
        headers: &'a http::HeaderMap,
    ) -> BoxFuture<'a, Result<Option<Principal>, Error>> {
        Box::pin(async move {
            let Some(value) = headers.get(http::header::AUTHORIZATION) else {
                return Ok(None);
            };
            let token = value
                .to_str()
                .ok()
                .and_then(|text| text.strip_prefix("Bearer "));
            let bad = || Error::new(Kind::Unauthenticated, "token.bad", "the token is not valid");
            let token = token.filter(|token| !token.contains(' ')).ok_or_else(bad)?;
            Ok(Some(match token.split_once('+') {
                Some((subject, role)) => Principal::user(subject).with_role(role),
                None => Principal::user(token),
            }))
        })
    }
}
// ANCHOR_END: authenticator

/// An id that only ever looks like a name, so that a rule on it has something to reject.
#[derive(serde::Deserialize)]
#[serde(try_from = "String")]
struct UserId(String);

impl TryFrom<String> for UserId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let is_name = text.bytes().all(|byte| byte.is_ascii_lowercase());
        is_name
            .then_some(Self(text))
            .ok_or("an id is made of the letters a to z")
    }
}

impl OwnerId for UserId {
    fn is(&self, subject: &str) -> bool {
        self.0.is(subject)
    }
}

#[derive(serde::Deserialize)]
struct Note {
    text: String,
}

async fn notes(Path(UserId(owner)): Path<UserId>) -> String {
    format!("the notes of {owner}")
}

async fn add_note(Json(note): Json<Note>) -> Result<&'static str, Error> {
    if note.text.is_empty() {
        let empty = FieldError::new("text", "required", "is empty");
        let error = Error::new(Kind::Invalid, "note.invalid", "the note is not valid");
        return Err(error.with_field(empty));
    }
    Ok("added")
}

/// The rule stands beside its route. `route_layer` leaves unknown paths and methods alone: they stay 404 and 405.
fn rule(rule: Rule<Head>) -> AccessLayer {
    AccessLayer::new(rule)
}

// ANCHOR: app
/// The application, as any axum program has it.
pub(crate) fn app() -> Router {
    let owner_or_admin = Rule::owner(|Path(id): &Path<UserId>| id).or(Rule::role("admin"));
    Router::new()
        .route(
            "/",
            get(|| async { "hello" }).route_layer(rule(Rule::public("it says hello"))),
        )
        .route(
            "/notes/{owner}",
            get(notes).route_layer(rule(owner_or_admin)),
        )
        .route(
            "/notes",
            post(add_note).route_layer(rule(Rule::authenticated("everybody may take notes"))),
        )
        // One call with a tuple, outermost first: eight calls would box the service eight times.
        .layer((
            ContextLayer::new().default_deadline(Duration::from_secs(10)),
            ObserveLayer::new("notes")
                .matched(|extensions| Some(extensions.get::<MatchedPath>()?.as_str().to_owned())),
            CatchPanicLayer::new(),
            BodyLimitLayer::new(64 * 1024),
            InFlightLayer::new(512),
            DeadlineLayer::new(),
            AuthenticateLayer::new(TrustingTokens),
        ))
}
// ANCHOR_END: app

#[tokio::main]
#[allow(dead_code, reason = "a test includes this file and calls `app` itself")]
async fn main() -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    axum::serve(listener, app()).await
}
