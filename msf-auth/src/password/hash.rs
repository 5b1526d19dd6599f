//! A password hash as it is stored.

use std::fmt;
use std::str::FromStr;

use argon2::password_hash::phc::{self, Output, ParamsString, Salt};
use argon2::{ARGON2ID_IDENT, Version};
use aws_lc_rs::rand;
use msf_core::error::Error;

use super::Params;

const SALT: usize = 16;
const OUTPUT: usize = 32;

/// A password hash as it is stored: a PHC string with its algorithm, parameters, salt and output.
///
/// `Debug` shows nothing of it; [`expose`](Self::expose) gives the string to store.
///
/// ```
/// use msf_auth::password::PasswordHash;
///
/// let stored = "$argon2id$v=19$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$gYJZtjEAJqjg26xdLmknq8/bB7MiWPrE9hsYuA+SkIU";
/// let hash: PasswordHash = stored.parse().unwrap();
/// assert_eq!(hash.expose(), stored);
/// assert_eq!(format!("{hash:?}"), "PasswordHash([secret])");
/// ```
#[derive(Clone)]
pub struct PasswordHash {
    text: Box<str>,
    params: Params,
    salt: Salt,
    output: Output,
}

impl PasswordHash {
    /// The PHC string, for the store and for nobody else.
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// The work that went into it.
    pub fn params(&self) -> Params {
        self.params
    }

    pub(super) fn new(params: Params, salt: Salt, output: Output) -> Result<Self, Error> {
        let argon2 = params.to_argon2(output.len())?;
        let text = phc::PasswordHash {
            algorithm: ARGON2ID_IDENT,
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(&argon2).map_err(|error| unreadable(&error))?,
            salt: Some(salt),
            hash: Some(output),
        };
        Ok(Self {
            text: text.to_string().into(),
            params,
            salt,
            output,
        })
    }

    /// A hash of no password at all, of the same work as any other of `params`.
    pub(super) fn of_nobody(params: Params) -> Result<Self, Error> {
        // Always the same: nothing that matches it is let in, and the first random bytes of a process take the
        // library some 40 ms, which every start would wait for.
        let output = Output::new(&[0; OUTPUT]).map_err(|error| unreadable(&error))?;
        let salt = Salt::new(&[0; SALT]).map_err(|error| unreadable(&error))?;
        Self::new(params, salt, output)
    }

    pub(super) fn salt(&self) -> &[u8] {
        &self.salt
    }

    pub(super) fn output(&self) -> &[u8] {
        self.output.as_bytes()
    }

    /// Whether it should be made anew with `wanted` as soon as the password is at hand.
    pub(super) fn is_weaker_than(&self, wanted: Params) -> bool {
        self.params.is_weaker_than(wanted) || self.salt.len() < SALT || self.output.len() < OUTPUT
    }
}

pub(super) fn new_salt() -> Result<Salt, Error> {
    let mut salt = [0; SALT];
    rand::fill(&mut salt).map_err(|_| no_entropy())?;
    Salt::new(&salt).map_err(|error| unreadable(&error))
}

/// Reads what was stored.
///
/// # Errors
///
/// An internal error, without the text, if it is not a PHC string of argon2id version 19, or asks for more memory or passes
/// than [`Params`] allows.
impl FromStr for PasswordHash {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let parsed = phc::PasswordHash::new(text).map_err(|error| unreadable(&error))?;
        if parsed.algorithm != ARGON2ID_IDENT {
            return Err(refused("its algorithm is not argon2id"));
        }
        if parsed.version != Some(Version::V0x13.into()) {
            return Err(refused("its version is not 19"));
        }
        let own = |name: &str| matches!(name, "m" | "t" | "p");
        if !parsed.params.iter().all(|(name, _)| own(name.as_str())) {
            return Err(refused("it has a parameter other than m, t and p"));
        }
        let number = |name: &'static str| {
            let value = parsed.params.get(name).map(|value| value.decimal());
            match value {
                Some(Ok(number)) => Ok(number),
                _ => Err(refused("one of m, t and p is missing or no number")),
            }
        };
        let params = Params::new(number("m")?, number("t")?, number("p")?)?;
        let (Some(salt), Some(output)) = (parsed.salt, parsed.hash) else {
            return Err(refused("it has no salt or no output"));
        };
        Ok(Self {
            text: text.into(),
            params,
            salt,
            output,
        })
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash([secret])")
    }
}

