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
///     announcer.announce_page("mail", "/mail");
///     Ok(App::new().on_start(async move || {
///         announcer.announce("first_admin", "ana@example.com");
///         Ok(())
///     }))
/// }
/// ```
#[derive(Clone, Default)]
pub struct Announcer {
    /// The app that announces.
    app: Arc<str>,
    told: Arc<Mutex<Vec<(String, Announced)>>>,
}

#[derive(Clone)]
enum Announced {
    Value(Value),
    /// A page of an app, whose address is not known before its port is.
    Page {
        app: Arc<str>,
        path: String,
    },
}

impl Announcer {
    /// The same announcements, made by the app of this name.
    pub(crate) fn of(&self, app: Arc<str>) -> Self {
        Self {
            app,
            told: Arc::clone(&self.told),
        }
    }

    /// Announces `value` as the member `key`; a later one of the same key replaces it.
    ///
    /// What cannot be written as JSON is announced as `null`.
    pub fn announce(&self, key: impl Into<String>, value: impl Serialize) {
        let value = serde_json::to_value(value).unwrap_or_default();
        self.tell(key.into(), Announced::Value(value));
    }

    /// Announces the address of a page of this app: `http://HOST:PORT` and `path`, which begins with `/`.
    ///
    /// The port need not be known yet. Where the app listens on all addresses, loopback is told.
    pub fn announce_page(&self, key: impl Into<String>, path: impl Into<String>) {
        let (app, path) = (Arc::clone(&self.app), path.into());
        self.tell(key.into(), Announced::Page { app, path });
    }

    fn tell(&self, key: String, announced: Announced) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        match told.iter_mut().find(|(other, _)| *other == key) {
            Some((_, earlier)) => *earlier = announced,
            None => told.push((key, announced)),
        }
    }

    /// What was announced. `url` knows where each app is.
    pub(crate) fn members(&self, url: impl Fn(&str) -> Option<String>) -> Map<String, Value> {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let member = |(key, announced): &(String, Announced)| {
            let value = match announced {
                Announced::Value(value) => value.clone(),
                Announced::Page { app, path } => {
                    let slash = if path.starts_with('/') { "" } else { "/" };
                    Value::String(format!("{}{slash}{path}", url(app)?))
                }
            };
            Some((key.clone(), value))
        };
        told.iter().filter_map(member).collect()
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
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        f.debug_set()
            .entries(told.iter().map(|(key, _)| key))
            .finish()
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
        let members = announcer.members(|_| None);
        let told = line("first_admin", &members["first_admin"], 12);
        assert_eq!(told, "first admin  email a@b.c · password secret-1");
        assert_eq!(format!("{announcer:?}"), r#"{"first_admin"}"#);
    }

    #[test]
    fn a_page_is_one_of_the_app_that_announced_it_and_the_last_of_a_key_counts() {
        let process = Announcer::default();
        let (users, mail) = (process.of("users".into()), process.of("mail".into()));
        users.announce_page("mail", "/users");
        mail.announce_page("mail", "inbox");
        users.announce_page("people", "/");
        let members = process.members(|app| Some(format!("http://{app}:80")));
        assert_eq!(
            Value::Object(members),
            serde_json::json!({"mail": "http://mail:80/inbox", "people": "http://users:80/"})
        );
    }
}
