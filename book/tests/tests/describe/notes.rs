//! The service of the guide to describing an API.

// ANCHOR: uses
use msf_service::axum::http::StatusCode;
use msf_service::error::Kind;
use msf_service::openapi::{OpenApi, Operation};
use msf_service::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
// ANCHOR_END: uses

// ANCHOR: types
/// What a caller sends.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewNote {
    /// What it says.
    #[schemars(length(min = 1, max = 200))]
    text: String,
}

/// A note that is kept.
#[derive(Serialize, JsonSchema)]
struct Note {
    id: u32,
    text: String,
}

/// Which notes.
#[derive(Deserialize, JsonSchema)]
struct Page {
    /// From 1 on; 1 if absent.
    #[schemars(range(min = 1))]
    page: Option<u32>,
}
// ANCHOR_END: types

async fn create(Json(new): Json<NewNote>) -> Result<(StatusCode, Json<Note>), Error> {
    let text = new.text;
    if text.is_empty() || text.chars().count() > 200 {
        return Err(Error::of(Kind::Invalid));
    }
    Ok((StatusCode::CREATED, Json(Note { id: 1, text })))
}

async fn note(Path(id): Path<u32>) -> Result<Json<Note>, Error> {
    if id == 0 {
        return Err(Error::new(
            Kind::NotFound,
            "note.unknown",
            "there is no such note",
        ));
    }
    let text = "Buy tea".to_owned();
    Ok(Json(Note { id, text }))
}

async fn notes(Query(page): Query<Page>) -> Json<Vec<Note>> {
    let text = format!("page {}", page.page.unwrap_or(1));
    Json(vec![Note { id: 1, text }])
}

// ANCHOR: routes
fn routes() -> Routes {
    Routes::new()
        .post("/notes", Rule::role("writer"), create)
        .describe(
            Operation::new("createNote", "Writes a note")
                .body::<NewNote>()
                .answers::<Note>(StatusCode::CREATED, "The note."),
        )
        .get("/notes", Rule::public("notes are for everybody"), notes)
        .describe(
            Operation::new("notes", "All notes, page by page")
                .query::<Page>()
                .answers::<Vec<Note>>(StatusCode::OK, "The notes of the page."),
        )
        .get("/notes/{id}", Rule::public("notes are for everybody"), note)
        .describe(
            Operation::new("note", "One note")
                .path::<u32>("id", "Which note.")
                .answers::<Note>(StatusCode::OK, "The note.")
                .fails(Kind::NotFound, "there is no such note"),
        )
}
// ANCHOR_END: routes

// ANCHOR: app
pub async fn app(_: Boot<()>) -> msf_service::Result<App> {
    let api = OpenApi::new("Notes", env!("CARGO_PKG_VERSION"));
    Ok(App::new().http(routes()).openapi(api))
}
// ANCHOR_END: app
