use msf_core::settings::Settings;

#[derive(Settings)]
#[settings(crate = "msf_core::settings")]
struct Config<T> {
    greeting: T,
}

fn main() {}
