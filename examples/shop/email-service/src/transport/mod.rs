//! The mailbox as those who read it see it.

mod format;
mod html;
mod json;
mod list;
mod mailbox;

pub(crate) use mailbox::{Pages, routes};
