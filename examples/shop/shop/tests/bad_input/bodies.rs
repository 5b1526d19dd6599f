//! Bodies that are wrong, for each route that reads one.

use serde_json::{Value, json};

/// A request that is not as it should be, and what it has to be answered with.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) status: u16,
    /// The field that the answer has to name.
    pub(crate) field: Option<&'static str>,
}

/// One field of a body.
struct Field {
    name: &'static str,
    /// Statuses for: absent, null, another type.
    shape: [u16; 3],
    /// Statuses for: empty, too long, odd but valid Unicode, control characters.
    text: [u16; 4],
    too_long: usize,
}

/// A route with a body that is right.
pub(crate) struct Route {
    pub(crate) path: &'static str,
    pub(crate) right: Value,
    fields: &'static [Field],
    pub(crate) authenticated: bool,
}

const NAME: Field = Field {
    name: "name",
    shape: [422, 422, 422],
    text: [422, 422, 201, 422],
    too_long: 201,
};
const NEW_EMAIL: Field = Field {
    name: "email",
    shape: [422, 422, 422],
    text: [422, 422, 422, 422],
    too_long: 255,
};
/// Any character may be in a password: there are no rules of composition.
const NEW_PASSWORD: Field = Field {
    name: "password",
    shape: [422, 422, 422],
    text: [422, 422, 201, 201],
    too_long: 1025,
};
const ROLE: Field = Field {
    name: "role",
    shape: [201, 201, 422],
    text: [403, 403, 403, 403],
    too_long: 1000,
};
/// What nobody can have is as wrong as what nobody has.
const EMAIL: Field = Field {
    name: "email",
    shape: [422, 422, 422],
    text: [422, 422, 401, 401],
    too_long: 255,
};
const CREDENTIAL: Field = Field {
    name: "password",
    shape: [422, 422, 422],
    text: [422, 422, 401, 401],
    too_long: 1025,
};
const REFRESH_TOKEN: Field = Field {
    name: "refresh_token",
    shape: [422, 422, 422],
    text: [422, 401, 401, 401],
    too_long: 10_000,
};

/// The routes; `tokens` are those of a session that nobody uses.
pub(crate) fn routes(email: &str, refresh_token: &str) -> Vec<Route> {
    vec![
        Route {
            path: "/api/v1/register",
            right: json!({ "name": "Ana", "email": email, "password": "correct horse", "role": "user" }),
            fields: &[NAME, NEW_EMAIL, NEW_PASSWORD, ROLE],
            authenticated: false,
        },
        Route {
            path: "/api/v1/login",
            right: json!({ "email": email, "password": "correct horse" }),
            fields: &[EMAIL, CREDENTIAL],
            authenticated: false,
        },
        Route {
            path: "/api/v1/refresh-token",
            right: json!({ "refresh_token": refresh_token }),
            fields: &[REFRESH_TOKEN],
            authenticated: false,
        },
        Route {
            path: "/api/v1/logout",
            right: json!({ "refresh_token": refresh_token }),
            fields: &[REFRESH_TOKEN],
            authenticated: true,
        },
    ]
}

impl Route {
    fn row(&self, name: impl Into<String>, body: impl Into<Vec<u8>>, status: u16) -> Row {
        Row {
            name: name.into(),
            method: "POST",
            path: self.path,
            headers: vec![("content-type", "application/json".to_owned())],
            body: body.into(),
            status,
            field: None,
        }
    }

    /// The right body with another value in one field; a `None` leaves it out.
    fn with(&self, field: &str, value: Option<Value>) -> Vec<u8> {
        let mut body = self.right.clone();
        let members = body.as_object_mut().unwrap();
        match value {
            Some(value) => members.insert(field.to_owned(), value),
            None => members.remove(field),
        };
        serde_json::to_vec(&body).unwrap()
    }

