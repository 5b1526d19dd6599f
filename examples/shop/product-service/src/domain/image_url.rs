//! Where the picture of a product is.

use super::Violation;
use super::text::{check_length, controls};

const LONGEST: usize = 2_048;

/// The address of a picture: empty, or an `http` or `https` URL with a host, of at most 2,048 characters.
///
/// A URL with a user name or password is refused: it is no address for everybody, and its true host is easily misread.
///
/// ```
/// use product_service::domain::ImageUrl;
/// assert!(ImageUrl::parse("https://img.example/cup.png").is_ok());
/// assert!(ImageUrl::parse("").is_ok());
/// assert_eq!(ImageUrl::parse("javascript:alert(1)").unwrap_err().code, "image_url.scheme");
/// assert_eq!(ImageUrl::parse("https:///cup.png").unwrap_err().code, "image_url.syntax");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageUrl(String);

impl ImageUrl {
    /// Reads an address; it stays as it is written.
    ///
    /// # Errors
    ///
    /// It is longer than 2,048 characters, of another scheme, has no host, a user name or a bad port, or a character that no
    /// URL has.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        if text.is_empty() {
            return Ok(Self(String::new()));
        }
        check_length("image_url", text, LONGEST)?;
        let Some(rest) = after_scheme(text) else {
            let message = "is neither empty nor an http or https URL";
            return Err(Violation::new("image_url", "image_url.scheme", message));
        };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if text.chars().any(in_no_url) || !is_host(authority) {
            let message = "is not a valid URL";
            return Err(Violation::new("image_url", "image_url.syntax", message));
        }
        Ok(Self(text.to_owned()))
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address, owned.
    pub fn into_string(self) -> String {
        self.0
    }
}

/// What follows `http://` or `https://`, in any case.
fn after_scheme(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_once("://")?;
    let known = ["http", "https"].map(|known| scheme.eq_ignore_ascii_case(known));
    known.contains(&true).then_some(rest)
}

/// Beside letters beyond ASCII, which browsers encode, these are the characters that RFC 3986 has no place for.
fn in_no_url(c: char) -> bool {
    c.is_whitespace()
        || controls(c)
        || matches!(c, '"' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}')
}

/// Whether it is a host, with or without a port.
fn is_host(authority: &str) -> bool {
    let port = |text: &str| {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        text.is_empty() || (digits && text.parse::<u16>().is_ok())
    };
    if let Some(address) = authority.strip_prefix('[') {
        // The colons of such an address are not that of a port.
        return address.split_once(']').is_some_and(|(address, rest)| {
            let tail = rest.is_empty() || rest.strip_prefix(':').is_some_and(port);
            address.parse::<std::net::Ipv6Addr>().is_ok() && tail
        });
    }
    let (host, tail) = authority.split_once(':').unwrap_or((authority, ""));
    !host.is_empty() && !host.contains(['@', '[', ']']) && port(tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_pictures_are_read_and_stay_as_they_are() {
        for good in [
            "",
            "http://a",
            "HTTPS://Img.Example:8443/Cup.png?size=2#top",
            "http://[::1]:80/x",
            "https://img.example/größe.png",
            "https://img.example/me@home.png",
            "https://img.example:/x",
        ] {
            assert_eq!(ImageUrl::parse(good).unwrap().as_str(), good);
        }
    }

    #[test]
    fn what_is_no_address_of_a_picture_is_refused() {
        for (bad, code) in [
            ("cup.png", "image_url.scheme"),
            ("//img.example/cup.png", "image_url.scheme"),
            ("ftp://img.example/cup.png", "image_url.scheme"),
            ("data:image/png;base64,AA==", "image_url.scheme"),
            (" https://img.example", "image_url.scheme"),
            ("https:/img.example", "image_url.scheme"),
            ("https://", "image_url.syntax"),
            ("https:///cup.png", "image_url.syntax"),
            ("https://?x", "image_url.syntax"),
            ("https://:80/", "image_url.syntax"),
            ("https://img.example:65536/", "image_url.syntax"),
            ("https://img.example:8a/", "image_url.syntax"),
            ("https://shop.example@evil.example/", "image_url.syntax"),
            ("https://a:b@evil.example/", "image_url.syntax"),
            ("https://evil.example\\@shop.example/", "image_url.syntax"),
            ("https://[::1", "image_url.syntax"),
            ("https://[img.example]/", "image_url.syntax"),
            ("https://[::1]x/", "image_url.syntax"),
            ("https://img.example/a b", "image_url.syntax"),
            ("https://img.example/a\u{a0}b", "image_url.syntax"),
            ("https://img.example/a\nb", "image_url.syntax"),
            ("https://img.example/\"><script>", "image_url.syntax"),
            ("https://img.example/\u{202e}gnp", "image_url.syntax"),
        ] {
            assert_eq!(ImageUrl::parse(bad).unwrap_err().code, code, "{bad:?}");
        }
    }

    #[test]
    fn the_bound_of_its_length_is_exact() {
        let of = |length: usize| format!("https://img.example/{}", "é".repeat(length - 20));
        assert!(ImageUrl::parse(&of(2_048)).is_ok());
        let code = ImageUrl::parse(&of(2_049)).unwrap_err().code;
        assert_eq!(code, "image_url.too_long");
    }
}
