use msf_core::settings::Settings;

#[derive(Settings)]
#[settings(crate = "msf_core::settings")]
union Config {
    a: u8,
    b: u8,
}

fn main() {}
