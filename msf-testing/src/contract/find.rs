//! Which operation of a document a request belongs to.

use serde_json::Value;

const METHODS: [&str; 8] = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];

/// What a document has for a method and a path.
pub(super) enum Found<'a> {
    /// The template of the path, and the operation.
    Operation(&'a str, &'a Value),
    /// The path is there, for these methods.
    OtherMethods(String),
    /// A route that OpenAPI cannot describe.
    Elsewhere,
    Nothing,
}

/// Every operation with its method, in lower case, and the template of its path.
pub(super) fn operations(document: &Value) -> impl Iterator<Item = (&'static str, &str, &Value)> {
    let paths = document["paths"].as_object().into_iter().flatten();
    paths.flat_map(|(path, item)| {
        let operation = move |method| Some((method, path.as_str(), item.get(method)?));
        METHODS.into_iter().filter_map(operation)
    })
}

pub(super) fn find<'a>(document: &'a Value, method: &str, path: &str) -> Found<'a> {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let paths = document["paths"].as_object().into_iter().flatten();
    // As the router does it: what is spelled out comes before a variable, from the left.
    let template = paths
        .filter(|(template, _)| matches(template, path))
        .min_by_key(|(template, _)| template.split('/').map(is_variable).collect::<Vec<_>>());
    let Some((template, item)) = template else {
        let others = document["x-other-routes"].as_array().into_iter().flatten();
        let mut prefixes = others.filter_map(|route| {
            let pattern = route["path"].as_str()?;
            Some(pattern.split('{').next()?.trim_end_matches('/'))
        });
        let below = |prefix: &str| {
            let rest = path.strip_prefix(prefix);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        return if prefixes.any(below) {
            Found::Elsewhere
        } else {
            Found::Nothing
        };
    };
    let method = method.to_ascii_lowercase();
    // The router answers HEAD wherever it answers GET.
    let get = (method == "head").then(|| item.get("get")).flatten();
    if let Some(operation) = item.get(&method).or(get) {
        return Found::Operation(template, operation);
    }
    let known = METHODS.iter().filter(|method| item.get(**method).is_some());
    let known: Vec<_> = known.map(|method| method.to_ascii_uppercase()).collect();
    Found::OtherMethods(known.join(", "))
}

/// What a reference means; anything else is itself.
pub(super) fn resolve<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let reference = value["$ref"].as_str();
    let pointer = reference.and_then(|reference| reference.strip_prefix('#'));
    match pointer.and_then(|pointer| document.pointer(pointer)) {
        Some(found) => resolve(document, found),
        None => value,
    }
}

fn is_variable(segment: &str) -> bool {
    segment.starts_with('{')
}

fn matches(template: &str, path: &str) -> bool {
    let (wanted, given) = (template.split('/'), path.split('/'));
    wanted.clone().count() == given.clone().count()
        && wanted
            .zip(given)
            .all(|(wanted, given)| wanted == given || (is_variable(wanted) && !given.is_empty()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(method: &str, path: &str) -> String {
        let document = json!({
            "paths": {
                "/users/{id}": { "get": {}, "delete": {} },
                "/users/me": { "get": {} },
                "/{any}/me": { "get": {} },
            },
            "x-other-routes": [{ "path": "/files/{*rest}" }],
        });
        match find(&document, method, path) {
            Found::Operation(template, _) => template.to_owned(),
            Found::OtherMethods(methods) => methods,
            Found::Elsewhere => "elsewhere".to_owned(),
            Found::Nothing => "nothing".to_owned(),
        }
    }

    #[test]
    fn a_path_belongs_to_the_template_that_the_router_would_take() {
        assert_eq!(found("GET", "/users/7?x=/users/me"), "/users/{id}");
        assert_eq!(found("GET", "/users/me"), "/users/me");
        assert_eq!(found("HEAD", "/groups/me"), "/{any}/me");
        assert_eq!(found("POST", "/users/7"), "GET, DELETE");
        for path in ["/users", "/users/", "/users/7/", "/filesystem"] {
            assert_eq!(found("GET", path), "nothing", "{path}");
        }
        for path in ["/files", "/files/", "/files/a/b"] {
            assert_eq!(found("GET", path), "elsewhere", "{path}");
        }
    }
}
