//! `derive(Event)`: name, version and key of an event.

mod attributes;
mod key;
mod name;
#[cfg(test)]
mod tests;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput};

use crate::arguments::Mistakes;
use attributes::TypeAttributes;

/// The implementation, or the mistakes together with one that lets the rest of the crate compile.
pub(crate) fn expand(item: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(item) {
        Ok(input) => input,
        Err(error) => return error.into_compile_error(),
    };
    let mut mistakes = Mistakes::default();
    let attributes = TypeAttributes::read(&input, &mut mistakes);
    let key = match &input.data {
        Data::Struct(data) => key::of_struct(&data.fields, &mut mistakes),
        Data::Enum(data) => {
            key::refuse_in_enum(data, &mut mistakes);
            None
        }
        Data::Union(data) => {
            mistakes.add(
                data.union_token,
                "a union cannot be written as JSON, so it is no event: write a struct or an enum",
            );
            return mistakes.into_compile_errors().unwrap_or_default();
        }
    };
    if !input.generics.params.is_empty() {
        mistakes.add(
            &input.generics,
            "an event has one name and one shape, and outlives whoever made it, so its type cannot be generic or borrow: write one type for each event",
        );
        // What a parameter lacks to be an event would be told as well.
        return mistakes.into_compile_errors().unwrap_or_default();
    }
    let TypeAttributes {
        path,
        name,
        version,
    } = attributes;
    let ident = &input.ident;
    let errors = mistakes.into_compile_errors();
    quote! {
        #errors
        #[automatically_derived]
        impl #path::Event for #ident {
            const NAME: &'static str = #name;
            const VERSION: u16 = #version;
            #key
        }
    }
}
