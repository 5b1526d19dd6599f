//! The HTTP API, version 1.

mod login;
mod logout;
mod me;
mod no_store;
mod refresh;
mod register;

use msf_service::Rule;
use msf_service::access::Head;
use msf_service::axum::http::Method;
use msf_service::http::Routes;

use crate::adapters::{AuthService, UserService};

/// What the handlers call.
#[derive(Clone, Debug)]
pub(crate) struct Gateway {
    pub(crate) users: UserService,
    pub(crate) auth: AuthService,
}

/// Whoever has logged in.
fn user() -> Rule<Head> {
    Rule::when("a user", |_: &Method, caller| !caller.is_service())
}

/// Every route with its rule.
pub(crate) fn routes() -> Routes<Gateway> {
    Routes::new()
        .post(
            "/api/v1/register",
            Rule::public("sign-up is open"),
            register::register,
        )
        .post(
            "/api/v1/login",
            Rule::public("whoever logs in has no token yet"),
            login::login,
        )
        .post(
            "/api/v1/refresh-token",
            Rule::public("the refresh token is the proof"),
            refresh::refresh,
        )
        .post("/api/v1/logout", user(), logout::logout)
        .get("/api/v1/me", user(), me::me)
}
