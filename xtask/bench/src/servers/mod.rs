//! The programs that are measured: a gateway in front of a service, with and without msf.
//!
//! All of them answer `GET /v1/users/{id}` with 150 bytes of JSON and `POST /v1/echo` with what they were sent, and ask the
//! service behind them for it.

pub mod both;
pub mod gateway;
pub(crate) mod local;
pub mod rung;
pub mod users;

mod answers;

/// Who issues the tokens of the measured callers, and for whom.
const ISSUER: &str = "https://bench.example";
const AUDIENCE: &str = "bench";
/// What the gateway is called by the service behind it.
const GATEWAY: &str = "bench-gateway";
const USERS: &str = "bench-users";
