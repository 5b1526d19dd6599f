//! Login, refresh and logout, over traits: no store, no wire.

mod end_sessions;
#[cfg(test)]
mod fakes;
mod invalid;
mod login;
mod logout;
mod ports;
mod refresh;
mod tokens;

pub use end_sessions::EndSessions;
pub use login::Login;
pub use logout::Logout;
pub use ports::{
    AccessTokens, Account, Attempt, Begun, Directory, FailedLogins, Renewed, Sessions,
};
pub use refresh::Refresh;
pub use tokens::Tokens;
