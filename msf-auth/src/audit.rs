//! What happened to logins and tokens, in the log and in one metric.
//!
//! Each [`Event`] is one line with the target `msf::audit` and a name of the OWASP logging vocabulary in the field `event`,
//! and counts in `msf_auth_total{outcome, service}`. Subjects, session ids and reasons are written; passwords and tokens
//! cannot be, for no event has a place for them.
//!
//! What people wrongly assume:
//!
//! - *"The e-mail address of a failed login belongs in the log."* People type their password into that field. A failed
//!   login has the id of the account, where there is such an account, and nothing that was typed.
//! - *"A refused token should be logged, to see what was wrong with it."* It may be a good one at another service. The
//!   reason is one word of a fixed list.
//!
//! ```
//! use msf_auth::audit::{self, Event};
//! audit::event(&Event::LoginFail { subject: Some("user-7"), reason: "password" });
//! ```

use msf_core::observe;
use tracing::{info, warn};

/// Something that an auditor wants to know.
///
/// The first line of each says its name in the log.
///
/// ```
/// use msf_auth::audit::Event;
/// assert_eq!(Event::TokenInvalid { reason: "signature" }.name(), "authn_token_invalid");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// `authn_login_success`
    LoginSuccess {
        /// Whose login.
        subject: &'a str,
        /// The session that began.
        session: &'a str,
    },
    /// `authn_login_fail`
    LoginFail {
        /// Whose login, where the account exists.
        subject: Option<&'a str>,
        /// One word: `password`, `unknown`, `disabled`..
        reason: &'static str,
    },
    /// `authn_login_fail_max`: refused before the password was looked at.
    LoginFailMax {
        /// Whose login, where the account exists.
        subject: Option<&'a str>,
    },
    /// `authn_logout`
    Logout {
        /// Whose session.
        subject: &'a str,
        /// The session that ended.
        session: &'a str,
    },
    /// `authn_token_created`: a session got new tokens without a login.
    TokenCreated {
        /// Whose token.
        subject: &'a str,
        /// Its session.
        session: &'a str,
    },
    /// `authn_token_reuse`: a refresh token was used again, and its session ended.
    TokenReuse {
        /// Whose session.
        subject: &'a str,
        /// The session that ended.
        session: &'a str,
    },
    /// `authn_token_revoked`: sessions were ended by somebody other than their user.
    TokenRevoked {
        /// Whose sessions.
        subject: &'a str,
    },
    /// `authn_token_invalid`: a token was refused.
    TokenInvalid {
        /// One word: `signature`, `expired`, `audience`..
        reason: &'static str,
    },
    /// `authn_token_undecided`: the issuer's keys could not be fetched, so a token was neither taken nor refused.
    TokenUndecided,
}

impl Event<'_> {
    /// Its name in the log.
    pub fn name(&self) -> &'static str {
        match self {
            Self::LoginSuccess { .. } => "authn_login_success",
            Self::LoginFail { .. } => "authn_login_fail",
            Self::LoginFailMax { .. } => "authn_login_fail_max",
            Self::Logout { .. } => "authn_logout",
            Self::TokenCreated { .. } => "authn_token_created",
            Self::TokenReuse { .. } => "authn_token_reuse",
            Self::TokenRevoked { .. } => "authn_token_revoked",
            Self::TokenInvalid { .. } => "authn_token_invalid",
            Self::TokenUndecided => "authn_token_undecided",
        }
    }

    /// The label `outcome` of the metric: the name without `authn_`. An expired token has one of its own, for every
    /// client has them.
    pub fn outcome(&self) -> &'static str {
        match self {
            Self::TokenInvalid { reason: "expired" } => "token_expired",
            _ => self.name().trim_start_matches("authn_"),
        }
    }

    fn subject(&self) -> Option<&str> {
        match self {
            Self::LoginSuccess { subject, .. }
            | Self::Logout { subject, .. }
            | Self::TokenCreated { subject, .. }
            | Self::TokenReuse { subject, .. }
            | Self::TokenRevoked { subject } => Some(subject),
            Self::LoginFail { subject, .. } | Self::LoginFailMax { subject } => *subject,
            Self::TokenInvalid { .. } | Self::TokenUndecided => None,
        }
    }

    fn session(&self) -> Option<&str> {
        match self {
            Self::LoginSuccess { session, .. }
            | Self::Logout { session, .. }
            | Self::TokenCreated { session, .. }
            | Self::TokenReuse { session, .. } => Some(session),
            _ => None,
        }
    }

    fn reason(&self) -> Option<&'static str> {
        match self {
            Self::LoginFail { reason, .. } | Self::TokenInvalid { reason } => Some(reason),
            _ => None,
        }
    }

    fn is_ordinary(&self) -> bool {
        match self {
            Self::LoginSuccess { .. } | Self::Logout { .. } | Self::TokenCreated { .. } => true,
            _ => self.outcome() == "token_expired",
        }
    }
}

/// Writes `event` down and counts it: INFO for what happens every day, WARN for the rest.
///
/// Call it within the request's context; the line then has its correlation id.
pub fn event(event: &Event<'_>) {
    count(event.outcome());
    let (name, subject, session, reason) = (
        event.name(),
        event.subject(),
        event.session(),
        event.reason(),
    );
    if event.is_ordinary() {
        info!(target: "msf::audit", event = name, subject, session, reason, "{name}");
    } else {
        warn!(target: "msf::audit", event = name, subject, session, reason, "{name}");
    }
}

/// Counts in `msf_auth_total` what is too ordinary for a line.
pub(crate) fn count(outcome: &'static str) {
    let counter = if let Some(service) = observe::service_name() {
        let service = metrics::SharedString::from_shared(service);
        metrics::counter!("msf_auth_total", "outcome" => outcome, "service" => service)
    } else {
        // The recorder of a process knows which service it is.
        metrics::counter!("msf_auth_total", "outcome" => outcome)
    };
    counter.increment(1);
}
