//! The address of a mail.

use std::fmt;

/// The longest address that a mail server has to take: RFC 5321, 4.5.3.1.3, without its angle brackets.
const LONGEST: usize = 254;

/// A bare e-mail address, which can stand in a header as it is.
///
/// Who has the address is for whoever registered it to say; this only sees to it that it is one address and nothing else.
///
/// ```
/// use email_service::domain::Address;
/// let address = Address::parse("Ana@Example.com").unwrap();
/// assert_eq!((address.as_str(), address.key()), ("Ana@Example.com", "ana@example.com".to_owned()));
/// assert!(Address::parse("ana@example.com\r\nBcc: everybody@example.com").is_err());
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Address(String);

/// Text that is no bare address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidAddress;

impl Address {
    /// Reads a bare address: visible ASCII with one `@` that has something on both sides, and nothing that a header would take
    /// for the end of it or for a second one.
    ///
    /// # Errors
    ///
    /// It is none, or longer than 254 characters.
    pub fn parse(text: &str) -> Result<Self, InvalidAddress> {
        let is_part = |part: &str| {
            let separates = |c| matches!(c, '<' | '>' | ',' | ';' | ':' | '"' | '(' | ')' | '\\');
            !part.is_empty() && !part.chars().any(|c| !c.is_ascii_graphic() || separates(c))
        };
        match text.split_once('@') {
            Some((local, domain))
                if text.len() <= LONGEST
                    && is_part(local)
                    && is_part(domain)
                    && !domain.contains('@') =>
            {
                Ok(Self(text.to_owned()))
            }
            _ => Err(InvalidAddress),
        }
    }

    /// As its owner writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What it is compared by.
    pub fn key(&self) -> String {
        Self::key_of(&self.0)
    }

    /// What any text that may be an address is compared by.
    pub fn key_of(text: &str) -> String {
        text.to_ascii_lowercase()
    }
}

// Whose mail it is belongs into no log.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Address").finish_non_exhaustive()
    }
}

impl fmt::Display for InvalidAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("is not a bare e-mail address such as ana@example.com")
    }
}

impl std::error::Error for InvalidAddress {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_what_is_none() {
        for good in ["a@b.c", "o'neill+shop@example.ie", "1@2"] {
            assert!(Address::parse(good).is_ok(), "{good}");
        }
        let long = format!("{}@example.com", "a".repeat(250));
        for bad in [
            "",
            "ana",
            "@b.c",
            "a@",
            "a@b@c",
            "a b@c.d",
            "a@b.c\r\nBcc: x@y.z",
            "a@b.c\n",
            "a@b.c,x@y.z",
            "Ana <a@b.c>",
            "ä@b.c",
            "a\0@b.c",
            &long,
        ] {
            assert_eq!(Address::parse(bad), Err(InvalidAddress), "{bad:?}");
        }
    }
}
