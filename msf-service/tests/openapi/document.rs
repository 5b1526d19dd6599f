//! What the document says.

use serde_json::{Value, json};

use crate::app::started;

async fn document() -> Value {
    started().await.contract().await.document().clone()
}

fn statuses(operation: &Value) -> Vec<&str> {
    let answers = operation["responses"].as_object().unwrap();
    let mut statuses: Vec<_> = answers.keys().map(String::as_str).collect();
    statuses.sort_unstable();
    statuses
}

#[tokio::test]
async fn an_operation_has_what_its_author_says_and_what_its_route_implies() {
    let document = document().await;
    assert_eq!(document["openapi"], "3.1.0");
    let info = json!({ "title": "Notes", "version": "1.2.3", "description": "What people write." });
    assert_eq!(document["info"], info);

    let create = &document["paths"]["/notes"]["post"];
    assert_eq!(create["operationId"], "createNote");
    assert_eq!(create["tags"], json!(["notes"]));
    assert_eq!(create["x-access-rule"], "public: everybody may write");
    assert_eq!(create.get("security"), None);
    assert_eq!(
        create["requestBody"],
        json!({
            "required": true,
            "content": { "application/json": { "schema": { "$ref": "#/components/schemas/NewNote" } } },
        })
    );
    assert_eq!(
        statuses(create),
        [
            "201", "400", "409", "413", "415", "422", "500", "503", "504"
        ]
    );
    assert_eq!(
        create["responses"]["422"]["$ref"],
        "#/components/responses/Invalid"
    );
    assert_eq!(
        create["responses"]["409"]["description"],
        "There is such a note."
    );
    assert_eq!(
        create["responses"]["201"]["headers"],
        json!({
            "x-correlation-id": { "$ref": "#/components/headers/CorrelationId" },
            "location": { "description": "Where it is.", "required": true, "schema": { "type": "string" } },
        })
    );

    let note = &document["paths"]["/notes/{id}"]["get"];
    assert_eq!(note["security"], json!([{ "bearer": [] }]));
    assert_eq!(
        statuses(note),
        [
            "200", "304", "400", "401", "403", "404", "413", "429", "500", "503", "504"
        ]
    );
    assert_eq!(
        note["parameters"],
        json!([
            {
                "name": "id", "in": "path", "required": true, "description": "Which note.",
                "schema": { "type": "integer", "format": "uint32", "minimum": 0, "maximum": 4_294_967_295_u32 },
            },
            {
                "name": "if-none-match", "in": "header", "description": "What is known already.",
                "schema": { "type": "string" },
            },
            {
                "name": "x-copies", "in": "header", "description": "How many.",
                "schema": { "type": "integer", "format": "uint8", "minimum": 0, "maximum": 255 },
            },
        ])
    );
    let forbidden = "The caller is known and may not do this. The note is secret.";
    assert_eq!(note["responses"]["403"]["description"], forbidden);
    assert_eq!(note["responses"]["304"].get("content"), None);
}

#[tokio::test]
async fn a_query_is_as_many_parameters_as_it_has_fields() {
    let document = document().await;
    let list = &document["paths"]["/notes"]["get"];
    assert_eq!(
        list["parameters"],
        json!([
            { "name": "order", "in": "query", "required": true, "schema": { "$ref": "#/components/schemas/Order" } },
            {
                "name": "page", "in": "query", "required": false, "description": "From 1 on.",
                "schema": { "type": "integer", "format": "uint32", "minimum": 1, "maximum": 4_294_967_295_u32 },
            },
        ])
    );
    let order = json!({ "type": "string", "enum": ["newest", "oldest"], "description": "Which comes first." });
    assert_eq!(document["components"]["schemas"]["Order"], order);
    assert!(statuses(list).contains(&"400"));
    assert!(!statuses(list).contains(&"422"));
}

#[tokio::test]
async fn schemas_say_what_is_read_and_what_is_written() {
    let document = document().await;
    let schemas = &document["components"]["schemas"];
    assert_eq!(schemas["NewNote"]["additionalProperties"], false);
    assert_eq!(schemas["NewNote"]["required"], json!(["text"]));
    assert_eq!(schemas["NewNote"]["properties"]["text"]["maxLength"], 20);
    assert_eq!(schemas["Note"]["required"], json!(["id", "text"]));
    let required = json!(["type", "title", "status", "detail", "code"]);
    assert_eq!(schemas["Problem"]["required"], required);
}

#[tokio::test]
async fn routes_that_nobody_described_are_there_and_those_that_cannot_be_said_are_listed() {
    let document = document().await;
    let draft = &document["paths"]["/drafts/{id}/{part}"]["put"];
    assert_eq!(draft["x-access-rule"], "role writer");
    assert_eq!(draft["security"], json!([{ "bearer": [] }]));
    assert_eq!(
        statuses(draft),
        [
            "400", "401", "403", "413", "429", "500", "503", "504", "default"
        ]
    );
    let names = [
        &draft["parameters"][0]["name"],
        &draft["parameters"][1]["name"],
    ];
    assert_eq!(names, ["id", "part"]);
    assert_eq!(
        document["x-other-routes"],
        json!([
            { "method": "GET", "path": "/files/{*rest}", "rule": "role reader" },
            { "method": "*", "path": "/legacy/{*rest}", "rule": "role clerk" },
        ])
    );
}

#[tokio::test]
async fn the_probes_are_there_with_what_they_answer_when_all_is_not_well() {
    let document = document().await;
    for probe in ["/livez", "/startupz", "/readyz", "/healthz"] {
        let operation = &document["paths"][probe]["get"];
        assert_eq!(statuses(operation), ["200", "500", "503"], "{probe}");
        let unavailable = &operation["responses"]["503"]["content"];
        assert!(unavailable["application/json"].is_object(), "{probe}");
        assert!(
            unavailable["application/problem+json"].is_object(),
            "{probe}"
        );
    }
}
