//! What `#[settings(..)]` and `#[setting(..)]` say, with every mistake at its token.

use proc_macro2::Span;
use syn::parse::Parser as _;
use syn::{Attribute, Expr, ExprLit, Lit, LitStr, Meta, Path};

use super::literal::Literal;
use crate::arguments::{Argument, Grammar, Mistakes, arguments, span_of};

const ON_TYPE: Grammar<'static> = Grammar {
    name: "settings",
    place: "the type",
    known: &["crate"],
    example: "#[settings(crate ..)]",
    elsewhere: &[],
};
const ON_FIELD: Grammar<'static> = Grammar {
    name: "setting",
    place: "a field",
    known: &["default", "secret"],
    example: "#[setting(default ..)]",
    elsewhere: &[],
};
const ON_VARIANT: Grammar<'static> = Grammar {
    name: "setting",
    place: "a variant",
    known: &["name"],
    example: "#[setting(name ..)]",
    elsewhere: &[],
};

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
        for Argument { key, value } in arguments(attributes, &ON_TYPE, mistakes) {
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
        for Argument { key, value } in arguments(attributes, &ON_FIELD, mistakes) {
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
    for Argument { key, value } in arguments(attributes, &ON_VARIANT, mistakes) {
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
