//! The example on tonic, over a socket: the same answers as on axum, in gRPC's own words.

#[path = "../examples/plain_tonic.rs"]
mod example;
mod support;

use std::net::SocketAddr;

use support::capture::{Captured, counts};
use support::grpc::{ask, connect};
use tokio::net::TcpListener;
use tonic::metadata::MetadataMap;
use tonic::{Code, Request, Status};
use tonic_health::pb::health_client::HealthClient;
use tonic_types::StatusExt as _;

async fn start() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(example::serve(listener));
    addr
}

async fn check(addr: SocketAddr, headers: &[(&'static str, &str)]) -> Result<String, Status> {
    let mut request = ask("");
    for (name, value) in headers {
        request.metadata_mut().insert(*name, value.parse().unwrap());
    }
    let answer = HealthClient::new(connect(addr).await)
        .check(request)
        .await?;
    Ok(correlation_id(answer.metadata()).to_owned())
}

fn correlation_id(metadata: &MetadataMap) -> &str {
    metadata.get("x-correlation-id").unwrap().to_str().unwrap()
}

#[tokio::test]
async fn the_correlation_id_is_echoed_and_replaced_where_it_is_not_valid() {
    let addr = start().await;
    let monitor = ("x-client", "monitor");
    for name in ["x-correlation-id", "x-request-id"] {
        assert_eq!(
            check(addr, &[monitor, (name, "order-7")]).await.unwrap(),
            "order-7"
        );
    }
    let too_long = "x".repeat(65);
    for invalid in ["two words", too_long.as_str()] {
        let fresh = check(addr, &[monitor, ("x-correlation-id", invalid)])
            .await
            .unwrap();
        assert_eq!(
            fresh.len(),
            36,
            "a new id in place of {invalid:?}, not {fresh:?}"
        );
    }
}

#[tokio::test]
async fn a_refusal_has_the_details_that_a_problem_has() {
    let addr = start().await;
    let refusals: [(&[(&'static str, &str)], _, _); 3] = [
        (&[], Code::Unauthenticated, "unauthenticated"),
        (
            &[("x-client", "")],
            Code::Unauthenticated,
            "unauthenticated",
        ),
        (&[("x-client", "shop")], Code::PermissionDenied, "forbidden"),
    ];
    for (headers, code, reason) in refusals {
        let status = check(addr, headers).await.unwrap_err();
        assert_eq!(status.code(), code);
        let details = status.get_error_details();
        let info = details.error_info().unwrap();
        assert_eq!(
            (info.reason.as_str(), info.domain.as_str()),
            (reason, "msf")
        );
        assert_eq!(
            details.request_info().unwrap().request_id,
            correlation_id(status.metadata())
        );
    }
    check(addr, &[("x-client", "monitor")]).await.unwrap();
}

#[tokio::test]
async fn an_unknown_service_and_an_unknown_method_are_unimplemented_and_unmatched() {
    let (captured, _guard) = Captured::start();
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let _recorder = metrics::set_default_local_recorder(&recorder);
    let channel = connect(start().await).await;
    let mut client = tonic::client::Grpc::new(channel);
    for path in ["/no.such.Service/Check", "/other.Service/Any"] {
        client.ready().await.unwrap();
        let codec = tonic_health_codec();
        let path = http::uri::PathAndQuery::from_static(path);
        let request = Request::new(ask("").into_inner());
        let status = client.unary(request, path, codec).await.unwrap_err();
        assert_eq!(status.code(), Code::Unimplemented);
    }
    let lines = captured.requests(2).await;
    assert!(
        lines.iter().all(|line| line.field("route") == "unmatched"),
        "{lines:#?}"
    );
    let series = counts(&recorder.handle(), "rpc_server_duration_seconds");
    let expected = r#"{service="health",rpc_service="unmatched",rpc_method="unmatched",rpc_grpc_status_code="12"} 2"#;
    assert_eq!(series, [expected]);
}

fn tonic_health_codec() -> tonic_prost::ProstCodec<
    tonic_health::pb::HealthCheckRequest,
    tonic_health::pb::HealthCheckResponse,
> {
    tonic_prost::ProstCodec::default()
}

#[tokio::test]
async fn a_call_is_one_line_and_one_series() {
    let (captured, _guard) = Captured::start();
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let _recorder = metrics::set_default_local_recorder(&recorder);
    let addr = start().await;
    check(
        addr,
        &[("x-client", "monitor"), ("x-correlation-id", "order-7")],
    )
    .await
    .unwrap();
    check(addr, &[("x-client", "shop")]).await.unwrap_err();
    let lines = captured.requests(2).await;
    assert_eq!(lines[0].field("route"), "grpc.health.v1.Health/*");
    assert_eq!(lines[0].field("status"), "0");
    assert_eq!(lines[0].field("principal"), "monitor");
    assert_eq!(lines[0].correlation_id.as_deref(), Some("order-7"));
    assert_eq!(lines[1].field("status"), "7");
    assert_eq!(lines[1].field("code"), "forbidden");
    let series = counts(&recorder.handle(), "rpc_server_duration_seconds");
    let labels = r#"{service="health",rpc_service="grpc.health.v1.Health",rpc_method="*",rpc_grpc_status_code="#;
    assert_eq!(
        series,
        [format!("{labels}\"0\"}} 1"), format!("{labels}\"7\"}} 1")]
    );
}
