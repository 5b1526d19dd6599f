//! `If-Match`: only where the thing is still as the client saw it.

use std::borrow::Cow;

use msf_service::axum::extract::FromRequestParts;
use msf_service::axum::http::HeaderMap;
use msf_service::axum::http::header::IF_MATCH;
use msf_service::axum::http::request::Parts;
use msf_service::error::{Error, Kind};
use msf_service::openapi::Operation;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::entity_tags::EntityTags;

/// No version is this: the first is 1.
const NONE_OF_OURS: u64 = 0;

/// The versions that a change is for, as the services take them: none at all is any.
///
/// `If-Match` is compared strongly, so a weak tag matches nothing, and neither does one that is not of ours. A header that
/// is no list of tags is answered with 400: to ignore it would be to overwrite what the client wanted to keep.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct IfMatch(pub(super) Vec<u64>);

/// How the document says what the header is.
struct EntityTagList;

impl JsonSchema for EntityTagList {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "EntityTagList".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "anyOf": [
                { "const": "*" },
                {
                    "type": "string",
                    "pattern": "^(W/)?\"[!#-~]*\"( *, *(W/)?\"[!#-~]*\")*$",
                    "examples": ["\"1\""],
                },
            ],
        })
    }
}

/// Describes a change that may be for some versions only.
pub(super) fn only_if(operation: Operation) -> Operation {
    operation
        .typed_header::<EntityTagList>("if-match", "Entity tags: only where one is that of now")
        .fails(Kind::Malformed, "`If-Match` is no list of entity tags")
        .fails(Kind::Conflict, "it has another version by now")
}

impl IfMatch {
    fn read(headers: &HeaderMap) -> Result<Self, Error> {
        if !headers.contains_key(IF_MATCH) {
            return Ok(Self(Vec::new()));
        }
        match EntityTags::parse(headers.get_all(IF_MATCH)) {
            Some(EntityTags::Any) => Ok(Self(Vec::new())),
            Some(EntityTags::List(tags)) => {
                let versions = tags.iter().map(|tag| match (tag.weak, tag.version()) {
                    (false, Some(version)) => version,
                    _ => NONE_OF_OURS,
                });
                let mut versions: Vec<u64> = versions.collect();
                versions.sort_unstable();
                versions.dedup();
                Ok(Self(versions))
            }
            None => {
                let message = "If-Match has to be * or a list of entity tags, such as \"7\"";
                Err(Error::new(Kind::Malformed, "if_match.malformed", message))
            }
        }
    }
}

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        Self::read(&parts.headers)
    }
}

#[cfg(test)]
mod tests {
    use msf_service::axum::http::HeaderValue;

    use super::*;

    fn read(lines: &[&str]) -> Result<Vec<u64>, String> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(IF_MATCH, HeaderValue::from_str(line).unwrap());
        }
        IfMatch::read(&headers)
            .map(|read| read.0)
            .map_err(|error| error.code().to_owned())
    }

    #[test]
    fn what_cannot_match_is_a_version_that_nothing_has() {
        assert_eq!(read(&[]), Ok(vec![]));
        assert_eq!(read(&["*"]), Ok(vec![]));
        assert_eq!(read(&["\"7\", \"3\"", "\"7\""]), Ok(vec![3, 7]));
        assert_eq!(read(&["W/\"7\""]), Ok(vec![0]));
        assert_eq!(read(&["\"abc\", \"7\""]), Ok(vec![0, 7]));
        let malformed = Err("if_match.malformed".to_owned());
        assert_eq!(read(&[""]), malformed);
        assert_eq!(read(&["7"]), malformed);
    }
}
