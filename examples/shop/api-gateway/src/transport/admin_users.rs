//! `/api/v1/admin/users`: what admins make of the users.

use msf_service::axum::http::StatusCode;
use msf_service::error::Kind;
use msf_service::openapi::Operation;
use msf_service::prelude::{Error, Json, Query, Routes, State};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shop_proto::user as pb;

use super::current_admin::CurrentAdmin;
use super::given::given;
use super::id::Id;
use super::if_match::{IfMatch, only_if};
use super::page::Page;
use super::tagged::{Tag, Tagged};
use super::text::LINE;
use super::user::User;
use super::{Gateway, admin};

const SUCCESS: &str = "success";

/// A page of users, the oldest first.
#[derive(Serialize, JsonSchema)]
struct UserPage {
    users: Vec<User>,
    /// On all pages.
    total: u64,
    current_page: u32,
    total_pages: u64,
    message: &'static str,
    /// `success`.
    status: &'static str,
}

/// What is to change of a user; fields that are left out stay as they are.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct UserChange {
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "String", length(min = 1, max = 200), extend("pattern" = LINE))]
    name: Option<String>,
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "String", length(max = 254), extend("format" = "email"))]
    email: Option<String>,
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "String", extend("enum" = ["user", "admin"]))]
    role: Option<String>,
}

/// It is done.
#[derive(Serialize, JsonSchema)]
struct UserDone {
    message: &'static str,
    /// `success`.
    status: &'static str,
}

pub(super) fn routes() -> Routes<Gateway> {
    Routes::new()
        .get("/api/v1/admin/users", admin(), list)
        .describe(list_operation())
        .put("/api/v1/admin/users/{id}", admin(), update)
        .describe(update_operation())
        .delete("/api/v1/admin/users/{id}", admin(), delete)
        .describe(delete_operation())
}

fn list_operation() -> Operation {
    Operation::new("listUsers", "A page of all users")
        .tag("users")
        .query::<Page>()
        .answers::<UserPage>(StatusCode::OK, "The page, oldest user first")
}

fn update_operation() -> Operation {
    let operation = Operation::new("updateUser", "Changes what is given of a user")
        .tag("users")
        .path::<String>("id", "Which user")
        .body::<UserChange>()
        .answers::<UserDone>(StatusCode::OK, "The user is changed")
        .answer_header(StatusCode::OK, "etag", "The version of the user")
        .fails(Kind::NotFound, "there is no such user")
        .fails(Kind::AlreadyExists, "the e-mail address is taken")
        .fails(Kind::Conflict, "nobody would be admin any more");
    only_if(operation)
}

fn delete_operation() -> Operation {
    let operation = Operation::new("deleteUser", "Ends a user and their sessions")
        .tag("users")
        .path::<String>("id", "Which user")
        .answers::<UserDone>(StatusCode::OK, "The user is gone")
        .fails(Kind::NotFound, "there is no such user")
        .fails(Kind::Conflict, "nobody would be admin any more");
    only_if(operation)
}

async fn list(
    _: CurrentAdmin,
    State(gateway): State<Gateway>,
    Query(page): Query<Page>,
) -> Result<Json<UserPage>, Error> {
    let request = pb::ListUsersRequest {
        page: page.page,
        page_size: page.page_size,
    };
    let page = gateway.users.list(request).await?;
    Ok(Json(UserPage {
        users: page.users.into_iter().map(User::from).collect(),
        total: page.total,
        current_page: page.page,
        total_pages: page.total.div_ceil(u64::from(page.page_size.max(1))),
        message: "users listed",
        status: SUCCESS,
    }))
}

async fn update(
    _: CurrentAdmin,
    State(gateway): State<Gateway>,
    Id(id): Id,
    IfMatch(expected_versions): IfMatch,
    Json(change): Json<UserChange>,
) -> Result<Tagged<UserDone>, Error> {
    let request = pb::UpdateUserRequest {
        id,
        name: change.name,
        email: change.email,
        role: change.role,
        expected_versions,
    };
    let version = gateway.users.update(request).await?.version;
    Ok(Tagged {
        tag: Tag::version(version),
        body: UserDone {
            message: "user updated",
            status: SUCCESS,
        },
    })
}

async fn delete(
    _: CurrentAdmin,
    State(gateway): State<Gateway>,
    Id(id): Id,
    IfMatch(expected_versions): IfMatch,
) -> Result<Json<UserDone>, Error> {
    let request = pb::DeleteUserRequest {
        id,
        expected_versions,
    };
    gateway.users.delete(request).await?;
    Ok(Json(UserDone {
        message: "user deleted",
        status: SUCCESS,
    }))
}
