//! Bodies of what changes something: small, and bounded in time.

use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use msf_core::error::{Error, Kind};

/// How long a client may take to send one.
const PATIENCE: Duration = Duration::from_secs(5);

/// All of a body of at most `max` bytes.
pub(super) async fn read_body(body: Body, max: usize) -> Result<Bytes, Error> {
    tokio::time::timeout(PATIENCE, to_bytes(body, max))
        .await
        .map_err(|_| Error::of(Kind::DeadlineExceeded))?
        .map_err(|error| Error::of(Kind::TooLarge).with_source(error))
}
