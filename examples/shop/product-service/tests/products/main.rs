//! The product-service as its callers see it, over gRPC.

mod access;
mod life;
mod lists;
mod rules;

use std::time::{Duration, SystemTime};

use msf_service::Principal;
use msf_service::error::Error;
use msf_service::tonic::{Response, Status};
use msf_testing::{FakeClock, Start, Started};
use shop_proto::product as pb;

/// A service without products, at a time that the test sets.
struct Service {
    app: Started,
    clock: FakeClock,
}

/// A time that no store of microseconds keeps whole.
const SINCE: Duration = Duration::new(1_800_000_000, 123_456_789);

type Client = pb::ProductServiceClient;

impl Service {
    async fn start() -> Self {
        let clock = FakeClock::new(SystemTime::UNIX_EPOCH + SINCE);
        let start = Start::named(product_service::NAME).clock(&clock);
        let app = start.start(product_service::app, ()).await.unwrap();
        Self { app, clock }
    }

    /// An admin, who reaches the service through the gateway.
    fn admin(&self) -> Client {
        pb::ProductServiceClient::new(self.app.channel_as("ana", &["admin"]))
    }

    /// The gateway, for whoever reads without saying who they are.
    fn gateway(&self) -> Client {
        let gateway = Principal::service("api-gateway");
        pb::ProductServiceClient::new(self.app.channel_of(&gateway))
    }

    /// Makes a product.
    async fn create(&self, request: pb::CreateProductRequest) -> pb::Product {
        let created = self.admin().create_product(request).await.unwrap();
        created.into_inner().product.unwrap()
    }

    /// The lines that say that a fault was ours.
    fn errors(&self) -> Vec<String> {
        let lines = self.app.logs().into_iter();
        let errors = lines.filter(|line| line["level"] == "ERROR");
        errors.map(|line| line.to_string()).collect()
    }
}

/// A product that every rule allows.
fn cup() -> pb::CreateProductRequest {
    pb::CreateProductRequest {
        name: "Espresso cup".to_owned(),
        description: "Glazed.\n\t0.1 l".to_owned(),
        price: "19.99".to_owned(),
        category: "kitchen".to_owned(),
        stock: 12,
        image_url: "https://img.example/cup.png".to_owned(),
    }
}

/// A change of nothing but the price.
fn priced(id: &str, price: &str, expected_versions: &[u64]) -> pb::UpdateProductRequest {
    pb::UpdateProductRequest {
        id: id.to_owned(),
        price: Some(price.to_owned()),
        expected_versions: expected_versions.to_vec(),
        ..pb::UpdateProductRequest::default()
    }
}

/// The error of a call that must have one.
fn refused<T: std::fmt::Debug>(outcome: Result<Response<T>, Status>) -> Error {
    Error::from_status(&outcome.unwrap_err())
}

/// The code of the error of a call that must have one.
fn code<T: std::fmt::Debug>(outcome: Result<Response<T>, Status>) -> String {
    refused(outcome).code().to_owned()
}
