//! Names and types that are easily got wrong: acronyms, keywords, other packages, no package, well-known types.

use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt, TryStreamExt};
use msf_core::access::Rule;
use msf_service::grpc::RpcRule;
use msf_test_protos::alone;
use msf_test_protos::pb::msf::common::v1::range::Step;
use msf_test_protos::pb::msf::test::v1 as pb;
use prost::Message;
use prost_types::Timestamp;
use tonic::client::{Grpc, GrpcService};
use tonic::{Request, Response, Status, Streaming};
use tonic_prost::ProstCodec;

struct Odd;

#[tonic::async_trait]
impl pb::HttpOddities for Odd {
    async fn get_url(
        &self,
        request: Request<pb::IncrementRequest>,
    ) -> Result<Response<pb::Value>, Status> {
        let value = i64::try_from(request.get_ref().account.len()).unwrap_or(0);
        Ok(Response::new(pb::Value { value }))
    }

    async fn r#type(&self, _: Request<()>) -> Result<Response<()>, Status> {
        Ok(Response::new(()))
    }

    type MoveStream = BoxStream<'static, Result<Timestamp, Status>>;

    async fn r#move(
        &self,
        request: Request<Timestamp>,
    ) -> Result<Response<Self::MoveStream>, Status> {
        let times = [Ok(request.into_inner())];
        Ok(Response::new(stream::iter(times).boxed()))
    }

    async fn self_(&self, request: Request<String>) -> Result<Response<bool>, Status> {
        Ok(Response::new(request.into_inner() == "self"))
    }

    type watch_allStream = BoxStream<'static, Result<pb::Result, Status>>;

    async fn watch_all(&self, _: Request<Step>) -> Result<Response<Self::watch_allStream>, Status> {
        Ok(Response::new(stream::empty().boxed()))
    }

    async fn upload(&self, request: Request<Streaming<Vec<u8>>>) -> Result<Response<()>, Status> {
        let parts: Vec<Vec<u8>> = request.into_inner().try_collect().await?;
        match parts.concat().as_slice() {
            b"ab" => Ok(Response::new(())),
            other => Err(Status::invalid_argument(format!("{other:?}"))),
        }
    }
}

#[tonic::async_trait]
impl alone::NoPackage for Odd {
    async fn ping(
        &self,
        request: Request<alone::PingMessage>,
    ) -> Result<Response<alone::PingMessage>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn access() -> pb::HttpOdditiesAccess {
    pb::HttpOdditiesAccess {
        get_url: Rule::public("test"),
        r#type: Rule::public("test"),
        r#move: Rule::public("test"),
        self_: Rule::public("test").or(Rule::owner(|request: &String| request)),
        watch_all: Rule::public("test"),
        upload: Rule::public("test"),
    }
}

async fn unary<A: Message + 'static, B: Message + Default + 'static, S>(
    service: S,
    path: &'static str,
    message: A,
) -> Result<B, Status>
where
    S: GrpcService<tonic::body::Body, Error: std::fmt::Debug>,
    S::ResponseBody: Send + 'static,
    <S::ResponseBody as http_body::Body>::Error: Into<msf_core::BoxError>,
    S::Error: Into<msf_core::BoxError>,
{
    let mut grpc = Grpc::new(service);
    grpc.ready().await.expect("a service that is ready");
    let path = http::uri::PathAndQuery::from_static(path);
    let codec = ProstCodec::<A, B>::default();
    let answer = grpc.unary(Request::new(message), path, codec).await?;
    Ok(answer.into_inner())
}

#[test]
fn paths_are_spelled_as_in_the_proto() {
    let guarded = pb::guard_http_oddities(Odd, access());
    let paths: Vec<_> = guarded.rules().iter().map(|row| &*row.path).collect();
    let expected = [
        "/msf.test.v1.HTTPOddities/GetURL",
        "/msf.test.v1.HTTPOddities/Type",
        "/msf.test.v1.HTTPOddities/Move",
        "/msf.test.v1.HTTPOddities/Self",
        "/msf.test.v1.HTTPOddities/watch_all",
        "/msf.test.v1.HTTPOddities/Upload",
    ];
    assert_eq!(paths, expected);
}

#[tokio::test]
async fn each_oddity_answers_on_its_path() -> Result<(), Status> {
    let service = pb::guard_http_oddities(Odd, access());
    let account = "four".to_owned();
    let path = "/msf.test.v1.HTTPOddities/GetURL";
    let value: pb::Value = unary(service.clone(), path, pb::IncrementRequest { account }).await?;
    assert_eq!(value.value, 4);
    let () = unary(service.clone(), "/msf.test.v1.HTTPOddities/Type", ()).await?;
    let path = "/msf.test.v1.HTTPOddities/Self";
    assert!(unary::<_, bool, _>(service.clone(), path, "self".to_owned()).await?);

    let mut grpc = Grpc::new(service);
    grpc.ready().await.expect("a service that is ready");
    let path = http::uri::PathAndQuery::from_static("/msf.test.v1.HTTPOddities/Upload");
    let parts = stream::iter([b"a".to_vec(), b"b".to_vec()]);
    let codec = ProstCodec::<Vec<u8>, ()>::default();
    grpc.client_streaming(Request::new(parts), path, codec)
        .await?;
    Ok(())
}

#[tokio::test]
async fn a_service_without_a_package_has_no_dot() -> Result<(), Status> {
    let access = alone::NoPackageAccess {
        ping: Rule::public("test"),
    };
    let guarded = alone::guard_no_package(Odd, access);
    let [RpcRule { method, path, .. }] = guarded.rules() else {
        panic!("one RPC: {guarded:?}");
    };
    assert_eq!((*method, &**path), ("Ping", "/NoPackage/Ping"));
    let text = "hello".to_owned();
    let answer: alone::PingMessage =
        unary(guarded, "/NoPackage/Ping", alone::PingMessage { text }).await?;
    assert_eq!(answer.text, "hello");
    Ok(())
}
