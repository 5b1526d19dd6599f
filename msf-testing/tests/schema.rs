//! What may change in an event, what may not, and what its schema file does then.

use msf_service::bus::Event;
use msf_testing::schema::{Effect, SchemaError, check_schema, compare};
use proptest::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// An object with these fields, of which the named are required.
fn object(fields: Value, required: &[&str]) -> Value {
    json!({"type": "object", "properties": fields, "required": required})
}

fn field(schema: Value) -> Value {
    object(json!({"a": schema}), &["a"])
}

/// The changes as lines: `breaking: text`.
fn told(old: &Value, new: &Value) -> Vec<String> {
    let line = |change: &msf_testing::schema::Change| {
        let effect = match change.effect {
            Effect::Added => "added",
            Effect::Widened => "widened",
            Effect::Breaking => "breaking",
        };
        format!("{effect}: {change}")
    };
    compare(old, new).iter().map(line).collect()
}

#[test]
fn fields() {
    let text = || json!({"type": "string"});
    let id = object(json!({"id": text()}), &["id"]);
    for (old, new, expected) in [
        (id.clone(), id.clone(), vec![]),
        (
            id.clone(),
            object(
                json!({"id": text(), "note": {"type": ["string", "null"]}}),
                &["id"],
            ),
            vec!["added: `note` is new and optional"],
        ),
        (
            id.clone(),
            object(json!({"id": text(), "note": text()}), &["id", "note"]),
            vec!["breaking: `note` is new and required: events of yesterday lack it"],
        ),
        (
            object(
                json!({"id": text(), "n": {"type": "integer"}}),
                &["id", "n"],
            ),
            id.clone(),
            vec!["breaking: `n` was removed"],
        ),
        (
            id.clone(),
            object(json!({"user_id": text()}), &["user_id"]),
            vec!["breaking: `id` was removed, or renamed to `user_id`"],
        ),
        (
            object(json!({"id": text()}), &[]),
            id.clone(),
            vec!["breaking: `id` was optional and is required: events of yesterday may lack it"],
        ),
        (
            id.clone(),
            object(json!({"id": text()}), &[]),
            vec!["breaking: `id` was required and is optional: readers of yesterday need it"],
        ),
        (
            object(json!({"a": id}), &["a"]),
            object(
                json!({"a": object(json!({"id": {"type": "integer"}}), &["id"])}),
                &["a"],
            ),
            vec!["breaking: `a.id` was a string and is an integer"],
        ),
        (
            json!({"type": "object", "properties": {"id": text()}, "additionalProperties": false}),
            json!({"type": "object", "properties": {"id": text(), "b": text()}, "additionalProperties": false}),
            vec!["breaking: `b` is new, and readers of yesterday refuse unknown fields"],
        ),
        (
            json!({"type": "object", "properties": {"id": text()}}),
            json!({"type": "object", "properties": {"id": text()}, "additionalProperties": false}),
            vec!["breaking: the event may have unknown fields no longer"],
        ),
        (
            json!({"type": "object", "additionalProperties": {"type": "integer"}}),
            json!({"type": "object", "additionalProperties": text()}),
            vec!["breaking: `*` was an integer and is a string"],
        ),
    ] {
        assert_eq!(told(&old, &new), expected, "{old}\n{new}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table is read from top to bottom")]
fn types() {
    let text = || json!({"type": "string"});
    let int = |format: &str| json!({"type": "integer", "format": format});
    for (old, new, expected) in [
        (
            text(),
            json!({"type": "boolean"}),
            "breaking: `a` was a string and is true or false",
        ),
        (
            json!({"type": "integer"}),
            json!({"type": "number"}),
            "widened: `a` was an integer and is a number",
        ),
        (
            json!({"type": "number"}),
            json!({"type": "integer"}),
            "breaking: `a` was a number and is an integer",
        ),
        (
            text(),
            json!({"type": ["string", "null"]}),
            "widened: `a` may be null now",
        ),
        (
            json!({"type": ["string", "null"]}),
            text(),
            "breaking: `a` may be null no longer",
        ),
        (
            text(),
            json!({"anyOf": [text(), {"type": "integer"}]}),
            "widened: `a` may be an integer now",
        ),
        (
            json!({"anyOf": [text(), {"type": "integer"}]}),
            text(),
            "breaking: `a` may be an integer no longer",
        ),
        (
            text(),
            json!(true),
            "breaking: `a` was a string and is anything",
        ),
        (
            json!(true),
            text(),
            "breaking: `a` was anything and is a string",
        ),
        (
            int("uint32"),
            int("uint64"),
            "widened: `a` had the range of the integer from 0 to 4294967295 and has 0 to 18446744073709552000: wider",
        ),
        (
            int("uint32"),
            int("uint8"),
            "breaking: `a` had the range of the integer from 0 to 4294967295 and has 0 to 255: narrower",
        ),
        (
            int("int32"),
            int("uint32"),
            "breaking: `a` had the range of the integer from -2147483648 to 2147483647 and has 0 to 4294967295: narrower",
        ),
        (
            json!({"type": "integer", "minimum": 1}),
            json!({"type": "integer", "minimum": 2}),
            "breaking: `a` had the range of the integer from 1 to inf and has 2 to inf: narrower",
        ),
        (
            json!({"type": "number", "maximum": 1}),
            json!({"type": "number", "exclusiveMaximum": 1}),
            "breaking: `a` had the range of the number from -inf to 1 and has -inf to 0.9999999999999999: narrower",
        ),
        (
            text(),
            json!({"type": "string", "format": "uuid"}),
            "breaking: `a` has the format \"uuid\" now: narrower",
        ),
        (
            json!({"type": "string", "format": "uuid"}),
            text(),
            "widened: `a` had the format \"uuid\" and has none: wider",
        ),
        (
            json!({"type": "string", "pattern": "a"}),
            json!({"type": "string", "pattern": "b"}),
            "breaking: `a` had the pattern \"a\" and has \"b\"",
        ),
        (
            text(),
            json!({"type": "string", "maxLength": 3}),
            "breaking: `a` had minLength and maxLength from 0 to inf and has 0 to 3: narrower",
        ),
        (
            json!({"type": "array", "items": text()}),
            json!({"type": "array", "items": {"type": "integer"}}),
            "breaking: `a[]` was a string and is an integer",
        ),
        (
            json!({"type": "array", "items": text()}),
            json!({"type": "array", "items": text(), "uniqueItems": true}),
            "breaking: `a` may have no item twice now",
        ),
        (
            json!({"type": "array", "prefixItems": [text(), text()]}),
            json!({"type": "array", "prefixItems": [text()]}),
            "breaking: `a` has another number of places",
        ),
        (
            json!({"type": "array", "prefixItems": [text()]}),
            json!({"type": "array", "prefixItems": [{"type": "integer"}]}),
            "breaking: `a[0]` was a string and is an integer",
        ),
        (
            text(),
            json!({"type": "string", "not": {"const": ""}}),
            "breaking: `a` has another `not`, which cannot be compared",
        ),
    ] {
        let expected = if new == json!(true) {
            expected.replace("breaking", "widened")
        } else {
            expected.to_owned()
        };
        assert_eq!(
            told(&field(old.clone()), &field(new.clone())),
            [expected],
            "{old}\n{new}"
        );
    }
}

#[test]
fn enums() {
    let values = |values: &[&str]| json!({"type": "string", "enum": values});
    let documented = |values: &[&str]| {
        let all: Vec<_> = values
            .iter()
            .map(|value| json!({"type": "string", "const": value, "description": "words"}))
            .collect();
        json!({"oneOf": all})
    };
    let external = |names: &[&str]| {
        let all: Vec<_> = names
            .iter()
            .map(|name| object(json!({*name: {"type": "string"}}), &[name]))
            .collect();
        json!({"oneOf": all})
    };
    let internal = |names: &[&str], extra: &Value| {
        let all: Vec<_> = names
            .iter()
            .map(|name| {
                object(
                    json!({"kind": {"type": "string", "const": name}, "x": extra}),
                    &["kind", "x"],
                )
            })
            .collect();
        json!({"oneOf": all})
    };
    let (text, int) = (json!({"type": "string"}), json!({"type": "integer"}));
    for (old, new, expected) in [
        (values(&["a", "b"]), values(&["b", "a"]), vec![]),
        (values(&["a", "b"]), documented(&["a", "b"]), vec![]),
        (
            values(&["a", "b"]),
            values(&["a"]),
            vec!["breaking: `a` has lost the value `b`"],
        ),
        (
            values(&["a"]),
            documented(&["a", "b"]),
            vec!["widened: `a` has the new value `b`"],
        ),
        (
            values(&["a"]),
            values(&["c"]),
            vec![
                "breaking: `a` has lost the value `a`",
                "widened: `a` has the new value `c`",
            ],
        ),
        (
            text.clone(),
            values(&["a"]),
            vec!["breaking: `a` was any text and is one of some values"],
        ),
        (
            values(&["a"]),
            text.clone(),
            vec!["widened: `a` was one of some values and is any text"],
        ),
        (
            external(&["A", "B"]),
            external(&["A"]),
            vec!["breaking: `a` has lost the variant `B`"],
        ),
        (external(&["A", "B"]), external(&["B", "A"]), vec![]),
        (
            external(&["A"]),
            external(&["A", "B"]),
            vec!["widened: `a` has the new variant `B`"],
        ),
        (
            internal(&["p", "q"], &text),
            internal(&["q", "r"], &int),
            vec![
                "breaking: `a` has lost the variant `kind=p`",
                "breaking: `a.(kind=q).x` was a string and is an integer",
                "widened: `a` has the new variant `kind=r`",
            ],
        ),
        (
            internal(&["p", "q"], &text),
            internal(&["q", "p"], &text),
            vec![],
        ),
    ] {
        let mut told = told(&field(old.clone()), &field(new.clone()));
        told.sort();
        let mut expected = expected;
        expected.sort_unstable();
        assert_eq!(told, expected, "{old}\n{new}");
    }
}

#[test]
fn references_are_followed_and_their_names_do_not_count() {
    let tree = |name: &str, leaf: &str| {
        json!({
            "$ref": format!("#/$defs/{name}"),
            "$defs": {name: {
                "type": "object",
                "properties": {
                    "leaf": {"type": leaf},
                    "left": {"anyOf": [{"$ref": format!("#/$defs/{name}")}, {"type": "null"}]},
                    "others": {"type": "array", "items": {"$ref": format!("#/$defs/{name}")}},
                },
                "required": ["leaf"],
            }}
        })
    };
    assert_eq!(
        told(&tree("Tree", "string"), &tree("Plant", "string")),
        [""; 0]
    );
    let changes = told(&tree("Tree", "string"), &tree("Tree", "integer"));
    assert_eq!(changes, ["breaking: `leaf` was a string and is an integer"]);
    let inline = field(json!({"type": "string"}));
    let mut referred = field(json!({"$ref": "#/$defs/Id", "description": "words"}));
    referred["$defs"] = json!({"Id": {"type": "string"}});
    assert_eq!(told(&inline, &referred), [""; 0]);
    referred["$defs"] = json!({"Id": {"type": "string", "not": {"const": ""}}});
    assert_eq!(told(&inline, &referred).len(), 1);
}

#[test]
fn words_do_not_count() {
    let old = json!({"title": "A", "description": "b", "type": "object", "properties": {"a": {"type": "string", "description": "c"}}});
    let new = json!({"type": "object", "properties": {"a": {"type": "string", "default": "d", "examples": ["e"]}}});
    assert_eq!(told(&old, &new), [""; 0]);
}

/// What derives write, of every sort, nested.
fn schema() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!({"type": "string"})),
        Just(json!({"type": "boolean"})),
        Just(json!({"type": "string", "format": "uuid"})),
        Just(json!({"type": "integer", "format": "uint32", "minimum": 0})),
        Just(json!({"type": ["number", "null"], "format": "double"})),
        Just(json!({"type": "string", "enum": ["a", "b"]})),
        Just(json!(true)),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        let fields = prop::collection::btree_map("[a-e]", (inner.clone(), any::<bool>()), 0..5);
        prop_oneof![
            fields.prop_map(|fields| {
                let required: Vec<_> = fields
                    .iter()
                    .filter(|(_, (_, is))| *is)
                    .map(|(name, _)| name.as_str())
                    .collect();
                let properties: serde_json::Map<_, _> = fields
                    .iter()
                    .map(|(name, (schema, _))| (name.clone(), schema.clone()))
                    .collect();
                object(Value::Object(properties), &required)
            }),
            inner
                .clone()
                .prop_map(|items| json!({"type": "array", "items": items})),
            inner
                .clone()
                .prop_map(|values| json!({"type": "object", "additionalProperties": values})),
            prop::collection::btree_map("[a-e]", inner.clone(), 1..4).prop_map(|variants| {
                let all: Vec<_> = variants
                    .iter()
                    .map(|(name, schema)| object(json!({name: schema}), &[name]))
                    .collect();
                json!({"oneOf": all})
            }),
            inner.prop_map(|schema| json!({"anyOf": [schema, {"type": "null"}]})),
        ]
    })
}

