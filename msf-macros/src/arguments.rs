//! The arguments of an attribute, and the mistakes of one item: each at its token, all reported together.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt as _;
use syn::parse::{ParseStream, Parser as _};
use syn::{Attribute, Ident, Meta, Token};

use crate::nearest::nearest;

/// The mistakes of one item, reported together.
#[derive(Default)]
pub(crate) struct Mistakes(Option<syn::Error>);

/// One `key` or `key = value` of an attribute.
pub(crate) struct Argument {
    pub(crate) key: Ident,
    pub(crate) value: Option<TokenStream>,
}

/// What an attribute takes in one place.
pub(crate) struct Grammar<'a> {
    /// The name of the attribute.
    pub(crate) name: &'a str,
    /// What it is on, with its article.
    pub(crate) place: &'a str,
    /// Its keys.
    pub(crate) known: &'a [&'a str],
    /// How it is written, for one who wrote it without parentheses.
    pub(crate) example: &'a str,
    /// Keys that are valid in another place, with the words that say so.
    pub(crate) elsewhere: &'a [(&'a str, &'a str)],
}

impl Mistakes {
    pub(crate) fn add(&mut self, at: impl ToTokens, message: impl std::fmt::Display) {
        self.push(syn::Error::new_spanned(at, message));
    }

    pub(crate) fn add_at(&mut self, at: Span, message: impl std::fmt::Display) {
        self.push(syn::Error::new(at, message));
    }

    pub(crate) fn push(&mut self, error: syn::Error) {
        match &mut self.0 {
            Some(errors) => errors.combine(error),
            None => self.0 = Some(error),
        }
    }

    pub(crate) fn into_compile_errors(self) -> Option<TokenStream> {
        self.0.map(syn::Error::into_compile_error)
    }
}

/// The arguments of all attributes of one name: known, and each once.
pub(crate) fn arguments(
    attributes: &[Attribute],
    grammar: &Grammar<'_>,
    mistakes: &mut Mistakes,
) -> Vec<Argument> {
    let Grammar { name, known, .. } = grammar;
    let mut found: Vec<Argument> = Vec::new();
    for attribute in attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident(name))
    {
        let Meta::List(list) = &attribute.meta else {
            mistakes.add(attribute, format!("expected `{}`", grammar.example));
            continue;
        };
        let parsed = match parse_arguments.parse2(list.tokens.clone()) {
            Ok(parsed) => parsed,
            Err(error) => {
                mistakes.push(error);
                continue;
            }
        };
        for argument in parsed {
            let key = argument.key.unraw().to_string();
            if let Some((_, where_to)) = grammar.elsewhere.iter().find(|(other, _)| *other == key) {
                mistakes.add(&argument.key, where_to);
            } else if !known.contains(&key.as_str()) {
                let meant = nearest(&key, known)
                    .map(|meant| format!("; did you mean `{meant}`?"))
                    .unwrap_or_default();
                let message = format!(
                    "unknown key `{key}`{meant}\n`#[{name}(..)]` on {} takes {}",
                    grammar.place,
                    all(known)
                );
                mistakes.add(&argument.key, message);
            } else if found.iter().any(|earlier| earlier.key == argument.key) {
                mistakes.add(&argument.key, format!("`{key}` is given twice"));
            } else {
                found.push(argument);
            }
        }
    }
    found
}

/// "`a`, `b` and `c`".
fn all(keys: &[&str]) -> String {
    let quoted: Vec<_> = keys.iter().map(|key| format!("`{key}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

/// Commas separate the arguments; a value is everything up to the next, so that a wrong one is reported as a whole.
fn parse_arguments(input: ParseStream<'_>) -> syn::Result<Vec<Argument>> {
    let mut arguments = Vec::new();
    while !input.is_empty() {
        let key = input.call(Ident::parse_any)?;
        let value = if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            let mut value = TokenStream::new();
            while !input.is_empty() && !input.peek(Token![,]) {
                value.extend([input.parse::<TokenTree>()?]);
            }
            if value.is_empty() {
                return Err(input.error("expected a value after `=`"));
            }
            Some(value)
        } else {
            None
        };
        arguments.push(Argument { key, value });
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
    }
    Ok(arguments)
}

pub(crate) fn span_of(key: &Ident, value: Option<&TokenStream>) -> Span {
    value.map_or_else(|| key.span(), syn::spanned::Spanned::span)
}
