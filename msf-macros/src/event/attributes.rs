//! What `#[event(..)]` says on the type.

use proc_macro2::TokenStream;
use syn::ext::IdentExt as _;
use syn::{DeriveInput, LitInt, LitStr, Path};

use super::name;
use crate::arguments::{Argument, Grammar, Mistakes, arguments, span_of};
use crate::kebab_case::kebab_case;

const ON_TYPE: Grammar<'static> = Grammar {
    name: "event",
    place: "the type",
    known: &["name", "version", "crate"],
    example: "#[event(name = \"orders.order-placed\")]",
    elsewhere: &[(
        "key",
        "`key` belongs on the field that holds it: `#[event(key)] order_id: String`",
    )],
};

/// `#[event(name = "..", version = 2, crate = "path")]`.
pub(super) struct TypeAttributes {
    /// The path of msf-bus.
    pub(super) path: Path,
    pub(super) name: String,
    pub(super) version: u16,
}

impl TypeAttributes {
    /// Whatever is wrong or missing is a mistake, and has a value that lets the rest compile.
    pub(super) fn read(input: &DeriveInput, mistakes: &mut Mistakes) -> Self {
        let mut read = Self {
            path: syn::parse_quote!(::msf_service::bus),
            name: String::new(),
            version: 1,
        };
        let mut named = false;
        for Argument { key, value } in arguments(&input.attrs, &ON_TYPE, mistakes) {
            let at = span_of(&key, value.as_ref());
            if key == "name" {
                named = true;
                match text(value) {
                    Some(text) => match name::check(&text.value()) {
                        Ok(()) => read.name = text.value(),
                        Err(why) => mistakes.add(text, why),
                    },
                    None => mistakes.add_at(
                        at,
                        "expected the name of the stream as text: `name = \"orders.order-placed\"`",
                    ),
                }
            } else if key == "version" {
                match version(value) {
                    Ok(version) => read.version = version,
                    Err(why) => mistakes.add_at(at, why),
                }
            } else {
                match text(value).map(|text| text.parse_with(Path::parse_mod_style)) {
                    Some(Ok(path)) => read.path = path,
                    _ => mistakes.add_at(
                        at,
                        "expected the path of msf-bus as text: `crate = \"msf_bus\"`",
                    ),
                }
            }
        }
        // An attribute that is no list was told of already, and its author may have named the event in it.
        if !named && !input.attrs.iter().any(is_bare) {
            let name = kebab_case(&input.ident.unraw().to_string());
            mistakes.add(
                &input.ident,
                format!("an event needs a name, the area and what happened there: `#[event(name = \"area.{name}\")]`"),
            );
        }
        read
    }
}

fn is_bare(attribute: &syn::Attribute) -> bool {
    attribute.path().is_ident("event") && !matches!(attribute.meta, syn::Meta::List(_))
}

fn text(value: Option<TokenStream>) -> Option<LitStr> {
    syn::parse2(value?).ok()
}

fn version(value: Option<TokenStream>) -> Result<u16, &'static str> {
    let number = value
        .and_then(|value| syn::parse2::<LitInt>(value).ok())
        .filter(|number| number.suffix().is_empty())
        .ok_or("expected the version as a number: `version = 2`")?;
    match number.base10_parse::<u16>() {
        Ok(0) => Err("versions count from 1: leave it out, or write `version = 1`"),
        Ok(version) => Ok(version),
        Err(_) => Err("out of range for a version, which is 1 to 65535"),
    }
}
