//! What is to be another about a user.

use std::time::SystemTime;

use super::{Email, Name, Role, User, Violation};

/// What is to be another about a user; what is absent stays as it is.
///
/// ```
/// use std::time::SystemTime;
/// use user_service::domain::{Changes, Email, Name, Role, User};
///
/// let (name, email) = (Name::parse("Ana").unwrap(), Email::parse("ana@example.com").unwrap());
/// let ana = User::new(name, email, Role::User, SystemTime::now());
/// let promoted = Changes::parse(None, None, Some("admin")).unwrap().of(&ana, SystemTime::now());
/// assert_eq!((promoted.role, promoted.version), (Role::Admin, 2));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// The name.
    pub name: Option<Name>,
    /// The e-mail address.
    pub email: Option<Email>,
    /// The role.
    pub role: Option<Role>,
}

impl Changes {
    /// Reads them.
    ///
    /// # Errors
    ///
    /// Every broken rule of every field.
    pub fn parse(
        name: Option<&str>,
        email: Option<&str>,
        role: Option<&str>,
    ) -> Result<Self, Vec<Violation>> {
        let unknown = || Violation::new("role", "role.unknown", "is neither `user` nor `admin`");
        let name = name.map(Name::parse).transpose();
        let email = email.map(Email::parse).transpose();
        let role = role.map(|role| Role::parse(role).ok_or_else(unknown));
        match (name, email, role.transpose()) {
            (Ok(name), Ok(email), Ok(role)) => Ok(Self { name, email, role }),
            (name, email, role) => {
                let broken = [name.err(), email.err(), role.err()];
                Err(broken.into_iter().flatten().collect())
            }
        }
    }

    /// The user with these changes, at this time.
    ///
    /// Each call counts as a change, also one that leaves all as it is: of those who expect one version, one alone gets through,
    /// whatever they write.
    #[must_use]
    pub fn of(self, user: &User, now: SystemTime) -> User {
        let Self { name, email, role } = self;
        User {
            name: name.unwrap_or_else(|| user.name.clone()),
            email: email.unwrap_or_else(|| user.email.clone()),
            role: role.unwrap_or(user.role),
            updated_at: now,
            version: user.version + 1,
            ..user.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const NOW: SystemTime = SystemTime::UNIX_EPOCH;

    fn ana() -> User {
        let (name, email) = (
            Name::parse("Ana").unwrap(),
            Email::parse("ana@b.c").unwrap(),
        );
        User::new(name, email, Role::User, NOW)
    }

    #[test]
    fn every_broken_rule_is_told_at_once() {
        let long = "x".repeat(201);
        let broken = Changes::parse(Some(&long), Some("ana"), Some("root")).unwrap_err();
        let told: Vec<_> = broken
            .iter()
            .map(|one| (one.field, one.code.as_ref()))
            .collect();
        let wanted = [
            ("name", "name.too_long"),
            ("email", "email.syntax"),
            ("role", "role.unknown"),
        ];
        assert_eq!(told, wanted);
        for role in ["", "Admin", "admin "] {
            let broken = Changes::parse(None, None, Some(role)).unwrap_err();
            assert_eq!(broken[0].code, "role.unknown", "{role:?}");
        }
    }

    #[test]
    fn a_change_moves_version_and_time_and_nothing_that_is_not_given() {
        let (ana, later) = (ana(), NOW + Duration::from_secs(1));
        let changed = |name, email, role| {
            let changed = Changes::parse(name, email, role).unwrap().of(&ana, later);
            assert_eq!((changed.id, changed.created_at), (ana.id, ana.created_at));
            assert_eq!((changed.version, changed.updated_at), (2, later));
            let (name, email) = (changed.name.as_str(), changed.email.as_str());
            format!("{name} {email} {}", changed.role.as_str())
        };
        assert_eq!(changed(None, None, None), "Ana ana@b.c user");
        assert_eq!(changed(Some("Bo"), None, None), "Bo ana@b.c user");
        assert_eq!(changed(None, Some("ANA@b.c"), None), "Ana ANA@b.c user");
        assert_eq!(changed(None, None, Some("admin")), "Ana ana@b.c admin");
    }
}
