//! Reflection knows the services that were put in, in both versions of its protocol.

use futures_util::{TryStreamExt, stream};
use msf_service::grpc::{ServiceInfo, health_service, reflection_services};
use msf_test_protos::pb::msf::test::v1 as pb;
use prost::Message;
use prost_types::FileDescriptorProto;
use tonic_reflection::pb::{v1, v1alpha};

struct Nothing;

impl pb::Empty for Nothing {}

fn services() -> [ServiceInfo; 2] {
    let health = health_service(msf_core::health::Health::new(), ["msf.test.v1.Empty"]);
    let empty = pb::guard_empty(Nothing, pb::EmptyAccess {});
    [health.info(), empty.info()]
}

#[tokio::test]
async fn v1_lists_the_services_and_describes_them() {
    use v1::server_reflection_request::MessageRequest;
    use v1::server_reflection_response::MessageResponse;

    let (reflection, _) = reflection_services(services()).expect("descriptors");
    let mut client = v1::server_reflection_client::ServerReflectionClient::new(reflection);
    let request = |message_request| v1::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(message_request),
    };
    let symbol = "msf.test.v1.Counter.Count".to_owned();
    let requests = stream::iter([
        request(MessageRequest::ListServices(String::new())),
        request(MessageRequest::FileContainingSymbol(symbol)),
    ]);
    let answers = client.server_reflection_info(requests).await;
    let answers = answers.expect("everybody may ask").into_inner();
    let answers: Vec<_> = answers.try_collect().await.expect("answers");

    let Some(MessageResponse::ListServicesResponse(list)) = &answers[0].message_response else {
        panic!("{answers:?}");
    };
    let mut names: Vec<_> = list.service.iter().map(|service| &*service.name).collect();
    names.sort_unstable();
    let expected = [
        "grpc.health.v1.Health",
        "grpc.reflection.v1.ServerReflection",
        "grpc.reflection.v1alpha.ServerReflection",
        // and not the other services of its package, which nobody serves here
        "msf.test.v1.Empty",
    ];
    assert_eq!(names, expected);

    let Some(MessageResponse::FileDescriptorResponse(found)) = &answers[1].message_response else {
        panic!("{answers:?}");
    };
    let file = FileDescriptorProto::decode(&*found.file_descriptor_proto[0]).expect("a file");
    assert_eq!(file.name(), "msf/test/v1/counter.proto");
}

#[tokio::test]
async fn v1alpha_answers_older_tools() {
    use v1alpha::server_reflection_request::MessageRequest;
    let (_, reflection) = reflection_services(services()).expect("descriptors");
    let mut client = v1alpha::server_reflection_client::ServerReflectionClient::new(reflection);
    let request = v1alpha::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::FileByFilename(
            "msf/common/v1/range.proto".to_owned(),
        )),
    };
    let answers = client.server_reflection_info(stream::iter([request])).await;
    let mut answers = answers.expect("everybody may ask").into_inner();
    let answer = answers.message().await.expect("an answer");
    let answer = answer.and_then(|answer| answer.message_response);
    assert!(
        matches!(
            answer,
            Some(v1alpha::server_reflection_response::MessageResponse::FileDescriptorResponse(_))
        ),
        "{answer:?}"
    );
}
