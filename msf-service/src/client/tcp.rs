//! gRPC over TCP.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http::Uri;
use msf_core::BoxError;
use tonic::body::Body;
use tonic::transport::Endpoint;
use tower_service::Service;

const CONNECT_TIME: Duration = Duration::from_secs(3);
const SILENCE: Duration = Duration::from_secs(20);
const SIGN_OF_LIFE: Duration = Duration::from_secs(5);

/// One address, and the connection to it once a call needs it.
pub(super) struct Tcp {
    address: String,
    endpoint: Endpoint,
    // Made with the first call: a channel belongs to a runtime, and settings are read before there is one.
    channel: OnceLock<tonic::transport::Channel>,
}

impl Tcp {
    pub(super) fn new(name: &Arc<str>, url: &str) -> Result<Self, InvalidUrl> {
        let invalid = |mistake| InvalidUrl {
            name: Arc::clone(name),
            mistake,
        };
        let uri: Uri = url
            .parse()
            .map_err(|_| invalid("it cannot be read as a URL"))?;
        if uri.scheme_str() != Some("http") {
            return Err(invalid("it does not begin with http://"));
        }
        let authority = uri.authority().ok_or_else(|| invalid("it has no host"))?;
        if authority.host().is_empty() {
            return Err(invalid("it has no host"));
        }
        if authority.as_str().contains('@') {
            return Err(invalid("it holds credentials"));
        }
        if authority.as_str() != authority.host() && authority.port_u16().is_none() {
            return Err(invalid("its port is no number up to 65535"));
        }
        if !matches!(uri.path(), "" | "/") || uri.query().is_some() {
            return Err(invalid("it has a path"));
        }
        let address = format!("http://{authority}");
        let endpoint = Endpoint::from(uri)
            .tcp_nodelay(true)
            .connect_timeout(CONNECT_TIME)
            .http2_keep_alive_interval(SILENCE)
            .keep_alive_timeout(SIGN_OF_LIFE)
            .keep_alive_while_idle(true);
        Ok(Self {
            address,
            endpoint,
            channel: OnceLock::new(),
        })
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }

    pub(super) async fn send(
        &self,
        request: http::Request<Body>,
    ) -> Result<http::Response<Body>, BoxError> {
        let mut channel = self
            .channel
            .get_or_init(|| self.endpoint.connect_lazy())
            .clone();
        std::future::poll_fn(|cx| channel.poll_ready(cx)).await?;
        Ok(channel.call(request).await?)
    }
}

/// The address of a client in the settings is none; names the setting `clients.NAME.url`, and not its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidUrl {
    name: Arc<str>,
    mistake: &'static str,
}

impl InvalidUrl {
    /// The key of the setting: `clients.NAME.url`.
    pub fn key(&self) -> String {
        format!("clients.{}.url", self.name)
    }

    /// What is wrong with it.
    pub(crate) fn mistake(&self) -> &'static str {
        self.mistake
    }
}

impl fmt::Display for InvalidUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`clients.{}.url` must be like http://HOST:PORT, but {}",
            self.name, self.mistake
        )
    }
}

impl std::error::Error for InvalidUrl {}
