//! One service of the shop in a process of its own, as its own program runs it: `shop-service NAME [arguments]`.
//!
//! For tests that kill services one by one: cargo tells a test where the programs of its own package are, and no others.

use std::process::ExitCode;

use msf_service::{Host, Info};

fn main() -> ExitCode {
    // Without its first, the arguments are those of the service's own program.
    let arguments = std::env::args_os().skip(1);
    let name = std::env::args().nth(1).unwrap_or_default();
    let info = |name, port| Info::new(name, env!("CARGO_PKG_VERSION")).port(port);
    let host = match &*name {
        api_gateway::NAME => {
            Host::alone(info(api_gateway::NAME, api_gateway::PORT), api_gateway::app)
        }
        auth_service::NAME => Host::alone(
            info(auth_service::NAME, auth_service::PORT),
            auth_service::app,
        ),
        user_service::NAME => Host::alone(
            info(user_service::NAME, user_service::PORT),
            user_service::app,
        ),
        product_service::NAME => Host::alone(
            info(product_service::NAME, product_service::PORT),
            product_service::app,
        ),
        email_service::NAME => Host::alone(
            info(email_service::NAME, email_service::PORT),
            email_service::app,
        ),
        _ => return ExitCode::from(2),
    };
    host.run_with(arguments, std::env::vars_os()).into()
}
