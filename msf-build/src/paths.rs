//! Where generated code finds the libraries it needs: in `msf_service`, and nowhere else.

use proc_macro2::{Group, Punct, Spacing, TokenStream, TokenTree};
use quote::quote;

/// prost's own crate, as the generated code names it.
pub(crate) const PROST: &str = "::msf_service::__private::prost";

/// The codec of every RPC.
pub(crate) const CODEC: &str = "::msf_service::__private::tonic_prost::ProstCodec";

/// What prost-build is told instead of the path to `prost_types`.
///
/// It puts each segment of that path into snake case, and `__private` would become `private`; this
/// name survives, also inside attributes, and [`resolve`] puts the path in its place.
pub(crate) const PROST_TYPES: &str = "::msf_service_private_prost_types";

/// Puts the real path where [`PROST_TYPES`] stands.
pub(crate) fn resolve(code: &str) -> String {
    code.replace(PROST_TYPES, "::msf_service::__private::prost_types")
}

/// Puts our re-export in front of each path that begins with `tonic::`.
///
/// Done on tokens, not on syntax, so that attributes and macro arguments are covered too.
pub(crate) fn qualify(tokens: TokenStream) -> TokenStream {
    let mut qualified = TokenStream::new();
    let mut tokens = tokens.into_iter().peekable();
    let mut in_path = false;
    let mut last_joint = false;
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Group(group) => {
                let mut inner = Group::new(group.delimiter(), qualify(group.stream()));
                inner.set_span(group.span());
                qualified.extend([TokenTree::Group(inner)]);
                (in_path, last_joint) = (false, false);
            }
            TokenTree::Ident(ident) => {
                let heads_path = matches!(
                    tokens.peek(),
                    Some(TokenTree::Punct(next)) if is_first_colon(next)
                );
                if ident == "tonic" && heads_path && !in_path {
                    qualified.extend(quote!(::msf_service::__private::));
                }
                qualified.extend([TokenTree::Ident(ident)]);
                (in_path, last_joint) = (false, false);
            }
            TokenTree::Punct(punct) => {
                // `a::tonic` has two colons in front, `a: tonic::B` only one.
                in_path = last_joint && punct.as_char() == ':';
                last_joint = is_first_colon(&punct);
                qualified.extend([TokenTree::Punct(punct)]);
            }
            TokenTree::Literal(literal) => {
                qualified.extend([TokenTree::Literal(literal)]);
                (in_path, last_joint) = (false, false);
            }
        }
    }
    qualified
}

fn is_first_colon(punct: &Punct) -> bool {
    punct.as_char() == ':' && punct.spacing() == Spacing::Joint
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_head_of_a_path_is_qualified() {
        let code = quote! {
            use tonic::codegen::*;
            #[tonic::async_trait]
            fn f(tonic: tonic::Request<tonic::Streaming<a::tonic::B>>) -> <T as tonic::C>::tonic {
                g(tonic, ::tonic::D)
            }
        };
        let expected = quote! {
            use ::msf_service::__private::tonic::codegen::*;
            #[::msf_service::__private::tonic::async_trait]
            fn f(
                tonic: ::msf_service::__private::tonic::Request<
                    ::msf_service::__private::tonic::Streaming<a::tonic::B>>
            ) -> <T as ::msf_service::__private::tonic::C>::tonic {
                g(tonic, ::tonic::D)
            }
        };
        assert_eq!(qualify(code).to_string(), expected.to_string());
    }
}
