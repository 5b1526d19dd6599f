//! `POST /api/v1/register`

use msf_service::axum::http::StatusCode;
use msf_service::error::{Error, Kind};
use msf_service::openapi::Operation;
use msf_service::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shop_proto::user as pb;

use super::Gateway;
use super::text::LINE;

/// Who registers.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Registration {
    #[schemars(length(min = 1, max = 200), extend("pattern" = LINE))]
    name: String,
    #[schemars(length(max = 254), extend("format" = "email"))]
    email: String,
    /// 8 characters to 1 KiB, not a common one, not the e-mail address or the name itself.
    #[schemars(length(min = 8, max = 1_024))]
    password: String,
    /// `user`, if anything: nobody makes themselves admin.
    #[serde(default)]
    #[schemars(extend("examples" = ["user"]))]
    role: Option<String>,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Registered {
    user_id: String,
    message: &'static str,
}

pub(super) fn operation() -> Operation {
    Operation::new("register", "Registers a user")
        .tag("account")
        .body::<Registration>()
        .answers::<Registered>(StatusCode::CREATED, "The user is there")
        .fails(Kind::Forbidden, "nobody makes themselves admin")
        .fails(Kind::AlreadyExists, "the e-mail address is taken")
}

pub(super) async fn register(
    State(gateway): State<Gateway>,
    Json(body): Json<Registration>,
) -> Result<(StatusCode, Json<Registered>), Error> {
    let request = pb::RegisterRequest {
        name: body.name,
        email: body.email,
        password: body.password,
        role: body.role,
    };
    let user = gateway.users.register(request).await?;
    let registered = Registered {
        user_id: user.id,
        message: "user registered",
    };
    Ok((StatusCode::CREATED, Json(registered)))
}
