//! Who is calling, as the user-service knows them now.

use msf_service::context::Context;
use msf_service::error::{Error, Kind};
use shop_proto::user as pb;

use super::Gateway;

/// The user of the token. One who is gone is nobody, though the token lives on for a few minutes.
///
/// # Errors
///
/// 401 `user.gone`; the user-service does not answer.
pub(super) async fn caller(gateway: &Gateway) -> Result<pb::User, Error> {
    let context = Context::current();
    let caller = context.as_ref().and_then(Context::principal);
    let caller = caller.ok_or_else(|| Error::of(Kind::Unauthenticated))?;
    match gateway.users.user(caller.subject().to_owned()).await {
        Err(error) if error.kind() == Kind::NotFound => {
            let message = "the user of this token is gone";
            Err(Error::new(Kind::Unauthenticated, "user.gone", message))
        }
        user => user,
    }
}
