//! What an app adds to the word that the process is ready.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use serde_json::{Map, Value};

/// Adds members to the ready file and lines to the ready block; a clone adds to the same.
///
/// For what scripts and people need to know of this start and cannot know before: the address of a page, a password that
/// was made just now. What is announced after the process is ready is not told to anybody.
///
/// ```
/// use msf_service::{App, Boot};
///
/// async fn app(boot: Boot<()>) -> msf_service::Result<App> {
///     let announcer = boot.announcer();
///     Ok(App::new().on_start(async move || {
///         announcer.announce("mail", "http://127.0.0.1:8084/mail");
///         Ok(())
///     }))
/// }
/// ```
#[derive(Clone, Default)]
pub struct Announcer(Arc<Mutex<Map<String, Value>>>);

impl Announcer {
    /// Announces `value` as the member `key`; a later one of the same key replaces it.
    ///
    /// What cannot be written as JSON is announced as `null`.
    pub fn announce(&self, key: impl Into<String>, value: impl Serialize) {
        let value = serde_json::to_value(value).unwrap_or_default();
        let mut members = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        members.insert(key.into(), value);
    }

    pub(crate) fn members(&self) -> Map<String, Value> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// One line of the ready block: the key as words, and the value, or the members of the value.
pub(crate) fn line(key: &str, value: &Value, width: usize) -> String {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let told = match value {
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| format!("{name} {}", text(value)))
            .collect::<Vec<_>>()
            .join(" · "),
        other => text(other),
    };
    format!("{:<width$} {told}", key.replace('_', " "))
}

// The values may be passwords.
impl fmt::Debug for Announcer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let members = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        f.debug_set().entries(members.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_the_members_and_debug_has_only_the_keys() {
        let announcer = Announcer::default();
        announcer.announce(
            "first_admin",
            serde_json::json!({"email": "a@b.c", "password": "secret-1"}),
        );
        let members = announcer.members();
        let told = line("first_admin", &members["first_admin"], 12);
        assert_eq!(told, "first admin  email a@b.c · password secret-1");
        assert_eq!(format!("{announcer:?}"), r#"{"first_admin"}"#);
    }
}
