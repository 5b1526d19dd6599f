//! Dates in answers.

use msf_service::prost_types::Timestamp;

/// RFC 3339, in UTC.
pub(super) fn date(time: Option<Timestamp>) -> String {
    time.unwrap_or_default().to_string()
}
