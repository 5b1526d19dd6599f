//! Numbers that are no price or no stock, as text: a test that wrote them as floats would not send what it says.

use super::bodies::{Route, Row};

/// What stands in the body, and what it is answered with: `None` where it is right.
type Case = (&'static str, Option<(u16, &'static str)>);

const PRICES: &[Case] = &[
    ("19.99", None),
    ("0", None),
    ("0.0", None),
    ("-0", None),
    ("1E2", None),
    ("1e+2", None),
    ("1999e-2", None),
    ("19.990000000000000000000000000000000000000", None),
    ("0e400", None),
    ("1000000000", None),
    ("1000000000.00", None),
    ("1000000000.01", Some((422, "price.range"))),
    ("1000000001", Some((422, "price.range"))),
    ("1e10", Some((422, "price.range"))),
    ("1e400", Some((422, "price.range"))),
    ("1e99999999999999999999", Some((422, "price.range"))),
    ("9223372036854775807", Some((422, "price.range"))),
    ("9223372036854775808", Some((422, "price.range"))),
    ("184467440737095516.17", Some((422, "price.range"))),
    ("-1", Some((422, "price.range"))),
    ("-0.01", Some((422, "price.range"))),
    ("-1e400", Some((422, "price.range"))),
    ("19.999", Some((422, "price.decimals"))),
    ("19.991", Some((422, "price.decimals"))),
    ("0.001", Some((422, "price.decimals"))),
    ("1e-3", Some((422, "price.decimals"))),
    ("1e-400", Some((422, "price.decimals"))),
    ("1e-99999999999999999999", Some((422, "price.decimals"))),
    (
        "0.1000000000000000055511151231257827",
        Some((422, "price.decimals")),
    ),
    ("\"19.99\"", Some((422, "json.field"))),
    ("\"\"", Some((422, "json.field"))),
    ("null", Some((422, "json.field"))),
    ("true", Some((422, "json.field"))),
    ("[19.99]", Some((422, "json.field"))),
    ("{}", Some((422, "json.field"))),
    (
        "{\"$serde_json::private::RawValue\":\"1\"}",
        Some((422, "json.field")),
    ),
    (
        "{\"$serde_json::private::Number\":\"1\"}",
        Some((422, "json.field")),
    ),
    ("01", Some((400, "json.syntax"))),
    ("+1", Some((400, "json.syntax"))),
    (".5", Some((400, "json.syntax"))),
    ("1.", Some((400, "json.syntax"))),
    ("1e", Some((400, "json.syntax"))),
    ("-", Some((400, "json.syntax"))),
    ("1,99", Some((400, "json.syntax"))),
    ("1_000", Some((400, "json.syntax"))),
    ("0x10", Some((400, "json.syntax"))),
    ("NaN", Some((400, "json.syntax"))),
    ("Infinity", Some((400, "json.syntax"))),
    ("\u{0661}", Some((400, "json.syntax"))),
];

const STOCKS: &[Case] = &[
    ("0", None),
    ("2147483647", None),
    ("2147483648", Some((422, "stock.range"))),
    ("-1", Some((422, "stock.range"))),
    ("9223372036854775807", Some((422, "stock.range"))),
    ("-9223372036854775808", Some((422, "stock.range"))),
    ("9223372036854775808", Some((422, "json.field"))),
    ("1e400", Some((422, "json.field"))),
    ("1.5", Some((422, "json.field"))),
    ("1.0", None),
    ("1e2", None),
    ("\"3\"", Some((422, "json.field"))),
    ("null", Some((422, "json.field"))),
    ("true", Some((422, "json.field"))),
    ("[]", Some((422, "json.field"))),
];

/// Each at a route that reads products.
pub(crate) fn rows(route: &Route) -> Vec<Row> {
    let long = "9".repeat(100_000);
    let fine = format!("19.99{}", "0".repeat(100_000));
    let tiny = format!("0.{}1", "0".repeat(100_000));
    let mut rows = vec![
        with(route, "price", &long, Some((422, "price.range"))),
        with(route, "price", &fine, None),
        with(route, "price", &tiny, Some((422, "price.decimals"))),
    ];
    for (field, cases) in [("price", PRICES), ("stock", STOCKS)] {
        let of = |(text, answer): &Case| with(route, field, text, *answer);
        rows.extend(cases.iter().map(of));
    }
    rows
}

fn with(
    route: &Route,
    field: &'static str,
    text: &str,
    answer: Option<(u16, &'static str)>,
) -> Row {
    let mut right = route.right.clone();
    right[field] = "HERE".into();
    let body = right.to_string().replace("\"HERE\"", text);
    let start: String = text.chars().take(40).collect();
    let fine = if route.method == "POST" { 201 } else { 200 };
    let row = route.row(
        format!("{field} {start}"),
        body,
        answer.map_or(fine, |of| of.0),
    );
    match answer {
        None => row,
        Some((400, code)) => row.code(code),
        Some((_, code)) => row.field(field).code(code),
    }
}
