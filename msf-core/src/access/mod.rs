//! Who may call what: principals, rules, and the layers that check them.
//!
//! Authentication answers *who is calling*: an [`Authenticator`] turns credentials into a [`Principal`], and
//! [`AuthenticateLayer`] puts it into the request's [`Context`](crate::context::Context). Authorization answers *may
//! they*: a [`Rule`] is a value that stands beside its route or RPC, so that none can be forgotten.
//!
//! What people wrongly assume:
//!
//! - *"A bad token on a public route is an error."* It is not looked at there: a client whose token has expired must
//!   still be able to log in. On any other route it is 401.
//! - *"A rule can be matched by path."* Two spellings of one path would have two rules. Ours are checked inside the
//!   method or route that runs.
//! - *"No layer, no check."* Without an authentication layer everybody is anonymous, and only a public rule lets
//!   anonymous callers in.
//!
//! ```
//! use msf_core::access::{Principal, Rule};
//!
//! let rule = Rule::<()>::role("admin").or(Rule::service("auth-service"));
//! assert_eq!(rule.to_string(), "role admin, or service auth-service");
//! # let _ = Principal::user("ana").with_role("admin");
//! ```

mod authenticate;
mod authenticator;
mod call_identity;
mod decision;
mod failure_limit;
mod head;
mod layer;
mod principal;
mod rpc;
mod rule;
mod sees;

pub use authenticate::{AuthenticateFuture, AuthenticateLayer, AuthenticateService};
pub use authenticator::{Authenticator, Identity};
pub use call_identity::CallIdentity;
pub use decision::Refusal;
pub use failure_limit::FailureLimit;
pub use head::Head;
pub use layer::{AccessFuture, AccessLayer, AccessService};
pub use principal::{OwnerId, Principal};
pub use rpc::{ClientStream, RpcName};
pub use rule::{Condition, Rule, RuleInfo};
pub use sees::{Sees, Sight};
