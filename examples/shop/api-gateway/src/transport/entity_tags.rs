//! Entity tags as headers list them: RFC 9110, 8.8.3.

use msf_service::axum::http::header::{GetAll, HeaderValue};

/// What `If-Match` and `If-None-Match` name.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum EntityTags {
    /// `*`: whatever is there.
    Any,
    List(Vec<EntityTag>),
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct EntityTag {
    pub(super) weak: bool,
    opaque: Vec<u8>,
}

impl EntityTags {
    /// All lines of one header; `None` where they are no list of tags, or an empty one.
    pub(super) fn parse(lines: GetAll<'_, HeaderValue>) -> Option<Self> {
        let mut tags = Vec::new();
        let mut any = false;
        for line in lines {
            let line = line.as_bytes().trim_ascii();
            if line == b"*" {
                any = true;
            } else {
                read_list(line, &mut tags)?;
            }
        }
        match (any, tags.is_empty()) {
            (true, true) => Some(Self::Any),
            (false, false) => Some(Self::List(tags)),
            _ => None,
        }
    }
}

impl EntityTag {
    /// Whether this stands between its quotes.
    pub(super) fn is(&self, opaque: &str) -> bool {
        self.opaque == opaque.as_bytes()
    }

    /// The version that this tag stands for, where it is one of ours.
    pub(super) fn version(&self) -> Option<u64> {
        let text = std::str::from_utf8(&self.opaque).ok()?;
        let version: u64 = text.parse().ok()?;
        // `+7` and `07` are other tags than `7`.
        (version.to_string() == text).then_some(version)
    }
}

fn read_list(mut rest: &[u8], tags: &mut Vec<EntityTag>) -> Option<()> {
    loop {
        rest = rest.trim_ascii_start();
        match rest.split_first() {
            None => return Some(()),
            Some((b',', after)) => rest = after,
            Some(_) => rest = read_tag(rest, tags)?,
        }
    }
}

/// One tag; what is left begins with a comma, or is nothing.
fn read_tag<'a>(text: &'a [u8], tags: &mut Vec<EntityTag>) -> Option<&'a [u8]> {
    let (weak, text) = match text.strip_prefix(b"W/") {
        Some(text) => (true, text),
        None => (false, text),
    };
    let text = text.strip_prefix(b"\"")?;
    let end = text.iter().position(|byte| *byte == b'"')?;
    let (opaque, rest) = text.split_at_checked(end)?;
    let is_of_a_tag = |byte: &u8| matches!(byte, 0x21 | 0x23..=0x7e | 0x80..);
    if !opaque.iter().all(is_of_a_tag) {
        return None;
    }
    let opaque = opaque.to_vec();
    tags.push(EntityTag { weak, opaque });
    let rest = rest.strip_prefix(b"\"")?.trim_ascii_start();
    matches!(rest.first(), None | Some(b',')).then_some(rest)
}

#[cfg(test)]
mod tests {
    use msf_service::axum::http::HeaderMap;
    use msf_service::axum::http::header::IF_MATCH;

    use super::*;

    fn parse(lines: &[&str]) -> Option<EntityTags> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(IF_MATCH, HeaderValue::from_str(line).unwrap());
        }
        EntityTags::parse(headers.get_all(IF_MATCH))
    }

    fn list(lines: &[&str]) -> Vec<(bool, Option<u64>)> {
        match parse(lines) {
            Some(EntityTags::List(tags)) => {
                tags.iter().map(|tag| (tag.weak, tag.version())).collect()
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn lists_are_read_as_the_rfc_has_them() {
        assert_eq!(parse(&["*"]), Some(EntityTags::Any));
        assert_eq!(parse(&[" * "]), Some(EntityTags::Any));
        assert_eq!(list(&["\"7\""]), [(false, Some(7))]);
        assert_eq!(list(&["W/\"7\""]), [(true, Some(7))]);
        let both = [(false, Some(1)), (true, Some(2))];
        assert_eq!(list(&["\"1\", W/\"2\""]), both);
        assert_eq!(list(&[",\"1\" ,, W/\"2\","]), both);
        assert_eq!(list(&["\"1\"", "W/\"2\""]), both);
        assert_eq!(list(&["\"a,b\""]), [(false, None)]);
        assert_eq!(list(&["\"\""]), [(false, None)]);
        assert_eq!(list(&["\"ü\""]), [(false, None)]);
    }

    #[test]
    fn only_a_version_as_it_is_written_is_one() {
        for other in ["07", "+7", "-7", "7 ", "0x7", "18446744073709551616"] {
            let tag = EntityTag {
                weak: false,
                opaque: other.as_bytes().to_vec(),
            };
            assert_eq!(tag.version(), None, "{other}");
        }
        assert_eq!(
            list(&["\"18446744073709551615\""]),
            [(false, Some(u64::MAX))]
        );
    }

    #[test]
    fn what_is_no_list_is_none() {
        for wrong in [
            "",
            ",",
            "7",
            "\"",
            "\"7",
            "7\"",
            "w/\"7\"",
            "W/7",
            "W/ \"7\"",
            "\"1\" \"2\"",
            "\"a b\"",
            "\"1\"x",
            "*, \"1\"",
            "* *",
            "\"1\", *",
            "'7'",
            "**",
        ] {
            assert_eq!(parse(&[wrong]), None, "{wrong}");
        }
        assert_eq!(parse(&[]), None);
        assert_eq!(parse(&["*", "\"1\""]), None);
    }
}
