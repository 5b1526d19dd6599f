//! What several tests share: servers on port 0, a plain HTTP client, captured log lines and metrics.
#![allow(dead_code, reason = "each test uses a part of it")]

pub(crate) mod capture;
pub(crate) mod grpc;
pub(crate) mod http;
pub(crate) mod stack;
