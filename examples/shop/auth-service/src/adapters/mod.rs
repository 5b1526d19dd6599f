//! The outside that the use cases need, made of real parts.

mod access_tokens;
mod directory;
mod failed_logins;
mod sessions;

pub(crate) use access_tokens::Signed;
pub(crate) use directory::UserService;
pub(crate) use failed_logins::Counted;
pub(crate) use sessions::Kept;