/// All objects with named fields that are in a schema, by their JSON pointers.
fn objects(schema: &Value, at: &str, found: &mut Vec<String>) {
    match schema {
        Value::Object(map) => {
            if map.get("properties").is_some_and(Value::is_object)
                && map.get("type") == Some(&json!("object"))
            {
                found.push(at.to_owned());
            }
            for (name, value) in map {
                objects(value, &format!("{at}/{name}"), found);
            }
        }
        Value::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                objects(value, &format!("{at}/{index}"), found);
            }
        }
        _ => {}
    }
}

proptest! {
    #[test]
    fn a_schema_is_compatible_with_itself(schema in schema()) {
        prop_assert_eq!(told(&schema, &schema), [""; 0]);
    }

    #[test]
    fn an_optional_field_may_come_and_neither_it_nor_any_other_may_go(inner in schema(), schema in schema(), pick in any::<prop::sample::Index>()) {
        // Under a field of its own, so that there is an object, and the root is no variant of a choice.
        let old = object(json!({"root": schema, "z": {"type": "string"}}), &["root"]);
        let mut places = Vec::new();
        objects(&old, "", &mut places);
        // The only field of a variant is its name.
        places.retain(|place| !place.contains("oneOf"));
        let place = &places[pick.index(places.len())];
        let mut new = old.clone();
        new.pointer_mut(place).unwrap()["properties"]["added"] = inner.clone();
        let forth = compare(&old, &new);
        prop_assert_eq!(forth.len(), 1, "{:?}", forth);
        prop_assert_eq!(forth[0].effect, Effect::Added);
        prop_assert!(forth[0].path.ends_with("added"));
        let back = compare(&new, &old);
        prop_assert_eq!(back.len(), 1, "{:?}", back);
        prop_assert_eq!(back[0].effect, Effect::Breaking);

        let object = new.pointer_mut(place).unwrap().as_object_mut().unwrap();
        let required = object.entry("required").or_insert(json!([]));
        required.as_array_mut().unwrap().push(json!("added"));
        let demanded = compare(&old, &new);
        prop_assert!(demanded.iter().any(|change| change.effect == Effect::Breaking));
    }

    #[test]
    fn whatever_is_widened_one_way_breaks_the_other(old in schema(), new in schema()) {
        let (old, new) = (field(old), field(new));
        let forth = compare(&old, &new);
        let back = compare(&new, &old);
        prop_assert_eq!(forth.is_empty(), back.is_empty(), "{:?} {:?}", forth, back);
        if forth.iter().any(|change| change.effect != Effect::Breaking) {
            prop_assert!(back.iter().any(|change| change.effect == Effect::Breaking), "{:?} {:?}", forth, back);
        }
    }
}

