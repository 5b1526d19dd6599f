//! One body for both wires: who calls cannot tell them apart.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use http::{HeaderMap, HeaderValue, Request as HttpRequest, Response};
use msf_core::BoxFuture;
use msf_core::access::{AuthenticateLayer, Authenticator, CallIdentity, Principal};
use msf_core::context::{Context, ContextLayer};
use msf_core::error::{Error, FieldError, Kind};
use msf_core::observe;
use msf_test_protos::pb::msf::test::v1 as pb;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};
use tonic::{Code, Request, Status};
use tower::{ServiceBuilder, ServiceExt as _};

use crate::support::{
    Script, WIRES, arrived, ask, eventually, item, ms, range, start, start_bare, until_in, value,
};

const PARENT: (&str, &str) = (
    "traceparent",
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
);

#[tokio::test]
async fn the_context_crosses_with_a_new_span_and_nothing_else_does() {
    for wire in WIRES {
        let seen = Arc::new(Mutex::new(None));
        let saw = Arc::clone(&seen);
        let script = Script::new().increment(move |request| {
            let headers = request.metadata().clone().into_headers();
            *saw.lock().unwrap() = Some((Context::current().unwrap(), headers));
            async { Ok(value(1)) }
        });
        let peer = start(wire, script).await;
        let caller = arrived(&[
            ("x-correlation-id", "order-7"),
            ("authorization", "Bearer secret"),
            PARENT,
        ]);
        let (answer, after) = caller
            .clone()
            .scope(async {
                let answer = peer.client().increment(ask()).await.unwrap();
                (answer, Context::current().unwrap())
            })
            .await;

        assert_eq!(
            answer.metadata().get("x-correlation-id").unwrap(),
            "order-7"
        );
        let (theirs, headers) = seen.lock().unwrap().take().unwrap();
        assert_eq!(theirs.correlation_id().as_str(), "order-7", "{wire:?}");
        assert_eq!(theirs.trace().trace_id(), caller.trace().trace_id());
        let call = theirs.trace().parent_id().unwrap();
        assert_ne!(
            call,
            caller.trace().span_id(),
            "the call is a span of its own"
        );
        assert_ne!(call, theirs.trace().span_id());
        assert!(!headers.contains_key("authorization"), "{headers:?}");
        assert_eq!(
            after.trace().span_id(),
            caller.trace().span_id(),
            "afterwards the caller's context is current again"
        );
    }
}

/// Says for whom, to whom; has no proof of a user called `nobody`.
struct Says;

impl CallIdentity for Says {
    fn header(&self, principal: Option<&Principal>, callee: &str) -> Result<HeaderValue, Error> {
        let subject = principal.map_or("itself", Principal::subject);
        if subject == "nobody" {
            return Err(Error::of(Kind::Internal).with_source("the key is lost"));
        }
        Ok(HeaderValue::try_from(format!("{subject} to {callee}")).unwrap())
    }
}

/// Believes whoever `x-user` names.
struct ByUser;

impl Authenticator for ByUser {
    fn authenticate<'a>(
        &'a self,
        headers: &'a HeaderMap,
    ) -> BoxFuture<'a, Result<Option<Principal>, Error>> {
        let name = headers["x-user"].to_str().unwrap().to_owned();
        Box::pin(async { Ok(Some(Principal::user(name))) })
    }
}

/// Calls `increment` while it handles a request of the user `name`.
async fn called_for(name: &str, client: pb::CounterClient) -> Result<(), Status> {
    let handler = tower::service_fn(move |_: HttpRequest<()>| {
        let mut client = client.clone();
        async move {
            client.increment(ask()).await?;
            Ok(Response::new(axum::body::Body::empty()))
        }
    });
    let service = ServiceBuilder::new()
        .layer(ContextLayer::new())
        .layer(AuthenticateLayer::new(ByUser))
        .service(handler);
    let request = HttpRequest::builder()
        .header("x-user", name)
        .body(())
        .unwrap();
    service.oneshot(request).await.map(drop)
}

