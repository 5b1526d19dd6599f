//! Gateway and service by hand on axum and tonic: bare, and with one layer of msf more on each rung.
//!
//! The layers lie in the order in which an app has them. What is measured is the difference between two rungs.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use axum::body::Body;
use axum::serve::ListenerExt as _;
use msf_core::BoxError;
use msf_core::access::{AuthenticateLayer, Rule};
use msf_core::context::ContextLayer;
use msf_core::observe::ObserveLayer;
use msf_core::resilience::{CatchPanicLayer, DeadlineLayer, InFlightLayer};
use msf_service::auth::identity::{IdentityVerifier, ServiceIdentity};
use msf_service::auth::keys::{KeyRing, RotationPolicy};
use msf_service::auth::token::{AccessTokens, AccessVerifier, NewAccess};
use msf_service::client::Channel;
use msf_service::telemetry::{LogFormat, Options, Telemetry};
use tokio::net::TcpListener;
use tonic::service::Routes;
use tonic::transport::server::TcpIncoming;
use tower::ServiceBuilder;

use super::{AUDIENCE, GATEWAY, ISSUER, USERS};

mod bare;
mod calls;

/// The rungs, each with all that is below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rung {
    /// axum, tonic and the handler.
    Bare,
    /// Correlation id, trace and deadline, read and passed on.
    Context,
    /// A rule for the route and for the RPC.
    Access,
    /// The span of a request and its measurement.
    Metrics,
    /// The line of a request.
    Log,
    Panic,
    InFlight,
    Deadline,
    /// A user's token at the gateway, the gateway's proof to the service.
    Tokens,
    /// msf's client in place of tonic's channel.
    Client,
}

impl Rung {
    pub(crate) const ALL: [Self; 10] = [
        Self::Bare,
        Self::Context,
        Self::Access,
        Self::Metrics,
        Self::Log,
        Self::Panic,
        Self::InFlight,
        Self::Deadline,
        Self::Tokens,
        Self::Client,
    ];

    /// What the command line calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::Context => "context",
            Self::Access => "access",
            Self::Metrics => "metrics",
            Self::Log => "log",
            Self::Panic => "panic",
            Self::InFlight => "in-flight",
            Self::Deadline => "deadline",
            Self::Tokens => "tokens",
            Self::Client => "client",
        }
    }
}

/// `gateway|users --rung NAME --users HOST:PORT --keys DIR --routes N --ready-file FILE`
#[derive(Debug, Default)]
struct Wanted {
    gateway: bool,
    users: String,
    keys: PathBuf,
    routes: u32,
    ready_file: PathBuf,
}

impl Wanted {
    fn read(mut words: impl Iterator<Item = String>) -> Option<(Self, Rung)> {
        let mut rung = None;
        let mut wanted = Self {
            gateway: words.next()? == "gateway",
            routes: 2,
            ..Self::default()
        };
        while let Some(word) = words.next() {
            let value = words.next()?;
            match word.as_str() {
                "--rung" => rung = Rung::ALL.into_iter().find(|rung| rung.name() == value),
                "--users" => wanted.users = value,
                "--keys" => wanted.keys = value.into(),
                "--routes" => wanted.routes = value.parse().ok()?,
                "--ready-file" => wanted.ready_file = value.into(),
                _ => return None,
            }
        }
        Some((wanted, rung?))
    }
}

/// Runs one of the two, until it is killed.
pub fn main() -> ExitCode {
    let Some((wanted, rung)) = Wanted::read(std::env::args().skip(1)) else {
        return ExitCode::from(2);
    };
    match run(&wanted, rung) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = std::io::Write::write_all(
                &mut std::io::stderr(),
                format!("error: {error}\n").as_bytes(),
            );
            ExitCode::FAILURE
        }
    }
}

fn run(wanted: &Wanted, rung: Rung) -> Result<(), BoxError> {
    msf_auth::install_crypto_provider();
    let name = if wanted.gateway { GATEWAY } else { USERS };
    if rung >= Rung::Metrics {
        let level = if rung >= Rung::Log { "info" } else { "off" };
        let options = Options::new(name)
            .format(LogFormat::Json)
            .level(level.parse()?);
        Telemetry::install_global(options)?;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        if wanted.gateway {
            gateway(wanted, rung).await
        } else {
            users(wanted, rung).await
        }
    })
}

/// Tells the harness that the port answers.
fn ready(file: &Path, address: SocketAddr, token: &str) -> Result<(), BoxError> {
    let told = serde_json::json!({ "http": format!("http://{address}"), "token": token });
    let temporary = file.with_extension("new");
    std::fs::write(&temporary, serde_json::to_vec(&told)?)?;
    Ok(std::fs::rename(temporary, file)?)
}

