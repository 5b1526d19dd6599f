//! The claims that every kind of token has (RFC 7519), and what is checked of them.

use std::fmt;
use std::time::Duration;

use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::Reason;

/// The end of the year 9999: what lies behind it is no date.
const LATEST: u64 = 253_402_300_799;

/// The claims of a kind of token, as they are read: a struct with the registered ones.
pub(crate) trait Claims: de::DeserializeOwned + Send {
    fn registered(&self) -> Registered<'_>;
}

/// What every kind of token says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Registered<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) audience: &'a Audience,
    pub(crate) subject: &'a str,
    pub(crate) id: &'a str,
    pub(crate) issued_at: NumericDate,
    pub(crate) not_before: Option<NumericDate>,
    pub(crate) expires_at: NumericDate,
}

/// What a verifier demands of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Demands<'a> {
    pub(super) issuer: &'a str,
    pub(super) audience: &'a str,
    pub(super) leeway: u64,
    pub(super) max_lifetime: Duration,
}

impl Registered<'_> {
    /// Checks all of them at the time `now`, in seconds since 1970.
    pub(super) fn check(&self, now: u64, demands: &Demands<'_>) -> Result<(), Reason> {
        if self.issuer != demands.issuer {
            return Err(Reason::Issuer);
        }
        if !self.audience.holds(demands.audience) {
            return Err(Reason::Audience);
        }
        if self.subject.is_empty() || self.id.is_empty() {
            return Err(Reason::Claims);
        }
        let (issued, expires) = (self.issued_at.0, self.expires_at.0);
        if expires <= issued || expires - issued > demands.max_lifetime.as_secs() {
            return Err(Reason::Lifetime);
        }
        let latest = now.saturating_add(demands.leeway);
        if issued > latest || self.not_before.is_some_and(|from| from.0 > latest) {
            return Err(Reason::NotYetValid);
        }
        if now >= expires.saturating_add(demands.leeway) {
            return Err(Reason::Expired);
        }
        Ok(())
    }
}

/// Seconds since 1970. A fraction is cut off; what is negative or after the year 9999 is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NumericDate(pub(crate) u64);

impl<'de> Deserialize<'de> for NumericDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Seconds;
        impl Visitor<'_> for Seconds {
            type Value = NumericDate;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("seconds since 1970")
            }

            fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<NumericDate, E> {
                if seconds > LATEST {
                    return Err(E::custom("after the year 9999"));
                }
                Ok(NumericDate(seconds))
            }

            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                clippy::cast_precision_loss,
                reason = "within the bounds that are checked, nothing but the fraction is lost"
            )]
            fn visit_f64<E: de::Error>(self, seconds: f64) -> Result<NumericDate, E> {
                if !(0.0..=LATEST as f64).contains(&seconds) {
                    return Err(E::custom("before 1970 or after the year 9999"));
                }
                Ok(NumericDate(seconds as u64))
            }
        }
        // Not `deserialize_u64`: behind `flatten` that would take a text.
        deserializer.deserialize_any(Seconds)
    }
}

/// One audience or several.
#[derive(Clone, Debug)]
pub(crate) struct Audience(Vec<String>);

impl Audience {
    fn holds(&self, audience: &str) -> bool {
        self.0.iter().any(|own| own == audience)
    }
}

impl<'de> Deserialize<'de> for Audience {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMore;
        impl<'de> Visitor<'de> for OneOrMore {
            type Value = Audience;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or an array of texts")
            }

            fn visit_str<E: de::Error>(self, audience: &str) -> Result<Audience, E> {
                Ok(Audience(vec![audience.to_owned()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Audience, A::Error> {
                let mut audience = Vec::new();
                while let Some(item) = items.next_element()? {
                    audience.push(item);
                }
                Ok(Audience(audience))
            }
        }
        deserializer.deserialize_any(OneOrMore)
    }
}

/// For an optional claim: it may be absent, but `null` is a value of the wrong type.
pub(crate) fn present<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(json: &str) -> Option<u64> {
        let date: Option<NumericDate> = serde_json::from_str(json).ok();
        date.map(|date| date.0)
    }

    #[test]
    fn a_date_is_a_number_from_1970_to_9999() {
        assert_eq!(date("0"), Some(0));
        assert_eq!(date("1.99"), Some(1));
        assert_eq!(date("1e3"), Some(1000));
        assert_eq!(date("253402300799"), Some(LATEST));
        for json in [
            "-1",
            "-0.5",
            "253402300800",
            "2.6e11",
            "253402300799.5",
            "1e400",
            "18446744073709551616",
            "\"0\"",
            "null",
            "[0]",
            "true",
            "NaN",
        ] {
            assert_eq!(date(json), None, "{json}");
        }
    }

    /// Whoever looks up the keys by `iss` has compared it already; the keys alone do not say whose token it is.
    #[test]
    fn the_issuer_is_compared_with_the_others() {
        let audience: Audience = serde_json::from_str("\"shop\"").unwrap();
        let registered = Registered {
            issuer: "a",
            audience: &audience,
            subject: "ana",
            id: "t",
            issued_at: NumericDate(100),
            not_before: None,
            expires_at: NumericDate(200),
        };
        let check = |issuer| {
            let demands = Demands {
                issuer,
                audience: "shop",
                leeway: 0,
                max_lifetime: Duration::from_secs(100),
            };
            registered.check(150, &demands)
        };
        assert_eq!(check("a"), Ok(()));
        assert_eq!(check("b"), Err(Reason::Issuer));
    }
}
