//! E-mail addresses.

use super::Violation;

/// The longest address that a mail server has to take: RFC 5321, 4.5.3.1.3, without its angle brackets.
const LONGEST: usize = 254;
/// The longest part before the `@`: RFC 5321, 4.5.3.1.1.
const LONGEST_LOCAL: usize = 64;

/// An e-mail address as its owner writes it. Two that differ in case only are one address.
///
/// ASCII only: what is left of an address with other letters depends on each mail server on the way.
///
/// ```
/// use user_service::domain::Email;
/// let email = Email::parse("Ana.B@Example.com").unwrap();
/// assert_eq!((email.as_str(), email.key()), ("Ana.B@Example.com", "ana.b@example.com".to_owned()));
/// assert_eq!(email.local_part(), "Ana.B");
/// assert_eq!(Email::parse("ana").unwrap_err().code, "email.syntax");
/// ```
#[derive(Clone, Debug)]
pub struct Email(String);

impl Email {
    /// Reads an address: `local@domain`, both made of dot-separated atoms.
    ///
    /// # Errors
    ///
    /// It is empty, longer than 254 characters, or none.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        if text.is_empty() {
            return Err(Violation::new("email", "required", "is empty"));
        }
        if text.chars().count() > LONGEST {
            let message = format!("is longer than {LONGEST} characters");
            return Err(Violation::new("email", "email.too_long", message));
        }
        if !is_address(text) {
            let message = "is not an e-mail address such as ana@example.com";
            return Err(Violation::new("email", "email.syntax", message));
        }
        Ok(Self(text.to_owned()))
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

    /// The part before the `@`.
    pub fn local_part(&self) -> &str {
        self.0.split('@').next().unwrap_or_default()
    }
}

fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    // RFC 5322, 3.2.3: the characters of an atom.
    let is_atom = |atom: &str| {
        let special = "!#$%&'*+-/=?^_`{|}~";
        !atom.is_empty()
            && atom
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || special.contains(c))
    };
    // RFC 1035, 2.3.1, and RFC 1123, 2.1.
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    local.len() <= LONGEST_LOCAL
        && local.split('.').all(is_atom)
        && domain.contains('.')
        && domain.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_what_is_none() {
        for good in [
            "a@b.c",
            "ana.b+shop@sub.example.com",
            "o'neill@example.ie",
            "1@2.3",
        ] {
            assert!(Email::parse(good).is_ok(), "{good}");
        }
        let local_65 = format!("{}@example.com", "a".repeat(65));
        for bad in [
            "ana",
            "@b.c",
            "a@",
            "a@b",
            "a@@b.c",
            "a@b@c.d",
            ".a@b.c",
            "a..b@c.d",
            "a b@c.d",
            " a@b.c",
            "a@b.c ",
            "a@b..c",
            "a@-b.c",
            "a@b.c\n",
            "a\0@b.c",
            "ä@b.c",
            "a@ü.de",
            "a\u{202e}@b.c",
            "\"a b\"@c.d",
            &local_65,
        ] {
            assert_eq!(
                Email::parse(bad).unwrap_err().code,
                "email.syntax",
                "{bad:?}"
            );
        }
        assert_eq!(Email::parse("").unwrap_err().code, "required");
    }

    #[test]
    fn the_bound_on_the_length_is_exact() {
        let of = |length: usize| {
            let labels = format!("{0}.{0}.{0}", "d".repeat(60));
            let local = "a".repeat(length - labels.len() - 1);
            format!("{local}@{labels}")
        };
        assert_eq!(of(240).len(), 240);
        assert!(Email::parse(&of(240)).is_ok());
        let long = format!(
            "{}@{}.{}.{}.com",
            "a".repeat(64),
            "d".repeat(63),
            "d".repeat(63),
            "d".repeat(57)
        );
        assert_eq!(long.len(), 254);
        assert!(Email::parse(&long).is_ok());
        assert_eq!(
            Email::parse(&format!("{long}m")).unwrap_err().code,
            "email.too_long"
        );
    }
}
