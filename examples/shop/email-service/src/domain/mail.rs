//! An e-mail.

use std::fmt;

use super::{Address, Content};

/// The id of an e-mail: that of the event that it tells of, so that the same event never makes two.
///
/// ```
/// use email_service::domain::MailId;
/// let text = "0190b5a0-7c1e-7b1a-8c6e-3f2d9a1b4c5d";
/// assert_eq!(MailId::parse(text).unwrap().to_string(), text);
/// assert_eq!(MailId::parse("first"), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MailId(uuid::Uuid);

/// An e-mail. `Debug` shows neither whose it is nor what stands in it.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    /// Its id.
    pub id: MailId,
    /// Whom it is from.
    pub from: Address,
    /// Whom it is for.
    pub to: Address,
    /// What stands in it.
    pub content: Content,
    /// The correlation id of the request that it goes back to.
    pub correlation_id: String,
}

impl MailId {
    /// Reads one; `None` where the text is none.
    pub fn parse(text: &str) -> Option<Self> {
        uuid::Uuid::try_parse(text).ok().map(Self)
    }
}

impl fmt::Display for MailId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail")
            .field("id", &self.id)
            .field("correlation_id", &self.correlation_id)
            .finish_non_exhaustive()
    }
}
