//! What clients get for input that is wrong, row by row, over HTTP and over gRPC.
#![expect(clippy::print_stdout, reason = "the figures are what it is for")]

#[path = "../support/mod.rs"]
mod support;

mod admin;
mod bodies;
mod bounds;
mod grpc;
mod http;
mod numbers;
mod paths;
mod random;
mod same_rules;
mod tokens;
