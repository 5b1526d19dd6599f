//! The samples of the guide to describing an API, and that they do what the guide says.

#[expect(unreachable_pub, reason = "public in the library of its own project")]
mod notes;

use notes::app;

// ANCHOR: agree
#[tokio::test]
async fn the_document_and_the_router_agree() -> msf_service::Result<()> {
    let app = msf_testing::start(app, ()).await?;
    let contract = app.contract().await;
    assert_eq!(contract.disagreements(&app).await, [""; 0]);
    Ok(())
}
// ANCHOR_END: agree

// ANCHOR: hold
#[tokio::test]
async fn a_note_is_written_and_an_empty_one_is_not() -> msf_service::Result<()> {
    let app = msf_testing::start(app, ()).await?.hold_to_contract().await;
    for (text, status) in [("Buy tea", 201), ("", 422)] {
        let body = serde_json::json!({ "text": text });
        let call = app.post("/notes").as_user("ana", &["writer"]).json(&body);
        assert_eq!(call.send().await.status(), status);
    }
    Ok(())
}
// ANCHOR_END: hold

#[tokio::test]
async fn the_guide_tells_the_truth() -> msf_service::Result<()> {
    let app = msf_testing::start(app, ()).await?.hold_to_contract().await;
    for (path, status) in [
        ("/notes?page=2", 200),
        ("/notes?page=x", 400),
        ("/notes/7", 200),
        ("/notes/0", 404),
        ("/openapi.json", 200),
        ("/docs", 200),
    ] {
        assert_eq!(app.get(path).send().await.status(), status, "{path}");
    }
    let document: serde_json::Value = app.get("/openapi.json").send().await.json();
    let create = &document["paths"]["/notes"]["post"];
    assert_eq!(create["x-access-rule"], "role writer");
    let statuses: Vec<_> = create["responses"].as_object().unwrap().keys().collect();
    let expected = [
        "201", "400", "401", "403", "413", "415", "422", "429", "500", "503", "504",
    ];
    assert_eq!(statuses, expected);
    Ok(())
}
