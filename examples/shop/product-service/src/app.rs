//! The composition root: which parts the service is made of, and who may call what.

use msf_service::auth::identity::IdentityVerifier;
use msf_service::prelude::*;
use shop_proto::product as pb;

use crate::adapters::SqliteProducts;
use crate::application::{CreateProduct, DeleteProduct, GetProduct, ListProducts, UpdateProduct};
use crate::transport::Transport;

/// The name of the service, to those who call it.
pub const NAME: &str = "product-service";
/// The port that it listens on by itself.
pub const PORT: u16 = 8083;

/// The product-service.
///
/// # Errors
///
/// The store cannot be opened, or a setting is refused.
pub async fn app(boot: Boot<()>) -> msf_service::Result<App> {
    let clock = boot.clock().clone();
    let products = SqliteProducts::open(&boot.data_dir()?.join("product-service.db"))?;

    let database = products.database().clone();
    let service = Transport {
        list: ListProducts::new(products.clone()),
        get: GetProduct::new(products.clone()),
        create: CreateProduct::new(products.clone(), clock.clone()),
        update: UpdateProduct::new(products.clone(), clock),
        delete: DeleteProduct::new(products),
    };
    let access = pb::ProductServiceAccess {
        list_products: Rule::service("api-gateway").or(Rule::role("admin")),
        get_product: Rule::service("api-gateway").or(Rule::role("admin")),
        create_product: Rule::role("admin"),
        update_product: Rule::role("admin"),
        delete_product: Rule::role("admin"),
    };
    let callers = IdentityVerifier::new(NAME)
        .clock(boot.clock())
        .trust_for_users("api-gateway", boot.keys_of("api-gateway", 8080)?);
    Ok(App::new()
        .authenticate(callers)
        .grpc(pb::guard_product_service(service, access))
        .component(database.component()))
}
