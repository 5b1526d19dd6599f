//! `GET /mail` and `GET /mail/{id}`

use msf_service::Rule;
use msf_service::access::Head;
use msf_service::axum::http::HeaderMap;
use msf_service::axum::response::Response;
use msf_service::error::{Error, Kind};
use msf_service::prelude::*;

use super::format::Format;
use super::list::List;
use super::{html, json};
use crate::application::MailboxReader;
use crate::domain::MailId;

/// What the pages read.
#[derive(Clone)]
pub(crate) struct Pages<M> {
    pub(crate) mailbox: M,
}

/// Every route with its rule.
pub(crate) fn routes<M: MailboxReader>(rule: impl Fn() -> Rule<Head>) -> Routes<Pages<M>> {
    Routes::new()
        .get("/mail", rule(), list::<M>)
        .get("/mail/{id}", rule(), one::<M>)
}

async fn list<M: MailboxReader>(
    State(pages): State<Pages<M>>,
    Query(list): Query<List>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let window = list.window()?;
    let page = pages.mailbox.page(window.key(), window.slice()).await?;
    Ok(match Format::wanted(&headers) {
        Format::Html => html::list(&page, &window),
        Format::Json => json::list(page),
    })
}

async fn one<M: MailboxReader>(
    State(pages): State<Pages<M>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let unknown = || Error::new(Kind::NotFound, "mail.unknown", "there is no such e-mail");
    let id = MailId::parse(&id).ok_or_else(unknown)?;
    let letter = pages.mailbox.by_id(id).await?.ok_or_else(unknown)?;
    Ok(match Format::wanted(&headers) {
        Format::Html => html::one(&letter),
        Format::Json => json::one(letter),
    })
}
