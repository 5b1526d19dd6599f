//! The samples of the page about ways out, and that each does what the page says.

mod claims;
#[expect(clippy::unused_async, reason = "the function of an app is async")]
mod embedded;
mod layered;
mod own_store;
mod ready_made;
