//! One error value for both protocols: stable code, public message, private source, field errors.
//!
//! Whoever answers makes an [`Error`]; HTTP callers see `application/problem+json` (RFC 9457), gRPC callers a status
//! with `google.rpc` details, both from the same value, both with the correlation id and nothing internal.
//!
//! What people wrongly assume:
//!
//! - *"The message of the cause helps the caller."* It names hosts, tables and paths. The source goes to the log only.
//! - *"An HTTP status is enough to act on."* Callers match on [`Error::code`]: it is stable, the text is not.
//! - *"A status from a callee can be passed on."* Only one that msf wrote keeps its text ([`Error::from_status`]);
//!   of any other just the kind is passed on.
//!
//! ```
//! use msf_core::error::{Error, FieldError, Kind};
//!
//! let error = Error::new(Kind::Invalid, "user.invalid", "the user is not valid")
//!     .with_field(FieldError::new("email", "email.syntax", "is not an e-mail address"));
//! assert_eq!(error.kind().http_status(), 422);
//!
//! let status: tonic::Status = error.into();
//! assert_eq!(status.code(), tonic::Code::InvalidArgument);
//! assert_eq!(Error::from_status(&status).fields()[0].field(), "email");
//! ```

mod kind;
mod problem;
mod protocol;
mod status;

pub use kind::Kind;
pub use problem::PROBLEM_JSON;
pub use protocol::Protocol;

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use http::HeaderValue;

use crate::BoxError;

/// What went wrong, for the caller, with what caused it, for the log.
///
/// ```
/// use msf_core::error::{Error, Kind};
/// let error = Error::new(Kind::NotFound, "user.unknown", "no user has this id");
/// assert_eq!(error.code(), "user.unknown");
/// ```
#[must_use]
pub struct Error {
    inner: Box<Inner>,
}

struct Inner {
    kind: Kind,
    code: Cow<'static, str>,
    message: Cow<'static, str>,
    fields: Vec<FieldError>,
    retry_after: Option<Duration>,
    challenge: Option<HeaderValue>,
    source: Option<BoxError>,
}

/// What is wrong with one field of the input.
///
/// ```
/// use msf_core::error::FieldError;
/// let missing = FieldError::new("address.city", "required", "is missing");
/// assert_eq!(missing.field(), "address.city");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct FieldError {
    field: Cow<'static, str>,
    code: Cow<'static, str>,
    message: Cow<'static, str>,
}

impl FieldError {
    /// Names the field by its path in the input, with a stable code and a sentence for people.
    pub fn new(
        field: impl Into<Cow<'static, str>>,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            field: field.into(),
            code: code.into(),
            message: message.into(),
        }
    }

    /// The path of the field: names separated by dots, as the caller sent them.
    pub fn field(&self) -> &str {
        &self.field
    }

    /// The stable code.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// The sentence for people.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The same error under another path: a gateway maps a callee's paths to those of its own input.
    #[must_use]
    pub fn with_path(mut self, field: impl Into<Cow<'static, str>>) -> Self {
        self.field = field.into();
        self
    }
}

impl Error {
    /// Makes an error with a stable code (`user.unknown`) and a message that any caller may read.
    pub fn new(
        kind: Kind,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            inner: Box::new(Inner {
                kind,
                code: code.into(),
                message: message.into(),
                fields: Vec::new(),
                retry_after: None,
                challenge: None,
                source: None,
            }),
        }
    }

    /// An error of a kind that says all: code and message are the kind's own.
    pub fn of(kind: Kind) -> Self {
        Self::new(kind, kind.code(), kind.message())
    }

    /// A fault of ours: the caller sees "internal error", the log sees `source`.
    pub fn internal(source: impl Into<BoxError>) -> Self {
        Self::of(Kind::Internal).with_source(source)
    }

    /// Keeps the cause for the log. No caller ever sees it.
    pub fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.inner.source = Some(source.into());
        self
    }

    /// Adds what is wrong with one field.
    pub fn with_field(mut self, field: FieldError) -> Self {
        self.inner.fields.push(field);
        self
    }

    /// Adds what is wrong with several fields.
    pub fn with_fields(mut self, fields: impl IntoIterator<Item = FieldError>) -> Self {
        self.inner.fields.extend(fields);
        self
    }

    /// Tells the caller when to try again: `Retry-After`, rounded up to seconds, and `RetryInfo`.
    pub fn with_retry_after(mut self, after: Duration) -> Self {
        self.inner.retry_after = Some(after);
        self
    }

    /// Tells an HTTP caller how to authenticate: the value of `WWW-Authenticate` (RFC 6750, section 3).
    ///
    /// Without it an error of [`Kind::Unauthenticated`] says `Bearer`, and any other says nothing.
    pub fn with_challenge(mut self, challenge: HeaderValue) -> Self {
        self.inner.challenge = Some(challenge);
        self
    }

    /// Which kind of failure this is.
    pub fn kind(&self) -> Kind {
        self.inner.kind
    }

    /// The stable code that callers may match on.
    pub fn code(&self) -> &str {
        &self.inner.code
    }

    /// The sentence for people.
    pub fn message(&self) -> &str {
        &self.inner.message
    }

    /// What is wrong with which field of the input.
    pub fn fields(&self) -> &[FieldError] {
        &self.inner.fields
    }

    /// When to try again, if that is known.
    pub fn retry_after(&self) -> Option<Duration> {
        self.inner.retry_after
    }

    fn challenge(&self) -> Option<HeaderValue> {
        let bare =
            || (self.kind() == Kind::Unauthenticated).then_some(HeaderValue::from_static("Bearer"));
        self.inner.challenge.clone().or_else(bare)
    }

    pub(crate) fn duplicate(&self) -> Self {
        let inner = &self.inner;
        let mut copy = Self::new(inner.kind, inner.code.clone(), inner.message.clone());
        copy.inner.fields.clone_from(&inner.fields);
        copy.inner.retry_after = inner.retry_after;
        copy.inner.challenge.clone_from(&inner.challenge);
        copy
    }

    /// Leaves what happened with the current context, so that the request's own log line can say it.
    pub(crate) fn record(&self) {
        crate::context::Context::with_current(|context| {
            let cause = self.inner.kind.is_our_fault().then(|| chain(self));
            context.set_failure(crate::observe::Failure::new(self.inner.code.clone(), cause));
        });
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.inner.message, self.inner.code)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.inner.kind)
            .field("code", &self.inner.code)
            .field("message", &self.inner.message)
            .field("fields", &self.inner.fields)
            .field("source", &self.inner.source)
            .finish_non_exhaustive()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.inner.source.as_deref().map(|source| source as _)
    }
}

/// An error and its causes in one line, for the log and for whoever starts a program.
///
/// ```
/// let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
/// let error = msf_core::error::Error::internal(refused);
/// assert_eq!(msf_core::error::chain(&error), "internal error (internal): connection refused");
/// ```
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        line.push_str(": ");
        line.push_str(&cause.to_string());
        source = cause.source();
    }
    line
}

impl From<crate::context::DeadlineExceeded> for Error {
    fn from(_: crate::context::DeadlineExceeded) -> Self {
        Self::of(Kind::DeadlineExceeded)
    }
}
