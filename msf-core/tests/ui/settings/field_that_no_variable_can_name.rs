use msf_core::settings::Settings;

#[derive(Settings)]
#[settings(crate = "msf_core::settings")]
struct Config {
    header__time: u8,
}

fn main() {}
