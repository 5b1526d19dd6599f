//! The probes of the main port, described as routes are.

use http::StatusCode;
use msf_core::health::Probe;
use schemars::JsonSchema;

use super::Operation;

/// What a probe answers, good or bad.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "its schema is what counts; `msf_core::health` writes it"
)]
struct ProbeAnswer {
    status: HealthStatus,
    state: HealthState,
}

/// How a service is, with each of its checks.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "its schema is what counts; `msf_core::health` writes it"
)]
struct HealthReport {
    status: HealthStatus,
    state: HealthState,
    checks: Vec<HealthCheck>,
}

/// What one check found out.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "its schema is what counts; `msf_core::health` writes it"
)]
struct HealthCheck {
    name: String,
    /// What it says by itself.
    status: HealthStatus,
    /// Whether the service is not ready without it.
    required: bool,
    /// How long it took.
    duration_ms: u64,
}

/// How well something works.
#[derive(JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
#[expect(
    dead_code,
    reason = "its schema is what counts; `msf_core::health` writes it"
)]
enum HealthStatus {
    Ok,
    Degraded,
    Unavailable,
}

/// How far a service has come.
#[derive(JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(
    dead_code,
    reason = "its schema is what counts; `msf_core::health` writes it"
)]
enum HealthState {
    Starting,
    Ready,
    Draining,
    Stopped,
}

/// Each probe with its path.
pub(super) fn operations() -> Vec<(&'static str, Operation)> {
    let operation = |probe: Probe| (probe.path(), operation(probe));
    Probe::ALL.into_iter().map(operation).collect()
}

fn operation(probe: Probe) -> Operation {
    let (id, summary, good, bad) = match probe {
        Probe::Live => (
            "livez",
            "Whether the process lives",
            "It does.",
            "It has stopped.",
        ),
        Probe::Started => (
            "startupz",
            "Whether the start is over",
            "It is.",
            "It is starting.",
        ),
        Probe::Ready => (
            "readyz",
            "Whether requests may be sent",
            "They may.",
            "They may not.",
        ),
        Probe::Health => (
            "healthz",
            "What works and what does not",
            "It works, maybe without something that is optional.",
            "It does not work.",
        ),
    };
    let operation = Operation::new(id, summary).tag("health");
    let (ok, unavailable) = (StatusCode::OK, StatusCode::SERVICE_UNAVAILABLE);
    match probe {
        Probe::Health => operation
            .answers::<HealthReport>(ok, good)
            .answers::<HealthReport>(unavailable, bad),
        _ => operation
            .answers::<ProbeAnswer>(ok, good)
            .answers::<ProbeAnswer>(unavailable, bad),
    }
}
