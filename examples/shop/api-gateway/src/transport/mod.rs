//! The HTTP API, version 1.

mod admin_products;
mod admin_users;
mod caller;
mod current_admin;
mod date;
mod entity_tags;
mod given;
mod id;
mod if_match;
mod if_none_match;
mod login;
mod logout;
mod me;
mod no_store;
mod page;
mod price;
mod product;
mod products;
mod refresh;
mod register;
mod tagged;
mod text;
mod user;
mod whole;

use msf_service::Rule;
use msf_service::access::Head;
use msf_service::axum::http::Method;
use msf_service::http::Routes;

use crate::adapters::{AuthService, ProductService, UserService};

/// What the handlers call.
#[derive(Clone, Debug)]
pub(crate) struct Gateway {
    pub(crate) users: UserService,
    pub(crate) auth: AuthService,
    pub(crate) products: ProductService,
}

/// Whoever has logged in.
fn user() -> Rule<Head> {
    Rule::when("a user", |_: &Method, caller| !caller.is_service())
}

/// Whoever has logged in as an admin; the handlers ask whether they still are one.
fn admin() -> Rule<Head> {
    Rule::role("admin")
}

/// Every route with its rule.
pub(crate) fn routes() -> Routes<Gateway> {
    Routes::new()
        .post(
            "/api/v1/register",
            Rule::public("sign-up is open"),
            register::register,
        )
        .describe(register::operation())
        .post(
            "/api/v1/login",
            Rule::public("whoever logs in has no token yet"),
            login::login,
        )
        .describe(login::operation())
        .post(
            "/api/v1/refresh-token",
            Rule::public("the refresh token is the proof"),
            refresh::refresh,
        )
        .describe(refresh::operation())
        .post("/api/v1/logout", user(), logout::logout)
        .describe(logout::operation())
        .get("/api/v1/me", user(), me::me)
        .describe(me::operation())
        .merge(products::routes())
        .merge(admin_products::routes())
        .merge(admin_users::routes())
}
