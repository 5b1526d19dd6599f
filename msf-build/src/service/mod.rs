//! The code of one gRPC service: trait, server, access table, guard and client.

mod access;
mod guard;
mod tonic;

use proc_macro2::{Ident, TokenStream};
use prost_build::Service;
use quote::{format_ident, quote};
use syn::{Item, Visibility};
use tonic_build::CodeGenBuilder;

use self::tonic::{TonicService, Type};
use crate::{Error, paths};

/// Everything of `service` that stands beside its package's messages.
///
/// `descriptor` is the file in `OUT_DIR` that describes its package.
pub(crate) fn items(service: &Service, descriptor: &str, client: bool) -> Result<Vec<Item>, Error> {
    let failed = |source| Error::generate(&*service.package, source);
    let service = Described::new(service)?;
    let mut builder = CodeGenBuilder::new();
    builder.build_transport(false);

    let mut items = parse(builder.generate_server(&service.tonic, "super")).map_err(failed)?;
    for item in &mut items {
        if let Item::Mod(module) = item {
            // Private: whoever could name the server could serve without rules.
            module.vis = Visibility::Inherited;
        }
    }
    items.extend(parse(access::items(&service)).map_err(failed)?);
    items.extend(parse(guard::items(&service, descriptor)).map_err(failed)?);
    if client {
        items.extend(parse(builder.generate_client(&service.tonic, "super")).map_err(failed)?);
        items.extend(parse(client_alias(&service)).map_err(failed)?);
    }
    Ok(items)
}

fn parse(tokens: TokenStream) -> syn::Result<Vec<Item>> {
    syn::parse2::<syn::File>(paths::qualify(tokens)).map(|file| file.items)
}

fn client_alias(service: &Described) -> TokenStream {
    let name = format_ident!("{}Client", service.trait_name);
    let module = format_ident!("{}_client", service.stem);
    let doc = format!(
        " The client of `{}` over this SDK's transport.",
        service.full_name
    );
    quote! {
        #[doc = #doc]
        pub type #name = #module::#name<::msf_service::client::Channel>;
    }
}

/// A service with the names that its code goes by.
struct Described {
    tonic: TonicService,
    /// `hello.v1.Greeter`
    full_name: String,
    /// `Greeter`
    trait_name: Ident,
    /// `greeter`, in the names of modules and functions
    stem: String,
    methods: Vec<Method>,
}

impl Described {
    fn new(service: &Service) -> Result<Self, Error> {
        let failed = |source| Error::generate(&*service.package, source);
        let full_name = if service.package.is_empty() {
            service.proto_name.clone()
        } else {
            format!("{}.{}", service.package, service.proto_name)
        };
        let methods: Vec<Method> = service
            .methods
            .iter()
            .map(Method::new)
            .collect::<syn::Result<_>>()
            .map_err(failed)?;
        for (index, method) in methods.iter().enumerate() {
            if let Some(twin) = methods[..index]
                .iter()
                .find(|twin| twin.name == method.name)
            {
                return Err(Error::name(format!(
                    "service `{full_name}`: the RPCs `{}` and `{}` get the same Rust name `{}`",
                    twin.wire_name, method.wire_name, method.name
                )));
            }
        }
        Ok(Self {
            tonic: TonicService::new(service).map_err(failed)?,
            full_name,
            trait_name: format_ident!("{}", service.name),
            stem: tonic::module_stem(&service.name),
            methods,
        })
    }

    fn access_name(&self) -> Ident {
        format_ident!("{}Access", self.trait_name)
    }

    fn path(&self, method: &Method) -> String {
        format!("/{}/{}", self.full_name, method.wire_name)
    }
}

/// A method with its Rust name, and the one that travels.
struct Method {
    name: Ident,
    wire_name: String,
    request: Type,
    response: Type,
    client_streaming: bool,
    server_streaming: bool,
}

impl Method {
    fn new(method: &prost_build::Method) -> syn::Result<Self> {
        Ok(Self {
            name: format_ident!("{}", method.name),
            wire_name: method.proto_name.clone(),
            request: Type::new(&method.input_type)?,
            response: Type::new(&method.output_type)?,
            client_streaming: method.client_streaming,
            server_streaming: method.server_streaming,
        })
    }
}
