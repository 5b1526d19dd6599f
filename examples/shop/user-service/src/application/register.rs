//! Registers whoever asks.

use std::fmt;

use msf_service::bus::Outgoing;
use msf_service::clock::Clock;
use msf_service::error::{Error, Kind};
use shop_proto::events::UserRegistered;

use super::invalid::invalid;
use super::{Passwords, Users};
use crate::domain::{Email, Name, Role, User};

/// Registers whoever asks, with the role `user`.
#[derive(Clone, Debug)]
pub struct Register<U, P> {
    users: U,
    passwords: P,
    clock: Clock,
}

/// What a registration says. `Debug` shows none of it.
pub struct Registration {
    /// What the user is called.
    pub name: String,
    /// Its e-mail address.
    pub email: String,
    /// Its password.
    pub password: String,
    /// The role that is asked for.
    pub role: Option<String>,
}

impl<U: Users, P: Passwords> Register<U, P> {
    /// Over these.
    pub fn new(users: U, passwords: P, clock: Clock) -> Self {
        Self {
            users,
            passwords,
            clock,
        }
    }

    /// Adds the user, and the event that tells of it; both are durable once this answers.
    ///
    /// # Errors
    ///
    /// `invalid` with every broken rule, `role.forbidden`, `email.taken`, or what the store or the hashing say.
    pub async fn run(&self, registration: Registration) -> Result<User, Error> {
        let Registration {
            name,
            email,
            password,
            role,
        } = registration;
        if role.is_some_and(|role| role != Role::User.as_str()) {
            let message = "nobody registers with another role than `user`";
            return Err(Error::new(Kind::Forbidden, "role.forbidden", message));
        }
        let mut violations = Vec::new();
        let local_part = email.rsplit_once('@').map_or("", |(local, _)| local);
        violations.extend(
            self.passwords
                .check(&password, &[&email, local_part, &name]),
        );
        let name = Name::parse(&name).map_err(|broken| violations.insert(0, broken));
        let email = Email::parse(&email).map_err(|broken| violations.push(broken));
        let (Ok(name), Ok(email), true) = (name, email, violations.is_empty()) else {
            return Err(invalid(violations));
        };
        let hash = self.passwords.hash(password).await?;
        let user = User::new(name, email, Role::User, self.clock.now());
        let outgoing = Outgoing::one(UserRegistered {
            user_id: user.id.to_string(),
            name: user.name.as_str().to_owned(),
            email: user.email.as_str().to_owned(),
        });
        self.users.insert(user.clone(), hash, outgoing).await?;
        Ok(user)
    }
}

impl fmt::Debug for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registration").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use super::super::fakes::{InMemory, Marked};
    use super::*;

    fn registration(name: &str, email: &str, password: &str, role: Option<&str>) -> Registration {
        Registration {
            name: name.to_owned(),
            email: email.to_owned(),
            password: password.to_owned(),
            role: role.map(str::to_owned),
        }
    }

    fn register() -> (Register<InMemory, Marked>, InMemory, Marked) {
        let (users, passwords) = (InMemory::default(), Marked::default());
        let register = Register::new(users.clone(), passwords.clone(), Clock::system());
        (register, users, passwords)
    }

    #[tokio::test]
    async fn a_user_is_added_with_the_hash_and_the_role_user() {
        let (register, users, _) = register();
        for (email, role) in [("a@b.c", None), ("b@b.c", Some("user"))] {
            let user = register
                .run(registration("Ana", email, "long enough", role))
                .await
                .unwrap();
            assert_eq!(user.role, Role::User);
            assert_eq!(users.hash_of(email).as_deref(), Some("new:long enough"));
        }
    }

    #[tokio::test]
    async fn every_broken_rule_is_told_at_once_and_nothing_is_hashed() {
        let (register, users, passwords) = register();
        let error = register
            .run(registration("", "ana", "short", None))
            .await
            .unwrap_err();
        let fields: Vec<_> = error
            .fields()
            .iter()
            .map(|field| field.field().to_owned())
            .collect();
        assert_eq!(fields, ["name", "password", "email"]);
        for about in ["ana.maria@b.c", "ana.maria", "Ana Maria"] {
            let own = registration("Ana Maria", "ana.maria@b.c", about, None);
            let error = register.run(own).await.unwrap_err();
            assert_eq!(error.fields()[0].code(), "password.context", "{about}");
        }
        assert_eq!(passwords.work.load(Ordering::Relaxed), 0);
        assert_eq!(users.hash_of("ana"), None);
    }

    #[tokio::test]
    async fn no_other_role_and_no_address_twice() {
        let (register, users, _) = register();
        for role in ["admin", "", "User"] {
            let wanted = registration("Ana", "a@b.c", "long enough", Some(role));
            assert_eq!(
                register.run(wanted).await.unwrap_err().code(),
                "role.forbidden",
                "{role}"
            );
        }
        assert_eq!(users.role_of("a@b.c"), None);
        register
            .run(registration("Ana", "a@b.c", "long enough", None))
            .await
            .unwrap();
        let again = register
            .run(registration("Bo", "A@B.C", "long enough", None))
            .await;
        assert_eq!(again.unwrap_err().code(), "email.taken");
    }

    #[tokio::test]
    async fn a_registration_is_told_and_a_refused_one_is_not() {
        let (register, users, _) = register();
        let user = register
            .run(registration("Ana", "Ana@b.c", "long enough", None))
            .await
            .unwrap();
        for (name, email, password, role) in [
            ("Bo", "ANA@B.C", "long enough", None),
            ("", "c@b.c", "long enough", None),
            ("Cy", "c@b.c", "short", None),
            ("Cy", "c@b.c", "long enough", Some("admin")),
        ] {
            let refused = registration(name, email, password, role);
            assert!(register.run(refused).await.is_err(), "{name}, {email}");
        }
        let told = users.published();
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].event_type, "users.user-registered.v1");
        assert_eq!(told[0].key, Some(user.id.to_string()));
        let data: serde_json::Value = serde_json::from_slice(&told[0].data).unwrap();
        let wanted = serde_json::json!({ "user_id": user.id.to_string(), "name": "Ana", "email": "Ana@b.c" });
        assert_eq!(data, wanted);
    }
}
