//! What a user may do.

/// A role. Nobody gives it to themselves.
///
/// ```
/// use user_service::domain::Role;
/// assert_eq!(Role::parse("admin"), Some(Role::Admin));
/// assert_eq!(Role::parse("root"), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Whoever registers.
    User,
    /// Whoever manages the shop.
    Admin,
}

impl Role {
    /// Reads a role; `None` where there is none of this name. Case counts.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "user" => Some(Self::User),
            "admin" => Some(Self::Admin),
            _ => None,
        }
    }

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Admin => "admin",
        }
    }
}
