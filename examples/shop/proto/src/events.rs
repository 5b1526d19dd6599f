//! The events of the shop: what happened, for whoever wants to know.

use msf_service::bus::Event;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A user has registered.
#[derive(Clone, Serialize, Deserialize, JsonSchema, Event)]
#[event(name = "users.user-registered")]
pub struct UserRegistered {
    /// The id of the user.
    #[event(key)]
    pub user_id: String,
    /// What the user is called.
    pub name: String,
    /// The e-mail address, as it was given.
    pub email: String,
}

// A name and an address belong into no log.
impl std::fmt::Debug for UserRegistered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UserRegistered")
            .field("user_id", &self.user_id)
            .finish_non_exhaustive()
    }
}

/// A user was deleted: nothing of it is to go on.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, Event)]
#[event(name = "users.user-deleted")]
pub struct UserDeleted {
    /// The id of the user.
    #[event(key)]
    pub user_id: String,
}
