//! `If-None-Match`: only where the thing is no longer as the client has it.

use std::convert::Infallible;

use msf_service::axum::extract::FromRequestParts;
use msf_service::axum::http::header::IF_NONE_MATCH;
use msf_service::axum::http::request::Parts;

use super::entity_tags::EntityTags;
use super::tagged::Tag;

/// What the client has already. A header that is no list of tags says nothing: the whole answer is never wrong.
#[derive(Debug)]
pub(super) struct IfNoneMatch(Option<EntityTags>);

impl IfNoneMatch {
    /// Whether the client has what this tag is of.
    pub(super) fn has(&self, tag: &Tag) -> bool {
        match &self.0 {
            None => false,
            Some(EntityTags::Any) => true,
            // Compared weakly: RFC 9110, 13.1.2.
            Some(EntityTags::List(tags)) => tags.iter().any(|had| had.is(tag.as_str())),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for IfNoneMatch {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(EntityTags::parse(
            parts.headers.get_all(IF_NONE_MATCH),
        )))
    }
}
