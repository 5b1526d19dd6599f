//! The patterns of axum that are the templates of OpenAPI too.

/// The variables of a pattern in their order; `None` where OpenAPI cannot say it: a variable for several segments, or a
/// brace that stands for itself.
pub(super) fn variables(path: &str) -> Option<Vec<&str>> {
    let mut variables = Vec::new();
    for segment in path
        .split('/')
        .filter(|segment| segment.contains(['{', '}']))
    {
        let name = segment.strip_prefix('{')?.strip_suffix('}')?;
        if name.is_empty() || name.contains(['{', '}', '*']) {
            return None;
        }
        variables.push(name);
    }
    Some(variables)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_openapi_can_say_has_whole_segments_as_variables() {
        assert_eq!(variables("/"), Some(vec![]));
        assert_eq!(variables("/a/{b}/c/{d}"), Some(vec!["b", "d"]));
        for path in ["/a/{*rest}", "/a/{{b}}", "/a/{b}.json", "/a/}"] {
            assert_eq!(variables(path), None, "{path}");
        }
    }
}
