//! Who is calling.

use msf_service::auth::keys::KeyRing;
use msf_service::auth::token::{AccessTokens, AccessVerifier, NewAccess};
use msf_service::{Boot, Profile};

/// Who signs access tokens, and whom they are for.
const ISSUER: &str = "auth-service";
const AUDIENCE: &str = env!("CARGO_PKG_NAME");

/// In `prod` callers show a token of the auth-service. In `dev` there is none: the service makes a token for its developer.
pub(crate) fn verifier<C>(boot: &Boot<C>) -> msf_service::Result<AccessVerifier> {
    if boot.profile() == Profile::Prod {
        let keys = boot.keys_of("auth-service", 8081)?;
        return Ok(AccessVerifier::new(keys, ISSUER, AUDIENCE).clock(boot.clock()));
    }
    let keys = KeyRing::generate()?;
    let access = NewAccess::new("developer", "dev", "dev").role("greeter");
    let issued = AccessTokens::new(keys.clone(), ISSUER, AUDIENCE).issue(&access)?;
    boot.announcer().announce("token", issued.token.expose());
    Ok(AccessVerifier::new(keys, ISSUER, AUDIENCE))
}
