//! `derive(Settings)`: a struct becomes a section, an enum without fields a choice.

mod attributes;
mod choice;
mod literal;
mod section;
#[cfg(test)]
mod tests;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Fields};

use crate::arguments::Mistakes;
use attributes::TypeAttributes;

/// The implementation, or the mistakes together with one that lets the rest of the crate compile.
pub(crate) fn expand(item: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(item) {
        Ok(input) => input,
        Err(error) => return error.into_compile_error(),
    };
    let mut mistakes = Mistakes::default();
    let attributes = TypeAttributes::read(&input.attrs, &mut mistakes);
    if !input.generics.params.is_empty() {
        mistakes.add(
            &input.generics,
            "settings are read from text at the start, so their type cannot be generic",
        );
    }
    let is_enum = matches!(input.data, Data::Enum(_));
    let implementation = match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => section::implement(
                &input,
                &attributes,
                &fields.named.iter().collect::<Vec<_>>(),
                &mut mistakes,
            ),
            Fields::Unit => section::implement(&input, &attributes, &[], &mut mistakes),
            Fields::Unnamed(fields) => {
                mistakes.add(fields, "the name of a field is the name of its key, so a section needs named fields: `struct Config { greeting: String }`");
                None
            }
        },
        Data::Enum(data) => choice::implement(&input, &attributes, data, &mut mistakes),
        Data::Union(data) => {
            mistakes.add(
                data.union_token,
                "a union cannot be a section of settings: write a struct",
            );
            None
        }
    };
    match (mistakes.into_compile_errors(), implementation) {
        (None, Some(implementation)) => implementation,
        (errors, _) => {
            let stub = stub(&input, &attributes, is_enum);
            quote!(#errors #stub)
        }
    }
}

/// An implementation without content: the mistakes are told once, not again wherever the type is used.
fn stub(input: &DeriveInput, attributes: &TypeAttributes, is_enum: bool) -> TokenStream {
    let (path, name) = (&attributes.path, &input.ident);
    let (generics, arguments, condition) = input.generics.split_for_impl();
    if is_enum {
        return quote! {
            #[automatically_derived]
            impl #generics #path::Scalar for #name #arguments #condition {
                const EXPECTED: &'static str = "";
                fn from_text(_: &str) -> ::core::option::Option<Self> { ::core::option::Option::None }
            }
        };
    }
    quote! {
        #[automatically_derived]
        impl #generics #path::Settings for #name #arguments #condition {
            fn schema() -> #path::Schema { #path::Schema::new("", []) }
            fn read(_: &mut #path::Section<'_>) -> ::core::option::Option<Self> { ::core::option::Option::None }
        }
        #[automatically_derived]
        impl #generics #path::Setting for #name #arguments #condition {
            fn shape() -> #path::Shape { #path::Shape::Section(<Self as #path::Settings>::schema()) }
            fn read(place: #path::Place<'_>) -> ::core::option::Option<Self> { place.section() }
        }
    }
}
