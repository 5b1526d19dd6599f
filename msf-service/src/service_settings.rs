//! The settings that every service has, beside its own.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use msf_core::settings::{ByteSize, Scalar, Settings};

#[cfg(feature = "bus")]
use crate::EventSettings;
use crate::telemetry::{LogFormat, LogLevel};

/// What the defaults are for: a developer's machine or production.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Settings)]
#[settings(crate = "msf_core::settings")]
pub enum Profile {
    /// Loopback, reflection on, text logs on a terminal.
    Dev,
    /// All addresses, reflection off, JSON logs, no generated secrets.
    Prod,
}

/// Settings of the process, whatever runs in it.
#[derive(Clone, Debug, Settings)]
#[settings(crate = "msf_core::settings")]
#[non_exhaustive]
pub struct ProcessSettings {
    /// `dev` or `prod`: bind address, reflection, log format.
    #[setting(default = "dev")]
    pub profile: Profile,
    /// Folder of the embedded stores, for services that have any. If absent: `.msf` in the working folder.
    pub data_dir: Option<PathBuf>,
    /// The admin port.
    pub admin: AdminSettings,
    /// The end of the process.
    pub shutdown: ShutdownSettings,
    /// Logs.
    pub log: LogSettings,
}

/// The admin port.
#[derive(Clone, Debug, Settings)]
#[settings(crate = "msf_core::settings")]
#[non_exhaustive]
pub struct AdminSettings {
    /// Address of the admin port. If absent: loopback, 1000 above the main port.
    pub listen: Option<SocketAddr>,
}

/// How a process ends.
#[derive(Clone, Debug, Settings)]
#[settings(crate = "msf_core::settings")]
#[non_exhaustive]
pub struct ShutdownSettings {
    /// The longest a stop may take, from the signal on; includes the drain delay.
    #[setting(default = "10s")]
    pub grace: Duration,
    /// How long to answer on as usual after readiness has ended, so that balancers notice.
    #[setting(default = "0s")]
    pub drain_delay: Duration,
}

/// Logs.
#[derive(Clone, Debug, Settings)]
#[settings(crate = "msf_core::settings")]
#[non_exhaustive]
pub struct LogSettings {
    /// `auto`: text on a terminal, else JSON.
    #[setting(default = "auto")]
    pub format: LogFormat,
    /// A level, or directives by target: `info,hyper=warn`.
    #[setting(default = "info")]
    pub level: LogLevel,
}

/// Settings of one service of the process.
#[derive(Clone, Debug, Settings)]
#[settings(crate = "msf_core::settings")]
#[non_exhaustive]
pub struct ServiceSettings {
    /// The main port.
    pub http: HttpSettings,
    /// Bounds.
    pub limits: LimitSettings,
    /// `clients.NAME.url`: where another service is, `http://HOST:PORT`; not needed for one in the same process.
    pub clients: BTreeMap<String, ClientSettings>,
    /// Events.
    #[cfg(feature = "bus")]
    pub events: EventSettings,
}

/// The main port: HTTP and gRPC.
#[derive(Clone, Debug, Settings)]
#[settings(crate = "msf_core::settings")]
#[non_exhaustive]
pub struct HttpSettings {
    /// Address of the main port. If absent: the service's own port, on loopback in `dev`, on all addresses in `prod`.
    pub listen: Option<SocketAddr>,
    /// Certificate and key; without them the port speaks plain text.
    pub tls: Option<TlsSettings>,
}

/// TLS on the main port.
#[derive(Clone, Debug, Settings)]
#[settings(crate = "msf_core::settings")]
#[non_exhaustive]
pub struct TlsSettings {
    /// File with the certificate chain, PEM.
    pub certificate: PathBuf,
    /// File with the private key, PEM.
    pub key: PathBuf,
}

/// Bounds of one service.
#[derive(Clone, Debug, Settings)]
#[settings(crate = "msf_core::settings")]
#[non_exhaustive]
pub struct LimitSettings {
    /// The largest body of an HTTP request, and the largest message of gRPC.
    #[setting(default = "1MiB")]
    pub body: ByteSize,
    /// Requests in hand at once; as many may wait. If absent: by the memory of the machine or container.
    pub in_flight: Option<usize>,
    /// The longest a client may take for a TLS handshake or the head of a request.
    #[setting(default = "5s")]
    pub header_time: Duration,
    /// The longest until the head of an answer, where the caller sets no earlier deadline.
    #[setting(default = "10s")]
    pub deadline: Duration,
    /// Bad credentials of one address in a minute; then 429 before a token is looked at. 0: no bound, for a service behind a
    /// proxy that bounds them itself.
    #[setting(default = 300)]
    pub auth_failures: u32,
}

/// Another service that this one calls.
#[derive(Clone, Debug, Settings)]
#[settings(crate = "msf_core::settings")]
#[non_exhaustive]
pub struct ClientSettings {
    /// `http://HOST:PORT`
    pub url: String,
}

impl ClientSettings {
    /// The service at `url`: `http://HOST:PORT`.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into() }
    }
}

impl LimitSettings {
    /// How many requests may be in hand: the setting, else half the memory over the largest body, from 64 to 4096.
    pub fn requests_in_flight(&self) -> usize {
        self.in_flight.unwrap_or_else(|| {
            let body = usize::try_from(self.body.bytes())
                .unwrap_or(usize::MAX)
                .max(1);
            (memory() / 2 / body).clamp(64, 4096)
        })
    }
}

/// Bytes of memory that this process may use: its cgroup's limit, else the machine's; 1 GiB where neither can be read.
fn memory() -> usize {
    let cgroup = std::fs::read_to_string("/sys/fs/cgroup/memory.max")
        .ok()
        .and_then(|text| text.trim().parse().ok());
    let machine = || {
        let text = std::fs::read_to_string("/proc/meminfo").ok()?;
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("MemTotal:"))?;
        line.trim()
            .strip_suffix(" kB")?
            .trim()
            .parse::<usize>()
            .ok()
            .map(|kib| kib * 1024)
    };
    cgroup.or_else(machine).unwrap_or(1 << 30)
}

impl Scalar for LogFormat {
    const EXPECTED: &'static str = "`auto`, `text` or `json`";
    const CHOICES: &'static [&'static str] = &["auto", "text", "json"];

    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Scalar for LogLevel {
    const EXPECTED: &'static str = "a level (`info`), or levels by target (`info,hyper=warn`)";

    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}