#[tokio::test]
async fn a_call_proves_what_its_channel_was_told_to() {
    for wire in WIRES {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let saw = Arc::clone(&seen);
        let script = Script::new().increment(move |request| {
            let proof = request.metadata().get("authorization").cloned();
            saw.lock()
                .unwrap()
                .push(proof.unwrap().to_str().unwrap().to_owned());
            async { Ok(value(1)) }
        });
        let peer = start(wire, script).await;
        let client = pb::CounterClient::new(peer.channel.clone().identify(Says));
        client.clone().increment(ask()).await.unwrap();
        called_for("ana", client.clone()).await.unwrap();
        let refused = called_for("nobody", client).await;
        assert_eq!(refused.unwrap_err().code(), Code::Internal, "{wire:?}");
        assert_eq!(
            *seen.lock().unwrap(),
            ["itself to counter-service", "ana to counter-service"],
            "{wire:?}: without a proof nothing is sent"
        );
    }
}

#[tokio::test]
async fn a_deadline_shrinks_at_each_of_two_hops() {
    for wire in WIRES {
        let left = Arc::new(Mutex::new(Vec::new()));
        let look = {
            let left = Arc::clone(&left);
            move || {
                let deadline = Context::current().unwrap().deadline().unwrap();
                left.lock().unwrap().push(deadline.remaining());
            }
        };
        let leaf_look = look.clone();
        let leaf = start(
            wire,
            Script::new().increment(move |_| {
                leaf_look();
                async { Ok(value(2)) }
            }),
        )
        .await;
        let to_leaf = leaf.client();
        let middle = start(
            wire,
            Script::new().increment(move |_| {
                look();
                let mut to_leaf = to_leaf.clone();
                async move {
                    sleep(ms(20)).await;
                    to_leaf.increment(ask()).await
                }
            }),
        )
        .await;

        let call = async { middle.client().increment(ask()).await.unwrap() };
        until_in(ms(200)).scope(call).await;
        let left = left.lock().unwrap().clone();
        assert!(left[0] <= ms(200), "{wire:?}: {left:?}");
        assert!(left[1] + ms(20) <= left[0], "{wire:?}: {left:?}");
    }
}

#[tokio::test]
async fn the_earlier_of_the_contexts_and_the_requests_own_deadline_counts() {
    for wire in WIRES {
        for (context, own) in [(ms(300), ms(5_000)), (ms(5_000), ms(300))] {
            let script = Script::new().increment(|_| async {
                let deadline = Context::current().unwrap().deadline().unwrap();
                Ok(value(
                    i64::try_from(deadline.remaining().as_millis()).unwrap(),
                ))
            });
            let peer = start(wire, script).await;
            let mut request = ask();
            request.set_timeout(own);
            let call = async { peer.client().increment(request).await.unwrap() };
            let left = until_in(context).scope(call).await.into_inner().value;
            assert!(left <= 300, "{wire:?}: {left}");
        }
    }
}

#[tokio::test]
async fn nothing_is_sent_when_nothing_is_left() {
    for wire in WIRES {
        let peer = start(
            wire,
            Script::new().increment(|_| async { panic!("was sent") }),
        )
        .await;
        let call = async { peer.client().increment(ask()).await.unwrap_err() };
        let status = until_in(Duration::ZERO).scope(call).await;
        assert_eq!(
            status.code(),
            Code::DeadlineExceeded,
            "{wire:?}: {status:?}"
        );
    }
}

#[tokio::test]
async fn a_deadline_ends_a_call_that_gets_no_answer_and_its_handler() {
    for wire in WIRES {
        let (script, dropped) = Script::stuck();
        let peer = start_bare(wire, script).await;
        let begun = Instant::now();
        let call = async { peer.client().increment(ask()).await.unwrap_err() };
        let status = timeout(ms(2_000), until_in(ms(100)).scope(call))
            .await
            .unwrap();
        assert_eq!(
            status.code(),
            Code::DeadlineExceeded,
            "{wire:?}: {status:?}"
        );
        assert!(begun.elapsed() < ms(1_000), "{:?}", begun.elapsed());
        eventually("the handler is dropped", || dropped.is_raised()).await;
    }
}

#[tokio::test]
async fn a_deadline_ends_a_stream_that_stops_and_its_handler() {
    for wire in WIRES {
        let (script, dropped) = Script::stuck();
        let peer = start_bare(wire, script).await;
        let call = async { peer.client().count(range(1, 9)).await.unwrap().into_inner() };
        let mut values = until_in(ms(200)).scope(call).await;
        assert_eq!(values.next().await.unwrap().unwrap(), item(1));
        let status = timeout(ms(2_000), values.next()).await.unwrap();
        let status = status.unwrap().unwrap_err();
        assert_eq!(
            status.code(),
            Code::DeadlineExceeded,
            "{wire:?}: {status:?}"
        );
        eventually("the handler is dropped", || dropped.is_raised()).await;
    }
}

