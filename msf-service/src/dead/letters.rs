//! The dead letters of some services, and what may be done with them.

use std::fmt;
use std::sync::Arc;

use msf_bus::dead_letter::{DeadLetter, DeadLetters, Which};
use msf_bus::{EventId, TransportError};
use serde::Deserialize;

/// The dead letters of some services. None where no service has a transport.
#[derive(Clone, Default)]
pub(crate) struct Letters(Vec<(String, Arc<dyn DeadLetters>)>);

/// What is to become of dead letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Action {
    Redrive,
    Purge,
}

/// What was done, or would be.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) action: Action,
    pub(crate) dry_run: bool,
    /// How many the transport says they were.
    pub(crate) count: u64,
    /// Those that were there before.
    pub(crate) letters: Vec<DeadLetter>,
}

/// Why nothing was done.
#[derive(Debug)]
pub(crate) enum DeadError {
    /// No dead letter has these ids.
    Unknown(Vec<EventId>),
    Transport(TransportError),
}

impl Letters {
    /// Those of the service too.
    pub(crate) fn and(mut self, service: impl Into<String>, of: Arc<dyn DeadLetters>) -> Self {
        self.0.push((service.into(), of));
        self
    }

    /// Those of all these.
    pub(crate) fn sum<'a>(all: impl IntoIterator<Item = &'a Self>) -> Self {
        Self(all.into_iter().flat_map(|own| own.0.clone()).collect())
    }

    /// Those that are chosen, oldest first; an id that none has is an error.
    pub(crate) async fn list(&self, which: &Which) -> Result<Vec<DeadLetter>, DeadError> {
        let mut letters = Vec::new();
        for (service, of) in &self.0 {
            letters.extend(of.list(service, which.clone()).await?);
        }
        letters.sort_by_key(|letter| letter.at);
        if let Which::Events(ids) = which {
            let known = |id: &EventId| letters.iter().any(|letter| letter.envelope.id == *id);
            let unknown: Vec<_> = ids.iter().filter(|id| !known(id)).copied().collect();
            if !unknown.is_empty() {
                return Err(DeadError::Unknown(unknown));
            }
        }
        Ok(letters)
    }

    /// Decides about those that are chosen. One unknown id, and nothing is done.
    pub(crate) async fn decide(
        &self,
        action: Action,
        which: &Which,
        dry_run: bool,
    ) -> Result<Done, DeadError> {
        let letters = self.list(which).await?;
        let mut done = Done {
            action,
            dry_run,
            count: u64::try_from(letters.len()).unwrap_or(u64::MAX),
            letters,
        };
        if !dry_run {
            // Those that were seen: what becomes one meanwhile is nobody's decision yet.
            let seen = done.letters.iter().map(|letter| letter.envelope.id);
            let which = Which::Events(seen.collect());
            done.count = 0;
            for (service, of) in &self.0 {
                done.count += match action {
                    Action::Redrive => of.redrive(service, which.clone()).await?,
                    Action::Purge => of.purge(service, which.clone()).await?,
                };
            }
        }
        Ok(done)
    }
}

impl Action {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Redrive => "redrive",
            Self::Purge => "purge",
        }
    }

    /// What it has made of a dead letter.
    pub(crate) fn past(self) -> &'static str {
        match self {
            Self::Redrive => "redriven",
            Self::Purge => "purged",
        }
    }
}

impl From<TransportError> for DeadError {
    fn from(error: TransportError) -> Self {
        Self::Transport(error)
    }
}

impl fmt::Debug for Letters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|(service, _)| service))
            .finish()
    }
}

impl fmt::Display for DeadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(ids) => {
                let ids: Vec<_> = ids.iter().map(ToString::to_string).collect();
                write!(
                    f,
                    "no dead letter has the id {}; nothing was done",
                    ids.join(", ")
                )
            }
            Self::Transport(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for DeadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unknown(_) => None,
            Self::Transport(error) => error.source(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::time::SystemTime;

    use msf_bus::Envelope;
    use msf_bus::dead_letter::Reason;
    use msf_core::BoxFuture;

    use super::*;

    /// Where one more becomes a dead letter each time that somebody has looked.
    #[derive(Default)]
    struct Growing(Mutex<Vec<DeadLetter>>);

    type Answer<'a, T> = BoxFuture<'a, Result<T, TransportError>>;

    impl Growing {
        fn die(&self) {
            let attributes = (Reason::Refused, "no", SystemTime::UNIX_EPOCH);
            let (reason, error, at) = attributes;
            let letter = DeadLetter::new("mail.all", envelope(), reason, error, at);
            self.0.lock().unwrap().push(letter);
        }

        fn take(&self, which: &Which) -> u64 {
            let mut letters = self.0.lock().unwrap();
            let before = letters.len();
            letters.retain(|letter| match which {
                Which::All => false,
                Which::Events(ids) => !ids.contains(&letter.envelope.id),
            });
            u64::try_from(before - letters.len()).unwrap()
        }
    }

    impl DeadLetters for Growing {
        fn list(&self, _: &str, _: Which) -> Answer<'_, Vec<DeadLetter>> {
            let letters = self.0.lock().unwrap().clone();
            self.die();
            Box::pin(async { Ok(letters) })
        }

        fn count(&self, _: &str) -> Answer<'_, Vec<(String, u64)>> {
            Box::pin(async { Ok(Vec::new()) })
        }

        fn redrive(&self, _: &str, which: Which) -> Answer<'_, u64> {
            let count = self.take(&which);
            Box::pin(async move { Ok(count) })
        }

        fn purge(&self, service: &str, which: Which) -> Answer<'_, u64> {
            self.redrive(service, which)
        }
    }

    fn envelope() -> Envelope {
        #[derive(serde::Serialize, serde::Deserialize, msf_bus::Event)]
        #[event(name = "tests.died", crate = "msf_bus")]
        struct Died;
        Envelope::of(&Died).unwrap()
    }

    #[tokio::test]
    async fn all_are_those_that_were_seen() {
        for action in [Action::Purge, Action::Redrive] {
            let of = Arc::new(Growing::default());
            of.die();
            let letters = Letters::default().and("mail", of.clone());
            let done = letters.decide(action, &Which::All, false).await.unwrap();
            assert_eq!((done.count, done.letters.len()), (1, 1));
            // The one that came meanwhile: nobody has looked at it.
            assert_eq!(of.0.lock().unwrap().len(), 1);
        }
    }
}
