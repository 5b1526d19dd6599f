//! The gRPC form of an error: a status with `google.rpc` details, and the way back.

use std::collections::HashMap;

use tonic::Status;
use tonic_types::{ErrorDetails, FieldViolation, StatusExt};

use super::{Error, FieldError, Kind};
use crate::context::Context;

/// The `domain` of our `ErrorInfo`: only a status that carries it keeps its text on the way through a gateway.
const DOMAIN: &str = "msf";
const KIND: &str = "kind";
/// How many field errors did not fit; absent when all did.
const FIELDS_LEFT_OUT: &str = "fields_left_out";

// Trailers have to fit the peer's header list (8 KiB by default): these bounds, in bytes, keep the sum of the message in
// percent encoding and of the details in base64 below that.
const MAX_CODE: usize = 128;
const MAX_MESSAGE: usize = 512;
const MAX_FIELDS: usize = 32;
const MAX_FIELDS_TEXT: usize = 2048;

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        error.record();
        let mut details = ErrorDetails::new();
        let mut metadata = HashMap::from([(KIND.to_owned(), error.kind().code().to_owned())]);
        let violations = violations(error.fields());
        let left_out = error.fields().len() - violations.len();
        if left_out > 0 {
            metadata.insert(FIELDS_LEFT_OUT.to_owned(), left_out.to_string());
        }
        details.set_error_info(start(error.code(), MAX_CODE), DOMAIN, metadata);
        if !violations.is_empty() {
            details.set_bad_request(violations);
        }
        if let Some(after) = error.retry_after() {
            details.set_retry_info(Some(after));
        }
        if let Some(context) = Context::current() {
            details.set_request_info(context.correlation_id().as_str(), "");
        }
        let message = start(error.message(), MAX_MESSAGE);
        Self::with_error_details(error.kind().grpc_code(), message, details)
    }
}

/// The first of `fields`, as many as fit.
fn violations(fields: &[FieldError]) -> Vec<FieldViolation> {
    let mut room = MAX_FIELDS_TEXT;
    let fitting = fields.iter().take(MAX_FIELDS).map_while(|field| {
        let text = field.field().len() + field.code().len() + field.message().len();
        room = room.checked_sub(text)?;
        let mut violation = FieldViolation::new(field.field(), field.message());
        field.code().clone_into(&mut violation.reason);
        Some(violation)
    });
    fitting.collect()
}

/// As much of `text` as fits into `max` bytes, whole characters only.
fn start(text: &str, max: usize) -> &str {
    let fits = |(index, character): &(usize, char)| index + character.len_utf8() <= max;
    let end = text.char_indices().take_while(fits).last();
    &text[..end.map_or(0, |(index, character)| index + character.len_utf8())]
}

fn timed_out(status: &Status) -> bool {
    let mut source = std::error::Error::source(status);
    while let Some(cause) = source {
        if cause.is::<tonic::TimeoutExpired>() {
            return true;
        }
        source = cause.source();
    }
    false
}

/// Whether tonic, here or at the callee, did not read a message for its size.
///
/// It says OUT_OF_RANGE, which is otherwise about a value of the request. Whoever asked can mend nothing: the two services have
/// to agree on a limit (`max_decoding_message_size` of the client).
fn over_a_limit(status: &Status) -> bool {
    let text = "Error, decoded message length too large";
    status.code() == tonic::Code::OutOfRange && status.message().starts_with(text)
}

impl Error {
    /// Turns a callee's status back into an error.
    ///
    /// A status that msf wrote comes back whole, but for its source. Of any other only the kind is kept: its text may
    /// hold internals of a server that we do not know; it is kept as the source, for the log. A message that is over tonic's limit of
    /// 4 MiB, or the one that is set, is [`Kind::Internal`].
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
            // tonic's own timer ends a call as CANCELLED, which says that the caller went away.
            let kind = if timed_out(status) {
                Kind::DeadlineExceeded
            } else if over_a_limit(status) {
                Kind::Internal
            } else {
                Kind::from_grpc_code(status.code())
            };
            return Self::of(kind).with_source(source);
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

    /// As [`from_status`](Self::from_status), for a call that proved who is calling.
    ///
    /// That the callee does not believe that proof is no fault of whoever this service works for, who may have shown
    /// perfect credentials of their own: it is [`Kind::Unavailable`], with the refusal as its source, and passes once the
    /// callee knows the keys. Any other UNAUTHENTICATED, such as a wrong password, has a code of its own and comes back
    /// whole.
    ///
    /// ```
    /// use msf_core::error::{Error, Kind};
    /// let of = |code: &'static str| Error::from_call(&Error::new(Kind::Unauthenticated, code, "").into()).kind();
    /// assert_eq!(of("token.invalid"), Kind::Unavailable);
    /// assert_eq!(of("password.wrong"), Kind::Unauthenticated);
    /// ```
    pub fn from_call(status: &Status) -> Self {
        let error = Self::from_status(status);
        // What the rules and the authenticators of msf say of the caller's own credentials.
        let of_the_proof =
            error.code() == Kind::Unauthenticated.code() || error.code().starts_with("token.");
        if of_the_proof {
            return Self::of(Kind::Unavailable).with_source(error);
        }
        error
    }
}
