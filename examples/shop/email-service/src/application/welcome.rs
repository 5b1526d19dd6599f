//! Welcomes whoever has registered.

use msf_service::bus::{Delivery, Handle, Handled, HandlerError};
use shop_proto::events::UserRegistered;

use super::Mailbox;
use crate::domain::{Address, Mail, MailId, welcome};

/// Puts a welcome into the mailbox for each user that has registered, once for each event.
#[derive(Clone, Debug)]
pub struct Welcome<M> {
    mailbox: M,
    from: Address,
}

impl<M> Welcome<M> {
    /// Over this mailbox, from this address.
    pub fn new(mailbox: M, from: Address) -> Self {
        Self { mailbox, from }
    }
}

impl<M: Mailbox> Handle<UserRegistered> for Welcome<M> {
    async fn handle(&self, registered: Delivery<UserRegistered>) -> Handled {
        let id = registered.id().to_string();
        let mail = Mail {
            id: MailId::parse(&id)
                .ok_or_else(|| HandlerError::dead("the id of the event is no UUID"))?,
            from: self.from.clone(),
            // No attempt makes an address of what is none.
            to: Address::parse(&registered.email)
                .map_err(|invalid| HandlerError::dead(format!("the field `email` {invalid}")))?,
            content: welcome(&registered.name),
            correlation_id: registered.envelope().correlation_id.clone(),
        };
        self.mailbox.put_once(registered.receipt(), mail).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};
    use std::time::SystemTime;

    use msf_service::bus::{Envelope, Receipt};
    use msf_service::error::{Error, Kind};

    use super::*;

    /// A mailbox in memory; one that is full takes nothing.
    #[derive(Clone, Default)]
    struct InMemory {
        mails: Arc<Mutex<Vec<Mail>>>,
        full: bool,
    }

    impl Mailbox for InMemory {
        async fn put_once(&self, _: Receipt, mail: Mail) -> Result<(), Error> {
            if self.full {
                return Err(Error::of(Kind::Unavailable));
            }
            self.mails.lock().unwrap().push(mail);
            Ok(())
        }
    }

    fn delivery(email: &str) -> Delivery<UserRegistered> {
        let event = UserRegistered {
            user_id: "u-1".to_owned(),
            name: "Ana <b>".to_owned(),
            email: email.to_owned(),
        };
        let envelope = Envelope::of(&event).unwrap();
        let receipt = Receipt::new(
            "email-service.welcome-mail",
            envelope.id,
            SystemTime::UNIX_EPOCH,
        );
        Delivery::new(event, envelope, 1, receipt)
    }

    fn handler(mailbox: &InMemory) -> Welcome<InMemory> {
        let from = Address::parse("no-reply@shop.example").unwrap();
        Welcome::new(mailbox.clone(), from)
    }

    #[tokio::test]
    async fn the_mail_has_the_id_of_the_event_and_the_correlation_id_of_the_request() {
        let mailbox = InMemory::default();
        let delivery = delivery("Ana@b.c");
        let (id, correlation_id) = (delivery.id(), delivery.envelope().correlation_id.clone());
        handler(&mailbox).handle(delivery).await.unwrap();
        let mails = mailbox.mails.lock().unwrap();
        assert_eq!(mails.len(), 1);
        let mail = &mails[0];
        assert_eq!(mail.id.to_string(), id.to_string());
        assert_eq!(mail.correlation_id, correlation_id);
        assert_eq!(
            (mail.from.as_str(), mail.to.as_str()),
            ("no-reply@shop.example", "Ana@b.c")
        );
        assert!(mail.content.html.contains("Ana &lt;b&gt;"));
        assert!(!format!("{mail:?}").contains("Ana"));
    }

    #[tokio::test]
    async fn an_address_that_is_none_is_a_dead_letter_and_a_store_that_fails_is_tried_again() {
        let mailbox = InMemory::default();
        let dead = handler(&mailbox)
            .handle(delivery("ana@b.c\r\nBcc: x@y.z"))
            .await;
        assert!(matches!(&dead, Err(HandlerError::Dead(_))), "{dead:?}");
        assert!(!format!("{dead:?}").contains("x@y.z"), "{dead:?}");
        assert!(mailbox.mails.lock().unwrap().is_empty());
        let full = InMemory {
            full: true,
            ..mailbox
        };
        let retry = handler(&full).handle(delivery("ana@b.c")).await;
        assert!(matches!(retry, Err(HandlerError::Retry(_))), "{retry:?}");
    }
}