mod first {
    use super::*;

    /// An order was placed.
    #[derive(Serialize, Deserialize, JsonSchema, Event)]
    #[event(name = "orders.order-placed")]
    pub(super) struct OrderPlaced {
        #[event(key)]
        pub(super) order_id: String,
        pub(super) lines: Vec<Line>,
    }

    #[derive(Serialize, Deserialize, JsonSchema)]
    pub(super) struct Line {
        pub(super) article: String,
        pub(super) pieces: u32,
    }
}

mod compatible {
    use super::*;

    /// An order was placed by somebody.
    #[derive(Serialize, Deserialize, JsonSchema, Event)]
    #[event(name = "orders.order-placed")]
    pub(super) struct OrderPlaced {
        #[event(key)]
        pub(super) order_id: String,
        pub(super) lines: Vec<Line>,
        #[serde(default)]
        pub(super) gift: bool,
    }

    #[derive(Serialize, Deserialize, JsonSchema)]
    pub(super) struct Line {
        pub(super) article: String,
        pub(super) pieces: u32,
        pub(super) note: Option<String>,
    }
}

mod incompatible {
    use super::*;

    #[derive(Serialize, Deserialize, JsonSchema, Event)]
    #[event(name = "orders.order-placed")]
    pub(super) struct OrderPlaced {
        #[event(key)]
        pub(super) order_id: u64,
        pub(super) lines: Vec<Line>,
        pub(super) by: String,
    }

