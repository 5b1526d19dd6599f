//! The first admin: whoever runs the shop, and not whoever comes first.

use msf_service::bus::Outgoing;
use msf_service::clock::Clock;
use msf_service::error::Error;
use shop_proto::events::UserDeleted;

use super::invalid::invalid;
use super::{Passwords, Users};
use crate::domain::{Email, Name, Role, User, UserId};

/// Sees to it that there is an admin.
#[derive(Clone, Debug)]
pub struct FirstAdmin<U, P> {
    users: U,
    passwords: P,
    clock: Clock,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appointed {
    /// The admin was made, with the password that was given.
    Now,
    /// There was an admin already; it is what it was.
    Before,
}

impl<U: Users, P: Passwords> FirstAdmin<U, P> {
    /// Over these.
    pub fn new(users: U, passwords: P, clock: Clock) -> Self {
        Self {
            users,
            passwords,
            clock,
        }
    }

    /// Whether anybody is admin.
    ///
    /// # Errors
    ///
    /// What the store says.
    pub async fn is_there(&self) -> Result<bool, Error> {
        self.users.any_admin().await
    }

    /// Makes an admin with this address, while nobody at all is admin.
    ///
    /// Who has registered under the address before does not become admin by that: a new user takes the place, with the
    /// given password and an id of its own, so that no session of the old one goes on.
    ///
    /// # Errors
    ///
    /// Address or password break a rule, or what the store or the hashing say.
    pub async fn appoint(&self, email: &str, password: String) -> Result<Appointed, Error> {
        let email = Email::parse(email).map_err(|broken| invalid([broken]))?;
        let violations = self
            .passwords
            .check(&password, &[email.as_str(), email.local_part()]);
        if !violations.is_empty() {
            return Err(invalid(violations));
        }
        if self.is_there().await? {
            return Ok(Appointed::Before);
        }
        let hash = self.passwords.hash(password).await?;
        let name = Name::parse("Administrator").map_err(|broken| invalid([broken]))?;
        let admin = User::new(name, email, Role::Admin, self.clock.now());
        // The admin has not registered, so nothing tells of it.
        let outgoing = |old: UserId| {
            let user_id = old.to_string();
            Outgoing::one(UserDeleted { user_id })
        };
        // Another process of this service may have been faster.
        let is_appointed = self.users.appoint(admin, hash, outgoing).await?;
        Ok(if is_appointed {
            Appointed::Now
        } else {
            Appointed::Before
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::fakes::{InMemory, Marked};
    use super::super::{Register, Registration};
    use super::*;

    fn first_admin() -> (FirstAdmin<InMemory, Marked>, InMemory) {
        let users = InMemory::default();
        let first_admin = FirstAdmin::new(users.clone(), Marked::default(), Clock::system());
        (first_admin, users)
    }

    #[tokio::test]
    async fn it_is_made_once_and_its_password_stays() {
        let (first_admin, users) = first_admin();
        assert!(!first_admin.is_there().await.unwrap());
        let first = first_admin
            .appoint("boss@b.c", "the first one".to_owned())
            .await
            .unwrap();
        let second = first_admin
            .appoint("Boss@b.c", "another one".to_owned())
            .await
            .unwrap();
        assert_eq!((first, second), (Appointed::Now, Appointed::Before));
        assert_eq!(users.published(), []);
        assert!(first_admin.is_there().await.unwrap());
        assert_eq!(
            users.hash_of("boss@b.c").as_deref(),
            Some("new:the first one")
        );
    }

    #[tokio::test]
    async fn whoever_took_the_address_loses_it() {
        let (first_admin, users) = first_admin();
        let register = Register::new(users.clone(), Marked::default(), Clock::system());
        let squatter = Registration {
            name: "Squatter".to_owned(),
            email: "boss@b.c".to_owned(),
            password: "squatter's own".to_owned(),
            role: None,
        };
        let squatter = register.run(squatter).await.unwrap();
        first_admin
            .appoint("boss@b.c", "the boss's own".to_owned())
            .await
            .unwrap();
        assert_eq!(users.role_of("boss@b.c"), Some(Role::Admin));
        assert_eq!(
            users.hash_of("boss@b.c").as_deref(),
            Some("new:the boss's own")
        );
        let told = users.published();
        let types: Vec<_> = told.iter().map(|event| &*event.event_type).collect();
        assert_eq!(types, ["users.user-registered.v1", "users.user-deleted.v1"]);
        assert_eq!(told[1].key, Some(squatter.id.to_string()));
    }

    #[tokio::test]
    async fn nobody_is_appointed_while_anybody_is_admin() {
        let (first_admin, users) = first_admin();
        users.with("other@b.c", Role::Admin);
        users.with("boss@b.c", Role::User);
        let appointed = first_admin
            .appoint("boss@b.c", "the boss's own".to_owned())
            .await;
        assert_eq!(appointed.unwrap(), Appointed::Before);
        assert_eq!(users.role_of("boss@b.c"), Some(Role::User));
    }

    #[tokio::test]
    async fn its_address_and_password_obey_the_rules() {
        let (first_admin, _) = first_admin();
        for (email, password) in [
            ("boss", "long enough"),
            ("boss@b.c", "short"),
            ("boss@b.c", "boss@b.c"),
        ] {
            let refused = first_admin
                .appoint(email, password.to_owned())
                .await
                .unwrap_err();
            assert_eq!(refused.fields().len(), 1, "{email} {password}");
        }
        assert!(!first_admin.is_there().await.unwrap());
    }
}
