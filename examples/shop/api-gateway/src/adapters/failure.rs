//! What a failed call to a service is to a client of the gateway.

use msf_service::error::{Error, Kind};
use msf_service::tonic::Status;

/// The error of a call that the gateway made as itself: that a service does not admit the gateway is no fault of the client's.
///
/// A service that refuses what the client sent says so with a code of its own (`role.forbidden`).
pub(super) fn of_own_call(status: &Status) -> Error {
    let error = Error::from_call(status);
    if error.code() == Kind::Forbidden.code() {
        return Error::internal(error);
    }
    error
}
