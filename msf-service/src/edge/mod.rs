//! The accept loop: HTTP/1, HTTP/2 and gRPC on one port, with or without TLS, inside limits, and with a stop that ends.
//!
//! # What people wrongly assume
//!
//! * *Graceful shutdown ends.* `axum::serve(..).with_graceful_shutdown(..)` waits for ever for a client that sent half a
//!   request head, or an HTTP/2 preface and then nothing; so does tonic's server, for an idle TCP connection as well.
//!   One open `grpc.health.v1.Health/Watch` holds either of them. Here every connection task is tracked and every
//!   wait has an end.
//! * *A timeout around the server is enough.* Its connection tasks are detached and outlive it. [`Server::serve`] returns
//!   when no task is left, and says how many connections it had to cut.
//! * *Stopping at once is the quick and clean way.* It fails every request that a client has written and the server
//!   has not read yet. So a stop goes on accepting for [`ACCEPT_LONGER`] and says goodbye after [`GOODBYE_AFTER`].
//! * *A header timeout bounds slow clients.* It starts with the first byte of an HTTP/1 head. A client that never sends
//!   one, or half a TLS hello, or half an HTTP/2 preface, needs [`Options::header_time`], which starts at `accept`.
//!
//! # Example
//!
//! ```
//! use msf_service::edge::{Options, Server, Stop};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let router = axum::Router::new().route("/", axum::routing::get(|| async { "hello" }));
//! let server = Server::bind("127.0.0.1:0".parse()?, Options::default()).await?;
//! println!("listening on {}", server.local_addr());
//!
//! let stop = Stop::new();
//! let serving = tokio::spawn(server.serve(router, stop.clone()));
//! stop.soft.cancel(); // finish what is under way
//! let drained = serving.await?;
//! assert_eq!(drained.cut, 0);
//! # Ok(())
//! # }
//! ```

mod activity;
mod bind;
mod body;
mod connection;
mod counts;
mod executor;
mod io;
mod options;
mod peer;
mod server;
mod service;
mod stop;
pub mod tls;
mod watchdog;

pub use self::bind::BindError;
pub use self::counts::Counts;
pub use self::options::Options;
pub use self::peer::Peer;
pub use self::server::Server;
pub use self::stop::{ACCEPT_LONGER, Drained, GOODBYE_AFTER, QUIET, Stop};
