//! Between services: which service is calling, and for whom.
//!
//! [`ServiceIdentity`] makes a signed token of one minute for each callee; it is what a client shows
//! ([`CallIdentity`](msf_core::access::CallIdentity)). [`IdentityVerifier`] is the
//! [`Authenticator`](msf_core::access::Authenticator) of the callee, which takes nothing else.
//!
//! The token has a `typ` of its own, the calling service as `iss`, the callee as `aud`, and either the service itself as
//! `sub`, or the user on whose behalf it calls, and then the service as the one who acts (`act`, RFC 8693).
//!
//! What people wrongly assume:
//!
//! - *"Behind the gateway everybody is trusted."* Then one service that can be made to fetch a URL is all of them. A
//!   service that does not prove who it is is nobody.
//! - *"Pass the user's token on."* Then each service that saw it can call all the others as that user, for as long as it
//!   lives. A token made here is for one callee and one minute.
//! - *"A service that is trusted may speak for users."* Only one that was named with
//!   [`trust_for_users`](IdentityVerifier::trust_for_users) may; the others speak for themselves.
//!
//! ```
//! use http::HeaderMap;
//! use msf_auth::identity::{IdentityVerifier, ServiceIdentity};
//! use msf_auth::keys::KeyRing;
//! use msf_core::access::{Authenticator as _, CallIdentity as _, Principal};
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let ring = KeyRing::generate().unwrap();
//! let gateway = ServiceIdentity::new("api-gateway", ring.clone());
//! let user_service = IdentityVerifier::new("user-service").trust_for_users("api-gateway", ring);
//!
//! let mut headers = HeaderMap::new();
//! let user = Principal::user("user-7").with_role("admin");
//! let value = gateway.on_behalf().header(Some(&user), "user-service").unwrap();
//! headers.insert("authorization", value);
//! let principal = user_service.authenticate(&headers).await.unwrap().unwrap();
//! assert_eq!(principal.subject(), "user-7");
//! assert!(principal.has_role("admin") && !principal.is_service());
//! # });
//! ```

mod claims;
mod minted;
mod service_identity;
mod verifier;

pub use claims::IdentityClaims;
pub use service_identity::{Itself, OnBehalf, ServiceIdentity};
pub use verifier::IdentityVerifier;
