//! Defaults: literals that fit the type of their field.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::parse::ParseStream;
use syn::punctuated::Punctuated;
use syn::{GenericArgument, Lit, PathArguments, Token, Type, bracketed};

use crate::arguments::Mistakes;

/// A literal in an attribute, with where it stands.
pub(super) struct Literal {
    span: Span,
    value: Value,
}

enum Value {
    Text(String),
    Integer(i128),
    Float(f64),
    Boolean(bool),
    List(Vec<Literal>),
}

impl Literal {
    /// A text, a number, `true`, `false`, or a list of these in brackets.
    pub(super) fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let literal = Self::parse_one(input)?;
        if input.is_empty() {
            Ok(literal)
        } else {
            Err(expected_literal(input.span()))
        }
    }

    fn parse_one(input: ParseStream<'_>) -> syn::Result<Self> {
        let span = input.span();
        if input.peek(syn::token::Bracket) {
            let inner;
            bracketed!(inner in input);
            let items =
                Punctuated::<Self, Token![,]>::parse_terminated_with(&inner, Self::parse_one)?;
            return Ok(Self {
                span,
                value: Value::List(items.into_iter().collect()),
            });
        }
        let minus = input.parse::<Option<Token![-]>>()?.is_some();
        let literal: Lit = input.parse().map_err(|_| expected_literal(span))?;
        let value = match (literal, minus) {
            (Lit::Str(text), false) => Value::Text(text.value()),
            (Lit::Bool(value), false) => Value::Boolean(value.value),
            (Lit::Int(number), _) => {
                let number: i128 = number.base10_parse()?;
                Value::Integer(if minus { -number } else { number })
            }
            (Lit::Float(number), _) => {
                let number: f64 = number.base10_parse()?;
                Value::Float(if minus { -number } else { number })
            }
            _ => return Err(expected_literal(span)),
        };
        Ok(Self { span, value })
    }

    /// The constructor of the same literal in the settings module.
    pub(super) fn tokens(&self, path: &syn::Path) -> TokenStream {
        match &self.value {
            Value::Text(text) => quote!(#path::Literal::Text(#text)),
            Value::Integer(number) => quote!(#path::Literal::Integer(#number)),
            Value::Float(number) => quote!(#path::Literal::Float(#number)),
            Value::Boolean(value) => quote!(#path::Literal::Boolean(#value)),
            Value::List(items) => {
                let items = items.iter().map(|item| item.tokens(path));
                quote!(#path::Literal::List(&[#(#items),*]))
            }
        }
    }

    /// Notes a mistake when the literal cannot be a value of a type whose name is known.
    ///
    /// A type of another name is checked by its own `from_text` at every load.
    pub(super) fn check(&self, of: &Type, mistakes: &mut Mistakes) {
        let Some((name, argument)) = last_name(of) else {
            return;
        };
        let refused = match name.as_str() {
            "Option" => Some(
                "an `Option` that has a default is never `None`: leave out the one or the other"
                    .to_owned(),
            ),
            "BTreeMap" => {
                Some("a map has no default: it is empty until something is set".to_owned())
            }
            "Secret" => Some(
                "a secret has no default: it would lie in the code for everybody to read"
                    .to_owned(),
            ),
            "Vec" => match (&self.value, argument) {
                (Value::List(items), Some(inner)) => {
                    for item in items {
                        item.check(inner, mistakes);
                    }
                    None
                }
                _ => Some("expected a list in brackets: `default = [\"a\", \"b\"]`".to_owned()),
            },
            scalar => self.refused_by(scalar),
        };
        if let Some(message) = refused {
            mistakes.add_at(self.span, message);
        }
    }

    fn refused_by(&self, scalar: &str) -> Option<String> {
        macro_rules! integer {
            ($type:ty) => {
                match self.value {
                    Value::Integer(number) if <$type>::try_from(number).is_ok() => None,
                    Value::Integer(_) => Some(format!(
                        "out of range for `{scalar}`, which is {} to {}",
                        <$type>::MIN,
                        <$type>::MAX
                    )),
                    _ => Some(format!(
                        "expected a whole number for a `{scalar}`: `default = 1`"
                    )),
                }
            };
        }
        let parses = |fits: fn(&str) -> bool, expected: &str| match &self.value {
            Value::Text(text) if fits(text) => None,
            _ => Some(format!("expected {expected}")),
        };
        match scalar {
            "u8" => integer!(u8),
            "u16" => integer!(u16),
            "u32" => integer!(u32),
            // `usize` is that of the machine it is built for, perhaps another than this one.
            "u64" | "usize" => integer!(u64),
            "i8" => integer!(i8),
            "i16" => integer!(i16),
            "i32" => integer!(i32),
            "i64" | "isize" => integer!(i64),
            "f32" | "f64" => match self.value {
                Value::Integer(_) | Value::Float(_) => None,
                _ => Some(format!(
                    "expected a number for a `{scalar}`: `default = 0.5`"
                )),
            },
            "bool" => match self.value {
                Value::Boolean(_) => None,
                _ => Some("expected `true` or `false`: `default = true`".to_owned()),
            },
            "String" => parses(|_| true, "text for a `String`: `default = \"text\"`"),
            "PathBuf" => parses(
                |text| !text.is_empty(),
                "text for a `PathBuf`: `default = \"./data\"`",
            ),
            "Duration" => parses(
                starts_with_number,
                "text for a `Duration`: `default = \"10s\"`",
            ),
            "ByteSize" => parses(
                starts_with_number,
                "text for a `ByteSize`: `default = \"1MiB\"`",
            ),
            "SocketAddr" => parses(
                |text| text.parse::<std::net::SocketAddr>().is_ok(),
                "text for a `SocketAddr`: `default = \"127.0.0.1:8080\"`",
            ),
            "IpAddr" => parses(
                |text| text.parse::<std::net::IpAddr>().is_ok(),
                "text for an `IpAddr`: `default = \"127.0.0.1\"`",
            ),
            _ => None,
        }
    }
}

fn expected_literal(at: Span) -> syn::Error {
    syn::Error::new(
        at,
        "expected a literal: `\"text\"`, `1`, `0.5`, `true` or `[\"a\", \"b\"]`",
    )
}

fn starts_with_number(text: &str) -> bool {
    text.starts_with(|character: char| character.is_ascii_digit())
        && text.ends_with(|character: char| character.is_ascii_alphabetic())
}

/// The last name of a type's path and its last type argument.
pub(super) fn last_name(of: &Type) -> Option<(String, Option<&Type>)> {
    let Type::Path(path) = of else { return None };
    let last = path.path.segments.last()?;
    let argument = match &last.arguments {
        PathArguments::AngleBracketed(arguments) => {
            arguments
                .args
                .iter()
                .rev()
                .find_map(|argument| match argument {
                    GenericArgument::Type(of) => Some(of),
                    _ => None,
                })
        }
        _ => None,
    };
    Some((last.ident.to_string(), argument))
}

/// The type that a field holds when `Option`, `Vec` and `BTreeMap` are taken off.
pub(super) fn innermost(of: &Type) -> &Type {
    match last_name(of) {
        Some((name, Some(inner))) if ["Option", "Vec", "BTreeMap"].contains(&name.as_str()) => {
            innermost(inner)
        }
        _ => of,
    }
}

/// Whether this is the type `Secret`, by its name.
pub(super) fn is_secret(of: &Type) -> bool {
    last_name(of).is_some_and(|(name, _)| name == "Secret")
}
