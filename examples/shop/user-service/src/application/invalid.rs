//! Violations of the domain's rules as an error.

use msf_service::error::{Error, FieldError, Kind};

use crate::domain::Violation;

/// One error that names every broken rule.
pub(super) fn invalid(violations: impl IntoIterator<Item = Violation>) -> Error {
    of(Kind::Invalid, violations)
}

/// One error of this kind that names every broken rule.
pub(super) fn of(kind: Kind, violations: impl IntoIterator<Item = Violation>) -> Error {
    let field = |broken: Violation| FieldError::new(broken.field, broken.code, broken.message);
    Error::of(kind).with_fields(violations.into_iter().map(field))
}
