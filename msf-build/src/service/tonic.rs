//! A prost service as tonic's code generator wants it.

use proc_macro2::TokenStream;
use prost_build::Comments;
use quote::quote;

use crate::paths;

/// A prost service for tonic's code generator.
pub(super) struct TonicService {
    name: String,
    proto_name: String,
    package: String,
    comments: Vec<String>,
    methods: Vec<TonicMethod>,
}

/// A prost method for tonic's code generator.
pub(super) struct TonicMethod {
    name: String,
    proto_name: String,
    comments: Vec<String>,
    request: Type,
    response: Type,
    client_streaming: bool,
    server_streaming: bool,
    deprecated: bool,
}

impl TonicService {
    pub(super) fn new(service: &prost_build::Service) -> syn::Result<Self> {
        Ok(Self {
            name: service.name.clone(),
            proto_name: service.proto_name.clone(),
            package: service.package.clone(),
            comments: lines(&service.comments),
            methods: service
                .methods
                .iter()
                .map(TonicMethod::new)
                .collect::<Result<_, _>>()?,
        })
    }
}

impl TonicMethod {
    fn new(method: &prost_build::Method) -> syn::Result<Self> {
        Ok(Self {
            name: method.name.clone(),
            proto_name: method.proto_name.clone(),
            comments: lines(&method.comments),
            request: Type::new(&method.input_type)?,
            response: Type::new(&method.output_type)?,
            client_streaming: method.client_streaming,
            server_streaming: method.server_streaming,
            deprecated: method.options.deprecated(),
        })
    }
}

/// A message's Rust type, as seen from the module of its package.
#[derive(Clone)]
pub(super) struct Type(syn::Type);

impl Type {
    pub(super) fn new(path: &str) -> syn::Result<Self> {
        syn::parse_str(&paths::resolve(path)).map(Self)
    }

    /// The type as seen from the package's own module.
    pub(super) fn here(&self) -> TokenStream {
        let ty = &self.0;
        quote!(#ty)
    }

    /// The type as seen from a module inside the package's own.
    pub(super) fn below(&self) -> TokenStream {
        let ty = &self.0;
        match ty {
            syn::Type::Path(path) if path.path.leading_colon.is_none() && !is_primitive(path) => {
                quote!(super::#ty)
            }
            // `()` for `google.protobuf.Empty`, absolute paths, `bool` for its wrapper
            _ => quote!(#ty),
        }
    }
}

/// Whether a well-known wrapper type became one of Rust's own.
fn is_primitive(path: &syn::TypePath) -> bool {
    const PRIMITIVES: [&str; 7] = ["bool", "i32", "i64", "u32", "u64", "f32", "f64"];
    path.path
        .get_ident()
        .is_some_and(|ident| PRIMITIVES.iter().any(|name| ident == name))
}

/// The stem of tonic's module names: `greeter` in `greeter_server`.
pub(super) fn module_stem(name: &str) -> String {
    let mut stem = String::new();
    for (index, c) in name.char_indices() {
        if index > 0 && c.is_uppercase() {
            stem.push('_');
        }
        stem.push(c.to_ascii_lowercase());
    }
    stem
}

/// The lines of a comment, made safe for rustdoc as prost does it for messages.
fn lines(comments: &Comments) -> Vec<String> {
    let mut text = String::new();
    let leading = Comments {
        leading: comments.leading.clone(),
        ..Comments::default()
    };
    leading.append_with_indent(0, &mut text);
    text.lines()
        .map(|line| line.trim_start_matches('/').to_owned())
        .collect()
}

impl tonic_build::Service for TonicService {
    type Comment = String;
    type Method = TonicMethod;

    fn name(&self) -> &str {
        &self.name
    }

    fn package(&self) -> &str {
        &self.package
    }

    fn identifier(&self) -> &str {
        &self.proto_name
    }

    fn methods(&self) -> &[TonicMethod] {
        &self.methods
    }

    fn comment(&self) -> &[String] {
        &self.comments
    }
}

impl tonic_build::Method for TonicMethod {
    type Comment = String;

    fn name(&self) -> &str {
        &self.name
    }

    fn identifier(&self) -> &str {
        &self.proto_name
    }

    fn codec_path(&self) -> &str {
        paths::CODEC
    }

    fn client_streaming(&self) -> bool {
        self.client_streaming
    }

    fn server_streaming(&self) -> bool {
        self.server_streaming
    }

    fn comment(&self) -> &[String] {
        &self.comments
    }

    fn deprecated(&self) -> bool {
        self.deprecated
    }

    fn request_response_name(&self, _: &str, _: bool) -> (TokenStream, TokenStream) {
        (self.request.below(), self.response.below())
    }
}
