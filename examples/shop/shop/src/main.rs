//! All services of the shop in one process, on embedded backends: nothing to install, nothing to set.

use std::process::ExitCode;

use msf_service::Host;

fn main() -> ExitCode {
    Host::new(msf_service::info!())
        .app(api_gateway::NAME, api_gateway::app)
        .app(auth_service::NAME, auth_service::app)
        .app(user_service::NAME, user_service::app)
        .app(product_service::NAME, product_service::app)
        .app(email_service::NAME, email_service::app)
        .run()
}
