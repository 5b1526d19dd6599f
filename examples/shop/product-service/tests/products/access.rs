//! Who may do what.

use msf_service::Principal;
use msf_service::tonic::{Code, Status};
use shop_proto::product as pb;

use crate::{Service, cup};

#[tokio::test]
async fn the_rules_hold_for_everybody_that_they_name_and_for_strangers() {
    let service = Service::start().await;
    let walk = service.app.policy_walk().await;
    println!("{walk}");
    assert_eq!(walk.violations().count(), 0, "{walk}");
    let of_products = |row: &&msf_service::AccessRow| row.path.contains("ProductService");
    let rpcs = service.app.access().iter().filter(of_products);
    assert_eq!(rpcs.count(), 5);
}

#[tokio::test]
async fn only_an_admin_writes_and_only_the_gateway_and_an_admin_read() {
    let service = Service::start().await;
    let made = service.create(cup()).await;
    for (principal, reads, writes) in [
        (Principal::service("api-gateway"), true, false),
        (Principal::service("user-service"), false, false),
        (Principal::service("ana").with_role("admin"), false, false),
        (Principal::user("bo").with_role("user"), false, false),
        (Principal::user("api-gateway"), false, false),
        (Principal::user("ana").with_role("admin"), true, true),
    ] {
        let channel = service.app.channel_of(&principal);
        let mut client = pb::ProductServiceClient::new(channel);
        let get = pb::GetProductRequest {
            id: made.id.clone(),
        };
        let read = [
            client
                .list_products(pb::ListProductsRequest::default())
                .await
                .err(),
            client.get_product(get).await.err(),
        ];
        let update = pb::UpdateProductRequest {
            id: made.id.clone(),
            ..pb::UpdateProductRequest::default()
        };
        let end = pb::DeleteProductRequest {
            id: service.create(cup()).await.id,
            expected_versions: vec![],
        };
        let written = [
            client.create_product(cup()).await.err(),
            client.update_product(update).await.err(),
            client.delete_product(end).await.err(),
        ];
        let refusal = |allowed: bool| (!allowed).then_some(Code::PermissionDenied);
        let codes = |refused: &[Option<Status>]| -> Vec<_> {
            refused
                .iter()
                .map(|refused| refused.as_ref().map(Status::code))
                .collect()
        };
        assert_eq!(codes(&read), [refusal(reads); 2], "{principal:?}");
        assert_eq!(codes(&written), [refusal(writes); 3], "{principal:?}");
    }
}
