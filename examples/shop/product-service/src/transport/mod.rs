//! The service as its callers see it.

mod grpc;

pub(crate) use grpc::Transport;
