//! What is generated: names on the wire, who is private, and which libraries it names.

mod common;

use std::fs;

use common::{Folder, compile};
use syn::{Item, Visibility, visit::Visit};

const PROTO: &str = r#"
syntax = "proto3";
package hello.v1;
import "google/protobuf/empty.proto";
import "google/protobuf/struct.proto";
import "other.proto";

service HTTPGreeter {
  // Says hello.
  rpc GetURL(Request) returns (Request);
  rpc Type(google.protobuf.Empty) returns (stream other.Thing);
  rpc Move(stream other.Thing) returns (stream google.protobuf.Value);
}
message Request {
  google.protobuf.NullValue nothing = 1;
  map<string, google.protobuf.Struct> structs = 2;
}
"#;

const OTHER: &str = r#"
syntax = "proto3";
package other;
message Thing { string name = 1; }
"#;

fn generated(folder: &Folder, name: &str) -> String {
    fs::read_to_string(folder.path().join(name)).expect("a generated file")
}

fn hello() -> (Folder, String, syn::File) {
    let folder = Folder::new(&[("hello.proto", PROTO), ("other.proto", OTHER)]);
    compile(&folder, &["hello.proto"]).expect("the protos are right");
    let code = generated(&folder, "hello.v1.rs");
    let file = syn::parse_file(&code).expect("Rust code");
    (folder, code, file)
}

#[test]
fn every_path_leads_to_our_re_exports() {
    struct Heads(Vec<String>);
    impl<'ast> Visit<'ast> for Heads {
        fn visit_path(&mut self, path: &'ast syn::Path) {
            if path.segments.len() > 1 {
                let colons = if path.leading_colon.is_some() {
                    "::"
                } else {
                    ""
                };
                self.0.push(format!("{colons}{}", path.segments[0].ident));
            }
            syn::visit::visit_path(self, path);
        }
        fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
            let colons = if item.leading_colon.is_some() {
                "::"
            } else {
                ""
            };
            if let syn::UseTree::Path(path) = &item.tree {
                self.0.push(format!("{colons}{}", path.ident));
            }
        }
    }

    let (_folder, code, file) = hello();
    let mut heads = Heads(Vec::new());
    heads.visit_file(&file);
    heads.0.sort();
    heads.0.dedup();
    let libraries: Vec<_> = heads
        .0
        .iter()
        .filter(|head| head.starts_with("::"))
        .collect();
    assert_eq!(libraries, ["::core", "::msf_service", "::std"]);
    for head in [
        "tonic",
        "prost",
        "prost_types",
        "tonic_prost",
        "msf_service",
    ] {
        assert!(
            !heads.0.iter().any(|found| found == head),
            "{head} heads a path in:\n{code}"
        );
    }
    // Attributes hold paths as text, where no visitor looks.
    assert!(code.contains(r#"enumeration = "::msf_service::__private::prost_types::NullValue""#));
    assert!(
        !code.contains("\"::prost") && !code.contains("msf_service_private"),
        "{code}"
    );
}

#[test]
fn the_raw_server_and_the_guard_are_private() {
    let (_folder, _code, file) = hello();
    let modules: Vec<_> = file
        .items
        .iter()
        .filter_map(|item| match item {
            Item::Mod(module) => Some((
                module.ident.to_string(),
                matches!(module.vis, Visibility::Public(_)),
            )),
            _ => None,
        })
        .collect();
    let expected = [
        ("http_greeter_server".to_owned(), false),
        ("http_greeter_guard".to_owned(), false),
        ("http_greeter_client".to_owned(), true),
    ];
    assert_eq!(modules, expected);
}

#[test]
fn names_are_the_wires_own() {
    let (_folder, code, _file) = hello();
    for path in ["/hello.v1.HTTPGreeter/GetURL", "/hello.v1.HTTPGreeter/Type"] {
        assert!(
            code.contains(&format!("path: \"{path}\"")),
            "{path} is missing in:\n{code}"
        );
        assert!(
            code.contains(&format!("/// `{path}`")),
            "{path} is not documented in:\n{code}"
        );
    }
    assert!(code.contains("pub struct HttpGreeterAccess"));
    assert!(code.contains("pub fn guard_http_greeter<T: HttpGreeter>"));
    assert!(code.contains("pub type HttpGreeterClient ="));
    for field in ["pub get_url: ", "pub r#type: ", "pub r#move: "] {
        assert!(code.contains(field), "{field} is missing in:\n{code}");
    }
    assert!(code.contains("::access::Rule<()>"));
    assert!(
        code.contains("::access::ClientStream<super::super::other::Thing>"),
        "{code}"
    );
    assert!(!code.contains("impl Default for HttpGreeterAccess"));
}

#[test]
fn a_client_is_left_out_on_request() {
    let folder = Folder::new(&[("hello.proto", PROTO), ("other.proto", OTHER)]);
    msf_build::Builder::new()
        .client(false)
        .out_dir(folder.path())
        .compile(&[folder.path().join("hello.proto")], &[folder.path()])
        .expect("the protos are right");
    let code = generated(&folder, "hello.v1.rs");
    assert!(!code.contains("Client<") && code.contains("HttpGreeterAccess"));
}

#[test]
fn a_redacted_message_shows_no_field() {
    let folder = Folder::new(&[("hello.proto", PROTO), ("other.proto", OTHER)]);
    let compile = |redacted: &str| {
        msf_build::Builder::new()
            .redact([redacted])
            .out_dir(folder.path())
            .compile(&[folder.path().join("hello.proto")], &[folder.path()])
    };
    compile("hello.v1.Request").expect("the protos are right");
    let code = generated(&folder, "hello.v1.rs");
    assert!(code.contains("impl ::core::fmt::Debug for Request"));
    assert!(code.contains("finish_non_exhaustive"));
    // Its derive has no second one; the compiler of the shop's protos holds both to it.
    assert!(code.contains("skip_debug"), "{code}");

    for (unknown, told) in [
        ("hello.v1.Reqest", "has no message `Reqest`"),
        ("Request", "no message is called `Request`"),
        ("helo.v1.Request", "no message is called `helo.v1.Request`"),
    ] {
        let error = compile(unknown).expect_err("there is no such message");
        assert!(error.to_string().contains(told), "{error}");
    }
}

#[test]
fn descriptors_hold_the_imports_and_no_comments() {
    use prost::Message;
    let (folder, _code, _file) = hello();
    let bytes = fs::read(folder.path().join("hello.v1.bin")).expect("descriptors");
    let set = prost_types::FileDescriptorSet::decode(bytes.as_slice()).expect("a set");
    let mut names: Vec<_> = set
        .file
        .iter()
        .map(prost_types::FileDescriptorProto::name)
        .collect();
    names.sort_unstable();
    let expected = [
        "google/protobuf/empty.proto",
        "google/protobuf/struct.proto",
        "hello.proto",
        "other.proto",
    ];
    assert_eq!(names, expected);
    assert!(set.file.iter().all(|file| file.source_code_info.is_none()));
}

#[test]
fn the_tree_has_a_module_for_each_package() {
    let (folder, _code, _file) = hello();
    let tree = generated(&folder, "all-packages.rs");
    let bare: String = tree.split_whitespace().collect();
    assert!(
        bare.contains("pubmodhello{///Generated") && bare.contains("pubmodv1{include!"),
        "{tree}"
    );
    assert!(bare.contains("pubmodother{include!"), "{tree}");
}