fn refused(why: &str) -> Error {
    Error::internal(format!("a stored password hash is not usable: {why}"))
}

fn unreadable(error: &dyn std::error::Error) -> Error {
    refused(&error.to_string())
}

fn no_entropy() -> Error {
    Error::internal("the system gave no random bytes for a salt")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SALT_AND_OUTPUT: &str =
        "$AAECAwQFBgcICQoLDA0ODw$gYJZtjEAJqjg26xdLmknq8/bB7MiWPrE9hsYuA+SkIU";

    #[test]
    fn only_argon2id_of_version_19_within_the_bounds_is_read() {
        let cases = [
            ("$argon2id$v=19$m=19456,t=2,p=1", None),
            ("$argon2id$v=19$m=131072,t=10,p=1", None),
            (
                "$argon2id$v=19$m=131073,t=2,p=1",
                Some("m must be at most 131072"),
            ),
            (
                "$argon2id$v=19$m=4294967295,t=2,p=1",
                Some("m must be at most 131072"),
            ),
            (
                "$argon2id$v=19$m=19456,t=11,p=1",
                Some("t must be at most 10"),
            ),
            (
                "$argon2id$v=19$m=19456,t=0,p=1",
                Some("argon2id with m=19456,t=0,p=1"),
            ),
            (
                "$argon2id$v=19$m=19456,t=2,p=0",
                Some("argon2id with m=19456,t=2,p=0"),
            ),
            (
                "$argon2id$v=19$m=7,t=2,p=1",
                Some("argon2id with m=7,t=2,p=1"),
            ),
            (
                "$argon2id$v=19$m=19456,t=2",
                Some("one of m, t and p is missing"),
            ),
            (
                "$argon2id$v=19$m=19456,t=2,p=1,keyid=AAAA",
                Some("parameter other than"),
            ),
            ("$argon2id$v=16$m=19456,t=2,p=1", Some("version is not 19")),
            ("$argon2id$m=19456,t=2,p=1", Some("version is not 19")),
            ("$argon2i$v=19$m=19456,t=2,p=1", Some("not argon2id")),
            ("$2b$v=19$m=19456,t=2,p=1", Some("not argon2id")),
            ("", Some("not usable")),
            ("plain", Some("not usable")),
        ];
        for (start, expected) in cases {
            let read = format!("{start}{SALT_AND_OUTPUT}").parse::<PasswordHash>();
            match (read, expected) {
                (Ok(hash), None) => assert!(hash.expose().starts_with(start)),
                (Err(error), Some(part)) => {
                    let line = msf_core::error::chain(&error);
                    assert!(line.contains(part), "{start}: {line}");
                    assert!(!line.contains("AAECAw"), "{line}");
                    assert_eq!(error.message(), "internal error");
                }
                (read, _) => panic!("{start}: {read:?}"),
            }
        }
    }

    #[test]
    fn a_hash_without_output_is_not_read() {
        let text = "$argon2id$v=19$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw";
        assert!(text.parse::<PasswordHash>().is_err());
    }

    #[test]
    fn weaker_is_less_memory_fewer_passes_or_a_shorter_output() {
        let of = |m, t| {
            let text = format!("$argon2id$v=19$m={m},t={t},p=1{SALT_AND_OUTPUT}");
            text.parse::<PasswordHash>().unwrap()
        };
        let wanted = Params::default();
        assert!(!of(19456, 2).is_weaker_than(wanted));
        assert!(!of(65536, 3).is_weaker_than(wanted));
        assert!(of(19455, 2).is_weaker_than(wanted));
        assert!(of(47104, 1).is_weaker_than(wanted));
        let short = "$argon2id$v=19$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$gYJZtjEAJqjg26xdLmknqw";
        assert!(
            short
                .parse::<PasswordHash>()
                .unwrap()
                .is_weaker_than(wanted)
        );
    }

    #[test]
    fn no_two_salts_are_equal() {
        assert_ne!(new_salt().unwrap(), new_salt().unwrap());
    }
}
