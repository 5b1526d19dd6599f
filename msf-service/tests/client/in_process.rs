//! Inside the process: only headers cross, and a service may come and go.

use std::sync::{Arc, Mutex};

use axum::body::Body;
use futures_util::{StreamExt as _, stream};
use msf_core::access::Rule;
use msf_core::context::Context;
use msf_service::client::{Channel, Local};
use msf_test_protos::pb::msf::test::v1 as pb;
use tokio::time::timeout;
use tonic::{Code, Request};
use tower::ServiceBuilder;

use crate::support::{NAME, Script, Wire, ask, item, layers, ms, open, range, start_bare, value};

/// A caller whose request has the principal `ana`, and who passes its extensions on to `callee`.
async fn call_as_ana(callee: Channel) -> pb::IncrementRequest {
    pb::IncrementRequest {
        account: match gateway(callee).await {
            Ok(_) => "answered".to_owned(),
            Err(status) => format!("{:?}", status.code()),
        },
    }
}

async fn gateway(callee: Channel) -> crate::support::Answer {
    let local = Local::new();
    let script = Script::new().increment(move |request| {
        let mut client = pb::CounterClient::new(callee.clone());
        async move {
            let context = Context::current().unwrap();
            assert_eq!(context.principal().unwrap().subject(), "ana");
            let (_, extensions, message) = request.into_parts();
            assert!(extensions.get::<Context>().unwrap().principal().is_some());
            let mut passed_on = Request::new(message);
            *passed_on.extensions_mut() = extensions;
            client.increment(passed_on).await
        }
    });
    let service = ServiceBuilder::new()
        .map_response(|response: http::Response<_>| response.map(Body::new))
        .layer(layers())
        .service(pb::guard_counter(script, open()).into_router());
    let _registration = local.register("gateway", service);
    let mut request = ask();
    request
        .metadata_mut()
        .insert("x-user", "ana".parse().unwrap());
    pb::CounterClient::new(Channel::in_process("gateway", &local))
        .increment(request)
        .await
}

#[tokio::test]
async fn a_callers_principal_does_not_pass_the_callees_rule() {
    let local = Local::new();
    let access = pb::CounterAccess {
        increment: Rule::authenticated("a test"),
        ..open()
    };
    // No layer of the callee's own replaces what the caller left in the extensions.
    let router = pb::guard_counter(Script::new(), access).into_router();
    let _registration = local.register(NAME, router);
    let outcome = call_as_ana(Channel::in_process(NAME, &local)).await;
    assert_eq!(outcome.account, "Unauthenticated");
}

#[tokio::test]
async fn the_callee_does_not_see_the_callers_task_local() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let saw = Arc::clone(&seen);
    let script = Script::new().increment(move |_| {
        let known = Context::current().is_some_and(|context| context.principal().is_some());
        saw.lock().unwrap().push(known);
        async { Ok(value(1)) }
    });
    let peer = start_bare(Wire::Local, script).await;
    let outcome = call_as_ana(peer.channel.clone()).await;
    assert_eq!(outcome.account, "answered");
    assert_eq!(*seen.lock().unwrap(), [false]);
}

#[tokio::test]
async fn extensions_of_an_answer_stay_with_the_callee() {
    #[derive(Clone)]
    struct Mark;
    let script = Script::new().increment(|_| async {
        let mut answer = value(1);
        answer.extensions_mut().insert(Mark);
        Ok(answer)
    });
    let peer = start_bare(Wire::Local, script).await;
    let answer = peer.client().increment(ask()).await.unwrap();
    assert!(answer.extensions().get::<Mark>().is_none());
}

#[tokio::test]
async fn a_panic_ends_the_call_and_not_the_caller() {
    let script = Script::new()
        .increment(|_| async { panic!("the secret is 42") })
        .count(|_| stream::poll_fn(|_| panic!("the secret is 42")).boxed());
    let peer = start_bare(Wire::Local, script).await;
    let unary = peer.client().increment(ask()).await.unwrap_err();
    let mut values = peer.client().count(range(1, 2)).await.unwrap().into_inner();
    let stream = values.next().await.unwrap().unwrap_err();
    for status in [unary, stream] {
        assert_eq!(status.code(), Code::Internal, "{status:?}");
        assert!(!format!("{status:?}").contains("secret"), "{status:?}");
    }
}

#[tokio::test]
async fn a_service_may_come_go_and_come_again() {
    let local = Local::new();
    let router = || pb::guard_counter(Script::new(), open()).into_router();
    let mut client = pb::CounterClient::new(Channel::in_process(NAME, &local));
    let mut call = async || client.increment(ask()).await;

    let missing = call().await.unwrap_err();
    assert_eq!(missing.code(), Code::Unavailable);
    assert!(missing.message().contains(NAME), "{missing:?}");

    let first = local.register(NAME, router());
    call().await.unwrap();
    first.close();
    assert_eq!(call().await.unwrap_err().code(), Code::Unavailable);

    let second = local.register(NAME, router());
    drop(first); // is not the one that is there now
    call().await.unwrap();
    drop(second);
    assert_eq!(call().await.unwrap_err().code(), Code::Unavailable);
}

#[tokio::test]
async fn drained_waits_for_the_end_of_bodies() {
    let (script, dropped) = Script::stuck();
    let local = Local::new();
    let router = pb::guard_counter(script, open()).into_router();
    let registration = local.register(NAME, router);
    let mut client = pb::CounterClient::new(Channel::in_process(NAME, &local));
    let mut values = client.count(range(1, 2)).await.unwrap().into_inner();
    values.next().await.unwrap().unwrap();

    registration.close();
    assert_eq!(registration.in_flight(), 1);
    assert!(timeout(ms(50), registration.drained()).await.is_err());
    assert!(!dropped.is_raised());
    drop(values);
    timeout(ms(1_000), registration.drained()).await.unwrap();
    assert!(dropped.is_raised());
}

#[tokio::test]
async fn a_call_is_over_when_its_body_is_and_not_when_it_is_dropped() {
    let local = Local::new();
    let router = pb::guard_counter(Script::new(), open()).into_router();
    let registration = local.register(NAME, router);
    let mut client = pb::CounterClient::new(Channel::in_process(NAME, &local));
    let mut values = client.count(range(1, 1)).await.unwrap().into_inner();
    assert_eq!(values.next().await.unwrap().unwrap(), item(1));
    assert_eq!(registration.in_flight(), 1);
    assert!(values.next().await.is_none());
    assert_eq!(registration.in_flight(), 0);
    drop(values);
}

#[tokio::test]
async fn what_is_cut_ends_with_unavailable() {
    let (script, dropped) = Script::stuck();
    let local = Local::new();
    let router = pb::guard_counter(script, open()).into_router();
    let registration = local.register(NAME, router);
    let mut client = pb::CounterClient::new(Channel::in_process(NAME, &local));
    let mut values = client.count(range(1, 2)).await.unwrap().into_inner();
    values.next().await.unwrap().unwrap();
    let waiting = tokio::spawn(async move { client.increment(ask()).await });
    tokio::task::yield_now().await;

    assert_eq!(registration.cut(), 2);
    let stream = timeout(ms(1_000), values.next()).await.unwrap();
    let unary = timeout(ms(1_000), waiting).await.unwrap().unwrap();
    for status in [stream.unwrap().unwrap_err(), unary.unwrap_err()] {
        assert_eq!(status.code(), Code::Unavailable, "{status:?}");
        assert!(status.message().contains(NAME), "{status:?}");
    }
    timeout(ms(1_000), registration.drained()).await.unwrap();
    assert!(dropped.is_raised());
}
