//! An enum without fields: each variant is a choice.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt as _;
use syn::{DataEnum, DeriveInput, Fields};

use super::attributes::{TypeAttributes, variant_name};
use crate::arguments::Mistakes;
use crate::kebab_case::kebab_case;

pub(super) fn implement(
    input: &DeriveInput,
    attributes: &TypeAttributes,
    data: &DataEnum,
    mistakes: &mut Mistakes,
) -> Option<TokenStream> {
    let (path, name) = (&attributes.path, &input.ident);
    let (mut texts, mut variants): (Vec<String>, Vec<_>) = (Vec::new(), Vec::new());
    for variant in &data.variants {
        if !matches!(variant.fields, Fields::Unit) {
            mistakes.add(
                &variant.fields,
                "a choice is one word, so its variant has no fields",
            );
        }
        let given = variant_name(&variant.attrs, mistakes);
        let text = given.as_ref().map_or_else(
            || kebab_case(&variant.ident.unraw().to_string()),
            syn::LitStr::value,
        );
        if texts.contains(&text) {
            mistakes.add(
                &variant.ident,
                format!("two variants are the choice `{text}`"),
            );
        }
        texts.push(text);
        variants.push(&variant.ident);
    }
    if texts.is_empty() {
        mistakes.add(name, "an enum without variants has no value to choose");
        return None;
    }
    let expected = expected(&texts);
    Some(quote! {
        #[automatically_derived]
        impl #path::Scalar for #name {
            const EXPECTED: &'static str = #expected;
            const CHOICES: &'static [&'static str] = &[#(#texts),*];
            fn from_text(text: &str) -> ::core::option::Option<Self> {
                match text {
                    #(#texts => ::core::option::Option::Some(Self::#variants),)*
                    _ => ::core::option::Option::None,
                }
            }
        }
    })
}

/// "`a`, `b` or `c`".
fn expected(texts: &[String]) -> String {
    let quoted: Vec<_> = texts.iter().map(|text| format!("`{text}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => String::new(),
    }
}
