//! Bodies that are wrong, for each route that reads one.

use serde_json::{Value, json};

/// A request that is not as it should be, and what it has to be answered with.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) status: u16,
    /// The field that the answer has to name.
    pub(crate) field: Option<&'static str>,
    /// The code that the answer, or that field, has to have.
    pub(crate) code: Option<&'static str>,
}

impl Row {
    /// A request without a body.
    pub(crate) fn of(method: &'static str, path: impl Into<String>, status: u16) -> Self {
        let path = path.into();
        Self {
            name: format!("{method} {path}"),
            method,
            path,
            headers: Vec::new(),
            body: Vec::new(),
            status,
            field: None,
            code: None,
        }
    }

    pub(crate) fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn json(self, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        Self { body, ..self }.header("content-type", "application/json")
    }

    pub(crate) fn field(mut self, field: &'static str) -> Self {
        self.field = Some(field);
        self
    }

    pub(crate) fn code(mut self, code: &'static str) -> Self {
        self.code = Some(code);
        self
    }
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
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) right: Value,
    fields: &'static [Field],
    /// Methods that the path does not have.
    others: &'static [&'static str],
    pub(crate) authenticated: bool,
}

const NOT_POST: &[&str] = &["GET", "PUT", "DELETE", "PATCH", "OPTIONS"];

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

/// The fields of a new product, beside its numbers.
const PRODUCT: &[Field] = &[
    NAME,
    Field {
        name: "description",
        shape: [422, 422, 422],
        text: [201, 422, 201, 422],
        too_long: 10_001,
    },
    Field {
        name: "category",
        shape: [422, 422, 422],
        text: [422, 422, 201, 422],
        too_long: 201,
    },
    Field {
        name: "image_url",
        shape: [422, 422, 422],
        text: [201, 422, 422, 422],
        too_long: 2_049,
    },
];
/// Those of a change: each may be left out, none may be null.
const PRODUCT_CHANGE: &[Field] = &[
    Field {
        shape: [200, 422, 422],
        text: [422, 422, 200, 422],
        ..NAME
    },
    Field {
        name: "description",
        shape: [200, 422, 422],
        text: [200, 422, 200, 422],
        too_long: 10_001,
    },
    Field {
        name: "category",
        shape: [200, 422, 422],
        text: [422, 422, 200, 422],
        too_long: 201,
    },
    Field {
        name: "image_url",
        shape: [200, 422, 422],
        text: [200, 422, 422, 422],
        too_long: 2_049,
    },
];
const USER_CHANGE: &[Field] = &[
    Field {
        shape: [200, 422, 422],
        text: [422, 422, 200, 422],
        ..NAME
    },
    Field {
        shape: [200, 422, 422],
        ..NEW_EMAIL
    },
    Field {
        name: "role",
        shape: [200, 422, 422],
        text: [422, 422, 422, 422],
        too_long: 1000,
    },
];

/// A product that is right.
pub(crate) fn product() -> Value {
    json!({
        "name": "lamp", "description": "Shines.", "price": 19.99, "category": "light", "stock": 3,
        "image_url": "https://shop.example/lamp.png",
    })
}

/// The routes of admins that read a body.
pub(crate) fn admin_routes(product_id: &str, user_id: &str) -> Vec<Route> {
    vec![
        Route {
            method: "POST",
            path: "/api/v1/admin/products".to_owned(),
            right: product(),
            fields: PRODUCT,
            others: &["PUT", "DELETE", "PATCH", "OPTIONS"],
            authenticated: true,
        },
        Route {
            method: "PUT",
            path: format!("/api/v1/admin/products/{product_id}"),
            right: product(),
            fields: PRODUCT_CHANGE,
            others: &["POST", "PATCH", "OPTIONS"],
            authenticated: true,
        },
        Route {
            method: "PUT",
            path: format!("/api/v1/admin/users/{user_id}"),
            right: json!({ "name": "Ana", "email": "changed@example.com", "role": "user" }),
            fields: USER_CHANGE,
            others: &["GET", "POST", "PATCH", "OPTIONS"],
            authenticated: true,
        },
    ]
}

/// The routes of accounts; `refresh_token` is that of a session that nobody uses.
pub(crate) fn routes(email: &str, refresh_token: &str) -> Vec<Route> {
    vec![
        Route {
            method: "POST",
            path: "/api/v1/register".to_owned(),
            right: json!({ "name": "Ana", "email": email, "password": "correct horse", "role": "user" }),
            fields: &[NAME, NEW_EMAIL, NEW_PASSWORD, ROLE],
            others: NOT_POST,
            authenticated: false,
        },
        Route {
            method: "POST",
            path: "/api/v1/login".to_owned(),
            right: json!({ "email": email, "password": "correct horse" }),
            fields: &[EMAIL, CREDENTIAL],
            others: NOT_POST,
            authenticated: false,
        },
        Route {
            method: "POST",
            path: "/api/v1/refresh-token".to_owned(),
            right: json!({ "refresh_token": refresh_token }),
            fields: &[REFRESH_TOKEN],
            others: NOT_POST,
            authenticated: false,
        },
        Route {
            method: "POST",
            path: "/api/v1/logout".to_owned(),
            right: json!({ "refresh_token": refresh_token }),
            fields: &[REFRESH_TOKEN],
            others: NOT_POST,
            authenticated: true,
        },
    ]
}

impl Route {
    pub(crate) fn row(
        &self,
        name: impl Into<String>,
        body: impl Into<Vec<u8>>,
        status: u16,
    ) -> Row {
        Row::of(self.method, self.path.clone(), status)
            .named(name)
            .json(body)
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
        for method in self.others.iter().copied() {
            let mut row = self.row(format!("method {method}"), right.clone(), 405);
            row.method = method;
            rows.push(row);
        }
        rows
    }
}
