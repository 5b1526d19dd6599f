//! Dead letters: looked at, put back and removed while the process runs.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use msf_bus::EventId;
use msf_bus::dead_letter::{DeadLetter, Which};
use msf_core::error::{Error, Kind};
use serde::Deserialize;
use serde_json::Value;

use super::Document;
use super::body::read_body;
use super::document::Form;
use super::guard::MAX_BODY;
use super::index::{Escaped, frame};
use super::part::method_not_allowed;
use crate::dead::{self, Action, DeadError, Done, Letters};

/// The columns of the table.
const HEADS: [&str; 7] = [
    "id",
    "type",
    "subscription",
    "reason",
    "attempts",
    "since",
    "error",
];

/// What the pages are about.
struct View {
    title: String,
    letters: Letters,
}

/// What a POST asks for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    action: Action,
    ids: Option<Vec<String>>,
    #[serde(default)]
    all: bool,
    #[serde(default)]
    dry_run: bool,
}

pub(super) fn router(app: &str, letters: Letters) -> Router {
    let title = format!("Dead letters of {app}");
    Router::new()
        .route("/dead", get(list).post(decide))
        .route("/dead/{id}", get(show))
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(Arc::new(View { title, letters }))
}

async fn list(State(view): State<Arc<View>>, request: Request) -> Result<Response, Error> {
    let parts = request.into_parts().0;
    let letters = view.letters.list(&Which::All).await.map_err(refused)?;
    if Form::wanted(&parts, true)? == Form::Html {
        return Ok(frame(&view.title, &rows(&letters)));
    }
    let json = letters.iter().map(dead::entry).collect::<Value>();
    Document::new(dead::table(&letters), json).answer(&parts)
}

async fn show(
    State(view): State<Arc<View>>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Error> {
    let parts = request.into_parts().0;
    let which = Which::Events(vec![id_of(&id)?]);
    let letters = view.letters.list(&which).await.map_err(refused)?;
    let text = dead::of_letters(&letters);
    if Form::wanted(&parts, true)? == Form::Html {
        return Ok(frame(
            &view.title,
            &format!(
                "<p><a href=\"../dead\">all dead letters</a></p>\n<pre>{}</pre>",
                Escaped(&text)
            ),
        ));
    }
    let json = letters.iter().map(dead::whole).collect::<Value>();
    Document::new(text, json).answer(&parts)
}

async fn decide(State(view): State<Arc<View>>, request: Request) -> Result<Response, Error> {
    let order = read(request.into_body()).await?;
    let which = order.which()?;
    let done = view
        .letters
        .decide(order.action, &which, order.dry_run)
        .await
        .map_err(refused)?;
    note(&done);
    Ok(Json(dead::done(&done)).into_response())
}

impl Order {
    fn which(&self) -> Result<Which, Error> {
        match (&self.ids, self.all) {
            (None, true) => Ok(Which::All),
            (Some(ids), false) if !ids.is_empty() => {
                let ids: Result<_, Error> = ids.iter().map(|id| id_of(id)).collect();
                Ok(Which::Events(ids?))
            }
            _ => Err(malformed("either `ids`, with at least one, or `all: true`")),
        }
    }
}

async fn read(body: Body) -> Result<Order, Error> {
    let body = read_body(body, MAX_BODY).await?;
    serde_json::from_slice(&body).map_err(|error| malformed(error.to_string()))
}

/// Whoever looks for an event later finds that it was taken away, and when.
fn note(done: &Done) {
    if done.dry_run {
        return;
    }
    let ids: Vec<_> = done
        .letters
        .iter()
        .map(|letter| letter.envelope.id.to_string())
        .collect();
    let (action, count) = (done.action.as_str(), done.count);
    tracing::info!(
        action,
        count,
        ids = ids.join(" "),
        "dead letters decided about"
    );
}

fn id_of(text: &str) -> Result<EventId, Error> {
    text.parse()
        .map_err(|error: msf_bus::InvalidEventId| malformed(error.to_string()))
}

fn malformed(message: impl Into<String>) -> Error {
    Error::new(Kind::Malformed, "admin.dead", message.into())
}

fn refused(error: DeadError) -> Error {
    match error {
        DeadError::Unknown(_) => Error::new(Kind::NotFound, "admin.dead", error.to_string()),
        DeadError::Transport(error) => error.into(),
    }
}

/// A table whose ids are links. The links are relative, so that they work behind a path of a proxy too.
fn rows(letters: &[DeadLetter]) -> String {
    if letters.is_empty() {
        return "<p>None.</p>".to_owned();
    }
    let mut rows = String::new();
    for letter in letters {
        let entry = dead::entry(letter);
        let cell = |name: &str| match &entry[name] {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let id = cell("id");
        // Writing to a String does not fail.
        let _ = write!(
            rows,
            "<tr><td><a href=\"dead/{0}\">{0}</a></td>",
            Escaped(&id)
        );
        for name in &HEADS[1..] {
            let _ = write!(rows, "<td>{}</td>", Escaped(&cell(name)));
        }
        rows.push_str("</tr>\n");
    }
    let heads = HEADS.join("</th><th>");
    let how = "<p>To decide about them: the command <code>dead</code>, or <code>POST /dead</code> with \
               <code>{\"action\": \"redrive\", \"ids\": [\"..\"]}</code> (or <code>\"purge\"</code>; or <code>\"all\": true</code> for the \
               ids).</p>";
    format!("<table>\n<tr><th>{heads}</th></tr>\n{rows}</table>\n{how}")
}
