//! The kinds of token, told apart by `typ`.

/// A kind of token. Each has a `typ` of its own, so that none can stand in for another (RFC 8725, 3.11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// An access token of RFC 9068.
    Access,
    /// What one service shows to another.
    Identity,
}

impl TokenKind {
    /// What a token of this kind has in its header.
    pub(crate) fn typ(self) -> &'static str {
        match self {
            Self::Access => "at+jwt",
            Self::Identity => "msf-identity+jwt",
        }
    }

    /// Whether `typ` names this kind. It is a media type: case does not count, and `application/` may be left out.
    pub(super) fn is(self, typ: &str) -> bool {
        const PREFIX: &str = "application/";
        let bare = match typ.split_at_checked(PREFIX.len()) {
            Some((prefix, rest)) if prefix.eq_ignore_ascii_case(PREFIX) => rest,
            _ => typ,
        };
        bare.eq_ignore_ascii_case(self.typ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_its_media_type_with_or_without_its_prefix() {
        for typ in [
            "at+jwt",
            "AT+JWT",
            "application/at+jwt",
            "Application/At+Jwt",
        ] {
            assert!(TokenKind::Access.is(typ), "{typ}");
            assert!(!TokenKind::Identity.is(typ), "{typ}");
        }
        for typ in [
            "",
            "JWT",
            "at+jwt ",
            "at",
            "application/",
            "application/application/at+jwt",
            "x/at+jwt",
        ] {
            assert!(!TokenKind::Access.is(typ), "{typ}");
        }
    }
}
