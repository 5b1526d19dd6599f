//! What somebody logs in with.

use std::fmt;

use super::Violation;

/// The longest e-mail address that any user can have.
const LONGEST_EMAIL: usize = 254;
/// The longest password that any user can have, in bytes.
const LONGEST_PASSWORD: usize = 1024;

/// An e-mail address and a password that may be a user's. `Debug` shows neither.
///
/// What no user can have is refused before anything is asked or hashed. Whether the address is well-formed is not looked
/// at: one that nobody can have is as wrong as one that nobody has.
///
/// ```
/// use auth_service::domain::Credentials;
/// let credentials = Credentials::new("Ana@Example.com", "correct horse").unwrap();
/// assert_eq!(credentials.account(), "ana@example.com");
/// assert_eq!(Credentials::new("", "").unwrap_err().len(), 2);
/// ```
pub struct Credentials {
    email: String,
    password: String,
}

impl Credentials {
    /// Takes what was sent.
    ///
    /// # Errors
    ///
    /// Every field that is empty or too long.
    pub fn new(
        email: impl Into<String>,
        password: impl Into<String>,
    ) -> Result<Self, Vec<Violation>> {
        let (email, password) = (email.into(), password.into());
        let mut violations = Vec::new();
        let mut look = |field, empty: bool, too_long: bool| {
            violations.extend(empty.then_some(Violation::Empty(field)));
            violations.extend(too_long.then_some(Violation::TooLong(field)));
        };
        let characters = email.chars().count();
        look("email", email.is_empty(), characters > LONGEST_EMAIL);
        look(
            "password",
            password.is_empty(),
            password.len() > LONGEST_PASSWORD,
        );
        if violations.is_empty() {
            Ok(Self { email, password })
        } else {
            Err(violations)
        }
    }

    /// The address, as it was sent.
    pub fn email(&self) -> &str {
        &self.email
    }

    /// What failed logins of one account are counted by: the address without case.
    pub fn account(&self) -> String {
        self.email.to_ascii_lowercase()
    }

    /// The password, for the one place that checks it.
    pub fn into_password(self) -> String {
        self.password
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").finish_non_exhaustive()
    }
}
