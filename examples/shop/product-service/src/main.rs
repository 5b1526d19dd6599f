//! The product-service in a process of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    msf_service::run(
        msf_service::info!().port(product_service::PORT),
        product_service::app,
    )
}
