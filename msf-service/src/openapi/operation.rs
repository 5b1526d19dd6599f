//! What one operation takes and answers, in the words of its author.

use std::borrow::Cow;

use http::StatusCode;
use msf_core::error::Kind;
use schemars::{JsonSchema, Schema, SchemaGenerator};

/// One operation of an HTTP API: what it takes and what it answers.
///
/// What a route has anyway is not said here: its method and path, who may call it, and the errors that its layers and
/// extractors give. See the [module](super).
///
/// ```
/// use msf_service::error::Kind;
/// use msf_service::openapi::Operation;
/// # use msf_service::axum::http::StatusCode;
/// # use schemars::JsonSchema;
/// # use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, JsonSchema)]
/// struct User { id: u64, name: String }
///
/// let operation = Operation::new("user", "One user")
///     .path::<u64>("id", "Which user")
///     .answers::<User>(StatusCode::OK, "The user")
///     .fails(Kind::NotFound, "there is no such user");
/// # let _ = operation;
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Operation {
    pub(super) id: &'static str,
    pub(super) summary: &'static str,
    pub(super) description: Option<&'static str>,
    pub(super) tag: Option<&'static str>,
    pub(super) variables: Vec<Variable>,
    pub(super) query: Option<TypeOf>,
    pub(super) headers: Vec<(Header, Option<TypeOf>)>,
    pub(super) body: Option<TypeOf>,
    pub(super) answers: Vec<Answer>,
    pub(super) answer_headers: Vec<(StatusCode, Header)>,
    pub(super) failures: Vec<(Kind, &'static str)>,
}

/// A variable of the path.
#[derive(Clone, Copy, Debug)]
pub(super) struct Variable {
    pub(super) name: &'static str,
    pub(super) description: &'static str,
    pub(super) of: TypeOf,
}

/// A header of a request or an answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub(super) name: &'static str,
    pub(super) description: &'static str,
}

/// An answer that is no problem.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) description: &'static str,
    pub(super) content: Content,
}

/// What the body of an answer is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Content {
    Json(TypeOf),
    Other(&'static str),
    Empty,
}

/// A type, as far as a schema can be made of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct TypeOf {
    /// What tells it from others of the same name: its path in the program.
    pub(super) id: fn() -> Cow<'static, str>,
    pub(super) name: fn() -> Cow<'static, str>,
    /// Its schema, or a reference to it.
    pub(super) schema: fn(&mut SchemaGenerator) -> Schema,
    /// Its schema.
    pub(super) whole: fn(&mut SchemaGenerator) -> Schema,
}

impl Operation {
    /// An operation: its name, which is unique in the document (`listUsers`), and what it does, in a few words.
    pub fn new(id: &'static str, summary: &'static str) -> Self {
        Self {
            id,
            summary,
            description: None,
            tag: None,
            variables: Vec::new(),
            query: None,
            headers: Vec::new(),
            body: None,
            answers: Vec::new(),
            answer_headers: Vec::new(),
            failures: Vec::new(),
        }
    }

    /// Says more than the summary does.
    pub fn description(mut self, text: &'static str) -> Self {
        self.description = Some(text);
        self
    }

    /// Groups it with others of this tag.
    pub fn tag(mut self, tag: &'static str) -> Self {
        self.tag = Some(tag);
        self
    }

    /// Describes a variable of the path. One that is not described is a string.
    ///
    /// An app that describes a variable which its path does not have does not start.
    pub fn path<T: JsonSchema>(mut self, name: &'static str, description: &'static str) -> Self {
        self.variables.push(Variable {
            name,
            description,
            of: TypeOf::of::<T>(),
        });
        self
    }

    /// Takes a query: each field of the struct `T` is a parameter, described by its doc comment.
    ///
    /// An app with a query of another type, such as a map, does not start.
    pub fn query<T: JsonSchema>(mut self) -> Self {
        self.query = Some(TypeOf::of::<T>());
        self
    }

    /// Looks at this header of the request where it is there.
    pub fn header(mut self, name: &'static str, description: &'static str) -> Self {
        self.headers.push((Header { name, description }, None));
        self
    }

    /// Looks at this header of the request where it is there, and takes such values of it as the schema of `T` says.
    ///
    /// Only for a rule that the handler enforces: clients hold to it.
    pub fn typed_header<T: JsonSchema>(
        mut self,
        name: &'static str,
        description: &'static str,
    ) -> Self {
        let of = Some(TypeOf::of::<T>());
        self.headers.push((Header { name, description }, of));
        self
    }

    /// Takes a JSON body, which has to be there.
    pub fn body<T: JsonSchema>(mut self) -> Self {
        self.body = Some(TypeOf::of::<T>());
        self
    }

    /// Answers with this JSON. Two types for one status are alternatives.
    pub fn answers<T: JsonSchema>(self, status: StatusCode, description: &'static str) -> Self {
        self.answer(status, description, Content::Json(TypeOf::of::<T>()))
    }

    /// Answers with a body of another media type: `text/html`, `application/jwk-set+json`.
    pub fn answers_as(
        self,
        status: StatusCode,
        media_type: &'static str,
        description: &'static str,
    ) -> Self {
        self.answer(status, description, Content::Other(media_type))
    }

    /// Answers without a body: 204, 304.
    pub fn answers_empty(self, status: StatusCode, description: &'static str) -> Self {
        self.answer(status, description, Content::Empty)
    }

    /// Has this header on every answer of this status.
    pub fn answer_header(
        mut self,
        status: StatusCode,
        name: &'static str,
        description: &'static str,
    ) -> Self {
        self.answer_headers
            .push((status, Header { name, description }));
        self
    }

    /// Answers with a problem of this kind, when the handler finds this: `"there is no such user"`.
    ///
    /// Not for the errors that the SDK itself gives; those are there already.
    pub fn fails(mut self, kind: Kind, when: &'static str) -> Self {
        self.failures.push((kind, when));
        self
    }

    fn answer(mut self, status: StatusCode, description: &'static str, content: Content) -> Self {
        self.answers.push(Answer {
            status,
            description,
            content,
        });
        self
    }
}

impl TypeOf {
    pub(super) fn of<T: JsonSchema>() -> Self {
        Self {
            id: T::schema_id,
            name: T::schema_name,
            schema: |generator| generator.subschema_for::<T>(),
            whole: T::json_schema,
        }
    }
}
