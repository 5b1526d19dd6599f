//! The services behind the gateway.

mod auth_service;
mod failure;
mod product_service;
mod user_service;

pub(crate) use auth_service::AuthService;
pub(crate) use product_service::{ProductService, Reader};
pub(crate) use user_service::UserService;
