//! Why a token is refused: one word for the log, next to nothing for the caller.

use std::time::Duration;

use http::HeaderValue;
use msf_core::error::{Error, Kind};

use crate::audit::{self, Event};
use crate::keys::KeysUnavailable;

/// The code of a genuine token whose time is over.
pub(super) const EXPIRED: &str = "token.expired";

/// When keys that could not be fetched may be fetched again at the earliest.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Why a token is refused. The log has the word, the caller has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// Two credentials where there may be one.
    Duplicate,
    /// Not the scheme `Bearer`, or no token behind it.
    Scheme,
    /// Longer than any token of ours.
    Size,
    /// Characters that no token has, or not three parts.
    Shape,
    /// base64url that is not canonical.
    Encoding,
    /// A header with anything but `alg`, `typ` and `kid`, or without one of them.
    Header,
    /// Another kind of token.
    Type,
    /// Nobody whose tokens are taken.
    Issuer,
    /// The issuer has no such key.
    Key,
    /// The key is for another algorithm.
    Algorithm,
    Signature,
    /// A claim is missing, twice, or of the wrong type.
    Claims,
    Audience,
    Expired,
    NotYetValid,
    /// It lives longer than a token may.
    Lifetime,
    /// The issuer may not speak for this subject.
    Subject,
}

impl Reason {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Duplicate => "duplicate",
            Self::Scheme => "scheme",
            Self::Size => "size",
            Self::Shape => "shape",
            Self::Encoding => "encoding",
            Self::Header => "header",
            Self::Type => "type",
            Self::Issuer => "issuer",
            Self::Key => "key",
            Self::Algorithm => "algorithm",
            Self::Signature => "signature",
            Self::Claims => "claims",
            Self::Audience => "audience",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::Lifetime => "lifetime",
            Self::Subject => "subject",
        }
    }
}

#[derive(Debug)]
pub(super) enum Refusal {
    Bad(Reason),
    Unknown(KeysUnavailable),
}

impl From<Reason> for Refusal {
    fn from(reason: Reason) -> Self {
        Self::Bad(reason)
    }
}

impl From<Refusal> for Error {
    /// The answer to the caller (RFC 6750, section 3.1), after a line in the audit log.
    fn from(refusal: Refusal) -> Self {
        let reason = match refusal {
            Refusal::Bad(reason) => reason,
            Refusal::Unknown(unavailable) => {
                audit::event(&Event::TokenUndecided);
                let message = "the token cannot be verified now";
                return Self::new(Kind::Unavailable, "token.undecided", message)
                    .with_retry_after(RETRY_AFTER)
                    .with_source(unavailable);
            }
        };
        audit::event(&Event::TokenInvalid {
            reason: reason.as_str(),
        });
        let (kind, code, message, challenge) = match reason {
            Reason::Duplicate => (
                Kind::Malformed,
                "token.duplicate",
                "a request carries one token at most",
                r#"Bearer error="invalid_request""#,
            ),
            Reason::Expired => (
                Kind::Unauthenticated,
                EXPIRED,
                "the token has expired",
                r#"Bearer error="invalid_token""#,
            ),
            _ => (
                Kind::Unauthenticated,
                "token.invalid",
                "the token is not valid",
                r#"Bearer error="invalid_token""#,
            ),
        };
        Self::new(kind, code, message).with_challenge(HeaderValue::from_static(challenge))
    }
}
