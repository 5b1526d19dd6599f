//! `GET /api/v1/me`

use msf_service::axum::http::StatusCode;
use msf_service::axum::response::Response;
use msf_service::error::Error;
use msf_service::openapi::Operation;
use msf_service::prelude::State;

use super::Gateway;
use super::caller::caller;
use super::if_none_match::IfNoneMatch;
use super::tagged::{Tag, Tagged, conditional};
use super::user::User;

pub(super) fn operation() -> Operation {
    let operation = Operation::new("me", "Who I am")
        .tag("account")
        .answers::<User>(StatusCode::OK, "The user of the token");
    conditional(operation)
}

pub(super) async fn me(
    State(gateway): State<Gateway>,
    had: IfNoneMatch,
) -> Result<Response, Error> {
    let user = caller(&gateway).await?;
    let (tag, body) = (Tag::of(&user.id, user.version), User::from(user));
    Ok(Tagged { tag, body }.unless(&had))
}
