//! The services behind the gateway.

mod auth_service;
mod failure;
mod user_service;

pub(crate) use auth_service::AuthService;
pub(crate) use user_service::UserService;
