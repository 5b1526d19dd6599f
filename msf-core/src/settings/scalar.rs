//! One value of one key: text, a number, a duration, a choice, a type of your own.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use super::duration::parse_duration;

/// A type that one key holds as one value.
///
/// Implemented for text, `bool`, integers, floats, [`Duration`], [`ByteSize`](super::ByteSize), [`SocketAddr`], [`IpAddr`],
/// [`PathBuf`] and [`Secret`](super::Secret); `#[derive(Settings)]` on an enum without fields implements it for a choice.
/// Implement it for a type of your own to read that type from every source:
///
/// ```
/// use msf_core::settings::{Scalar, Settings, Sources, ValueKind};
///
/// /// A share in percent.
/// #[derive(Debug, PartialEq)]
/// pub struct Percent(u8);
///
/// impl Scalar for Percent {
///     const EXPECTED: &'static str = "a whole number from 0 to 100";
///     const KIND: ValueKind = ValueKind::Integer;
///
///     fn from_text(text: &str) -> Option<Self> {
///         text.parse().ok().filter(|number| *number <= 100).map(Self)
///     }
/// }
///
/// #[derive(Settings)]
/// #[settings(crate = "msf_core::settings")]
/// struct Config {
///     #[setting(default = 20)]
///     sampled: Percent,
/// }
///
/// let sources = Sources::for_app("hello").set("sampled", "70", "--set");
/// assert_eq!(sources.load::<Config>().unwrap().value.sampled, Percent(70));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a value that one key can hold",
    note = "implement `Scalar` for it, or `#[derive(Settings)]` on an enum whose variants have no fields"
)]
pub trait Scalar: Sized {
    /// What a mistake says was expected, for example "a whole number from 0 to 100".
    const EXPECTED: &'static str;

    /// The TOML type of the value in a file; text unless said otherwise.
    ///
    /// The environment and flags only have text, so there the text is parsed whatever the kind is.
    const KIND: ValueKind = ValueKind::Text;

    /// Whether the value must never be shown; `false` unless said otherwise.
    const SECRET: bool = false;

    /// The valid texts of a choice; empty (any text that parses) unless said otherwise.
    const CHOICES: &'static [&'static str] = &[];

    /// Reads the value from its text: the content of a TOML string, or a number as it is written in decimal.
    ///
    /// `None` is a mistake that tells the user [`EXPECTED`](Self::EXPECTED).
    fn from_text(text: &str) -> Option<Self>;
}

/// The TOML type of a [`Scalar`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
    /// A string.
    Text,
    /// A whole number.
    Integer,
    /// A number, whole or not.
    Float,
    /// `true` or `false`.
    Boolean,
}

impl ValueKind {
    pub(super) fn found(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "a whole number",
            Self::Float => "a number with a fraction",
            Self::Boolean => "`true` or `false`",
        }
    }
}

impl Scalar for String {
    const EXPECTED: &'static str = "text";

    fn from_text(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

impl Scalar for bool {
    const EXPECTED: &'static str = "`true` or `false`";
    const KIND: ValueKind = ValueKind::Boolean;

    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

macro_rules! numbers {
    ($($type:ty, $kind:ident, $expected:literal;)*) => { $(
        impl Scalar for $type {
            const EXPECTED: &'static str = $expected;
            const KIND: ValueKind = ValueKind::$kind;

            fn from_text(text: &str) -> Option<Self> {
                text.parse().ok()
            }
        }
    )* };
}

numbers! {
    u8, Integer, "a whole number from 0 to 255";
    u16, Integer, "a whole number from 0 to 65535";
    u32, Integer, "a whole number from 0 to 4294967295";
    u64, Integer, "a whole number from 0 to 18446744073709551615";
    usize, Integer, "a whole number from 0";
    i8, Integer, "a whole number from -128 to 127";
    i16, Integer, "a whole number from -32768 to 32767";
    i32, Integer, "a whole number from -2147483648 to 2147483647";
    i64, Integer, "a whole number from -9223372036854775808 to 9223372036854775807";
    isize, Integer, "a whole number";
    f32, Float, "a number";
    f64, Float, "a number";
    SocketAddr, Text, "an address with its port such as `127.0.0.1:8080`";
    IpAddr, Text, "an address such as `127.0.0.1`";
}

impl Scalar for PathBuf {
    const EXPECTED: &'static str = "a path";

    fn from_text(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| Self::from(text))
    }
}

impl Scalar for Duration {
    const EXPECTED: &'static str = "a duration such as `10s`, `250ms` or `1m30s`";

    fn from_text(text: &str) -> Option<Self> {
        parse_duration(text)
    }
}
