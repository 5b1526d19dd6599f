//! The composition root: which parts the gateway is made of.

use msf_service::JWKS_PATH;
use msf_service::auth::StripIdentityHeaders;
use msf_service::auth::identity::ServiceIdentity;
use msf_service::auth::keys::{KeyRing, RotationPolicy};
use msf_service::auth::token::AccessVerifier;
use msf_service::axum::http::StatusCode;
use msf_service::openapi::{OpenApi, Operation};
use msf_service::prelude::*;

use crate::adapters::{AuthService, ProductService, UserService};
use crate::config::Config;
use crate::transport::{Gateway, routes};

/// The name of the service, to those whom it calls.
pub const NAME: &str = "api-gateway";
/// The port that it listens on by itself.
pub const PORT: u16 = 8080;

/// What to paste after the start.
const REGISTER: &str = "curl {url}/api/v1/register -H 'content-type: application/json' \
                        -d '{\"name\":\"Ana\",\"email\":\"ana@example.com\",\"password\":\"correct horse battery\"}'";

/// The gateway.
///
/// # Errors
///
/// The keys cannot be opened, or a setting is refused.
pub async fn app(boot: Boot<Config>) -> msf_service::Result<App> {
    let settings = &boot.config.auth;
    let clock = boot.clock().clone();
    let folder = boot.key_folder(NAME, settings.keys.as_deref())?;
    let ring = KeyRing::open(&folder, &clock, RotationPolicy::default())?;
    let identity = ServiceIdentity::new(NAME, ring.clone());

    let users = boot.client_at("user-service", 8082)?;
    let auth = boot.client_at("auth-service", 8081)?;
    let products = boot.client_at("product-service", 8083)?;
    let gateway = Gateway {
        users: UserService::new(&users, &identity),
        auth: AuthService::new(&auth, &identity),
        products: ProductService::new(&products, &identity),
    };
    let access_tokens = boot.keys_of("auth-service", 8081)?;
    let verifier =
        AccessVerifier::new(access_tokens, &settings.issuer, &settings.audience).clock(&clock);
    let upkeep = ring.upkeep();
    let jwks = Operation::new("jwks", "The keys that prove the gateway to the services")
        .tag("keys")
        .answers_as(StatusCode::OK, "application/jwk-set+json", "Public keys");
    let keys = Routes::new()
        .get(
            JWKS_PATH,
            Rule::public("public keys are public"),
            async move || ring.response(),
        )
        .describe(jwks);
    let api = OpenApi::new("The shop", "1.0.0").description("Register, log in, look at products.");
    Ok(App::new()
        .suggest(REGISTER)
        .authenticate(verifier)
        .layer(StripIdentityHeaders::new())
        .http(routes().with_state(gateway))
        .http(keys)
        .openapi(api)
        .component(upkeep))
}
