//! The document itself, from the table of routes.

use std::collections::{BTreeMap, BTreeSet};

use msf_core::access::{Condition, RuleInfo};
use serde_json::{Map, Value, json};

use super::answers;
use super::api::OpenApi;
use super::operation::{Operation, TypeOf};
use super::path::variables;
use super::problems::{self, Nature};
use super::schemas::{Schemas, Side};
use crate::http::RouteRow;

/// A route as the document lists it.
#[derive(Clone, Copy, Debug)]
struct Entry<'a> {
    method: &'a str,
    path: &'a str,
    rule: &'a str,
    operation: Option<&'a Operation>,
    nature: Nature,
}

/// Makes the document.
///
/// # Errors
///
/// Every mistake in the descriptions, a line each.
pub(super) fn document(
    api: &OpenApi,
    routes: &[RouteRow],
    probes: &[(&'static str, Operation)],
) -> Result<Value, Vec<String>> {
    let mut entries: Vec<Entry<'_>> = Vec::new();
    let mut others = Vec::new();
    let mut mistakes = Vec::new();
    for row in routes {
        match variables(&row.path) {
            Some(variables) if row.method != "*" => entries.push(Entry {
                method: row.method,
                path: &row.path,
                rule: &row.rule.text,
                operation: row.operation.as_ref(),
                nature: Nature {
                    probe: false,
                    public: is_public(&row.rule),
                    variables: !variables.is_empty(),
                },
            }),
            _ => {
                mistakes.extend(row.operation.as_ref().map(|Operation { id, .. }| {
                    format!("`{id}` describes {}, which OpenAPI cannot say", row.path)
                }));
                others
                    .push(json!({ "method": row.method, "path": row.path, "rule": row.rule.text }));
            }
        }
    }
    entries.extend(probes.iter().map(|(path, operation)| Entry {
        method: "GET",
        path,
        rule: "public: a probe tells how the service is, and nothing else",
        operation: Some(operation),
        nature: Nature {
            probe: true,
            public: true,
            variables: false,
        },
    }));
    mistakes.extend(self::mistakes(&entries));
    if !mistakes.is_empty() {
        return Err(mistakes);
    }

    let mut schemas = Schemas::new();
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    let mut tags: Vec<&str> = Vec::new();
    for entry in &entries {
        let operation = operation(entry, &mut schemas);
        let path = paths.entry(entry.path).or_default();
        path.insert(entry.method.to_ascii_lowercase(), operation);
        let tag = entry.operation.and_then(|operation| operation.tag);
        tags.extend(tag.filter(|tag| !tags.contains(tag)));
    }
    let responses = problems::components(&mut schemas);
    let tags: Vec<Value> = tags.iter().map(|tag| json!({ "name": tag })).collect();
    let mut document = json!({
        "openapi": "3.1.0",
        "info": { "title": api.title, "version": api.version },
        "tags": tags,
        "paths": paths,
        "components": {
            "headers": answers::header_components(),
            "responses": responses,
            "securitySchemes": { "bearer": {
                "type": "http",
                "scheme": "bearer",
                "bearerFormat": "JWT",
            } },
        },
    });
    if let Some(text) = &api.description {
        document["info"]["description"] = json!(text);
    }
    if !others.is_empty() {
        document["x-other-routes"] = json!(others);
    }
    let components = schemas.finish(&mut document);
    document["components"]["schemas"] = components.into();
    Ok(document)
}

/// Whether one alternative lets everybody in.
fn is_public(rule: &RuleInfo) -> bool {
    let public = |condition: &Condition| matches!(condition, Condition::Public(_));
    rule.any_of.iter().any(|all| all.iter().all(public))
}

fn operation(entry: &Entry<'_>, schemas: &mut Schemas) -> Value {
    let mut written = json!({
        "x-access-rule": entry.rule,
        "parameters": parameters(entry, schemas),
        "responses": answers::of_route(entry.nature, entry.operation, schemas),
    });
    if !entry.nature.public {
        written["security"] = json!([{ "bearer": [] }]);
    }
    let Some(operation) = entry.operation else {
        return written;
    };
    written["operationId"] = json!(operation.id);
    written["summary"] = json!(operation.summary);
    if let Some(text) = operation.description {
        written["description"] = json!(text);
    }
    if let Some(tag) = operation.tag {
        written["tags"] = json!([tag]);
    }
    if let Some(of) = &operation.body {
        let schema = schemas.of(Side::Read, of);
        let content = json!({ "application/json": { "schema": schema } });
        written["requestBody"] = json!({ "required": true, "content": content });
    }
    written
}

fn parameters(entry: &Entry<'_>, schemas: &mut Schemas) -> Vec<Value> {
    let mut parameters = Vec::new();
    for name in variables(entry.path).unwrap_or_default() {
        let mut parameter = json!({ "name": name, "in": "path", "required": true });
        let described = entry.operation.and_then(|operation| {
            operation
                .variables
                .iter()
                .find(|variable| variable.name == name)
        });
        parameter["schema"] = match described {
            Some(variable) => {
                parameter["description"] = json!(variable.description);
                schemas.of(Side::Read, &variable.of)
            }
            None => json!({ "type": "string" }),
        };
        parameters.push(parameter);
    }
    let Some(operation) = entry.operation else {
        return parameters;
    };
    if let Some(of) = &operation.query {
        parameters.extend(query(of, schemas));
    }
    parameters.extend(operation.headers.iter().map(|(header, of)| {
        let schema = match of {
            Some(of) => schemas.of(Side::Read, of),
            None => json!({ "type": "string" }),
        };
        json!({
            "name": header.name,
            "in": "header",
            "description": header.description,
            "schema": schema,
        })
    }));
    parameters
}

/// Each property of a struct as a parameter.
fn query(of: &TypeOf, schemas: &mut Schemas) -> Vec<Value> {
    let schema = schemas.whole(of);
    let required = |name: &str| {
        let names = schema["required"].as_array();
        names.is_some_and(|names| names.iter().any(|other| other == name))
    };
    let Some(properties) = schema["properties"].as_object() else {
        return Vec::new();
    };
    let parameter = |(name, schema): (&String, &Value)| {
        let mut schema = never_null(schema.clone());
        let description = schema
            .as_object_mut()
            .and_then(|members| members.remove("description"));
        let mut parameter = json!({ "name": name, "in": "query", "required": required(name) });
        if let Some(text) = description {
            parameter["description"] = text;
        }
        parameter["schema"] = schema;
        parameter
    };
    properties.iter().map(parameter).collect()
}

/// A parameter is there or not; there is no way to write a null.
fn never_null(mut schema: Value) -> Value {
    let null = json!({ "type": "null" });
    if let Some(members) = schema.as_object_mut() {
        // What serde puts in the place of an `Option` that is not there.
        members.retain(|name, value| name != "default" || !value.is_null());
    }
    if let Some(types) = schema.get_mut("type").and_then(Value::as_array_mut) {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            schema["type"] = only.clone();
        }
    }
    if let Some(alternatives) = schema.get_mut("anyOf").and_then(Value::as_array_mut) {
        alternatives.retain(|alternative| *alternative != null);
        if let [Value::Object(only)] = alternatives.as_slice() {
            let only = only.clone();
            if let Some(members) = schema.as_object_mut() {
                members.remove("anyOf");
                members.extend(only);
            }
        }
    }
    schema
}

fn mistakes(entries: &[Entry<'_>]) -> Vec<String> {
    let mut mistakes = Vec::new();
    let mut ids = BTreeSet::new();
    for Entry {
        method,
        path,
        operation,
        ..
    } in entries
    {
        let Some(operation) = operation else { continue };
        let Operation { id, .. } = operation;
        let known = variables(path).unwrap_or_default();
        if !ids.insert(id) {
            mistakes.push(format!(
                "two operations have the id `{id}`; one is {method} {path}"
            ));
        }
        for name in operation.variables.iter().map(|variable| variable.name) {
            if !known.contains(&name) {
                mistakes.push(format!(
                    "`{id}` describes the variable `{name}`, which {path} does not have"
                ));
            }
        }
        if operation
            .query
            .is_some_and(|of| query(&of, &mut Schemas::new()).is_empty())
        {
            mistakes.push(format!(
                "`{id}` takes a query whose type is no struct with fields"
            ));
        }
        if operation.answers.is_empty() {
            mistakes.push(format!(
                "`{id}` does not say what it answers when all is well"
            ));
        }
        let answered = |status| {
            operation
                .answers
                .iter()
                .any(|answer| answer.status == status)
                || operation
                    .failures
                    .iter()
                    .any(|(kind, _)| kind.http_status() == status)
        };
        for (status, header) in &operation.answer_headers {
            if !answered(*status) {
                let name = header.name;
                mistakes.push(format!(
                    "`{id}` has the header `{name}` on {status}, which it does not answer"
                ));
            }
        }
    }
    mistakes
}
