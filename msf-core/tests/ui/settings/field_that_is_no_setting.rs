use msf_core::settings::Settings;

struct Address;

#[derive(Settings)]
#[settings(crate = "msf_core::settings")]
struct Config {
    address: Address,
}

fn main() {}