#[tokio::test]
async fn the_default_deadline_bounds_the_head_is_not_sent_and_lets_streams_run() {
    for wire in WIRES {
        let script = Script::new()
            .increment(|_| async {
                assert!(Context::current().unwrap().deadline().is_none());
                std::future::pending().await
            })
            .count(|_| {
                let late = stream::once(async {
                    sleep(ms(300)).await;
                    Ok(item(2))
                });
                stream::iter([Ok(item(1))]).chain(late).boxed()
            });
        let mut peer = start(wire, script).await;
        peer.channel = peer.channel.default_deadline(ms(100));
        let status = peer.client().increment(ask()).await.unwrap_err();
        assert_eq!(
            status.code(),
            Code::DeadlineExceeded,
            "{wire:?}: {status:?}"
        );
        let values = peer.client().count(range(1, 2)).await.unwrap().into_inner();
        let values: Vec<_> = values.try_collect().await.unwrap();
        assert_eq!(values, [item(1), item(2)]);
    }
}

#[tokio::test]
async fn a_status_and_its_details_are_the_same_on_both_wires() {
    let mut seen = Vec::new();
    for wire in WIRES {
        let script = Script::new().increment(|_| async {
            let error = Error::new(Kind::Invalid, "account.invalid", "the account is not valid")
                .with_field(FieldError::new(
                    "account",
                    "account.syntax",
                    "is no account",
                ));
            Err(error.into())
        });
        let peer = start(wire, script).await;
        let call = async { peer.client().increment(ask()).await.unwrap_err() };
        let status = arrived(&[("x-correlation-id", "order-7")])
            .scope(call)
            .await;
        assert_eq!(Error::from_status(&status).fields()[0].field(), "account");
        seen.push((
            status.code(),
            status.message().to_owned(),
            status.details().to_vec(),
            status.metadata().get("x-correlation-id").cloned(),
        ));
    }
    assert!(seen[0].3.is_some());
    assert_eq!(seen[0], seen[1]);
}

#[tokio::test]
async fn a_panic_is_internal_and_its_text_stays_inside() {
    for wire in WIRES {
        let script = Script::new()
            .increment(|_| async { panic!("the secret is 42") })
            .count(|_| stream::poll_fn(|_| panic!("the secret is 42")).boxed());
        let peer = start(wire, script).await;
        let unary = peer.client().increment(ask()).await.unwrap_err();
        let mut values = peer.client().count(range(1, 2)).await.unwrap().into_inner();
        let stream = values.next().await.unwrap().unwrap_err();
        for status in [unary, stream] {
            assert_eq!(status.code(), Code::Internal, "{wire:?}: {status:?}");
            assert!(!format!("{status:?}").contains("secret"), "{status:?}");
        }
    }
}

#[tokio::test]
async fn all_kinds_of_calls_work() {
    for wire in WIRES {
        let peer = start(wire, Script::new()).await;
        let mut client = peer.client();
        let values = client.count(range(1, 3)).await.unwrap().into_inner();
        let values: Vec<_> = values.try_collect().await.unwrap();
        assert_eq!(values, [item(1), item(2), item(3)], "{wire:?}");

        let sum = client.sum(stream::iter([item(4), item(5)])).await.unwrap();
        assert_eq!(sum.into_inner(), item(9));

        let (sender, mut receiver) = mpsc::channel(1);
        let sending = stream::poll_fn(move |cx| receiver.poll_recv(cx));
        let mut doubled = client.double(sending).await.unwrap().into_inner();
        for next in [1, 20] {
            sender.send(item(next)).await.unwrap();
            assert_eq!(doubled.next().await.unwrap().unwrap(), item(2 * next));
        }
        drop(sender);
        assert!(doubled.next().await.is_none());
    }
}

