//! Answers held against the document: the right ones pass, and each sort of wrong one is told.

use msf_testing::{Answer, Contract};
use serde_json::{Value, json};

use crate::app::started;

/// Makes a document wrong.
type Change = fn(&mut Value);

#[tokio::test]
async fn the_document_and_the_router_agree() {
    let app = started().await;
    let contract = app.contract().await;
    assert_eq!(contract.disagreements(&app).await, [""; 0]);
    // Three notes, a draft, the document, its page, and the probes.
    assert_eq!(contract.operations().count(), 10);
}

#[tokio::test]
async fn every_answer_of_every_layer_is_in_the_document() {
    let app = started().await;
    let contract = app.contract().await;
    let check = |method: &str, path: &str, answer: &Answer, status: u16| {
        assert_eq!(
            answer.status(),
            status,
            "{method} {path}: {}",
            answer.text()
        );
        assert_eq!(contract.check_answer(method, path, answer), Ok(()));
    };
    let bodies: [(&str, &str, u16); 8] = [
        ("application/json", r#"{"text":"Tea"}"#, 201),
        ("application/json", r#"{"text":"Tea","stars":6}"#, 409),
        ("application/json", r#"{"text":""}"#, 422),
        ("application/json", r#"{"text":"Tea","more":1}"#, 422),
        ("application/json", r#"{"text":7}"#, 422),
        ("application/json", r#"{"text""#, 400),
        ("text/plain", "Tea", 415),
        ("application/json", &" ".repeat(2 << 20), 413),
    ];
    for (media_type, body, status) in bodies {
        let call = app.post("/notes").header("content-type", media_type);
        let answer = call.body(body.to_owned()).send().await;
        check("POST", "/notes", &answer, status);
        if status < 300 {
            assert_eq!(
                contract.check_request("POST", "/notes", body.as_bytes()),
                Ok(())
            );
        }
    }
    for (method, path, user, status) in [
        ("GET", "/notes/7", true, 200),
        ("HEAD", "/notes/7", true, 200),
        ("GET", "/notes/7", false, 401),
        ("GET", "/notes/0", true, 404),
        ("GET", "/notes/x", true, 400),
        ("GET", "/notes/668", true, 500),
        ("GET", "/notes?order=newest&page=2", true, 200),
        ("GET", "/notes?order=best", true, 400),
        ("GET", "/notes", false, 401),
        ("PUT", "/drafts/1/2", false, 401),
        ("PUT", "/drafts/1/2", true, 403),
        ("DELETE", "/notes/7", true, 405),
        ("GET", "/nothing", true, 404),
        ("GET", "/legacy/report", true, 403),
        ("GET", "/livez", false, 200),
        ("GET", "/healthz", false, 200),
        ("GET", "/openapi.json", false, 200),
        ("GET", "/docs", false, 200),
    ] {
        let call = app.call(method, path);
        let call = if user {
            call.as_user("ana", &["reader"])
        } else {
            call
        };
        check(method, path, &call.send().await, status);
    }
    let known = app
        .get("/notes/7")
        .as_user("ana", &[])
        .header("if-none-match", "x");
    check("GET", "/notes/7", &known.send().await, 304);
    let two = app
        .get("/notes/7")
        .header("authorization", "Bearer a")
        .header("authorization", "Bearer b");
    check("GET", "/notes/7", &two.send().await, 401);
}

#[tokio::test]
async fn an_answer_that_the_document_does_not_have_is_told() {
    let app = started().await;
    let contract = app.contract().await;
    for (path, word) in [
        ("/notes/666", r#""a beast" is not of type "object""#),
        (
            "/notes/667",
            "the status is not one of those of `/notes/{id}`: 200, 304,",
        ),
    ] {
        let answer = app.get(path).as_user("ana", &[]).send().await;
        let told = contract
            .check_answer("GET", path, &answer)
            .unwrap_err()
            .join("\n");
        assert!(told.contains(word), "{told}");
        assert!(
            told.starts_with(&format!("GET {path} was answered with")),
            "{told}"
        );
    }
    let request = contract.check_request("POST", "/notes", br#"{"text":"Tea","more":1}"#);
    assert!(
        request
            .unwrap_err()
            .join("\n")
            .contains("'more' was unexpected")
    );
}

#[tokio::test]
async fn each_part_of_the_document_is_held_against_the_answer() {
    let app = started().await;
    let contract = app.contract().await;
    let created = app
        .post("/notes")
        .json(&json!({ "text": "Tea" }))
        .send()
        .await;
    let nothing = app.get("/nothing").send().await;
    let other = app.call("PUT", "/notes").send().await;
    assert_eq!(contract.check_answer("POST", "/notes", &created), Ok(()));

    let told = |change: fn(&mut Value), method: &str, path: &str, answer: &Answer| {
        let mut document = contract.document().clone();
        change(&mut document);
        let told = Contract::of(&document).check_answer(method, path, answer);
        told.unwrap_err().split_off(1).join("\n")
    };
    let cases: [(Change, &str); 6] = [
        (
            |document| drop(answers(document).remove("201")),
            "the status is not one of those of `/notes`: 400, 409, 413, 415, 422, 500, 503, 504",
        ),
        (
            |document| answers(document)["201"]["headers"]["etag"] = json!({ "required": true }),
            "the header `etag` is missing",
        ),
        (
            |document| {
                answers(document)["201"]["content"] = json!({ "text/html": {} });
            },
            "the content type is `application/json`; the document has text/html",
        ),
        (
            |document| {
                let answer = answers(document)["201"].as_object_mut().unwrap();
                answer.remove("content");
            },
            "there is a body, and the document has none for this status",
        ),
        (
            |document| {
                let note = &mut document["components"]["schemas"]["Note"];
                note["properties"].as_object_mut().unwrap().remove("text");
                note["required"] = json!(["id"]);
            },
            "the body: Additional properties are not allowed ('text' was unexpected)",
        ),
        (
            |document| document["components"]["schemas"]["Note"]["required"] = json!(["author"]),
            "the body: \"author\" is a required property",
        ),
    ];
    for (change, expected) in cases {
        assert_eq!(told(change, "POST", "/notes", &created), expected);
    }
    let wrong = told(|_| (), "GET", "/notes", &nothing);
    assert!(
        wrong.starts_with("the status is not one of those"),
        "{wrong}"
    );
    let wrong = told(|_| (), "GET", "/somewhere", &created);
    assert!(
        wrong.starts_with("no operation has this path, which is 404\nthe content type is"),
        "{wrong}"
    );
    let wrong = told(|_| (), "DELETE", "/notes", &nothing);
    assert_eq!(
        wrong,
        "the path answers to GET, POST alone, which is 405 with the header `allow`"
    );
    assert_eq!(contract.check_answer("PUT", "/notes", &other), Ok(()));
}

#[tokio::test]
async fn a_document_that_is_not_the_routers_is_told() {
    let app = started().await;
    let contract = app.contract().await;
    let cases: [(Change, &str); 6] = [
        (
            |document| drop(paths(document).remove("/drafts/{id}/{part}")),
            "PUT /drafts/{id}/{part} is a route, and not in the document",
        ),
        (
            |document| drop(document.as_object_mut().unwrap().remove("x-other-routes")),
            "GET /files/{*rest} is a route, and not in the document",
        ),
        (
            |document| paths(document)["/notes"]["patch"] = json!({ "responses": {} }),
            "PATCH /notes is in the document, and no route",
        ),
        (
            |document| {
                drop(
                    paths(document)["/notes"]["get"]
                        .as_object_mut()
                        .unwrap()
                        .remove("security"),
                );
            },
            "the rule of GET /notes is `role reader`; the document says `role reader`, with no token",
        ),
        (
            |document| paths(document)["/notes"]["get"]["x-access-rule"] = json!("role writer"),
            "the rule of GET /notes is `role reader`; the document says `role writer`, with a token",
        ),
        (
            |document| {
                drop(
                    document["components"]["schemas"]
                        .as_object_mut()
                        .unwrap()
                        .remove("Order"),
                );
            },
            "the reference #/components/schemas/Order leads nowhere",
        ),
    ];
    for (change, expected) in cases {
        let mut document = contract.document().clone();
        change(&mut document);
        let told = Contract::of(&document).disagreements(&app).await;
        assert!(
            told.iter().any(|line| line == expected),
            "{expected}: {told:#?}"
        );
    }
}

fn paths(document: &mut Value) -> &mut serde_json::Map<String, Value> {
    document["paths"].as_object_mut().unwrap()
}

fn answers(document: &mut Value) -> &mut serde_json::Map<String, Value> {
    let answers = &mut document["paths"]["/notes"]["post"]["responses"];
    answers.as_object_mut().unwrap()
}
