//! Numbers, texts, and how many items a list has: bounds that became wider or narrower.

use serde_json::{Map, Value};

use super::change::Effect;

/// What a keyword that bounds a value says of it, as a pair: the least and the most.
const BOUNDS: [(&str, &str); 3] = [
    ("minLength", "maxLength"),
    ("minItems", "maxItems"),
    ("minProperties", "maxProperties"),
];

/// What happened to the bounds of a value that kept its type.
pub(super) fn compare(
    kind: &str,
    old: &Map<String, Value>,
    new: &Map<String, Value>,
) -> Vec<(String, Effect)> {
    let mut changes = Vec::new();
    match kind {
        "integer" | "number" => changes.extend(range(kind, old, new)),
        "string" => {
            changes.extend(text("format", old, new));
            changes.extend(text("pattern", old, new));
        }
        _ => {}
    }
    for (least, most) in BOUNDS {
        let bound = |of: &Map<String, Value>, name: &str, default: f64| {
            of.get(name).and_then(Value::as_f64).unwrap_or(default)
        };
        let ends = |of| (bound(of, least, 0.0), bound(of, most, f64::INFINITY));
        changes.extend(moved(&format!("{least} and {most}"), ends(old), ends(new)));
    }
    changes
}

/// The range of a number: that of its format, cut by its own bounds.
fn range(
    kind: &str,
    old: &Map<String, Value>,
    new: &Map<String, Value>,
) -> Option<(String, Effect)> {
    let ends = |of: &Map<String, Value>| {
        let format = of.get("format").and_then(Value::as_str);
        let (mut least, mut most) = format.map_or(UNBOUNDED, of_format);
        for (keyword, is_least) in [
            ("minimum", true),
            ("exclusiveMinimum", true),
            ("maximum", false),
            ("exclusiveMaximum", false),
        ] {
            let Some(bound) = of.get(keyword).and_then(Value::as_f64) else {
                continue;
            };
            // A bound that is itself excluded differs by less than any step that matters, and is another bound all the same.
            let bound = match keyword {
                "exclusiveMinimum" => bound.next_up(),
                "exclusiveMaximum" => bound.next_down(),
                _ => bound,
            };
            if is_least {
                least = least.max(bound);
            } else {
                most = most.min(bound);
            }
        }
        (least, most)
    };
    moved(&format!("the range of the {kind}"), ends(old), ends(new))
}

const UNBOUNDED: (f64, f64) = (f64::NEG_INFINITY, f64::INFINITY);

/// The range of a format of schemars: `int32`, `uint8`, `float`.
fn of_format(format: &str) -> (f64, f64) {
    let bits = |digits: &str| digits.parse::<i32>().ok();
    match format {
        "float" => return (f64::from(f32::MIN), f64::from(f32::MAX)),
        "double" => return (f64::MIN, f64::MAX),
        "int" => return of_format("int64"),
        "uint" => return of_format("uint64"),
        _ => {}
    }
    if let Some(bits) = format.strip_prefix("uint").and_then(bits) {
        (0.0, 2f64.powi(bits) - 1.0)
    } else if let Some(bits) = format.strip_prefix("int").and_then(bits) {
        (-(2f64.powi(bits - 1)), 2f64.powi(bits - 1) - 1.0)
    } else {
        UNBOUNDED
    }
}

fn moved(what: &str, old: (f64, f64), new: (f64, f64)) -> Option<(String, Effect)> {
    if old == new {
        return None;
    }
    let said = format!(
        "had {what} from {} to {} and has {} to {}",
        old.0, old.1, new.0, new.1
    );
    let is_wider = new.0 <= old.0 && new.1 >= old.1;
    Some(if is_wider {
        (format!("{said}: wider"), Effect::Widened)
    } else {
        (format!("{said}: narrower"), Effect::Breaking)
    })
}

/// A rule for texts, such as `format`: one that is new, gone, or another.
fn text(
    keyword: &str,
    old: &Map<String, Value>,
    new: &Map<String, Value>,
) -> Option<(String, Effect)> {
    match (old.get(keyword), new.get(keyword)) {
        (Some(old), None) => Some((
            format!("had the {keyword} {old} and has none: wider"),
            Effect::Widened,
        )),
        (None, Some(new)) => Some((
            format!("has the {keyword} {new} now: narrower"),
            Effect::Breaking,
        )),
        (Some(old), Some(new)) if old != new => Some((
            format!("had the {keyword} {old} and has {new}"),
            Effect::Breaking,
        )),
        _ => None,
    }
}
