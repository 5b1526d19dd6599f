//! Whether a document and a router tell the same story.

use std::collections::BTreeMap;

use msf_core::access::Condition;
use msf_core::context::CORRELATION_ID;
use msf_core::health::Probe;
use msf_service::{AccessRow, RowKind};
use serde_json::Value;

use super::{Contract, document, find};
use crate::Started;

impl Contract {
    /// Where the document and the app disagree: routes that only one of them has, other rules, and operations that the router
    /// does not answer. Schemas and references of the document that are broken are told too.
    ///
    /// Every operation is called once, as nobody and without a body; answers have to match the document, and have an end.
    /// The probes of the app are operations without a row in its access table.
    pub async fn disagreements(&self, app: &Started) -> Vec<String> {
        let mut told = document::faults(&self.document);
        let mut operations: BTreeMap<(String, &str), &Value> = find::operations(&self.document)
            .map(|(method, path, operation)| ((method.to_ascii_uppercase(), path), operation))
            .collect();
        let others = self.document["x-other-routes"].as_array();
        for row in app.access().iter().filter(|row| row.kind == RowKind::Route) {
            let (method, path) = (&row.method, &row.path);
            if let Some(operation) = operations.remove(&(method.clone(), path)) {
                told.extend(rule(row, operation));
                told.extend(self.call(app, method, path).await);
                continue;
            }
            let mut others = others.into_iter().flatten();
            let listed = others.any(|route| route["method"] == **method && route["path"] == **path);
            if !listed {
                told.push(format!(
                    "{method} {path} is a route, and not in the document"
                ));
            }
        }
        for (method, path) in operations.into_keys() {
            if method == "GET" && Probe::from_path(path).is_some() {
                told.extend(self.call(app, &method, path).await);
            } else {
                told.push(format!("{method} {path} is in the document, and no route"));
            }
        }
        told
    }

    /// Calls an operation; its route has to have answered, as the document says.
    async fn call(&self, app: &Started, method: &str, template: &str) -> Vec<String> {
        let segments = template.split('/');
        let segments = segments.map(|segment| {
            if segment.starts_with('{') {
                "walk"
            } else {
                segment
            }
        });
        let path = segments.collect::<Vec<_>>().join("/");
        let answer = app.call(method, &path).send().await;
        let told = self.check_answer(method, &path, &answer).err();
        let mut told = told.unwrap_or_default();
        let id = answer.header(CORRELATION_ID);
        let line = app
            .requests()
            .into_iter()
            .find(|line| line["correlation_id"] == id);
        let route = line.map(|line| line["route"].clone()).unwrap_or_default();
        if route != template {
            let status = answer.status();
            told.push(format!(
                "{method} {path} was answered with {status} by {route}, and not by `{template}`"
            ));
        }
        told
    }
}

/// Whether the document says who may call the route.
fn rule(row: &AccessRow, operation: &Value) -> Option<String> {
    let public = |condition: &Condition| matches!(condition, Condition::Public(_));
    let public = row.info.any_of.iter().any(|all| all.iter().all(public));
    let secured = operation["security"]
        .as_array()
        .is_some_and(|any| !any.is_empty());
    let told = operation["x-access-rule"].as_str().unwrap_or_default();
    let agree = secured != public && told == row.rule;
    (!agree).then(|| {
        let (AccessRow { method, path, rule, .. }, words) = (row, if secured { "a" } else { "no" });
        format!("the rule of {method} {path} is `{rule}`; the document says `{told}`, with {words} token")
    })
}
