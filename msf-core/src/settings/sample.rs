//! A settings file to start from: every key with its meaning and default.

use std::fmt::Write as _;

use super::effective::write_section;
use super::loading::Scope;
use super::schema::{Key, ScalarShape, Schema, Shape};
use super::value::bare_or_quoted;
use super::{Value, ValueKind};

/// Writes every key as a comment, so that the file changes nothing until a line loses its `#`.
pub(super) fn sample(schema: &Schema, scope: &Scope) -> String {
    let mut out = String::new();
    let path: Vec<String> = scope.table.iter().cloned().collect();
    write_table(&mut out, schema, &path, scope, false);
    out
}

/// Values first: in TOML a key after a table's head belongs to that table.
fn write_table(out: &mut String, schema: &Schema, path: &[String], scope: &Scope, optional: bool) {
    let (values, sections): (Vec<&Key>, Vec<&Key>) = schema
        .keys
        .iter()
        .partition(|key| matches!(key.shape.present(), Shape::Scalar(_) | Shape::List(_)));
    if !values.is_empty() {
        // The head of something optional would make it present.
        write_section(out, path, if optional { "#" } else { "" });
    }
    for key in values {
        write_key(out, key, path, scope);
    }
    for key in sections {
        let path = [path, &[key.name.to_owned()]].concat();
        let optional = optional || matches!(key.shape, Shape::Optional(_));
        write_nested(out, key, key.shape.present(), path, scope, optional);
    }
}

fn write_nested(
    out: &mut String,
    key: &Key,
    shape: &Shape,
    path: Vec<String>,
    scope: &Scope,
    optional: bool,
) {
    match shape {
        Shape::Section(schema) => write_table(out, schema, &path, scope, optional),
        Shape::Map(inner) => write_nested(
            out,
            key,
            inner.present(),
            [path, vec!["NAME".to_owned()]].concat(),
            scope,
            true,
        ),
        Shape::Scalar(_) | Shape::List(_) | Shape::Optional(_) => {
            if let Some((name, section)) = path.split_last() {
                write_section(out, section, "#");
                let named = Key {
                    shape: shape.clone(),
                    ..key.clone()
                };
                write_line(out, &named, name, section, scope);
            }
        }
    }
}

fn write_key(out: &mut String, key: &Key, path: &[String], scope: &Scope) {
    write_line(out, key, key.name, path, scope);
}

fn write_line(out: &mut String, key: &Key, name: &str, section: &[String], scope: &Scope) {
    for line in key.documentation.lines() {
        let _ = writeln!(out, "{}", format!("# {line}").trim_end());
    }
    let (Shape::Scalar(shape) | Shape::List(shape)) = key.shape.present() else {
        return;
    };
    let own_section = &section[usize::from(scope.table.is_some()).min(section.len())..];
    let variable = scope.variable(&[own_section, &[name.to_owned()]].concat());
    let need = match (&key.default, &key.shape) {
        (Some(_), _) => "",
        (None, Shape::Optional(_)) => "Not set unless you set it. ",
        (None, _) => "Required. ",
    };
    let _ = writeln!(
        out,
        "# {need}Expected: {}. Variable: {variable}",
        key.shape.expected()
    );
    let value = key
        .default
        .map_or_else(|| placeholder(shape, key.shape.present()), Value::from);
    let _ = writeln!(out, "#{} = {value}", bare_or_quoted(name));
}

fn placeholder(shape: &ScalarShape, whole: &Shape) -> Value {
    if matches!(whole, Shape::List(_)) {
        return Value::List(Vec::new());
    }
    match shape.kind {
        ValueKind::Text => Value::Text(
            shape
                .choices
                .first()
                .copied()
                .unwrap_or_default()
                .to_owned(),
        ),
        ValueKind::Integer => Value::Integer(0),
        ValueKind::Float => Value::Float(0.0),
        ValueKind::Boolean => Value::Boolean(false),
    }
}
