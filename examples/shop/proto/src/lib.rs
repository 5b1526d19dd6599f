//! All contracts between the services of the shop, as Rust: messages, access tables, guards and clients.
//!
//! One crate compiles them all, so that a service and its callers cannot have two opinions. A breaking change gets a new
//! package (`shop.user.v2`) beside the old one.
//!
//! Messages that carry passwords or tokens show no field in `Debug`:
//!
//! ```
//! let request = shop_proto::auth::LoginRequest { email: "ana@example.com".into(), password: "hunter2".into() };
//! assert_eq!(format!("{request:?}"), "LoginRequest { .. }");
//! ```

pub mod events;

#[expect(unreachable_pub, reason = "what is public is re-exported below")]
mod packages {
    msf_service::include_proto!();
}

/// `shop.auth.v1`: login, refresh, logout.
pub use packages::shop::auth::v1 as auth;
/// `shop.product.v1`: products.
pub use packages::shop::product::v1 as product;
/// `shop.user.v1`: users.
pub use packages::shop::user::v1 as user;
