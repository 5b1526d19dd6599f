//! What a failed call to a service is to a client of the gateway.

use msf_service::error::{Error, Kind};
use msf_service::tonic::Status;

/// The error of a call that the gateway made as itself: that a service does not admit the gateway is no fault of the client's.
///
/// A service that refuses what the client sent says so with a code of its own (`credentials.wrong`).
pub(super) fn of_own_call(status: &Status) -> Error {
    let error = of_users_call(status);
    if error.code() == Kind::Forbidden.code() {
        return Error::internal(error);
    }
    error
}

/// The error of a call on behalf of a user: that the user may not is the answer; that the gateway is not believed is not.
pub(super) fn of_users_call(status: &Status) -> Error {
    let error = Error::from_status(status);
    if error.code() == Kind::Unauthenticated.code() || error.code().starts_with("token.") {
        // Its keys were changed and are not known there yet, or cannot be fetched. That passes.
        return Error::of(Kind::Unavailable).with_source(error);
    }
    error
}