    #[derive(Serialize, Deserialize, JsonSchema)]
    pub(super) struct Line {
        pub(super) article_id: String,
        pub(super) pieces: u8,
    }
}

#[test]
fn a_missing_file_is_written_when_blessed_and_told_of_else() {
    let folder = tempfile::tempdir().unwrap();
    let schemas = folder.path().join("not/yet/there");
    let error = check_schema::<first::OrderPlaced>(&schemas, false).unwrap_err();
    assert!(matches!(error, SchemaError::Missing { .. }));
    assert!(
        error
            .to_string()
            .contains("orders.order-placed.v1.json: run the test with MSF_BLESS=1"),
        "{error}"
    );
    assert!(!schemas.exists());

    check_schema::<first::OrderPlaced>(&schemas, true).unwrap();
    let text = std::fs::read_to_string(schemas.join("orders.order-placed.v1.json")).unwrap();
    let schema: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(schema["$id"], "urn:msf:orders.order-placed:1");
    assert_eq!(schema["required"], json!(["lines", "order_id"]));
    let keys: Vec<_> = text
        .lines()
        .filter(|line| line.starts_with("  \""))
        .collect();
    assert!(keys.is_sorted(), "{text}");
    check_schema::<first::OrderPlaced>(&schemas, false).unwrap();
}

