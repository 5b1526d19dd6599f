use msf_core::settings::Settings;

use std::net::SocketAddr;

#[derive(Settings)]
#[settings(crate = "msf_core::settings")]
struct Config {
    #[setting(default = "localhost")]
    listen: SocketAddr,
}

fn main() {}
