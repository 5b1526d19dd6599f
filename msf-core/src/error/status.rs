//! The gRPC form of an error: a status with `google.rpc` details, and the way back.

use std::collections::HashMap;

use tonic::Status;
use tonic_types::{ErrorDetails, FieldViolation, StatusExt};

use super::{Error, FieldError, Kind};
use crate::context::Context;

/// The `domain` of our `ErrorInfo`: only a status that carries it keeps its text on the way through a gateway.
const DOMAIN: &str = "msf";
const KIND: &str = "kind";
/// Trailers have to fit the peer's header list (8 KiB by default); what is beyond is counted, not sent.
const MAX_FIELDS: usize = 32;

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        error.record();
        let mut details = ErrorDetails::new();
        let metadata = HashMap::from([(KIND.to_owned(), error.kind().code().to_owned())]);
        details.set_error_info(error.code(), DOMAIN, metadata);
        let violation = |field: &FieldError| {
            let mut violation = FieldViolation::new(field.field(), field.message());
            field.code().clone_into(&mut violation.reason);
            violation
        };
        if !error.fields().is_empty() {
            let violations: Vec<_> = error
                .fields()
                .iter()
                .take(MAX_FIELDS)
                .map(violation)
                .collect();
            details.set_bad_request(violations);
        }
        if let Some(after) = error.retry_after() {
            details.set_retry_info(Some(after));
        }
        if let Some(context) = Context::current() {
            details.set_request_info(context.correlation_id().as_str(), "");
        }
        Self::with_error_details(error.kind().grpc_code(), error.message(), details)
    }
}

impl Error {
    /// Turns a callee's status back into an error.
    ///
    /// A status that msf wrote comes back whole, but for its source. Of any other only the kind is kept: its text may
    /// hold internals of a server that we do not know; it is kept as the source, for the log.
    pub fn from_status(status: &Status) -> Self {
        let details = status.get_error_details();
        let known = details
            .error_info()
            .filter(|info| info.domain == DOMAIN)
            .and_then(|info| {
                let kind = info
                    .metadata
                    .get(KIND)
                    .and_then(|kind| Kind::from_code(kind))?;
                Some((kind, info.reason.clone()))
            });
        let Some((kind, code)) = known else {
            let source = format!("callee answered {:?}: {}", status.code(), status.message());
            return Self::of(Kind::from_grpc_code(status.code())).with_source(source);
        };
        let fields = details
            .bad_request()
            .into_iter()
            .flat_map(|bad| &bad.field_violations)
            .map(|violation| {
                let FieldViolation {
                    field,
                    description,
                    reason,
                    ..
                } = violation.clone();
                FieldError::new(field, reason, description)
            });
        let error = Self::new(kind, code, status.message().to_owned()).with_fields(fields);
        match details.retry_info().and_then(|info| info.retry_delay) {
            Some(after) => error.with_retry_after(after),
            None => error,
        }
    }
}
