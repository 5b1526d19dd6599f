//! `grpc.health.v1.Health`, driven by the one [`Health`] of the service.

use std::collections::BTreeSet;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::Stream;
use futures_util::stream::{BoxStream, unfold};
use msf_core::access::{RpcName, Rule};
use msf_core::health::{Health, State};
use tokio::sync::watch;
use tonic::{Request, Response, Status};
use tonic_health::pb;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_server::{self, HealthServer};

use super::{Guarded, ServiceInfo, guarded, service_info};

/// How soon a watcher hears of a check that changed; a change of state reaches it at once.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);

const NAME: &str = "grpc.health.v1.Health";

static RPCS: [RpcName; 2] = [
    RpcName {
        service: NAME,
        method: "Check",
        path: "/grpc.health.v1.Health/Check",
    },
    RpcName {
        service: NAME,
        method: "Watch",
        path: "/grpc.health.v1.Health/Watch",
    },
];

static INFO: ServiceInfo = service_info(NAME, &RPCS, pb::FILE_DESCRIPTOR_SET);

/// Makes the health service of a process that serves the gRPC services `names`.
///
/// Each name, and the empty one for the whole process, is SERVING while the state is `Ready` and no required check
/// fails, and NOT_SERVING otherwise: from the first moment, and from the moment it drains. An unknown name is
/// NOT_FOUND to `Check` and SERVICE_UNKNOWN to `Watch`, as the protocol has it.
///
/// Its rule is public: it says no more than the probes do.
pub fn health_service(
    health: Health,
    names: impl IntoIterator<Item = impl Into<String>>,
) -> Guarded<HealthServer<HealthService>> {
    let mut names: BTreeSet<String> = names.into_iter().map(Into::into).collect();
    names.extend([String::new(), NAME.to_owned()]);
    let rule = Rule::public("says no more than the probes");
    let rules = RPCS.iter().map(|rpc| (rpc, rule.info())).collect();
    let service = HealthService {
        health,
        names,
        rule,
    };
    guarded(HealthServer::new(service), &INFO, rules, |server, bytes| {
        server.max_decoding_message_size(bytes)
    })
}

/// The implementation behind [`health_service`].
#[derive(Debug)]
pub struct HealthService {
    health: Health,
    names: BTreeSet<String>,
    rule: Rule<pb::HealthCheckRequest>,
}

#[tonic::async_trait]
impl health_server::Health for HealthService {
    async fn check(
        &self,
        mut request: Request<pb::HealthCheckRequest>,
    ) -> Result<Response<pb::HealthCheckResponse>, Status> {
        self.rule.check_rpc(&RPCS[0], &mut request).await?;
        if !self.names.contains(&request.get_ref().service) {
            return Err(Status::not_found("no such service"));
        }
        Ok(Response::new(answer(serving(&self.health).await)))
    }

    type WatchStream = WatchStream;

    async fn watch(
        &self,
        mut request: Request<pb::HealthCheckRequest>,
    ) -> Result<Response<WatchStream>, Status> {
        self.rule.check_rpc(&RPCS[1], &mut request).await?;
        let known = self.names.contains(&request.get_ref().service);
        let watcher = Watcher {
            states: self.health.watch(),
            health: self.health.clone(),
            known,
            last: None,
        };
        let answers = unfold(watcher, |mut watcher| async {
            let status = watcher.next().await?;
            Some((Ok(answer(status)), watcher))
        });
        Ok(Response::new(WatchStream(Box::pin(answers))))
    }
}

async fn serving(health: &Health) -> ServingStatus {
    if health.is_ready().await {
        ServingStatus::Serving
    } else {
        ServingStatus::NotServing
    }
}

fn answer(status: ServingStatus) -> pb::HealthCheckResponse {
    pb::HealthCheckResponse {
        status: status.into(),
    }
}

/// One open `Watch`.
struct Watcher {
    health: Health,
    states: watch::Receiver<State>,
    known: bool,
    last: Option<ServingStatus>,
}

impl Watcher {
    /// The next status that differs from the last; `None` once the service has stopped.
    async fn next(&mut self) -> Option<ServingStatus> {
        loop {
            let state = *self.states.borrow_and_update();
            let status = tokio::select! {
                biased;
                // A check may take its time; a drain that begins meanwhile is told at once.
                changed = self.states.changed() => {
                    changed.ok()?;
                    continue;
                }
                status = status(&self.health, self.known) => status,
            };
            if self.last != Some(status) {
                self.last = Some(status);
                return Some(status);
            }
            if state == State::Stopped {
                return None;
            }
            tokio::select! {
                changed = self.states.changed() => changed.ok()?,
                () = tokio::time::sleep(CHECK_INTERVAL) => {}
            }
        }
    }
}

async fn status(health: &Health, known: bool) -> ServingStatus {
    if known {
        serving(health).await
    } else {
        ServingStatus::ServiceUnknown
    }
}

/// The answers of an open `Watch`: the status now, then each change, until the service has stopped.
pub struct WatchStream(BoxStream<'static, Result<pb::HealthCheckResponse, Status>>);

impl Stream for WatchStream {
    type Item = Result<pb::HealthCheckResponse, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(context)
    }
}

impl fmt::Debug for WatchStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WatchStream").finish_non_exhaustive()
    }
}