#[tokio::test]
async fn each_side_streams_in_its_own_context() {
    let spot = || {
        let context = Context::current().unwrap();
        (
            context.correlation_id().to_string(),
            context.trace().parent_id(),
            observe::service_name().map(|name| name.to_string()),
        )
    };
    for wire in WIRES {
        let theirs = Arc::new(Mutex::new(Vec::new()));
        let saw = Arc::clone(&theirs);
        let script = Script::new().count(move |_| {
            let saw = Arc::clone(&saw);
            let next = move |value| {
                saw.lock().unwrap().push(spot());
                Ok(item(value))
            };
            stream::iter(1..=2).map(next).boxed()
        });
        let peer = start(wire, script).await;
        let ours = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&ours);
        let call = async {
            let here = spot();
            let send = stream::iter(1..=2).map(move |value| {
                noted.lock().unwrap().push(spot());
                item(value)
            });
            assert_eq!(peer.client().sum(send).await.unwrap().into_inner(), item(3));
            let mut values = peer.client().count(range(1, 2)).await.unwrap().into_inner();
            while let Some(value) = values.next().await {
                value.unwrap();
                assert_eq!(spot(), here, "{wire:?}: between two values");
            }
        };
        let caller = arrived(&[("x-correlation-id", "order-7"), PARENT]);
        let span = caller.trace().span_id();
        observe::in_service("caller".into(), caller.scope(call)).await;
        for (id, parent, service) in ours.lock().unwrap().iter() {
            assert_eq!(id, "order-7");
            assert_eq!(*parent, Some(span), "{wire:?}: the call's own span");
            assert_eq!(service.as_deref(), Some("caller"), "{wire:?}");
        }
        for (id, parent, service) in theirs.lock().unwrap().iter() {
            assert_eq!(id, "order-7");
            assert_ne!(*parent, Some(span), "{wire:?}: a span under the call's");
            assert_eq!(service.as_deref(), Some("counter-service"), "{wire:?}");
        }
        assert_eq!(
            (ours.lock().unwrap().len(), theirs.lock().unwrap().len()),
            (2, 2)
        );
    }
}

#[tokio::test]
async fn who_drops_a_call_drops_its_handler() {
    for wire in WIRES {
        let (script, dropped) = Script::stuck();
        let peer = start(wire, script).await;
        let given_up = timeout(ms(100), peer.client().increment(ask())).await;
        assert!(given_up.is_err());
        eventually("the handler is dropped", || dropped.is_raised()).await;

        let (script, dropped) = Script::stuck();
        let peer = start(wire, script).await;
        let mut values = peer.client().count(range(1, 2)).await.unwrap().into_inner();
        values.next().await.unwrap().unwrap();
        assert!(!dropped.is_raised());
        drop(values);
        eventually("the stream is dropped", || dropped.is_raised()).await;
    }
}

#[tokio::test]
async fn each_call_is_measured_to_its_end() {
    for wire in WIRES {
        let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
        let _recorder = metrics::set_default_local_recorder(&recorder);
        let (script, _) = Script::stuck();
        let script = script.increment(|request: Request<_>| async move {
            if request.metadata().contains_key("x-fail") {
                return Err(Status::not_found("none"));
            }
            Ok(value(1))
        });
        let peer = start(wire, script).await;
        let work = async {
            peer.client().increment(ask()).await.unwrap();
            let mut failing = ask();
            failing
                .metadata_mut()
                .insert("x-fail", "1".parse().unwrap());
            peer.client().increment(failing).await.unwrap_err();
            let mut values = peer.client().count(range(1, 2)).await.unwrap().into_inner();
            values.next().await.unwrap().unwrap();
            drop(values);
            let mut by_hand = tonic::client::Grpc::new(peer.channel.clone());
            by_hand.ready().await.unwrap();
            let path = http::uri::PathAndQuery::from_static("/scanner/1");
            let codec = tonic_prost::ProstCodec::<(), ()>::default();
            let unknown = by_hand.unary(Request::new(()), path, codec).await;
            unknown.unwrap_err();
        };
        observe::in_service("caller".into(), work).await;

        let text = recorder.handle().render();
        let mut series: Vec<_> = text
            .lines()
            .filter_map(|line| line.strip_prefix("rpc_client_duration_seconds_count"))
            .collect();
        series.sort_unstable();
        let of = |method: &str, code: &str| {
            format!(
                r#"{{peer="counter-service",rpc_service="msf.test.v1.Counter",rpc_method="{method}",rpc_grpc_status_code="{code}",service="caller"}} 1"#
            )
        };
        assert_eq!(
            series[..3],
            [of("Count", "1"), of("Increment", "0"), of("Increment", "5")]
        );
        assert_eq!(series.len(), 4, "{wire:?}: {series:#?}");
        assert!(
            series[3].contains(r#"rpc_service="unknown",rpc_method="unknown""#),
            "{series:#?}"
        );
    }
}
