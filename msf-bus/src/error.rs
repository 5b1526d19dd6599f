//! What can go wrong between a service and its events.

use std::fmt;

use msf_core::BoxError;
use msf_core::error::{Error, Kind};

use crate::EventType;

/// An event that cannot be written as JSON, a mistake in its type; or one that is too large for any transport.
#[derive(Debug)]
pub struct EncodeError {
    event_type: EventType,
    source: serde_json::Error,
}

/// Why an event was not published. It may have been all the same: the answer can be lost on its way.
///
/// ```
/// use msf_bus::PublishError;
/// use msf_core::error::{Error, Kind};
/// let error = PublishError::unavailable("the disk is full");
/// assert!(error.may_be_repeated());
/// assert_eq!(Error::from(error).kind(), Kind::Unavailable);
/// ```
#[derive(Debug)]
pub struct PublishError {
    source: BoxError,
    repeat: bool,
}

/// Why a transport could not do what it was asked to.
///
/// ```
/// use msf_bus::TransportError;
/// let error = TransportError::new("bus.db is busy");
/// assert_eq!(error.to_string(), "the event transport failed: bus.db is busy");
/// ```
#[derive(Debug)]
pub struct TransportError(BoxError);

impl EncodeError {
    pub(crate) fn new(event_type: EventType, source: serde_json::Error) -> Self {
        Self { event_type, source }
    }
}

impl PublishError {
    /// It may work when it is tried again: a broker that is away, a full disk.
    pub fn unavailable(source: impl Into<BoxError>) -> Self {
        Self {
            source: source.into(),
            repeat: true,
        }
    }

    /// It will never work: an event that is too large.
    pub fn refused(source: impl Into<BoxError>) -> Self {
        Self {
            source: source.into(),
            repeat: false,
        }
    }

    /// Whether the same event may be published when it is tried again.
    pub fn may_be_repeated(&self) -> bool {
        self.repeat
    }
}

impl TransportError {
    /// For the reason `source`.
    pub fn new(source: impl Into<BoxError>) -> Self {
        Self(source.into())
    }
}

impl From<EncodeError> for PublishError {
    fn from(error: EncodeError) -> Self {
        Self::refused(error)
    }
}

impl From<PublishError> for Error {
    fn from(error: PublishError) -> Self {
        let kind = if error.repeat {
            Kind::Unavailable
        } else {
            Kind::Internal
        };
        Self::of(kind).with_source(error)
    }
}

impl From<TransportError> for Error {
    fn from(error: TransportError) -> Self {
        Self::of(Kind::Unavailable).with_source(error)
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the event {} cannot be written as JSON", self.event_type)
    }
}

impl fmt::Display for PublishError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the event was not published: {}", self.source)
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the event transport failed: {}", self.0)
    }
}

impl std::error::Error for EncodeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

// What went wrong is in the text already.
impl std::error::Error for PublishError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.source()
    }
}

impl std::error::Error for TransportError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}
