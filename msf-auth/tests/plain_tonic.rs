//! The example on tonic, over sockets: keys fetched by HTTP, calls over HTTP/2.

#[path = "../examples/plain_tonic.rs"]
mod example;
mod support;

use http::Uri;
use msf_auth::identity::ServiceIdentity;
use msf_auth::keys::KeyRing;
use msf_core::access::Principal;
use support::serve::start;
use tokio::net::TcpListener;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

async fn server(jwks: Uri) -> Channel {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(example::serve(listener, jwks));
    let endpoint = Endpoint::from_shared(format!("http://{addr}")).unwrap();
    endpoint.connect().await.unwrap()
}

async fn jwks(ring: &KeyRing) -> Uri {
    let addr = start(example::jwks(ring.clone())).await;
    format!("http://{addr}/.well-known/jwks.json")
        .parse()
        .unwrap()
}

#[tokio::test]
async fn the_gateway_is_let_in_for_itself_and_for_an_operator_and_nobody_else_is() {
    let ring = KeyRing::generate().unwrap();
    let channel = server(jwks(&ring).await).await;
    let gateway = ServiceIdentity::new("api-gateway", ring.clone());
    let check = async |identity: &ServiceIdentity, user: Option<&Principal>| {
        let answer = example::check(channel.clone(), identity, user).await;
        answer.map_err(|status| status.code())
    };
    assert_eq!(check(&gateway, None).await, Ok(1));
    let operator = Principal::user("ana").with_role("operator");
    assert_eq!(check(&gateway, Some(&operator)).await, Ok(1));
    let user = Principal::user("bob").with_role("user");
    assert_eq!(
        check(&gateway, Some(&user)).await,
        Err(Code::PermissionDenied)
    );
    let service = Principal::service("somebody");
    assert_eq!(
        check(&gateway, Some(&service)).await,
        Ok(1),
        "the gateway itself"
    );

    let stranger = ServiceIdentity::new("email-service", ring);
    assert_eq!(check(&stranger, None).await, Err(Code::Unauthenticated));
    let impostor = ServiceIdentity::new("api-gateway", KeyRing::generate().unwrap());
    assert_eq!(check(&impostor, None).await, Err(Code::Unauthenticated));
    let request = Request::new(HealthCheckRequest::default());
    let anonymous = HealthClient::new(channel.clone()).check(request).await;
    assert_eq!(anonymous.unwrap_err().code(), Code::Unauthenticated);
}

#[tokio::test]
async fn keys_that_cannot_be_fetched_are_unavailable_and_not_unauthenticated() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = nobody.local_addr().unwrap();
    drop(nobody);
    let uri = format!("http://{addr}/.well-known/jwks.json")
        .parse()
        .unwrap();
    let channel = server(uri).await;
    let gateway = ServiceIdentity::new("api-gateway", KeyRing::generate().unwrap());
    let status = example::check(channel, &gateway, None).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert_eq!(status.message(), "the token cannot be verified now");
}
