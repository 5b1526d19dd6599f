//! What the handlers and the pages need from outside.

use std::future::Future;
use std::time::SystemTime;

use msf_service::bus::Receipt;
use msf_service::error::Error;

use crate::domain::{Mail, MailId};

/// Where e-mails go.
pub trait Mailbox: Send + Sync + 'static {
    /// Takes an e-mail, unless it was taken for the same receipt before, which is a success too.
    ///
    /// # Errors
    ///
    /// What the store says; then nothing of it was taken.
    fn put_once(
        &self,
        receipt: Receipt,
        mail: Mail,
    ) -> impl Future<Output = Result<(), Error>> + Send;
}

/// A mailbox that can be read.
pub trait MailboxReader: Clone + Send + Sync + 'static {
    /// A slice of the e-mails, oldest first: of all, or of those to the address that has this key.
    fn page(
        &self,
        to: Option<String>,
        slice: Slice,
    ) -> impl Future<Output = Result<Page, Error>> + Send;

    /// The e-mail with this id.
    fn by_id(&self, id: MailId) -> impl Future<Output = Result<Option<Letter>, Error>> + Send;
}

/// An e-mail that lies in a mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// The e-mail.
    pub mail: Mail,
    /// When it came.
    pub received_at: SystemTime,
}

/// So many, from there on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice {
    /// How many to leave out.
    pub offset: u64,
    /// How many to take at most.
    pub limit: u32,
}

/// A slice of a mailbox.
#[derive(Clone, Debug)]
pub struct Page {
    /// The e-mails of the slice.
    pub letters: Vec<Letter>,
    /// How many there are in all.
    pub total: u64,
}
