//! The settings of events.

use msf_core::settings::Settings;

/// How the service publishes and gets events.
#[derive(Clone, Debug, Settings)]
#[settings(crate = "msf_core::settings")]
#[non_exhaustive]
pub struct EventSettings {
    /// What carries them. `embedded`: `bus.db` in the data folder, which the processes of one machine share.
    #[setting(default = "embedded")]
    pub backend: EventBackend,
}

/// What carries events.
///
/// ```
/// use msf_service::{EventBackend, ServiceSettings};
/// assert_eq!(ServiceSettings::default().events.backend, EventBackend::Embedded);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Settings)]
#[settings(crate = "msf_core::settings")]
#[non_exhaustive]
pub enum EventBackend {
    /// A SQLite file in the data folder; nothing to install.
    Embedded,
}
