//! The guard: the service's own trait, with the rule checked inside each method.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::{Described, Method};

/// The private module with the guard and what the service is called on the wire.
pub(super) fn items(service: &Described, descriptor: &str) -> TokenStream {
    let Described {
        full_name,
        trait_name,
        stem,
        methods,
        ..
    } = service;
    let module = format_ident!("{stem}_guard");
    let table = service.access_name();
    let server_module = format_ident!("{stem}_server");
    let server = format_ident!("{trait_name}Server");
    let count = methods.len();

    let names = methods.iter().map(|method| {
        let (method, path) = (&method.wire_name, service.path(method));
        quote! {
            RpcName { service: #full_name, method: #method, path: #path }
        }
    });
    let rules = methods.iter().enumerate().map(|(index, method)| {
        let field = &method.name;
        quote!((&RPCS[#index], access.#field.info()))
    });
    let checked = methods
        .iter()
        .enumerate()
        .map(|(index, method)| check(trait_name, index, method));

    quote! {
        mod #module {
            use ::msf_service::__private::access::RpcName;
            use ::msf_service::__private::grpc::{Guarded, ServiceInfo, guarded, service_info};

            static RPCS: [RpcName; #count] = [#(#names),*];

            static INFO: ServiceInfo = service_info(
                #full_name,
                &RPCS,
                ::core::include_bytes!(::core::concat!(::core::env!("OUT_DIR"), #descriptor)),
            );

            pub struct Guard<T> {
                service: T,
                access: super::#table,
            }

            pub fn guard<T: super::#trait_name>(
                service: T,
                access: super::#table,
            ) -> Guarded<super::#server_module::#server<Guard<T>>> {
                let rules = ::std::vec![#(#rules),*];
                let server = super::#server_module::#server::new(Guard { service, access });
                guarded(server, &INFO, rules, |server, bytes| {
                    server.max_decoding_message_size(bytes)
                })
            }

            #[tonic::async_trait]
            impl<T: super::#trait_name> super::#trait_name for Guard<T> {
                #(#checked)*
            }
        }
    }
}

/// One method: the rule, then the implementation's method of the same name.
fn check(trait_name: &proc_macro2::Ident, index: usize, method: &Method) -> TokenStream {
    let name = &method.name;
    let message = method.request.below();
    let response = method.response.below();

    let (request, check) = if method.client_streaming {
        (
            quote!(request: tonic::Request<tonic::Streaming<#message>>),
            quote!(check_rpc_stream(&RPCS[#index], &request)),
        )
    } else {
        (
            quote!(mut request: tonic::Request<#message>),
            quote!(check_rpc(&RPCS[#index], &mut request)),
        )
    };
    let (stream, response) = if method.server_streaming {
        let stream = format_ident!("{}Stream", method.wire_name);
        (
            quote!(type #stream = <T as super::#trait_name>::#stream;),
            quote!(<T as super::#trait_name>::#stream),
        )
    } else {
        (TokenStream::new(), response)
    };

    quote! {
        #stream

        async fn #name(
            &self,
            #request,
        ) -> ::core::result::Result<tonic::Response<#response>, tonic::Status> {
            self.access.#name.#check.await?;
            <T as super::#trait_name>::#name(&self.service, request).await
        }
    }
}
