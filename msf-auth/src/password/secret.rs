//! A password as somebody typed it.

use std::fmt;
use std::sync::Arc;

use msf_core::error::{Error, FieldError, Kind};
use zeroize::Zeroizing;

/// The longest password in bytes: 1 KiB.
pub const MAX_BYTES: usize = 1024;

/// A password as somebody typed it: never shown, never compared, wiped from memory when the last clone is dropped.
///
/// It is the bytes that were sent: nothing is trimmed, cut or normalised.
///
/// ```
/// use msf_auth::password::Password;
///
/// let password = Password::new("correct horse".to_owned()).unwrap();
/// assert_eq!(format!("{password:?}"), "Password([secret])");
/// assert_eq!(Password::new("x".repeat(1025)).unwrap_err().code(), "password.too_long");
/// ```
#[derive(Clone)]
pub struct Password(Arc<Zeroizing<String>>);

impl Password {
    /// Takes the password over; pass the `String` that was read, so that no copy is left behind.
    ///
    /// # Errors
    ///
    /// [`Kind::Invalid`], code `password.too_long`, if it is longer than [`MAX_BYTES`]: so much is never hashed.
    pub fn new(text: String) -> Result<Self, Error> {
        let text = Zeroizing::new(text);
        if text.len() > MAX_BYTES {
            let field = too_long();
            return Err(Error::new(
                Kind::Invalid,
                "password.too_long",
                "the password is too long",
            )
            .with_field(field));
        }
        Ok(Self(Arc::new(text)))
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password([secret])")
    }
}

pub(super) fn too_long() -> FieldError {
    FieldError::new(
        "password",
        "password.too_long",
        "must not be longer than 1024 bytes",
    )
}
