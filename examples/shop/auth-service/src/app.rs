//! The composition root: which parts the service is made of, and who may call what.

use msf_service::auth::attempts::FailedLogins;
use msf_service::auth::identity::{IdentityVerifier, ServiceIdentity};
use msf_service::auth::keys::{KeyRing, RotationPolicy};
use msf_service::auth::refresh::{RefreshKey, SessionPolicy, Sessions, SqliteSessions};
use msf_service::auth::token::AccessTokens;
use msf_service::prelude::*;
use msf_service::{JWKS_PATH, Profile};
use shop_proto::auth as pb;

use crate::adapters::{Counted, Kept, Signed, UserService};
use crate::application::{EndSessions, Login, Logout, Refresh};
use crate::config::Config;
use crate::transport::Transport;

/// The name of the service, to those who call it.
pub const NAME: &str = "auth-service";
/// The port that it listens on by itself.
pub const PORT: u16 = 8081;

/// The auth-service.
///
/// # Errors
///
/// The store or the keys cannot be opened, or a setting is refused.
pub async fn app(boot: Boot<Config>) -> msf_service::Result<App> {
    let settings = &boot.config.auth;
    if settings.login_failures == 0 {
        let help = "say how many failed logins a minute one account may have";
        let refused = boot.refuse("auth.login_failures", "is 0, which lets nobody in", help);
        return Err(refused.into());
    }
    let clock = boot.clock().clone();
    let folder = boot.key_folder(NAME, settings.keys.as_deref())?;
    let ring = KeyRing::open(&folder, &clock, RotationPolicy::default())?;
    if boot.profile() == Profile::Prod && !folder.join("refresh.key").exists() {
        let help = "copy it from the folder that `keys.json` came from";
        return Err(boot.refuse("auth.keys", "has no refresh.key", help).into());
    }
    let refresh_key = RefreshKey::open(&folder)?;
    let identity = ServiceIdentity::new(NAME, ring.clone());
    let users = boot
        .client_at("user-service", 8082)?
        .identify(identity.itself());

    let store = SqliteSessions::open(boot.data_dir()?.join("auth-service.db"))?;
    let database = store.database().clone();
    let sessions = Kept(Sessions::new(
        store,
        refresh_key,
        SessionPolicy::default(),
        clock.clone(),
    ));
    let access_tokens = Signed(AccessTokens::new(
        ring.clone(),
        &settings.issuer,
        &settings.audience,
    ));
    let failed_logins = Counted(FailedLogins::per_minute(settings.login_failures));
    let directory = UserService::new(users);
    let end_sessions = EndSessions::new(sessions.clone());
    let service = Transport {
        login: Login::new(
            directory.clone(),
            sessions.clone(),
            access_tokens.clone(),
            failed_logins,
        ),
        refresh: Refresh::new(directory, sessions.clone(), access_tokens),
        logout: Logout::new(sessions),
    };
    let access = pb::AuthServiceAccess {
        login: Rule::service("api-gateway"),
        refresh: Rule::service("api-gateway"),
        logout: Rule::when(
            "a user, of a session of theirs",
            |_: &pb::LogoutRequest, principal| !principal.is_service(),
        ),
    };
    let callers = IdentityVerifier::new(NAME)
        .clock(&clock)
        .trust_for_users("api-gateway", boot.keys_of("api-gateway", 8080)?);
    let upkeep = ring.upkeep();
    let keys = Routes::new().get(
        JWKS_PATH,
        Rule::public("public keys are public"),
        async move || ring.response(),
    );
    Ok(App::new()
        .authenticate(callers)
        .grpc(pb::guard_auth_service(service, access))
        .http(keys)
        .on("end-sessions", end_sessions)
        .component(database.component())
        .component(upkeep))
}
