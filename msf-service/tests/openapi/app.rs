//! An app with a route of each sort.

use msf_service::axum::http::{HeaderMap, StatusCode};
use msf_service::axum::response::{IntoResponse, Response};
use msf_service::axum::{Router, routing::get};
use msf_service::error::{Error, FieldError, Kind};
use msf_service::http::{Json, Path, Query, Routes};
use msf_service::openapi::{OpenApi, Operation};
use msf_service::{App, Boot, Rule};
use msf_testing::Started;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a caller sends.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewNote {
    /// What it says.
    #[schemars(length(min = 1, max = 20))]
    text: String,
    #[serde(default)]
    stars: u8,
}

/// What is kept of it.
#[derive(Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Note {
    id: u32,
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Page {
    /// From 1 on.
    #[schemars(range(min = 1))]
    #[serde(default)]
    page: Option<u32>,
    order: Order,
}

/// Which comes first.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Order {
    Newest,
    Oldest,
}

async fn create(Json(new): Json<NewNote>) -> Result<Response, Error> {
    if new.text.is_empty() || new.text.len() > 20 {
        let field = FieldError::new("text", "text.length", "has to have 1 to 20 characters");
        return Err(Error::of(Kind::Invalid).with_field(field));
    }
    if new.stars > 5 {
        return Err(Error::new(
            Kind::AlreadyExists,
            "note.there",
            "there is such a note",
        ));
    }
    let note = Note {
        id: 1,
        text: new.text,
        author: None,
    };
    Ok((StatusCode::CREATED, [("location", "/notes/1")], Json(note)).into_response())
}

async fn one(Path(id): Path<u32>, headers: HeaderMap) -> Result<Response, Error> {
    match id {
        0 => Err(Error::new(
            Kind::NotFound,
            "note.unknown",
            "there is no such note",
        )),
        _ if headers.contains_key("if-none-match") => Ok(StatusCode::NOT_MODIFIED.into_response()),
        // A mistake of the handler that the document does not know of.
        666 => Ok(Json("a beast").into_response()),
        667 => Ok(StatusCode::IM_A_TEAPOT.into_response()),
        668 => panic!("on purpose"),
        _ => Ok(Json(Note {
            id,
            text: "Tea".to_owned(),
            author: Some("ana".to_owned()),
        })
        .into_response()),
    }
}

async fn list(Query(page): Query<Page>) -> Json<Vec<Note>> {
    let text = match page.order {
        Order::Newest => "new",
        Order::Oldest => "old",
    };
    let note = Note {
        id: page.page.unwrap_or(1),
        text: text.to_owned(),
        author: None,
    };
    Json(vec![note])
}

pub(crate) fn routes() -> Routes {
    Routes::new()
        .post("/notes", Rule::public("everybody may write"), create)
        .describe(
            Operation::new("createNote", "Writes a note")
                .tag("notes")
                .body::<NewNote>()
                .answers::<Note>(StatusCode::CREATED, "The note.")
                .answer_header(StatusCode::CREATED, "Location", "Where it is.")
                .fails(Kind::AlreadyExists, "there is such a note"),
        )
        .get(
            "/notes/{id}",
            Rule::authenticated("notes are for members"),
            one,
        )
        .describe(
            Operation::new("note", "One note")
                .tag("notes")
                .description("Whoever wrote it.")
                .path::<u32>("id", "Which note.")
                .header("if-none-match", "What is known already.")
                .typed_header::<u8>("x-copies", "How many.")
                .answers::<Note>(StatusCode::OK, "The note.")
                .answers_empty(StatusCode::NOT_MODIFIED, "It is known already.")
                .fails(Kind::NotFound, "there is no such note")
                .fails(Kind::Forbidden, "the note is secret"),
        )
        .get("/notes", Rule::role("reader"), list)
        .describe(
            Operation::new("notes", "All notes")
                .tag("notes")
                .query::<Page>()
                .answers::<Vec<Note>>(StatusCode::OK, "A page of them."),
        )
        .put("/drafts/{id}/{part}", Rule::role("writer"), async || "kept")
        .get("/files/{*rest}", Rule::role("reader"), async || "a file")
        .mount(
            "/legacy",
            Rule::role("clerk"),
            Router::new().route("/report", get(async || "as ever")),
        )
}

pub(crate) async fn app(_: Boot<()>) -> msf_service::Result<App> {
    let api = OpenApi::new("Notes", "1.2.3").description("What people write.");
    Ok(App::new().http(routes()).openapi(api))
}

pub(crate) async fn started() -> Started {
    msf_testing::start(app, ()).await.expect("the app starts")
}
