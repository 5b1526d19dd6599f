//! Ends the sessions of whoever is deleted.

use msf_service::auth::audit::{self, Event};
use msf_service::bus::{Delivery, Handle, Handled};
use shop_proto::events::UserDeleted;

use super::Sessions;

/// Ends all sessions of a deleted user. Once or often: it comes to the same.
///
/// Nobody waits for it: a refresh asks for the user first, so the sessions are of no use already.
#[derive(Clone, Debug)]
pub struct EndSessions<S> {
    sessions: S,
}

impl<S> EndSessions<S> {
    /// Over these.
    pub fn new(sessions: S) -> Self {
        Self { sessions }
    }
}

impl<S: Sessions> Handle<UserDeleted> for EndSessions<S> {
    async fn handle(&self, deleted: Delivery<UserDeleted>) -> Handled {
        let subject = &*deleted.user_id;
        if self.sessions.end_all(subject).await? > 0 {
            audit::event(&Event::TokenRevoked { subject });
        }
        Ok(())
    }
}
