//! A struct with named fields: each field is a key.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{DeriveInput, Field, Ident};

use super::attributes::{FieldAttributes, TypeAttributes, documentation};
use super::literal::{innermost, is_secret};
use crate::arguments::Mistakes;

pub(super) fn implement(
    input: &DeriveInput,
    attributes: &TypeAttributes,
    fields: &[&Field],
    mistakes: &mut Mistakes,
) -> Option<TokenStream> {
    let (path, name) = (&attributes.path, &input.ident);
    let owner = name.unraw().to_string();
    let section = Ident::new("section", Span::mixed_site());
    let (mut keys, mut reads, mut values) = (Vec::new(), Vec::new(), Vec::new());
    for (index, field) in fields.iter().enumerate() {
        let field_name = field.ident.as_ref()?;
        let key = field_name.unraw().to_string();
        let read = FieldAttributes::read(&field.attrs, mistakes);
        check(field, field_name, &key, &read, mistakes);
        let (of, about) = (&field.ty, documentation(&field.attrs));
        let local = format_ident!("field_{index}", span = Span::mixed_site());
        let default = read
            .default
            .map(|literal| literal.tokens(path))
            .map(|literal| quote!(.default(#literal)));
        // The span of the type, so that rustc points at the field whose type cannot be a setting.
        keys.push(quote_spanned!(of.span()=> #path::Key::new::<#of>(#key, #about) #default));
        reads.push(quote_spanned!(of.span()=> let #local = #section.read::<#of>(#key);));
        values.push(quote!(#field_name: #local?));
    }
    Some(quote! {
        #[automatically_derived]
        impl #path::Settings for #name {
            fn schema() -> #path::Schema {
                #path::Schema::new(#owner, [#(#keys),*])
            }
            fn read(#section: &mut #path::Section<'_>) -> ::core::option::Option<Self> {
                #(#reads)*
                ::core::option::Option::Some(Self { #(#values),* })
            }
        }
        #[automatically_derived]
        impl #path::Setting for #name {
            fn shape() -> #path::Shape {
                #path::Shape::Section(<Self as #path::Settings>::schema())
            }
            fn read(place: #path::Place<'_>) -> ::core::option::Option<Self> {
                place.section()
            }
        }
    })
}

fn check(field: &Field, name: &Ident, key: &str, read: &FieldAttributes, mistakes: &mut Mistakes) {
    if key.contains("__") || key.starts_with('_') || key.ends_with('_') {
        mistakes.add(
            name,
            format!("`{key}` cannot be set by a variable: there `__` separates the parts of a key"),
        );
    }
    let inner = innermost(&field.ty);
    if read.secret.is_some() && !is_secret(inner) {
        mistakes.add(inner, "a secret needs the type `Secret`, which is never printed; a type of your own says it with `Scalar::SECRET`");
    }
    if let Some(default) = &read.default {
        default.check(&field.ty, mistakes);
    }
}
