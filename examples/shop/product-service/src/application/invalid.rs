//! Violations of the domain's rules as an error.

use msf_service::error::{Error, FieldError, Kind};

use crate::domain::Violation;

/// One error that names every broken rule of a product.
pub(super) fn invalid(violations: impl IntoIterator<Item = Violation>) -> Error {
    with(Kind::Invalid, violations)
}

/// One error that names every broken rule of what asks for a list: it is a query that cannot be read, no product.
pub(super) fn malformed(violations: impl IntoIterator<Item = Violation>) -> Error {
    with(Kind::Malformed, violations)
}

fn with(kind: Kind, violations: impl IntoIterator<Item = Violation>) -> Error {
    let field = |broken: Violation| FieldError::new(broken.field, broken.code, broken.message);
    Error::of(kind).with_fields(violations.into_iter().map(field))
}
