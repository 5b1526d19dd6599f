//! What clients get for input that is wrong, row by row, over HTTP and over gRPC.
#![expect(clippy::print_stdout, reason = "the figures are what it is for")]

#[path = "../support/mod.rs"]
mod support;

mod bodies;
mod grpc;
mod http;
mod random;
mod tokens;
