//! Dead letters, as the command line and the admin port show them and decide about them.
//!
//! What people wrongly assume:
//!
//! - *"A redriven event goes to all who get its stream."* It goes back to the one subscription whose handler failed.
//! - *"The process has to stop first."* The command opens the same file; a running consumer sees what was redriven within
//!   100 ms.
//! - *"Each id is one dead letter."* One event may be dead in several subscriptions; its id means all of them.

mod command;
mod form;
mod letters;
mod text;

pub(crate) use command::{Dead, command, run};
pub(crate) use form::{done, entry, whole};
pub(crate) use letters::{Action, DeadError, Done, Letters};
pub(crate) use text::{of_letters, table};
