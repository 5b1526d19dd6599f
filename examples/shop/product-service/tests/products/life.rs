//! A product from its making to its end.

use std::time::Duration;

use msf_service::prost_types::Timestamp;
use msf_service::tonic::Code;
use shop_proto::product as pb;

use crate::{Service, code, cup, priced};

fn get(id: &str) -> pb::GetProductRequest {
    pb::GetProductRequest { id: id.to_owned() }
}

fn delete(id: &str, expected_versions: &[u64]) -> pb::DeleteProductRequest {
    pb::DeleteProductRequest {
        id: id.to_owned(),
        expected_versions: expected_versions.to_vec(),
    }
}

#[tokio::test]
async fn a_product_is_made_read_changed_and_ended() {
    let service = Service::start().await;
    let (mut admin, mut gateway) = (service.admin(), service.gateway());

    let made = service.create(cup()).await;
    let expected = pb::Product {
        id: made.id.clone(),
        name: "Espresso cup".to_owned(),
        description: "Glazed.\n\t0.1 l".to_owned(),
        price: "19.99".to_owned(),
        category: "kitchen".to_owned(),
        stock: 12,
        image_url: "https://img.example/cup.png".to_owned(),
        created_at: made.created_at,
        updated_at: made.created_at,
        version: 1,
    };
    assert_eq!(made, expected);
    // What is stored is what was answered, to the last digit of its time.
    let read = gateway.get_product(get(&made.id)).await.unwrap();
    assert_eq!(read.into_inner().product, Some(made.clone()));

    service.clock.advance(Duration::from_secs(60));
    let update = priced(&made.id, "25e-1", &[1]);
    let changed = admin.update_product(update).await.unwrap();
    let later = |time: Timestamp| Timestamp {
        seconds: time.seconds + 60,
        ..time
    };
    let expected = pb::Product {
        price: "2.5".to_owned(),
        updated_at: made.created_at.map(later),
        version: 2,
        ..made.clone()
    };
    assert_eq!(changed.into_inner().product, Some(expected.clone()));
    let read = gateway.get_product(get(&made.id)).await.unwrap();
    assert_eq!(read.into_inner().product, Some(expected));

    admin.delete_product(delete(&made.id, &[2])).await.unwrap();
    let gone = gateway.get_product(get(&made.id)).await;
    assert_eq!(code(gone), "product.unknown");
    assert_eq!(service.errors(), Vec::<String>::new());
}

#[tokio::test]
async fn every_field_can_be_changed_and_emptied_where_it_may_be_empty() {
    let service = Service::start().await;
    let made = service.create(cup()).await;
    let update = pb::UpdateProductRequest {
        id: made.id.clone(),
        name: Some("Mug".to_owned()),
        description: Some(String::new()),
        price: Some("0".to_owned()),
        category: Some("gifts".to_owned()),
        stock: Some(0),
        image_url: Some(String::new()),
        expected_versions: vec![],
    };
    let changed = service.admin().update_product(update).await.unwrap();
    let expected = pb::Product {
        id: made.id,
        name: "Mug".to_owned(),
        description: String::new(),
        price: "0".to_owned(),
        category: "gifts".to_owned(),
        stock: 0,
        image_url: String::new(),
        created_at: made.created_at,
        updated_at: made.updated_at,
        version: 2,
    };
    assert_eq!(changed.into_inner().product, Some(expected));
}

#[tokio::test]
async fn a_version_that_is_not_expected_is_a_conflict_and_changes_nothing() {
    let service = Service::start().await;
    let (mut admin, made) = (service.admin(), service.create(cup()).await);
    // 0 is what no product has.
    for stale in [&[0][..], &[2], &[2, 3, u64::MAX]] {
        let update = admin.update_product(priced(&made.id, "1", stale)).await;
        assert_eq!(update.as_ref().unwrap_err().code(), Code::Aborted);
        assert_eq!(code(update), "version.conflict", "{stale:?}");
        let end = admin.delete_product(delete(&made.id, stale)).await;
        assert_eq!(end.as_ref().unwrap_err().code(), Code::Aborted);
        assert_eq!(code(end), "version.conflict", "{stale:?}");
    }
    let read = admin.get_product(get(&made.id)).await.unwrap();
    assert_eq!(read.into_inner().product, Some(made.clone()));
    // One of several is enough, and none stands for any.
    for (version, expected) in [(2, &[7, 1][..]), (3, &[])] {
        let update = admin.update_product(priced(&made.id, "1", expected)).await;
        assert_eq!(
            update.unwrap().into_inner().product.unwrap().version,
            version
        );
    }
    admin
        .delete_product(delete(&made.id, &[1, 3]))
        .await
        .unwrap();
}

#[tokio::test]
async fn an_id_that_no_product_has_is_unknown_to_every_rpc() {
    let service = Service::start().await;
    let made = service.create(cup()).await;
    let mut admin = service.admin();
    admin.delete_product(delete(&made.id, &[])).await.unwrap();
    for id in [
        "",
        "cup",
        "../x",
        "\0",
        "019aba00-0000-7000-8000-000000000000",
        &made.id,
    ] {
        let read = admin.get_product(get(id)).await;
        assert_eq!(read.as_ref().unwrap_err().code(), Code::NotFound);
        let outcomes = [
            code(read),
            code(admin.update_product(priced(id, "1", &[])).await),
            // The answer does not depend on what would have been written.
            code(admin.update_product(priced(id, "?", &[9])).await),
            code(admin.delete_product(delete(id, &[9])).await),
        ];
        assert_eq!(outcomes, ["product.unknown"; 4], "{id:?}");
    }
    assert_eq!(service.errors(), Vec::<String>::new());
}

#[tokio::test]
async fn of_32_writers_with_one_version_exactly_one_gets_through() {
    let service = Service::start().await;
    let made = service.create(cup()).await;
    let writers: Vec<_> = (1..=32)
        .map(|price| {
            let (mut admin, id) = (service.admin(), made.id.clone());
            tokio::spawn(async move {
                let update = priced(&id, &price.to_string(), &[1]);
                admin.update_product(update).await
            })
        })
        .collect();
    let mut outcomes = Vec::new();
    for writer in writers {
        outcomes.push(writer.await.unwrap());
    }
    let (won, lost): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    assert_eq!((won.len(), lost.len()), (1, 31));
    assert!(
        lost.into_iter()
            .all(|lost| code(lost) == "version.conflict")
    );
    let read = service.gateway().get_product(get(&made.id)).await;
    let winner = won.into_iter().next().unwrap().unwrap().into_inner();
    assert_eq!(read.unwrap().into_inner().product, winner.product);
}
