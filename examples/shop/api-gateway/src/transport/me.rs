//! `GET /api/v1/me`

use msf_service::context::Context;
use msf_service::error::{Error, Kind};
use msf_service::prelude::*;
use msf_service::prost_types::Timestamp;
use serde::Serialize;

use super::Gateway;

#[derive(Serialize)]
pub(super) struct Me {
    id: String,
    username: String,
    email: String,
    name: String,
    role: String,
    created_at: String,
    updated_at: String,
}

pub(super) async fn me(State(gateway): State<Gateway>) -> Result<Json<Me>, Error> {
    let context = Context::current();
    let caller = context.as_ref().and_then(Context::principal);
    let caller = caller.ok_or_else(|| Error::of(Kind::Unauthenticated))?;
    let user = match gateway.users.user(caller.subject().to_owned()).await {
        // The token outlives the user by a few minutes.
        Err(error) if error.kind() == Kind::NotFound => {
            let message = "the user of this token is gone";
            return Err(Error::new(Kind::Unauthenticated, "user.gone", message));
        }
        user => user?,
    };
    Ok(Json(Me {
        id: user.id,
        username: user.email.split('@').next().unwrap_or_default().to_owned(),
        email: user.email,
        name: user.name,
        role: user.role,
        created_at: date(user.created_at),
        updated_at: date(user.updated_at),
    }))
}

/// RFC 3339, in UTC.
fn date(time: Option<Timestamp>) -> String {
    time.unwrap_or_default().to_string()
}
