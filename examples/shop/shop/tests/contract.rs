//! The document of the HTTP API and its router agree. That answers match it, every other test shows: the clients of these
//! tests hold each answer against it.

mod support;

use support::Shop;

#[tokio::test]
async fn the_document_and_the_router_agree() {
    let shop = Shop::start().await;
    let contract = shop.gateway.contract().await;
    assert_eq!(contract.disagreements(&shop.gateway).await, [""; 0]);
    let described = |operation: &serde_json::Value| operation["operationId"].is_string();
    for (method, path) in contract.operations() {
        let operation = &contract.document()["paths"][path][method.to_ascii_lowercase()];
        assert!(described(operation), "nobody described {method} {path}");
    }
    assert_eq!(contract.document().get("x-other-routes"), None);
}
