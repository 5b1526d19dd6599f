//! All users, a page at a time.

use msf_service::error::{Error, Kind};

use super::administration::{acting, still_admin};
use super::invalid::of;
use super::{Listed, Users};
use crate::domain::Page;

/// Lists users, the oldest first.
#[derive(Clone, Debug)]
pub struct ListUsers<U> {
    users: U,
}

impl<U: Users> ListUsers<U> {
    /// Over these users.
    pub fn new(users: U) -> Self {
        Self { users }
    }

    /// A page of all users, for the admin `caller`. One beyond the last is empty.
    ///
    /// # Errors
    ///
    /// `malformed` with the violations of the page, `user.gone` or `role.lost` where the caller is admin no more, or what the
    /// store says.
    pub async fn run(
        &self,
        caller: &str,
        page: Option<u32>,
        page_size: Option<u32>,
    ) -> Result<(Page, Listed), Error> {
        let page = Page::new(page, page_size).map_err(|broken| of(Kind::Malformed, broken))?;
        let (admin, listed) = self.users.list(acting(caller)?, page).await?;
        still_admin(admin.as_ref())?;
        Ok((page, listed))
    }
}

#[cfg(test)]
mod tests {
    use super::super::fakes::InMemory;
    use super::*;
    use crate::domain::Role;

    #[tokio::test]
    async fn pages_are_in_order_and_tell_how_many_there_are() {
        let users = InMemory::default();
        let boss = users.with("boss@b.c", Role::Admin);
        for number in 0..4 {
            users.with(&format!("{number}@b.c"), Role::User);
        }
        let list = ListUsers::new(users);
        let mut seen = Vec::new();
        for (page, expected) in [(1, 2), (2, 2), (3, 1), (4, 0), (u32::MAX, 0)] {
            let caller = boss.id.to_string();
            let (_, listed) = list.run(&caller, Some(page), Some(2)).await.unwrap();
            assert_eq!((listed.users.len(), listed.total), (expected, 5), "{page}");
            seen.extend(listed.users.into_iter().map(|user| user.email.key()));
        }
        assert_eq!(seen, ["boss@b.c", "0@b.c", "1@b.c", "2@b.c", "3@b.c"]);
    }

    #[tokio::test]
    async fn only_who_still_is_admin_sees_them() {
        let users = InMemory::default();
        let ana = users.with("ana@b.c", Role::User);
        let list = ListUsers::new(users);
        for (caller, code) in [
            (ana.id.to_string(), "role.lost"),
            (crate::domain::UserId::new().to_string(), "user.gone"),
            ("boss".to_owned(), "user.gone"),
        ] {
            let error = list.run(&caller, None, None).await.unwrap_err();
            assert_eq!(error.code(), code, "{caller}");
        }
    }

    #[tokio::test]
    async fn a_page_that_is_none_is_a_broken_query() {
        let users = InMemory::default();
        let boss = users.with("boss@b.c", Role::Admin);
        let list = ListUsers::new(users);
        let error = list.run(&boss.id.to_string(), Some(0), Some(0)).await;
        let error = error.unwrap_err();
        assert_eq!(error.kind(), Kind::Malformed);
        let fields: Vec<_> = error
            .fields()
            .iter()
            .map(msf_service::error::FieldError::field)
            .collect();
        assert_eq!(fields, ["page", "page_size"]);
    }
}
