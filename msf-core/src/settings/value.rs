//! A value as it is shown: never one that is secret.

use std::fmt;

use super::schema::{Literal, ScalarShape};
use super::{Scalar, ValueKind};

/// The value of a setting as it may be shown; `Display` writes it as TOML.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// A value that is not shown.
    Secret,
    /// Text.
    Text(String),
    /// A whole number.
    Integer(i128),
    /// A number.
    Float(f64),
    /// `true` or `false`.
    Boolean(bool),
    /// A list.
    List(Vec<Value>),
}

impl Value {
    /// The text that a `T` is read from, when this is of its kind.
    pub(super) fn read<T: Scalar>(&self) -> Option<T> {
        match (self, T::KIND) {
            (Self::Text(text), ValueKind::Text) => T::from_text(text),
            (Self::Integer(number), ValueKind::Integer | ValueKind::Float) => {
                T::from_text(&number.to_string())
            }
            (Self::Float(number), ValueKind::Float) => T::from_text(&number.to_string()),
            (Self::Boolean(value), ValueKind::Boolean) => {
                T::from_text(if *value { "true" } else { "false" })
            }
            _ => None,
        }
    }

    pub(super) fn kind(&self) -> Option<ValueKind> {
        match self {
            Self::Text(_) => Some(ValueKind::Text),
            Self::Integer(_) => Some(ValueKind::Integer),
            Self::Float(_) => Some(ValueKind::Float),
            Self::Boolean(_) => Some(ValueKind::Boolean),
            Self::Secret | Self::List(_) => None,
        }
    }

    /// How a text from the environment is shown once it has been read as a value of this shape.
    pub(super) fn of_text(text: &str, shape: &ScalarShape) -> Self {
        let plain = || Self::Text(text.to_owned());
        if shape.secret {
            return Self::Secret;
        }
        match shape.kind {
            ValueKind::Text => plain(),
            ValueKind::Integer => text.parse().map_or_else(|_| plain(), Self::Integer),
            ValueKind::Float => text.parse().map_or_else(|_| plain(), Self::Float),
            ValueKind::Boolean => text.parse().map_or_else(|_| plain(), Self::Boolean),
        }
    }

    pub(super) fn masked(self, shape: &ScalarShape) -> Self {
        match self {
            _ if shape.secret => Self::Secret,
            // A whole number stands for a float as well; it is shown as the float that it is.
            #[expect(
                clippy::cast_precision_loss,
                reason = "the setting is a float, so this is its value"
            )]
            Self::Integer(number) if shape.kind == ValueKind::Float => Self::Float(number as f64),
            value => value,
        }
    }

    pub(super) fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Secret => "[secret]".into(),
            Self::Text(text) => text.as_str().into(),
            // JSON readers lose digits beyond 64 bits, so those travel as text.
            Self::Integer(number) => i64::try_from(*number)
                .map(Into::into)
                .or_else(|_| u64::try_from(*number).map(Into::into))
                .unwrap_or_else(|_| number.to_string().into()),
            Self::Float(number) => {
                if number.is_finite() {
                    (*number).into()
                } else {
                    self.to_string().into()
                }
            }
            Self::Boolean(value) => (*value).into(),
            Self::List(items) => items.iter().map(Self::to_json).collect(),
        }
    }
}

impl From<Literal> for Value {
    fn from(literal: Literal) -> Self {
        match literal {
            Literal::Text(text) => Self::Text(text.to_owned()),
            Literal::Integer(number) => Self::Integer(number),
            Literal::Float(number) => Self::Float(number),
            Literal::Boolean(value) => Self::Boolean(value),
            Literal::List(items) => Self::List(items.iter().copied().map(Self::from).collect()),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Secret => f.write_str("\"[secret]\""),
            Self::Text(text) => quote(text, f),
            Self::Integer(number) => number.fmt(f),
            Self::Float(number) if number.is_nan() => f.write_str("nan"),
            Self::Float(number) => write!(f, "{number:?}"),
            Self::Boolean(value) => value.fmt(f),
            Self::List(items) => {
                f.write_str("[")?;
                for (index, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if index == 0 { "" } else { ", " })?;
                }
                f.write_str("]")
            }
        }
    }
}

/// A key as TOML writes it: bare where that is allowed.
pub(super) fn bare_or_quoted(name: &str) -> String {
    let bare = !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if bare {
        name.to_owned()
    } else {
        Value::Text(name.to_owned()).to_string()
    }
}

/// A TOML basic string.
fn quote(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("\"")?;
    for character in text.chars() {
        match character {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            control if control.is_control() => write!(f, "\\u{:04X}", u32::from(control))?,
            other => write!(f, "{other}")?,
        }
    }
    f.write_str("\"")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Value;

    proptest! {
        #[test]
        fn every_text_reads_back_as_toml(text in any::<String>()) {
            let line = format!("key = {}", Value::Text(text.clone()));
            let table = toml::de::DeTable::parse(&line).unwrap();
            let value = table.get_ref().get("key").unwrap().get_ref();
            prop_assert_eq!(value.as_str(), Some(text.as_str()));
        }

        #[test]
        fn every_float_reads_back_as_toml(number in any::<f64>()) {
            let line = format!("key = {}", Value::Float(number));
            let table = toml::de::DeTable::parse(&line).unwrap();
            let value = table.get_ref().get("key").unwrap().get_ref();
            let read: f64 = value.as_float().unwrap().as_str().parse().unwrap();
            prop_assert!(read.to_bits() == number.to_bits() || number.is_nan() && read.is_nan());
        }
    }
}
