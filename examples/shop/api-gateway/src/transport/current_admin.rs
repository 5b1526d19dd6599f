//! Admins who still are.

use msf_service::axum::extract::FromRequestParts;
use msf_service::axum::http::request::Parts;
use msf_service::error::{Error, Kind};

use super::Gateway;
use super::caller::caller;

/// The first argument of every handler of an admin route: the caller is an admin now, and not only by the token.
///
/// A token says what was true when it was made, up to ten minutes ago. Who has been deleted since is answered with 401
/// (`user.gone`), who is no admin any more with 403 (`role.lost`), before anything else of the request is looked at.
///
/// It costs one call to the user-service for each admin request; the routes of everybody else do not pay for it.
#[derive(Debug)]
pub(super) struct CurrentAdmin;

impl FromRequestParts<Gateway> for CurrentAdmin {
    type Rejection = Error;

    async fn from_request_parts(_: &mut Parts, gateway: &Gateway) -> Result<Self, Error> {
        if caller(gateway).await?.role != "admin" {
            let message = "the user of this token is no admin any more";
            return Err(Error::new(Kind::Forbidden, "role.lost", message));
        }
        Ok(Self)
    }
}
