//! The composition root: which parts the service is made of, and who may read the mailbox.

use msf_service::Profile;
use msf_service::access::Head;
use msf_service::auth::token::AccessVerifier;
use msf_service::prelude::*;

use crate::adapters::SqliteMailbox;
use crate::application::Welcome;
use crate::config::{Backend, Config};
use crate::domain::Address;
use crate::transport::{Pages, routes};

/// The name of the service, to those whose events it handles.
pub const NAME: &str = "email-service";
/// The port that it listens on by itself.
pub const PORT: u16 = 8084;

/// The email-service.
///
/// # Errors
///
/// The store cannot be opened, or a setting is refused.
pub async fn app(boot: Boot<Config>) -> msf_service::Result<App> {
    let Config { mail, auth } = &boot.config;
    let from = Address::parse(&mail.from).map_err(|broken| {
        let help = "name an address such as no-reply@example.com";
        boot.refuse("mail.from", &broken.to_string(), help)
    })?;
    let mailbox = match mail.backend {
        Backend::Mailbox => {
            let path = boot.data_dir()?.join("email-service.db");
            SqliteMailbox::open(&path, boot.clock().clone())?
        }
    };
    let access_tokens = boot.keys_of("auth-service", 8081)?;
    let readers =
        AccessVerifier::new(access_tokens, &auth.issuer, &auth.audience).clock(boot.clock());
    boot.announcer().announce_page("mail", "/mail");

    let database = mailbox.database().clone();
    let welcome = Welcome::new(mailbox.clone(), from);
    let profile = boot.profile();
    let pages = routes(move || readers_of(profile)).with_state(Pages { mailbox });
    Ok(App::new()
        .authenticate(readers)
        .http(pages)
        .on("welcome-mail", welcome)
        .component(database.component()))
}

/// Who may read what others were sent.
fn readers_of(profile: Profile) -> Rule<Head> {
    match profile {
        Profile::Dev => Rule::public("the mailbox of a developer"),
        Profile::Prod => Rule::role("admin"),
    }
}
