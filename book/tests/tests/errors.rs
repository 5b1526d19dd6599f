//! The table of kinds in the book is what the code does.

use msf_core::error::Kind;

const PAGE: &str = include_str!("../../src/reference/errors.md");

const KINDS: &[Kind] = &[
    Kind::Malformed,
    Kind::Invalid,
    Kind::Unauthenticated,
    Kind::Forbidden,
    Kind::NotFound,
    Kind::MethodNotAllowed,
    Kind::AlreadyExists,
    Kind::Conflict,
    Kind::TooLarge,
    Kind::UnsupportedMediaType,
    Kind::TooManyRequests,
    Kind::Cancelled,
    Kind::Unimplemented,
    Kind::Overloaded,
    Kind::Unavailable,
    Kind::DeadlineExceeded,
    Kind::Internal,
];

#[test]
fn the_table_of_kinds_is_true() {
    let (_, table) = PAGE
        .split_once("| kind | code | HTTP | gRPC |")
        .expect("the table of kinds");
    let shown: Vec<&str> = table
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .collect();
    let real: Vec<String> = KINDS
        .iter()
        .map(|kind| {
            let (code, http, grpc) = (kind.code(), kind.http_status().as_u16(), kind.grpc_code());
            format!("| `{kind:?}` | `{code}` | {http} | `{grpc:?}` |")
        })
        .collect();
    assert_eq!(shown, real);
}
