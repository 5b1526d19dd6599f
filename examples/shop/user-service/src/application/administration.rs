//! What whoever manages users has to be, and what has to be there.

use msf_service::error::{Error, Kind};

use super::Situation;
use crate::domain::{Role, User, UserId};

/// Who acts, by the subject of its token. One whose id is none is nobody who is still there.
pub(super) fn acting(caller: &str) -> Result<UserId, Error> {
    UserId::parse(caller).ok_or_else(gone)
}

/// A token says who was admin when it was made: this says who is.
///
/// # Errors
///
/// `user.gone`, or `role.lost` where it is admin no more.
pub(super) fn still_admin(user: Option<&User>) -> Result<(), Error> {
    match user.map(|user| user.role) {
        Some(Role::Admin) => Ok(()),
        Some(Role::User) => {
            let message = "you are not an admin any more";
            Err(Error::new(Kind::Forbidden, "role.lost", message))
        }
        None => Err(gone()),
    }
}

/// The user that it is about, for whoever is admin.
///
/// # Errors
///
/// As [`still_admin`], `user.unknown`.
pub(super) fn sought(situation: &Situation) -> Result<User, Error> {
    still_admin(situation.admin.as_ref())?;
    situation.user.clone().ok_or_else(unknown)
}

/// That the user has one of the `expected` versions; any will do where there are none.
///
/// # Errors
///
/// `version.conflict`.
pub(super) fn expected_version(user: &User, expected: &[u64]) -> Result<(), Error> {
    if expected.is_empty() || expected.contains(&user.version) {
        return Ok(());
    }
    let message = "the user has been changed since";
    Err(Error::new(Kind::Conflict, "version.conflict", message))
}

/// That somebody is admin still, once this user is none.
///
/// # Errors
///
/// `admin.last`.
pub(super) fn not_the_last(situation: &Situation, user: &User) -> Result<(), Error> {
    if user.role == Role::Admin && !situation.other_admins {
        let message = "nobody would be admin any more";
        return Err(Error::new(Kind::Conflict, "admin.last", message));
    }
    Ok(())
}

pub(super) fn unknown() -> Error {
    Error::new(Kind::NotFound, "user.unknown", "no user has this id")
}

fn gone() -> Error {
    let message = "the user of this token is gone";
    Error::new(Kind::Unauthenticated, "user.gone", message)
}
