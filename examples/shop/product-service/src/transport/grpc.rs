//! gRPC in, use cases out.

use msf_service::prelude::*;
use msf_service::prost_types::Timestamp;
use shop_proto::product as pb;

use crate::application::{
    CreateProduct, DeleteProduct, GetProduct, ListProducts, Products, UpdateProduct,
};
use crate::domain::{Draft, Edit, Product, Versions};

/// The RPCs of the product-service.
#[derive(Clone)]
pub(crate) struct Transport<P> {
    pub(crate) list: ListProducts<P>,
    pub(crate) get: GetProduct<P>,
    pub(crate) create: CreateProduct<P>,
    pub(crate) update: UpdateProduct<P>,
    pub(crate) delete: DeleteProduct<P>,
}

#[async_trait]
impl<P: Products> pb::ProductService for Transport<P> {
    async fn list_products(
        &self,
        request: Request<pb::ListProductsRequest>,
    ) -> Result<Response<pb::ListProductsResponse>, Status> {
        let pb::ListProductsRequest {
            page,
            page_size,
            category,
        } = request.into_inner();
        let (page, listed) = self.list.run(page, page_size, category).await?;
        Ok(Response::new(pb::ListProductsResponse {
            products: listed.products.into_iter().map(message).collect(),
            total: listed.total,
            page: page.number(),
            page_size: page.size(),
        }))
    }

    async fn get_product(
        &self,
        request: Request<pb::GetProductRequest>,
    ) -> Result<Response<pb::GetProductResponse>, Status> {
        let product = Some(message(self.get.run(&request.into_inner().id).await?));
        Ok(Response::new(pb::GetProductResponse { product }))
    }

    async fn create_product(
        &self,
        request: Request<pb::CreateProductRequest>,
    ) -> Result<Response<pb::CreateProductResponse>, Status> {
        let request = request.into_inner();
        let draft = Draft {
            name: request.name,
            description: request.description,
            price: request.price,
            category: request.category,
            stock: request.stock,
            image_url: request.image_url,
        };
        let product = Some(message(self.create.run(&draft).await?));
        Ok(Response::new(pb::CreateProductResponse { product }))
    }

    async fn update_product(
        &self,
        request: Request<pb::UpdateProductRequest>,
    ) -> Result<Response<pb::UpdateProductResponse>, Status> {
        let request = request.into_inner();
        let edit = Edit {
            name: request.name,
            description: request.description,
            price: request.price,
            category: request.category,
            stock: request.stock,
            image_url: request.image_url,
        };
        let expected = Versions::new(request.expected_versions);
        let product = self.update.run(&request.id, &edit, expected).await?;
        let product = Some(message(product));
        Ok(Response::new(pb::UpdateProductResponse { product }))
    }

    async fn delete_product(
        &self,
        request: Request<pb::DeleteProductRequest>,
    ) -> Result<Response<pb::DeleteProductResponse>, Status> {
        let request = request.into_inner();
        let expected = Versions::new(request.expected_versions);
        self.delete.run(&request.id, expected).await?;
        Ok(Response::new(pb::DeleteProductResponse {}))
    }
}

fn message(product: Product) -> pb::Product {
    let Product {
        id,
        details,
        created_at,
        updated_at,
        version,
    } = product;
    pb::Product {
        id: id.to_string(),
        name: details.name.into_string(),
        description: details.description.into_string(),
        price: details.price.to_string(),
        category: details.category.into_string(),
        stock: details.stock.get().into(),
        image_url: details.image_url.into_string(),
        created_at: Some(Timestamp::from(created_at)),
        updated_at: Some(Timestamp::from(updated_at)),
        version,
    }
}
