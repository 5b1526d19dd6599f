//! The kinds of failure, and what each is on either protocol.

use http::StatusCode;
use tonic::Code;

/// What kind of failure an error is: it decides the HTTP status and the gRPC code.
///
/// ```
/// use msf_core::error::Kind;
/// assert_eq!(Kind::NotFound.http_status(), 404);
/// assert_eq!(Kind::NotFound.grpc_code(), tonic::Code::NotFound);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// The input cannot be read: not JSON, a broken query.
    Malformed,
    /// The input was read, and fields of it are wrong.
    Invalid,
    /// Nobody is known to be calling, or the credentials are bad.
    Unauthenticated,
    /// The caller is known and may not do this.
    Forbidden,
    /// There is no such thing, or no such path.
    NotFound,
    /// The path exists, the method does not.
    MethodNotAllowed,
    /// A thing of this name exists already.
    AlreadyExists,
    /// The thing has changed since the caller looked.
    Conflict,
    /// The body is larger than the limit.
    TooLarge,
    /// The body is of a type that is not read here.
    UnsupportedMediaType,
    /// This caller asked too often.
    TooManyRequests,
    /// The caller went away.
    Cancelled,
    /// This is not implemented.
    Unimplemented,
    /// Too much is in hand; the request was not begun.
    Overloaded,
    /// Something that is needed does not answer, or the server is stopping.
    Unavailable,
    /// The deadline passed.
    DeadlineExceeded,
    /// A fault of ours.
    Internal,
}

impl Kind {
    const ALL: [Self; 17] = [
        Self::Malformed,
        Self::Invalid,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::AlreadyExists,
        Self::Conflict,
        Self::TooLarge,
        Self::UnsupportedMediaType,
        Self::TooManyRequests,
        Self::Cancelled,
        Self::Unimplemented,
        Self::Overloaded,
        Self::Unavailable,
        Self::DeadlineExceeded,
        Self::Internal,
    ];

    /// The status of the HTTP answer.
    pub fn http_status(self) -> StatusCode {
        match self {
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::AlreadyExists | Self::Conflict => StatusCode::CONFLICT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
            // 499 is nginx' number for it; nobody is there to read it, but logs and metrics are.
            Self::Cancelled => StatusCode::from_u16(499).unwrap_or(StatusCode::BAD_REQUEST),
            Self::Unimplemented => StatusCode::NOT_IMPLEMENTED,
            Self::Overloaded | Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The code of the gRPC status.
    pub fn grpc_code(self) -> Code {
        match self {
            Self::Malformed | Self::Invalid | Self::UnsupportedMediaType => Code::InvalidArgument,
            Self::Unauthenticated => Code::Unauthenticated,
            Self::Forbidden => Code::PermissionDenied,
            Self::NotFound => Code::NotFound,
            Self::MethodNotAllowed | Self::Unimplemented => Code::Unimplemented,
            Self::AlreadyExists => Code::AlreadyExists,
            Self::Conflict => Code::Aborted,
            Self::TooLarge | Self::TooManyRequests | Self::Overloaded => Code::ResourceExhausted,
            Self::Cancelled => Code::Cancelled,
            Self::Unavailable => Code::Unavailable,
            Self::DeadlineExceeded => Code::DeadlineExceeded,
            Self::Internal => Code::Internal,
        }
    }

    /// The kind that a gRPC code alone stands for, where the status carries no more.
    pub fn from_grpc_code(code: Code) -> Self {
        match code {
            Code::InvalidArgument | Code::OutOfRange | Code::FailedPrecondition => Self::Invalid,
            Code::Unauthenticated => Self::Unauthenticated,
            Code::PermissionDenied => Self::Forbidden,
            Code::NotFound => Self::NotFound,
            Code::AlreadyExists => Self::AlreadyExists,
            Code::Aborted => Self::Conflict,
            Code::ResourceExhausted => Self::Overloaded,
            Code::Cancelled => Self::Cancelled,
            Code::Unimplemented => Self::Unimplemented,
            Code::Unavailable => Self::Unavailable,
            Code::DeadlineExceeded => Self::DeadlineExceeded,
            Code::Ok | Code::Unknown | Code::Internal | Code::DataLoss => Self::Internal,
        }
    }

    /// The code of an error that says no more than its kind.
    pub fn code(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Invalid => "invalid",
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::AlreadyExists => "already_exists",
            Self::Conflict => "conflict",
            Self::TooLarge => "too_large",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::TooManyRequests => "too_many_requests",
            Self::Cancelled => "cancelled",
            Self::Unimplemented => "unimplemented",
            Self::Overloaded => "overloaded",
            Self::Unavailable => "unavailable",
            Self::DeadlineExceeded => "deadline_exceeded",
            Self::Internal => "internal",
        }
    }

    /// The message of an error that says no more than its kind.
    pub fn message(self) -> &'static str {
        match self {
            Self::Malformed => "the request cannot be read",
            Self::Invalid => "the request is not valid",
            Self::Unauthenticated => "credentials are required",
            Self::Forbidden => "this is not allowed",
            Self::NotFound => "there is nothing here",
            Self::MethodNotAllowed => "this path does not answer to this method",
            Self::AlreadyExists => "this exists already",
            Self::Conflict => "this has changed in the meantime",
            Self::TooLarge => "the body is too large",
            Self::UnsupportedMediaType => "the body is of a type that is not read here",
            Self::TooManyRequests => "too many requests",
            Self::Cancelled => "the request was cancelled",
            Self::Unimplemented => "this is not implemented",
            Self::Overloaded => "too many requests are in hand",
            Self::Unavailable => "the service is not available",
            Self::DeadlineExceeded => "the deadline has passed",
            Self::Internal => "internal error",
        }
    }

    /// Whether the server, and not the caller, has to mend it: such errors are logged with their cause.
    pub fn is_our_fault(self) -> bool {
        self.http_status().is_server_error() && self != Self::Unimplemented
    }

    pub(super) fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kinds_own_code_names_it_alone() {
        for kind in Kind::ALL {
            assert_eq!(Kind::from_code(kind.code()), Some(kind));
        }
    }
}