#[test]
fn a_change_that_readers_can_live_with_has_to_be_blessed() {
    let folder = tempfile::tempdir().unwrap();
    check_schema::<first::OrderPlaced>(folder.path(), true).unwrap();
    let error = check_schema::<compatible::OrderPlaced>(folder.path(), false).unwrap_err();
    let SchemaError::Behind { changes, .. } = &error else {
        panic!("{error:?}")
    };
    assert!(changes.iter().all(|change| change.effect == Effect::Added));
    let text = error.to_string();
    assert!(text.contains("is behind: run with MSF_BLESS=1"), "{text}");
    assert!(
        text.contains("possible: `gift` is new and optional"),
        "{text}"
    );
    assert!(
        text.contains("possible: `lines[].note` is new and optional"),
        "{text}"
    );
    assert!(!text.contains("readers first"), "{text}");
    check_schema::<compatible::OrderPlaced>(folder.path(), true).unwrap();
    check_schema::<compatible::OrderPlaced>(folder.path(), false).unwrap();
}

#[test]
fn a_change_that_breaks_readers_is_named_and_never_blessed() {
    let folder = tempfile::tempdir().unwrap();
    check_schema::<first::OrderPlaced>(folder.path(), true).unwrap();
    let file = folder.path().join("orders.order-placed.v1.json");
    let before = std::fs::read(&file).unwrap();
    for bless in [false, true] {
        let error = check_schema::<incompatible::OrderPlaced>(folder.path(), bless).unwrap_err();
        let text = error.to_string();
        for words in [
            "breaking: `order_id` was a string and is an integer",
            "breaking: `by` is new and required",
            "breaking: `lines[].article` was removed, or renamed to `article_id`",
            "breaking: `lines[].pieces` had the range of the integer from 0 to 4294967295 and has 0 to 255: narrower",
            "add a new type with version = 2",
            "#[event(name = \"orders.order-placed\", version = 2)]",
        ] {
            assert!(text.contains(words), "{words} is not in {text}");
        }
        assert_eq!(std::fs::read(&file).unwrap(), before);
    }
    std::fs::remove_file(&file).unwrap();
    check_schema::<incompatible::OrderPlaced>(folder.path(), true).unwrap();
}

#[test]
fn a_file_that_is_no_schema_is_told_of_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("orders.order-placed.v1.json");
    std::fs::write(&file, "<<<<<<< HEAD").unwrap();
    let error = check_schema::<first::OrderPlaced>(folder.path(), true).unwrap_err();
    assert!(matches!(error, SchemaError::File { .. }));
    assert!(
        error.to_string().contains("orders.order-placed.v1.json"),
        "{error}"
    );
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "<<<<<<< HEAD");
}
