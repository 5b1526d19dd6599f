//! What a build says about a wrong proto: file, line, column, and the line itself.

mod common;

use common::{Folder, compile};

/// The text that `fn main() -> Result<..>` prints, the folder's path taken out.
fn mistake(files: &[(&str, &str)]) -> String {
    let folder = Folder::new(files);
    let error = compile(&folder, &[files[0].0]).expect_err("the proto is wrong");
    format!("{error:?}").replace(&format!("{}/", folder.path().display()), "")
}

#[test]
fn an_undefined_name() {
    let text = mistake(&[(
        "a.proto",
        "syntax = \"proto3\";\nmessage A {\n  Missing b = 1;\n}\n",
    )]);
    assert_eq!(
        text,
        "a.proto:3:3: name 'Missing' is not defined\n  |\n3 |   Missing b = 1;\n  |   ^"
    );
}

#[test]
fn a_syntax_error() {
    let text = mistake(&[(
        "a.proto",
        "syntax = \"proto3\";\nmessage A {\n\tstring b 1;\n}\n",
    )]);
    assert_eq!(
        text,
        "a.proto:3:11: expected '=', but found '1'\n  |\n3 | \tstring b 1;\n  | \t         ^"
    );
}

#[test]
fn a_missing_import() {
    let text = mistake(&[("a.proto", "syntax = \"proto3\";\nimport \"b.proto\";\n")]);
    assert!(text.starts_with("a.proto:2:"), "{text}");
    assert!(text.contains("import 'b.proto' not found"), "{text}");
}

#[test]
fn a_mistake_in_an_imported_file_names_that_file() {
    let text = mistake(&[
        ("a.proto", "syntax = \"proto3\";\nimport \"b.proto\";\n"),
        ("b.proto", "syntax = \"proto3\";\n\nmessage {}\n"),
    ]);
    assert!(text.starts_with("b.proto:3:9: "), "{text}");
}

#[test]
fn a_file_that_is_not_there() {
    let folder = Folder::new(&[]);
    let error = compile(&folder, &["a.proto"]).expect_err("no such file");
    assert!(error.to_string().contains("a.proto"), "{error}");
}

#[test]
fn a_message_with_the_name_of_a_table() {
    let text = mistake(&[(
        "a.proto",
        "syntax = \"proto3\";\npackage a;\nservice Greeter {}\nmessage GreeterAccess {}\n",
    )]);
    assert_eq!(
        text,
        "package `a`: two definitions get the Rust name `GreeterAccess`; \
         rename the service or the message"
    );
}

#[test]
fn two_rpcs_with_one_rust_name() {
    let text = mistake(&[(
        "a.proto",
        "syntax = \"proto3\";\nservice S {\n  rpc GetURL(M) returns (M);\n  rpc GetUrl(M) returns (M);\n}\nmessage M {}\n",
    )]);
    assert_eq!(
        text,
        "service `S`: the RPCs `GetURL` and `GetUrl` get the same Rust name `get_url`"
    );
}
