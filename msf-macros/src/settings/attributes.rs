//! What `#[settings(..)]` and `#[setting(..)]` say, with every mistake at its token.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt as _;
use syn::parse::{ParseStream, Parser as _};
use syn::{Attribute, Expr, ExprLit, Ident, Lit, LitStr, Meta, Path, Token};

use super::literal::Literal;
use crate::nearest::nearest;

/// The mistakes of one item, reported together.
#[derive(Default)]
pub(super) struct Mistakes(Option<syn::Error>);

/// `#[settings(crate = "path")]` on the type.
pub(super) struct TypeAttributes {
    /// The path of the settings module.
    pub(super) path: Path,
}

/// `#[setting(default = .., secret)]` on a field.
#[derive(Default)]
pub(super) struct FieldAttributes {
    pub(super) default: Option<Literal>,
    pub(super) secret: Option<Span>,
}

/// One `key` or `key = value` of an attribute.
struct Argument {
    key: Ident,
    value: Option<TokenStream>,
}

impl Mistakes {
    pub(super) fn add(&mut self, at: impl ToTokens, message: impl std::fmt::Display) {
        self.push(syn::Error::new_spanned(at, message));
    }

    pub(super) fn add_at(&mut self, at: Span, message: impl std::fmt::Display) {
        self.push(syn::Error::new(at, message));
    }

    pub(super) fn push(&mut self, error: syn::Error) {
        match &mut self.0 {
            Some(errors) => errors.combine(error),
            None => self.0 = Some(error),
        }
    }

    pub(super) fn into_compile_errors(self) -> Option<TokenStream> {
        self.0.map(syn::Error::into_compile_error)
    }
}

impl TypeAttributes {
    pub(super) fn read(attributes: &[Attribute], mistakes: &mut Mistakes) -> Self {
        let mut path = None;
        for attribute in attributes {
            if attribute.path().is_ident("setting") {
                mistakes.add(
                    attribute,
                    "`#[setting(..)]` belongs on a field; on the type it is `#[settings(..)]`",
                );
            }
        }
        for Argument { key, value } in
            arguments(attributes, "settings", &["crate"], "the type", mistakes)
        {
            match value.clone().map(syn::parse2::<LitStr>) {
                Some(Ok(text)) => match text.parse_with(Path::parse_mod_style) {
                    Ok(parsed) => path = Some(parsed),
                    Err(_) => mistakes.add(text, "expected the path of the settings module: `crate = \"msf_core::settings\"`"),
                },
                _ => mistakes.add_at(span_of(&key, value.as_ref()), "expected a path as text: `crate = \"msf_core::settings\"`"),
            }
        }
        Self {
            path: path.unwrap_or_else(|| syn::parse_quote!(::msf_service::settings)),
        }
    }
}

impl FieldAttributes {
    pub(super) fn read(attributes: &[Attribute], mistakes: &mut Mistakes) -> Self {
        let mut read = Self::default();
        misplaced(attributes, mistakes);
        for Argument { key, value } in arguments(
            attributes,
            "setting",
            &["default", "secret"],
            "a field",
            mistakes,
        ) {
            if key == "default" {
                match value.clone().map(|value| Literal::parse.parse2(value)) {
                    Some(Ok(literal)) => read.default = Some(literal),
                    Some(Err(error)) => mistakes.push(error),
                    None => mistakes.add(key, "`default` needs a value: `default = \"text\"`, `default = 1`, `default = true`"),
                }
            } else {
                if value.is_some() {
                    mistakes.add_at(
                        span_of(&key, value.as_ref()),
                        "`secret` stands alone: `#[setting(secret)]`",
                    );
                }
                read.secret = Some(key.span());
            }
        }
        read
    }
}

/// The text of a variant that `#[setting(name = "text")]` gives.
pub(super) fn variant_name(attributes: &[Attribute], mistakes: &mut Mistakes) -> Option<LitStr> {
    misplaced(attributes, mistakes);
    let mut name = None;
    for Argument { key, value } in
        arguments(attributes, "setting", &["name"], "a variant", mistakes)
    {
        match value.clone().map(syn::parse2::<LitStr>) {
            Some(Ok(text)) if !text.value().is_empty() => name = Some(text),
            _ => mistakes.add_at(
                span_of(&key, value.as_ref()),
                "expected the text of the choice: `name = \"text\"`",
            ),
        }
    }
    name
}

/// The doc comment, without the space that `///` leaves before each line.
pub(super) fn documentation(attributes: &[Attribute]) -> String {
    let lines = attributes
        .iter()
        .filter_map(|attribute| match &attribute.meta {
            Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
                Expr::Lit(ExprLit {
                    lit: Lit::Str(text),
                    ..
                }) => Some(text.value()),
                _ => None,
            },
            _ => None,
        });
    let text = lines
        .map(|line| {
            line.strip_prefix(' ')
                .unwrap_or(&line)
                .trim_end()
                .to_owned()
        })
        .collect::<Vec<_>>()
        .join("\n");
    text.trim().to_owned()
}

fn misplaced(attributes: &[Attribute], mistakes: &mut Mistakes) {
    for attribute in attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("settings"))
    {
        mistakes.add(
            attribute,
            "`#[settings(..)]` belongs on the type; here it is `#[setting(..)]`",
        );
    }
}

/// The arguments of all attributes of one name: known, and each once.
fn arguments(
    attributes: &[Attribute],
    name: &str,
    known: &[&str],
    place: &str,
    mistakes: &mut Mistakes,
) -> Vec<Argument> {
    let mut found: Vec<Argument> = Vec::new();
    for attribute in attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident(name))
    {
        let Meta::List(list) = &attribute.meta else {
            mistakes.add(attribute, format!("expected `#[{name}({} ..)]`", known[0]));
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
            if !known.contains(&key.as_str()) {
                let meant = nearest(&key, known)
                    .map(|meant| format!("; did you mean `{meant}`?"))
                    .unwrap_or_default();
                let all: Vec<_> = known.iter().map(|key| format!("`{key}`")).collect();
                let message = format!(
                    "unknown key `{key}`{meant}\n`#[{name}(..)]` on {place} takes {}",
                    all.join(" and ")
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

fn span_of(key: &Ident, value: Option<&TokenStream>) -> Span {
    value.map_or_else(|| key.span(), syn::spanned::Spanned::span)
}
