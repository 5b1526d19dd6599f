//! Every RPC and route of an app with its rule, as the command line, the admin port and the tests see it.

use std::fmt::Write as _;

use msf_core::access::RuleInfo;
use serde::Serialize;

/// One line of the access table.
///
/// ```
/// use msf_service::access::{Head, Rule};
/// use msf_service::{AccessRow, RowKind};
/// let row = AccessRow::route("hello", "GET", "/hello/{name}", Rule::<Head>::public("a greeting").info());
/// assert_eq!(row.kind, RowKind::Route);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AccessRow {
    /// The app that answers.
    pub service: String,
    /// Whether it is an RPC or a route.
    pub kind: RowKind,
    /// The method of HTTP, or the name of the RPC.
    pub method: String,
    /// The pattern of the route, or the path of the RPC.
    pub path: String,
    /// The rule in words.
    pub rule: String,
    /// The rule as data, for tests that walk the table.
    #[serde(skip)]
    pub info: RuleInfo,
}

/// What a line of the access table is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum RowKind {
    /// An RPC of gRPC.
    Rpc,
    /// A route of HTTP.
    Route,
}

impl AccessRow {
    /// The line of an HTTP route.
    pub fn route(
        service: impl Into<String>,
        method: impl Into<String>,
        path: impl Into<String>,
        info: RuleInfo,
    ) -> Self {
        Self::new(
            service.into(),
            RowKind::Route,
            method.into(),
            path.into(),
            info,
        )
    }

    /// The line of an RPC.
    pub fn rpc(
        service: impl Into<String>,
        method: impl Into<String>,
        path: impl Into<String>,
        info: RuleInfo,
    ) -> Self {
        Self::new(
            service.into(),
            RowKind::Rpc,
            method.into(),
            path.into(),
            info,
        )
    }

    fn new(service: String, kind: RowKind, method: String, path: String, info: RuleInfo) -> Self {
        Self {
            service,
            kind,
            method,
            path,
            rule: info.text.clone(),
            info,
        }
    }

    /// Writes a table as aligned text, a line each.
    pub fn table(rows: &[Self]) -> String {
        let width = |cell: fn(&Self) -> usize| rows.iter().map(cell).max().unwrap_or(0);
        let (service, method) = (
            width(|row| row.service.len()),
            width(|row| row.method.len()),
        );
        let path = width(|row| row.path.len());
        rows.iter().fold(String::new(), |mut table, row| {
            let AccessRow {
                service: app,
                method: name,
                path: at,
                rule,
                ..
            } = row;
            // Writing to a String does not fail.
            let _ = writeln!(table, "{app:service$}  {name:method$}  {at:path$}  {rule}");
            table
        })
    }
}
