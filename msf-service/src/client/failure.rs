//! What a failure on the way becomes: a status that names the peer and nothing else.

use std::error::Error;
use std::sync::Arc;

use msf_core::BoxError;
use tonic::{Code, Status, TimeoutExpired};

/// The status of a call that failed before its answer began.
pub(super) fn of_transport(error: BoxError, peer: &str) -> Status {
    let code = code(&*error);
    let message = match code {
        Code::DeadlineExceeded => format!("{peer} did not answer before the deadline"),
        Code::Unavailable => format!("{peer} cannot be reached"),
        _ => format!("{peer} broke the call off"),
    };
    with_source(Status::new(code, message), error)
}

/// The status of an answer that broke off after its head.
pub(super) fn of_body(error: Status, peer: &str) -> Status {
    let status = Status::new(code(&error), format!("{peer} broke the answer off"));
    with_source(status, error.into())
}

/// A stream that the peer reset ends as gRPC maps its reason; anything else means that the peer is not there.
fn code(error: &(dyn Error + 'static)) -> Code {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.is::<TimeoutExpired>() {
            return Code::DeadlineExceeded;
        }
        if let Some(reset) = error.downcast_ref::<h2::Error>()
            && reset.is_reset()
            && reset.is_remote()
        {
            return of_reset(reset.reason());
        }
        cause = error.source();
    }
    Code::Unavailable
}

/// The table of the gRPC specification of HTTP/2 ("Errors").
fn of_reset(reason: Option<h2::Reason>) -> Code {
    match reason {
        Some(h2::Reason::REFUSED_STREAM) => Code::Unavailable,
        Some(h2::Reason::CANCEL) => Code::Cancelled,
        Some(h2::Reason::ENHANCE_YOUR_CALM) => Code::ResourceExhausted,
        Some(h2::Reason::INADEQUATE_SECURITY) => Code::PermissionDenied,
        _ => Code::Internal,
    }
}

fn with_source(mut status: Status, error: BoxError) -> Status {
    status.set_source(Arc::from(error));
    status
}
