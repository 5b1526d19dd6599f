//! Ids, queries and headers that are wrong, and paths that are none.

use super::bodies::Row;

/// Ids of nothing. Those that are no text at all are not known either.
const IDS: &[&str] = &[
    "0190b5a0-7c1e-7b1a-8c6e-3f2d9a1b4c5d",
    "0190B5A0-7C1E-7B1A-8C6E-3F2D9A1B4C5D",
    "%7B0190b5a0-7c1e-7b1a-8c6e-3f2d9a1b4c5d%7D",
    "00000000-0000-0000-0000-000000000000",
    "1",
    "-1",
    "lamp",
    "%00",
    "%0A",
    "%FF",
    "%F0%9F%92%A9",
    "a%2Fb",
    "%27%20OR%20%271%27=%271",
    "%2e%2e%2f",
];

/// Paths with an id, and the methods that they have.
const WITH_ID: &[(&str, &[&str])] = &[
    ("/api/v1/products/", &["GET"]),
    ("/api/v1/admin/products/", &["GET", "PUT", "DELETE"]),
    ("/api/v1/admin/users/", &["PUT", "DELETE"]),
];

/// Every unknown or malformed id: 404.
pub(crate) fn ids() -> Vec<Row> {
    let long = "x".repeat(3_000);
    let mut rows = Vec::new();
    for (path, methods) in WITH_ID {
        for method in methods.iter().copied() {
            for id in IDS.iter().copied().chain([&*long]) {
                let row = Row::of(method, format!("{path}{id}"), 404);
                rows.push(match method {
                    "PUT" => row.json("{}"),
                    _ => row,
                });
            }
        }
    }
    rows
}

const LISTS: &[&str] = &[
    "/api/v1/products",
    "/api/v1/products/category/light",
    "/api/v1/admin/products",
    "/api/v1/admin/products/category/light",
    "/api/v1/admin/users",
];

/// Queries that ask for no page.
pub(crate) fn queries() -> Vec<Row> {
    let mut rows = Vec::new();
    for path in LISTS {
        for field in ["page", "page_size"] {
            for value in [
                "0",
                "-1",
                "1.5",
                "1e2",
                "one",
                "",
                "%20",
                "1%00",
                "%FF",
                "0x1",
                "4294967296",
                "99999999999999999999999",
                "null",
            ] {
                let row = Row::of("GET", format!("{path}?{field}={value}"), 400);
                rows.push(row.field(field));
            }
            let twice = format!("{path}?{field}=1&{field}=1");
            rows.push(Row::of("GET", twice, 400).field(field));
        }
        let beyond = format!("{path}?page=1&page_size=101");
        rows.push(Row::of("GET", beyond, 400).field("page_size"));
        for fine in [
            "page=1&page_size=100",
            "page_size=1",
            "page=4294967295&page_size=100",
            "page=4294967295",
            "",
            "other=1",
            "&&",
        ] {
            rows.push(Row::of("GET", format!("{path}?{fine}"), 200));
        }
    }
    rows
}

/// Categories are free text: what is none is at most an empty list.
pub(crate) fn categories() -> Vec<Row> {
    let mut rows = Vec::new();
    for path in [
        "/api/v1/products/category/",
        "/api/v1/admin/products/category/",
    ] {
        let long = "x".repeat(3_000);
        for category in [
            "none",
            "%20",
            "%00",
            "a%2Fb",
            "%F0%9F%92%A9",
            "%25",
            "%27--",
            &long,
        ] {
            rows.push(Row::of("GET", format!("{path}{category}"), 200));
        }
        rows.push(Row::of("GET", format!("{path}%FF"), 400).field("category"));
    }
    rows
}

/// `If-Match` that is none, and such that nothing matches; `path` is there.
pub(crate) fn if_match(path: &str) -> Vec<Row> {
    let mut rows = Vec::new();
    for method in ["PUT", "DELETE"] {
        let base = |status, value: &str| {
            let row = Row::of(method, path, status);
            let row = match method {
                "PUT" => row.json("{}"),
                _ => row,
            };
            row.named(format!("{method} if-match {value}"))
                .header("if-match", value)
        };
        for wrong in [
            "",
            ",",
            "7",
            "\"",
            "\"7",
            "7\"",
            "W/7",
            "w/\"7\"",
            "\"1\" \"2\"",
            "*, \"1\"",
            "**",
            "'7'",
            "\"a b\"",
        ] {
            rows.push(base(400, wrong).code("if_match.malformed"));
        }
        for stale in [
            "\"0\"",
            "\"987654321\"",
            "W/\"1\"",
            "\"01\"",
            "\"+1\"",
            "\"\"",
            "\"lamp\"",
            "\"18446744073709551615\"",
            "\"18446744073709551616\"",
            "W/\"1\", \"987654321\"",
        ] {
            rows.push(base(409, stale).code("version.conflict"));
        }
    }
    rows
}

/// Paths of nothing, and methods that a path does not have.
pub(crate) fn nowhere() -> Vec<Row> {
    let mut rows = Vec::new();
    for path in [
        "/api/v1/products/",
        "/api/v1/products/category/",
        "/api/v1/products/category/light/",
        "/api/v1/products/category/light/lamp",
        "/api/v1/product",
        "/api/v1/Products",
        "/api/v2/products",
        "/api/v1/admin",
        "/api/v1/admin/users/",
        "/api/v1/admin/products/",
        "/api/v1/admin/orders",
        "//api/v1/products",
    ] {
        rows.push(Row::of("GET", path, 404));
    }
    for (path, methods) in [
        (
            "/api/v1/products",
            &["POST", "PUT", "DELETE", "PATCH", "OPTIONS"][..],
        ),
        (
            "/api/v1/products/lamp",
            &["POST", "PUT", "DELETE", "PATCH", "OPTIONS"],
        ),
        (
            "/api/v1/products/category/light",
            &["POST", "PUT", "DELETE", "PATCH", "OPTIONS"],
        ),
        (
            "/api/v1/admin/products/category/light",
            &["POST", "PUT", "DELETE", "PATCH", "OPTIONS"],
        ),
        (
            "/api/v1/admin/users",
            &["POST", "PUT", "DELETE", "PATCH", "OPTIONS"],
        ),
    ] {
        for method in methods.iter().copied() {
            rows.push(Row::of(method, path, 405));
        }
    }
    rows
}
