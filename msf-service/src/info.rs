//! What a program is called.

/// Name, version and default port of a program; [`info!`](crate::info) fills it in.
///
/// ```
/// let info = msf_service::info!().port(8082);
/// assert_eq!(info.name(), "msf-service");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Info {
    name: &'static str,
    version: &'static str,
    port: u16,
}

/// Makes an [`Info`] from the `Cargo.toml` of the crate that calls it; only a macro can read that.
#[macro_export]
macro_rules! info {
    () => {
        $crate::Info::new(
            ::core::env!("CARGO_PKG_NAME"),
            ::core::env!("CARGO_PKG_VERSION"),
        )
    };
}

impl Info {
    /// Names a program. Its main port is 8080 and its admin port 9080, unless set.
    pub const fn new(name: &'static str, version: &'static str) -> Self {
        Self {
            name,
            version,
            port: 8080,
        }
    }

    /// Another default for the main port; the admin port is 1000 above it.
    pub const fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// The name: it begins the environment variables of the program's settings.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The version.
    pub const fn version(&self) -> &'static str {
        self.version
    }

    /// The default of the main port.
    pub const fn default_port(&self) -> u16 {
        self.port
    }
}
