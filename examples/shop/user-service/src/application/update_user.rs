//! Changes a user.

use std::fmt;

use msf_service::clock::Clock;
use msf_service::error::Error;

use super::administration::{acting, expected_version, not_the_last, sought, unknown};
use super::invalid::invalid;
use super::{Outcome, Users};
use crate::domain::{Changes, Role, User, UserId};

/// Changes users, for admins.
#[derive(Clone, Debug)]
pub struct UpdateUser<U> {
    users: U,
    clock: Clock,
}

/// What is to be changed of whom; what is absent stays as it is. `Debug` shows none of it.
#[derive(Default)]
pub struct Update {
    /// The id of the user.
    pub id: String,
    /// The name.
    pub name: Option<String>,
    /// The e-mail address.
    pub email: Option<String>,
    /// The role.
    pub role: Option<String>,
    /// Only where the user has one of these versions; empty: whichever it has.
    pub expected_versions: Vec<u64>,
}

impl<U: Users> UpdateUser<U> {
    /// Over these.
    pub fn new(users: U, clock: Clock) -> Self {
        Self { users, clock }
    }

    /// Changes a user, for the admin `caller`, and answers with it.
    ///
    /// A change that leaves all as it is counts as any other.
    ///
    /// # Errors
    ///
    /// The first of these: `user.gone` or `role.lost` where the caller is admin no more; `user.unknown`; `invalid` with every
    /// broken rule; `version.conflict`; `admin.last`; `email.taken`; or what the store says. Nothing is changed then.
    pub async fn run(&self, caller: &str, update: Update) -> Result<User, Error> {
        let Update {
            id,
            name,
            email,
            role,
            expected_versions,
        } = update;
        let changes = Changes::parse(name.as_deref(), email.as_deref(), role.as_deref());
        let (admin, id) = (acting(caller)?, UserId::parse(&id).ok_or_else(unknown)?);
        let now = self.clock.now();
        let updated = self.users.administer(admin, id, move |situation| {
            let user = sought(&situation)?;
            let then = changes.map_err(invalid)?.of(&user, now);
            expected_version(&user, &expected_versions)?;
            if then.role != Role::Admin {
                not_the_last(&situation, &user)?;
            }
            Ok(Outcome::Change(then))
        });
        updated.await?.ok_or_else(unknown)
    }
}

impl fmt::Debug for Update {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Update").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use msf_service::clock::FakeClock;

    use super::super::fakes::InMemory;
    use super::*;

    const LATER: Duration = Duration::from_secs(7);

    async fn update(users: &InMemory, caller: UserId, update: Update) -> Result<User, Error> {
        let clock = FakeClock::new(SystemTime::UNIX_EPOCH + LATER);
        let use_case = UpdateUser::new(users.clone(), clock.clock());
        use_case.run(&caller.to_string(), update).await
    }

    fn to(id: impl ToString, role: &str, expected: &[u64]) -> Update {
        Update {
            id: id.to_string(),
            role: Some(role.to_owned()),
            expected_versions: expected.to_vec(),
            ..Update::default()
        }
    }

    #[tokio::test]
    async fn what_is_given_changes_and_the_rest_stays() {
        let users = InMemory::default();
        let boss = users.with("boss@b.c", Role::Admin).id;
        let ana = users.with("ana@b.c", Role::User);
        let renamed = Update {
            id: ana.id.to_string(),
            name: Some("Ana María".to_owned()),
            expected_versions: vec![7, 1],
            ..Update::default()
        };
        let renamed = update(&users, boss, renamed).await.unwrap();
        assert_eq!(renamed.name.as_str(), "Ana María");
        assert_eq!(renamed.email.as_str(), "ana@b.c");
        assert_eq!((renamed.role, renamed.version), (Role::User, 2));
        assert_eq!(renamed.updated_at, SystemTime::UNIX_EPOCH + LATER);
        let promoted = update(&users, boss, to(ana.id, "admin", &[])).await;
        assert_eq!(promoted.unwrap().version, 3);
        assert_eq!(users.role_of("ana@b.c"), Some(Role::Admin));
        assert_eq!(users.published(), []);
    }

    #[tokio::test]
    async fn what_changes_nothing_counts_all_the_same() {
        let users = InMemory::default();
        let boss = users.with("boss@b.c", Role::Admin).id;
        let same = update(&users, boss, to(boss, "admin", &[1])).await;
        assert_eq!(same.unwrap().version, 2);
        let stale = update(&users, boss, to(boss, "admin", &[0, 1])).await;
        assert_eq!(stale.unwrap_err().code(), "version.conflict");
    }

    #[tokio::test]
    async fn what_is_refused_changes_nothing() {
        let users = InMemory::default();
        let boss = users.with("boss@b.c", Role::Admin).id;
        let ana = users.with("ana@b.c", Role::User).id;
        let taken = Update {
            id: ana.to_string(),
            email: Some("BOSS@b.c".to_owned()),
            ..Update::default()
        };
        let invalid = |id: UserId| Update {
            id: id.to_string(),
            name: Some(" ".to_owned()),
            email: Some("ana".to_owned()),
            role: Some("root".to_owned()),
            expected_versions: vec![9],
        };
        for (caller, wanted, code) in [
            (ana, invalid(UserId::new()), "role.lost"),
            (boss, invalid(UserId::new()), "user.unknown"),
            (boss, invalid(ana), "invalid"),
            (boss, to("ana", "admin", &[]), "user.unknown"),
            (boss, to(ana, "admin", &[2]), "version.conflict"),
            (boss, to(boss, "user", &[]), "admin.last"),
            (boss, taken, "email.taken"),
            (ana, to(ana, "admin", &[]), "role.lost"),
            (UserId::new(), to(ana, "admin", &[]), "user.gone"),
        ] {
            let refused = update(&users, caller, wanted).await;
            let refused = refused.unwrap_err();
            assert_eq!(refused.code(), code);
            assert_eq!(
                refused.fields().len(),
                if code == "invalid" { 3 } else { 0 }
            );
            assert_eq!(users.role_of("boss@b.c"), Some(Role::Admin), "{code}");
            assert_eq!(users.role_of("ana@b.c"), Some(Role::User), "{code}");
        }
    }

    #[tokio::test]
    async fn an_admin_may_step_back_where_another_stays() {
        let users = InMemory::default();
        let boss = users.with("boss@b.c", Role::Admin).id;
        users.with("ana@b.c", Role::Admin);
        let stepped = update(&users, boss, to(boss, "user", &[]));
        assert_eq!(stepped.await.unwrap().role, Role::User);
    }
}
