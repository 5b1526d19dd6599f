//! The field that `#[event(key)]` is on.

use proc_macro2::TokenStream;
use quote::{format_ident, quote_spanned};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{DataEnum, Field, Fields};

use crate::arguments::{Argument, Grammar, Mistakes, arguments, span_of};

const ON_TYPE: &str =
    "this belongs on the type: `#[event(name = \"orders.order-placed\", version = 2)]`";
const ON_FIELD: Grammar<'static> = Grammar {
    name: "event",
    place: "a field",
    known: &["key"],
    example: "#[event(key)]",
    elsewhere: &[("name", ON_TYPE), ("version", ON_TYPE), ("crate", ON_TYPE)],
};

/// The method `key` of a struct that has one.
pub(super) fn of_struct(fields: &Fields, mistakes: &mut Mistakes) -> Option<TokenStream> {
    let mut key: Option<&Field> = None;
    for field in fields {
        for Argument { key: word, value } in arguments(&field.attrs, &ON_FIELD, mistakes) {
            if value.is_some() {
                mistakes.add_at(
                    span_of(&word, value.as_ref()),
                    "`key` stands alone: `#[event(key)]`",
                );
            }
            match (&field.ident, key.and_then(|key| key.ident.as_ref())) {
                (None, _) => mistakes.add(
                    word,
                    "a key is a field with a name, so that readers in other languages find it: `struct OrderPlaced { #[event(key)] order_id: String }`",
                ),
                (Some(_), Some(earlier)) => mistakes.add(
                    word,
                    format!(
                        "an event has one key, and `{}` is it already: make a field of your own that joins both, or leave out one",
                        earlier.unraw()
                    ),
                ),
                (Some(_), None) => key = Some(field),
            }
        }
    }
    let key = key?;
    let (ident, of) = (key.ident.as_ref()?, &key.ty);
    let receiver = format_ident!("self", span = proc_macro2::Span::mixed_site());
    // The span of the type, so that rustc points at the field whose type cannot be a key.
    Some(quote_spanned! {of.span()=>
        fn key(&#receiver) -> ::core::option::Option<::std::borrow::Cow<'_, str>> {
            ::core::option::Option::Some(::std::borrow::Cow::Owned(<#of as ::std::string::ToString>::to_string(&#receiver.#ident)))
        }
    })
}

/// An enum has no key.
pub(super) fn refuse_in_enum(data: &DataEnum, mistakes: &mut Mistakes) {
    for variant in &data.variants {
        let fields = variant.fields.iter().map(|field| &field.attrs);
        for attributes in std::iter::once(&variant.attrs).chain(fields) {
            for argument in arguments(attributes, &ON_FIELD, mistakes) {
                mistakes.add(
                    argument.key,
                    "an enum has no key, as its variants need not share a field: write a struct with the key and the enum as a field",
                );
            }
        }
    }
}