    /// Each field absent, null, of another type, empty, too long, odd, with control characters, there twice.
    pub(crate) fn field_rows(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        for field in self.fields {
            let Field {
                name,
                shape,
                text,
                too_long,
            } = *field;
            let mut add = |what: &str, body: Vec<u8>, status: u16| {
                let mut row = self.row(format!("{name} {what}"), body, status);
                row.field = (status == 422).then_some(name);
                rows.push(row);
            };
            add("absent", self.with(name, None), shape[0]);
            add("null", self.with(name, Some(Value::Null)), shape[1]);
            for (what, value) in [
                ("is a number", json!(8_675_309)),
                ("is true", json!(true)),
                ("is a list", json!(["x"])),
                ("is an object", json!({ "x": "y" })),
            ] {
                add(what, self.with(name, Some(value)), shape[2]);
            }
            add("empty", self.with(name, Some(json!(""))), text[0]);
            let long = match name {
                "email" => format!("{}@{}.example", "a".repeat(too_long - 51), "b".repeat(42)),
                _ => "x".repeat(too_long),
            };
            add("too long", self.with(name, Some(json!(long))), text[1]);
            let odd = match name {
                "email" => "zoë@exämple.com",
                _ => "Zoë 👩‍👩‍👧 ﷽ ｆｕｌｌ",
            };
            add("odd Unicode", self.with(name, Some(json!(odd))), text[2]);
            let control = "ab\u{0}\u{7}\u{1b}[2J\ncdefgh";
            add(
                "control characters",
                self.with(name, Some(json!(control))),
                text[3],
            );
            let right = self.right[name].to_string();
            let twice = String::from_utf8(self.with(name, Some(self.right[name].clone()))).unwrap();
            let twice = twice.replacen('{', &format!("{{\"{name}\":{right},"), 1);
            add("twice", twice.into_bytes(), 422);
        }
        rows
    }

    /// Bodies that are no JSON, or not the JSON that is read here.
    pub(crate) fn body_rows(&self) -> Vec<Row> {
        let right = self.right.to_string();
        let mut unknown = self.row(
            "an unknown field",
            self.with("is_admin", Some(json!(true))),
            422,
        );
        unknown.field = Some("is_admin");
        let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        let values: Value = self.right.as_object().unwrap().values().cloned().collect();
        let mut not_utf8 = right.clone().into_bytes();
        not_utf8[2] = 0xff;
        vec![
            unknown,
            self.row("no body", "", 400),
            self.row("not JSON", "name=ana", 400),
            self.row("cut off", &right[..right.len() - 1], 400),
            self.row("two documents", format!("{right}{right}"), 400),
            self.row("a trailing comma", right.replacen('}', ",}", 1), 400),
            self.row("a comment", format!("/* */{right}"), 400),
            self.row("NaN", right.replacen('"', "NaN\"", 1), 400),
            self.row("not UTF-8", not_utf8, 400),
            self.row("a byte order mark", format!("\u{feff}{right}"), 400),
            self.row("half a surrogate", "{\"\\ud800\":1}", 400),
            self.row("a list", "[]", 422),
            self.row("the values as a list", values.to_string(), 422),
            self.row("a text", "\"ana\"", 422),
            self.row("a number", "7", 422),
            self.row("null", "null", 422),
            self.row("a hundred lists in each other", nested(100), 422),
            self.row("deep nonsense", "[".repeat(100_000), 422),
            self.row("a mebibyte and more", vec![b' '; (1 << 20) + 1], 413),
        ]
    }

    /// Content types and methods.
    pub(crate) fn head_rows(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        let right = self.right.to_string();
        for wrong in [
            "",
            "text/plain",
            "application/x-www-form-urlencoded",
            "application/jsonp",
            "json",
        ] {
            let mut row = self.row(format!("content type `{wrong}`"), right.clone(), 415);
            row.headers = match wrong {
                "" => Vec::new(),
                other => vec![("content-type", other.to_owned())],
            };
            rows.push(row);
        }
        for method in ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"] {
            let mut row = self.row(format!("method {method}"), right.clone(), 405);
            row.method = method;
            rows.push(row);
        }
        rows
    }
}
