//! The access table of a service: one field for each RPC.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::Described;

/// The table, and the function that puts it in front of an implementation.
pub(super) fn items(service: &Described) -> TokenStream {
    let Described {
        full_name,
        trait_name,
        stem,
        methods,
        ..
    } = service;
    let table = service.access_name();
    let server_module = format_ident!("{stem}_server");
    let server = format_ident!("{trait_name}Server");
    let guard_module = format_ident!("{stem}_guard");
    let function = format_ident!("guard_{stem}");

    let table_doc = format!(" One access rule for each RPC of `{full_name}`.");
    let function_doc = format!(
        " Puts `access` in front of an implementation of `{full_name}`.\n\n \
         The rule of an RPC runs inside its method, before the implementation."
    );
    let fields = methods.iter().map(|method| {
        let name = &method.name;
        let doc = format!(" `{}`", service.path(method));
        let message = method.request.here();
        let subject = if method.client_streaming {
            quote!(::msf_service::__private::access::ClientStream<#message>)
        } else {
            message
        };
        quote! {
            #[doc = #doc]
            pub #name: ::msf_service::__private::access::Rule<#subject>
        }
    });

    quote! {
        pub use #server_module::#trait_name;

        #[doc = #table_doc]
        pub struct #table { #(#fields),* }

        #[doc = #function_doc]
        pub fn #function<T: #trait_name>(
            service: T,
            access: #table,
        ) -> ::msf_service::__private::grpc::Guarded<
            #server_module::#server<#guard_module::Guard<T>>,
        > {
            #guard_module::guard(service, access)
        }
    }
}
