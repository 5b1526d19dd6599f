//! Violations of the domain's rules as an error.

use msf_service::error::{Error, FieldError, Kind};

use crate::domain::Violation;

/// One error that names every broken rule.
pub(super) fn invalid(violations: Vec<Violation>) -> Error {
    let field = |violation| match violation {
        Violation::Empty(field) => FieldError::new(field, "required", "is empty"),
        Violation::TooLong(field) => {
            FieldError::new(field, format!("{field}.too_long"), "is too long")
        }
    };
    Error::of(Kind::Invalid).with_fields(violations.into_iter().map(field))
}

/// The error of a refresh token that was left empty.
pub(super) fn required(token: &str) -> Result<(), Error> {
    if token.is_empty() {
        return Err(invalid(vec![Violation::Empty("refresh_token")]));
    }
    Ok(())
}
