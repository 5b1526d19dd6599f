//! A user as the API shows one.

use schemars::JsonSchema;
use serde::Serialize;
use shop_proto::user as pb;

use super::date::date;

/// A user.
#[derive(Serialize, JsonSchema)]
pub(super) struct User {
    id: String,
    /// What stands before the @ of the e-mail address.
    username: String,
    email: String,
    name: String,
    /// `user` or `admin`.
    role: String,
    #[schemars(extend("format" = "date-time"))]
    created_at: String,
    #[schemars(extend("format" = "date-time"))]
    updated_at: String,
}

impl From<pb::User> for User {
    fn from(user: pb::User) -> Self {
        Self {
            id: user.id,
            username: user.email.split('@').next().unwrap_or_default().to_owned(),
            email: user.email,
            name: user.name,
            role: user.role,
            created_at: date(user.created_at),
            updated_at: date(user.updated_at),
        }
    }
}
