//! gRPC: services behind their access rules, health and reflection.
//!
//! `msf-build` makes a table of rules and a guard of each service; what the guard gives is a [`Guarded`], and only
//! that can be served. [`health_service`] and [`reflection_services`] are [`Guarded`] too, so that every RPC of a
//! process has a rule to show.
//!
//! What people wrongly assume:
//!
//! - *"An interceptor protects a service."* It sees a path, not a method, and the one service that was added without
//!   it is open. The generated guard checks inside each method; there is nothing to add and nothing to forget.
//! - *"An unknown path of a gRPC server is refused."* tonic's own router answers HTTP 200 to every path. Ours routes
//!   `/package.Service/..` only; anything else is a plain 404.
//! - *"gRPC health says that the process runs."* It says whether calls should be sent here: it follows the state of
//!   the service and its required checks.
//!
//! ```
//! use msf_service::grpc::{health_service, reflection_services};
//! use msf_core::health::Health;
//!
//! let health = health_service(Health::new(), ["hello.v1.Greeter"]);
//! assert_eq!(health.rules()[0].path, "/grpc.health.v1.Health/Check");
//!
//! // Any tonic server takes them, and so does an axum router.
//! let server = tonic::transport::Server::builder().add_service(health.clone());
//! let router = axum::Router::new().merge(health.into_router());
//! # let _ = (server, router);
//! ```

mod guarded;
mod health;
mod reflection;
mod service;

pub use guarded::{Guarded, GuardedFuture, RpcRule};
pub use health::{HealthService, WatchStream, health_service};
pub use reflection::{ReflectionError, reflection_services};
pub use service::{RpcService, ServiceInfo};

#[doc(hidden)]
pub use {guarded::guarded, service::service_info};
