//! The composition root: which parts the service is made of, and who may call what.

use msf_service::auth::identity::IdentityVerifier;
use msf_service::auth::password::{Params, PasswordPool};
use msf_service::prelude::*;
use msf_service::settings::Secret;
use msf_service::{Announcer, Profile};
use shop_proto::user as pb;

use crate::adapters::{Argon2Passwords, SqliteUsers};
use crate::application::{
    Appointed, DeleteUser, FirstAdmin, GetUser, ListUsers, Passwords, Register, UpdateUser, Users,
    VerifyCredentials,
};
use crate::config::Config;
use crate::domain::Email;
use crate::transport::Transport;

/// The name of the service, to those who call it.
pub const NAME: &str = "user-service";
/// The port that it listens on by itself.
pub const PORT: u16 = 8082;

/// Who is admin where nobody is set.
const GENERATED_ADMIN: &str = "admin@shop.example";

/// The user-service.
///
/// # Errors
///
/// The store cannot be opened, or a setting is refused.
pub async fn app(boot: Boot<Config>) -> msf_service::Result<App> {
    let pool = PasswordPool::new(Params::default())?;
    let passwords = Argon2Passwords::new(pool.clone());
    let admin = wanted_admin(&boot, &passwords)?;
    let clock = boot.clock().clone();
    let users = SqliteUsers::open(&boot.data_dir()?.join("user-service.db"), &clock)?;
    let events = boot.events()?;

    let database = users.database().clone();
    let relay = events.relay(users.outbox().clone());
    let first_admin = FirstAdmin::new(users.clone(), passwords.clone(), clock.clone());
    let service = Transport {
        register: Register::new(users.clone(), passwords.clone(), clock.clone()),
        get_user: GetUser::new(users.clone()),
        list_users: ListUsers::new(users.clone()),
        update_user: UpdateUser::new(users.clone(), clock),
        delete_user: DeleteUser::new(users.clone()),
        verify_credentials: VerifyCredentials::new(users, passwords),
    };
    let access = pb::UserServiceAccess {
        register: Rule::service("api-gateway"),
        get_user: Rule::owner(|request: &pb::GetUserRequest| &request.id)
            .or(Rule::role("admin"))
            .or(Rule::service("auth-service")),
        verify_credentials: Rule::service("auth-service"),
        list_users: Rule::role("admin"),
        update_user: Rule::role("admin"),
        delete_user: Rule::role("admin"),
    };
    let callers = IdentityVerifier::new(NAME)
        .clock(boot.clock())
        .trust_for_users("api-gateway", boot.keys_of("api-gateway", 8080)?)
        .trust("auth-service", boot.keys_of("auth-service", 8081)?);
    let announcer = boot.announcer();
    Ok(App::new()
        .authenticate(callers)
        .grpc(pb::guard_user_service(service, access))
        .component(relay)
        .component(database.component())
        .component(pool.component())
        .on_start(async move || appoint(&first_admin, admin, &announcer).await))
}

/// Who is to be admin at the start.
enum Wanted {
    /// As it is set.
    Set {
        email: String,
        password: Secret,
    },
    /// Whoever is made up, if there is none.
    Generated {
        email: String,
    },
    Nobody,
}

fn wanted_admin(boot: &Boot<Config>, passwords: &impl Passwords) -> msf_service::Result<Wanted> {
    let set = &boot.config.auth.first_admin;
    let email = set.email.as_deref().unwrap_or(GENERATED_ADMIN);
    if let Err(broken) = Email::parse(email) {
        let help = "name an address such as ana@example.com";
        return Err(boot
            .refuse("auth.first_admin.email", &broken.message, help)
            .into());
    }
    if let Some(password) = &set.password
        && let Some(broken) = passwords.check(password.expose(), &[email]).first()
    {
        let help = "take a longer or less common one";
        return Err(boot
            .refuse("auth.first_admin.password", &broken.message, help)
            .into());
    }
    match (&set.email, &set.password, boot.profile()) {
        (Some(email), Some(password), _) => Ok(Wanted::Set {
            email: email.clone(),
            password: password.clone(),
        }),
        (None, Some(_), _) => {
            let help = "name the e-mail address that the password is for";
            Err(boot
                .refuse("auth.first_admin.email", "is not set", help)
                .into())
        }
        (Some(_), None, Profile::Prod) => {
            let help = "set the password; only in profile `dev` one is generated";
            Err(boot
                .refuse("auth.first_admin.password", "is not set", help)
                .into())
        }
        (email, None, Profile::Dev) => Ok(Wanted::Generated {
            email: email.clone().unwrap_or_else(|| GENERATED_ADMIN.to_owned()),
        }),
        (None, None, Profile::Prod) => Ok(Wanted::Nobody),
    }
}

/// Makes the first admin; a password that was generated is told once, now.
async fn appoint<U: Users, P: Passwords>(
    first_admin: &FirstAdmin<U, P>,
    wanted: Wanted,
    announcer: &Announcer,
) -> msf_service::Result<()> {
    match wanted {
        Wanted::Set { email, password } => {
            let appointed = first_admin
                .appoint(&email, password.expose().to_owned())
                .await?;
            if appointed == Appointed::Before {
                tracing::info!("there is an admin, so auth.first_admin is not looked at");
            }
        }
        Wanted::Generated { email } if !first_admin.is_there().await? => {
            let password = uuid::Uuid::new_v4().to_string();
            let appointed = first_admin.appoint(&email, password.clone()).await?;
            if appointed == Appointed::Now {
                let told = serde_json::json!({ "email": email, "password": password });
                announcer.announce("first_admin", told);
            }
        }
        Wanted::Generated { .. } | Wanted::Nobody => {}
    }
    Ok(())
}
