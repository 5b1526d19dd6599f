//! Ends a user.

use msf_service::bus::Outgoing;
use msf_service::error::Error;
use shop_proto::events::UserDeleted;

use super::administration::{acting, expected_version, not_the_last, sought, unknown};
use super::{Outcome, Users};
use crate::domain::UserId;

/// Ends users, for admins.
#[derive(Clone, Debug)]
pub struct DeleteUser<U> {
    users: U,
}

impl<U: Users> DeleteUser<U> {
    /// Over these users.
    pub fn new(users: U) -> Self {
        Self { users }
    }

    /// Ends a user, for the admin `caller`; the event that tells of it is stored in the same transaction.
    ///
    /// Only where the user has one of the `expected_versions`; empty: whichever it has.
    ///
    /// # Errors
    ///
    /// The first of these: `user.gone` or `role.lost` where the caller is admin no more; `user.unknown`; `version.conflict`;
    /// `admin.last`; or what the store says. The user stays then.
    pub async fn run(
        &self,
        caller: &str,
        id: &str,
        expected_versions: Vec<u64>,
    ) -> Result<(), Error> {
        let (admin, id) = (acting(caller)?, UserId::parse(id).ok_or_else(unknown)?);
        let deleted = self.users.administer(admin, id, move |situation| {
            let user = sought(&situation)?;
            expected_version(&user, &expected_versions)?;
            not_the_last(&situation, &user)?;
            Ok(Outcome::Delete(Outgoing::one(UserDeleted {
                user_id: user.id.to_string(),
            })))
        });
        deleted.await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::fakes::InMemory;
    use super::*;
    use crate::domain::Role;

    #[tokio::test]
    async fn a_deleted_user_is_gone_and_told_of_once() {
        let users = InMemory::default();
        let boss = users.with("boss@b.c", Role::Admin).id.to_string();
        let ana = users.with("ana@b.c", Role::User).id.to_string();
        let delete = DeleteUser::new(users.clone());
        delete.run(&boss, &ana, vec![1]).await.unwrap();
        assert_eq!(users.role_of("ana@b.c"), None);
        let again = delete.run(&boss, &ana, vec![1]).await.unwrap_err();
        assert_eq!(again.code(), "user.unknown");

        let told = users.published();
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].event_type, "users.user-deleted.v1");
        assert_eq!(told[0].key.as_deref(), Some(&*ana));
        let data: serde_json::Value = serde_json::from_slice(&told[0].data).unwrap();
        assert_eq!(data, serde_json::json!({ "user_id": ana }));
    }

    #[tokio::test]
    async fn who_is_not_deleted_stays_and_nothing_is_told() {
        let users = InMemory::default();
        let boss = users.with("boss@b.c", Role::Admin).id.to_string();
        let ana = users.with("ana@b.c", Role::User).id.to_string();
        let delete = DeleteUser::new(users.clone());
        let nobody = UserId::new().to_string();
        for (caller, id, expected, code) in [
            (&*boss, &*nobody, &[][..], "user.unknown"),
            (&*boss, "../ana", &[], "user.unknown"),
            (&*boss, &*ana, &[0, 2], "version.conflict"),
            (&*boss, &*boss, &[1], "admin.last"),
            (&*ana, &*boss, &[], "role.lost"),
            (&*ana, &*ana, &[], "role.lost"),
            (&*nobody, &*ana, &[], "user.gone"),
        ] {
            let refused = delete.run(caller, id, expected.to_vec()).await;
            assert_eq!(refused.unwrap_err().code(), code, "{id}");
        }
        assert_eq!(users.role_of("boss@b.c"), Some(Role::Admin));
        assert_eq!(users.role_of("ana@b.c"), Some(Role::User));
        assert_eq!(users.published(), []);
    }
}
