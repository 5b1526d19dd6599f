//! Tokens on an axum `Router` that msf did not build: it issues them, publishes its keys, and takes them.
//!
//! ```sh
//! cargo run -p msf-auth --example plain_axum
//! curl -i localhost:3000/notes/ana                                     # 401: nobody is known to be calling
//! token=$(curl -s -X POST localhost:3000/demo-login | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
//! curl -i localhost:3000/notes/ana -H "authorization: Bearer $token"   # 200: she owns them
//! curl -i localhost:3000/notes/bob -H "authorization: Bearer $token"   # 403
//! curl -i localhost:3000/notes/ana -H "authorization: Bearer x$token"  # 401, error="invalid_token"
//! curl -s localhost:3000/.well-known/jwks.json
//! ```

use std::path::Path as FilePath;

use axum::extract::{Extension, Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use msf_auth::StripIdentityHeaders;
use msf_auth::keys::{KeyRing, RotationPolicy};
use msf_auth::token::{AccessClaims, AccessTokens, AccessVerifier, NewAccess};
use msf_core::access::{AccessLayer, AuthenticateLayer, Rule};
use msf_core::clock::Clock;
use msf_core::context::{Context, ContextLayer};
use msf_core::error::{Error, Kind};
use serde_json::{Value, json};

const ISSUER: &str = "http://localhost:3000";
const AUDIENCE: &str = "notes";

// ANCHOR: login
/// A login without a password, for a demo: `msf_auth::password` and `msf_auth::refresh` are what a real one has.
async fn demo_login(State(tokens): State<AccessTokens>) -> Result<Json<Value>, Error> {
    let access = NewAccess::new("ana", "session-1", "curl").role("user");
    let issued = tokens.issue(&access)?;
    Ok(Json(json!({
        "access_token": issued.token.expose(),
        "token_type": "Bearer",
        "expires_in": issued.expires_in.as_secs(),
    })))
}
// ANCHOR_END: login

// ANCHOR: claims
/// What the caller's token said, beyond subject and roles.
async fn me(Extension(context): Extension<Context>) -> Result<Json<Value>, Error> {
    let unknown = || Error::of(Kind::Unauthenticated);
    let principal = context.principal().ok_or_else(unknown)?;
    let claims = principal.claims::<AccessClaims>().ok_or_else(unknown)?;
    Ok(Json(
        json!({"subject": principal.subject(), "session": claims.session_id()}),
    ))
}
// ANCHOR_END: claims

async fn notes(Path(owner): Path<String>) -> String {
    format!("the notes of {owner}")
}

// ANCHOR: app
/// The application, as any axum program has it.
pub(crate) fn app(ring: KeyRing) -> Router {
    let tokens = AccessTokens::new(ring.clone(), ISSUER, AUDIENCE);
    let verifier = AccessVerifier::new(ring.clone(), ISSUER, AUDIENCE);
    let owner_or_admin = Rule::owner(|Path(id): &Path<String>| id).or(Rule::role("admin"));
    let authenticated = Rule::authenticated("everybody may see themselves");
    let public = || AccessLayer::new(Rule::public("tokens begin here"));
    Router::new()
        .route("/demo-login", post(demo_login).route_layer(public()))
        .route(
            "/.well-known/jwks.json",
            get(move || async move { ring.response() }).route_layer(public()),
        )
        .route("/me", get(me).route_layer(AccessLayer::new(authenticated)))
        .route(
            "/notes/{owner}",
            get(notes).route_layer(AccessLayer::new(owner_or_admin)),
        )
        .with_state(tokens)
        // Outermost first: nothing looks at a header before those that name a user are gone.
        .layer((
            StripIdentityHeaders::new(),
            ContextLayer::new(),
            AuthenticateLayer::new(verifier),
        ))
}
// ANCHOR_END: app

#[tokio::main]
#[allow(dead_code, reason = "a test includes this file and calls `app` itself")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // ANCHOR: ring
    // A folder of its own, which nobody else may enter: tokens outlive a restart.
    let folder = FilePath::new("target/plain-axum-keys");
    let ring = KeyRing::open(folder, &Clock::system(), RotationPolicy::default())?;
    // ANCHOR_END: ring
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    Ok(axum::serve(listener, app(ring)).await?)
}
