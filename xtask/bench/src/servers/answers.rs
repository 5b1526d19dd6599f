//! What the measured handlers answer, whatever they run on.

use serde::{Deserialize, Serialize};

/// A user, as the gateway shows it.
#[derive(Debug, Serialize)]
pub(super) struct User {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) email: String,
    pub(super) role: String,
}

/// A text of any length.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Echo {
    pub(super) text: String,
}

/// What the service behind the gateway knows of any user.
pub(super) fn user(id: String) -> User {
    User {
        id,
        name: "Ana Maria Example-Lindqvist".to_owned(),
        email: "ana.maria.example-lindqvist@example.com".to_owned(),
        role: "user".to_owned(),
    }
}
