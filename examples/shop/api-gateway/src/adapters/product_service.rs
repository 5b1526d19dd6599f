//! Calls to the product-service.

use msf_service::auth::identity::ServiceIdentity;
use msf_service::client::Channel;
use msf_service::error::Error;
use msf_service::tonic::{Response, Status};
use shop_proto::product as pb;

use super::failure::of_own_call;

/// The largest answer that is read, in bytes. tonic reads 4 MiB, and 100 products with the longest texts there can be are 5 MB.
const LARGEST_ANSWER: usize = 8 * 1024 * 1024;

/// The product-service, called as the gateway itself and on behalf of users.
#[derive(Clone, Debug)]
pub(crate) struct ProductService {
    own: pb::ProductServiceClient,
    for_user: pb::ProductServiceClient,
}

/// Who asks for products.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reader {
    /// Anybody: the gateway asks for them.
    Anybody,
    /// The admin who is calling.
    Admin,
}

impl ProductService {
    pub(crate) fn new(channel: &Channel, identity: &ServiceIdentity) -> Self {
        let client = |channel| {
            pb::ProductServiceClient::new(channel).max_decoding_message_size(LARGEST_ANSWER)
        };
        Self {
            own: client(channel.clone().identify(identity.itself())),
            for_user: client(channel.clone().identify(identity.on_behalf())),
        }
    }

    pub(crate) async fn list(
        &self,
        reader: Reader,
        request: pb::ListProductsRequest,
    ) -> Result<pb::ListProductsResponse, Error> {
        let answer = self.client(reader).list_products(request).await;
        reader.answered(answer)
    }

    pub(crate) async fn get(&self, reader: Reader, id: String) -> Result<pb::Product, Error> {
        let request = pb::GetProductRequest { id };
        let answer = self.client(reader).get_product(request).await;
        reader.answered(answer)?.product.ok_or_else(nothing)
    }

    pub(crate) async fn create(
        &self,
        request: pb::CreateProductRequest,
    ) -> Result<pb::Product, Error> {
        let answer = self.for_user.clone().create_product(request).await;
        let product = Reader::Admin.answered(answer)?.product;
        product.ok_or_else(nothing)
    }

    pub(crate) async fn update(
        &self,
        request: pb::UpdateProductRequest,
    ) -> Result<pb::Product, Error> {
        let answer = self.for_user.clone().update_product(request).await;
        let product = Reader::Admin.answered(answer)?.product;
        product.ok_or_else(nothing)
    }

    pub(crate) async fn delete(&self, request: pb::DeleteProductRequest) -> Result<(), Error> {
        let answer = self.for_user.clone().delete_product(request).await;
        Reader::Admin.answered(answer)?;
        Ok(())
    }

    fn client(&self, reader: Reader) -> pb::ProductServiceClient {
        match reader {
            Reader::Anybody => self.own.clone(),
            Reader::Admin => self.for_user.clone(),
        }
    }
}

impl Reader {
    fn answered<T>(self, answer: Result<Response<T>, Status>) -> Result<T, Error> {
        let error = |status: Status| match self {
            Self::Anybody => of_own_call(&status),
            Self::Admin => Error::from_call(&status),
        };
        Ok(answer.map_err(error)?.into_inner())
    }
}

fn nothing() -> Error {
    Error::internal("the product-service answered without a product")
}