fn ring(wanted: &Wanted) -> Result<KeyRing, BoxError> {
    let clock = msf_core::clock::Clock::system();
    Ok(KeyRing::open(
        &wanted.keys,
        &clock,
        RotationPolicy::default(),
    )?)
}

/// Runs `$serve` with the layers of `$rung`, outer to inner, each rung with a type of its own.
macro_rules! with_layers {
    ($rung:expr, $name:expr, $authenticate:expr, |$layers:ident| $serve:expr) => {{
        let context = ContextLayer::new();
        let bounded = context.default_deadline(Duration::from_secs(10));
        let (observe, panic) = (ObserveLayer::new($name), CatchPanicLayer::new());
        let (in_flight, deadline) = (InFlightLayer::new(4096), DeadlineLayer::new());
        let seen = ServiceBuilder::new().layer(context).layer(observe.clone());
        let caught = ServiceBuilder::new().layer(bounded).layer(observe);
        let caught = caught.layer(panic);
        match $rung {
            Rung::Bare | Rung::Context | Rung::Access => {
                let $layers = ServiceBuilder::new().layer(context);
                $serve
            }
            Rung::Metrics | Rung::Log => {
                let $layers = seen;
                $serve
            }
            Rung::Panic => {
                let $layers = seen.layer(panic);
                $serve
            }
            Rung::InFlight => {
                let $layers = seen.layer(panic).layer(in_flight);
                $serve
            }
            Rung::Deadline => {
                let $layers = caught.layer(in_flight).layer(deadline);
                $serve
            }
            Rung::Tokens | Rung::Client => {
                let $layers = caught.layer(in_flight).layer(deadline);
                let $layers = $layers.layer($authenticate);
                $serve
            }
        }
    }};
}

async fn gateway(wanted: &Wanted, rung: Rung) -> Result<(), BoxError> {
    let keys = ring(wanted)?;
    let tokens = AccessTokens::new(keys.clone(), ISSUER, AUDIENCE);
    let issued = tokens.issue(&NewAccess::new("user-7", "session-1", "bench").role("user"))?;
    let verifier = AccessVerifier::new(keys.clone(), ISSUER, AUDIENCE);
    let identity = ServiceIdentity::new(GATEWAY, keys);
    let url = format!("http://{}", wanted.users);

    let paths = bare::paths(wanted.routes);
    let plain = || {
        tonic::transport::Endpoint::from_shared(url.clone())
            .map(|to| to.tcp_nodelay(true).connect_lazy())
    };
    let router = match rung {
        Rung::Bare => bare::router(&paths, plain()?),
        Rung::Tokens => {
            let channel = calls::Proving::new(plain()?, identity.on_behalf(), USERS);
            calls::router(&paths, channel, rule(rung))
        }
        Rung::Client => {
            let channel = Channel::tcp(USERS, &url)?.identify(identity.on_behalf());
            calls::router(&paths, channel, rule(rung))
        }
        _ => calls::router(&paths, calls::Injecting::new(plain()?), rule(rung)),
    };
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    ready(
        &wanted.ready_file,
        listener.local_addr()?,
        issued.token.expose(),
    )?;
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    if rung == Rung::Bare {
        return Ok(axum::serve(listener, router).await?);
    }
    let authenticate = AuthenticateLayer::new(verifier);
    with_layers!(rung, GATEWAY, authenticate, |layers| {
        let service = ServiceBuilder::new()
            .map_response(|response: http::Response<_>| response.map(Body::new))
            .layer(layers)
            .service(router);
        Ok(axum::serve(listener, tower::make::Shared::new(service)).await?)
    })
}

async fn users(wanted: &Wanted, rung: Rung) -> Result<(), BoxError> {
    let callers = IdentityVerifier::new(USERS).trust_for_users(GATEWAY, ring(wanted)?);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    ready(&wanted.ready_file, listener.local_addr()?, "")?;
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    let routes = if rung < Rung::Access {
        Routes::new(bare::users())
    } else {
        Routes::new(crate::pb::guard_users(
            super::users::Users,
            super::users::access(rung >= Rung::Tokens),
        ))
    };
    let authenticate = AuthenticateLayer::new(callers);
    if rung == Rung::Bare {
        let server = tonic::transport::Server::builder().add_routes(routes);
        return Ok(server.serve_with_incoming(incoming).await?);
    }
    with_layers!(rung, USERS, authenticate, |layers| {
        let mut server = tonic::transport::Server::builder().layer(layers);
        Ok(server
            .add_routes(routes)
            .serve_with_incoming(incoming)
            .await?)
    })
}

/// The rule of the gateway's routes; below the rung of rules there is none.
fn rule(rung: Rung) -> Option<Rule<msf_core::access::Head>> {
    match rung {
        Rung::Bare | Rung::Context => None,
        Rung::Tokens | Rung::Client => Some(Rule::authenticated("of any role")),
        _ => Some(Rule::public("measured without tokens")),
    }
}
