use msf_core::settings::{Settings, Sources};

#[derive(Settings)]
#[settings(crate = "msf_core::settings")]
struct Config {
    #[setting(secrt)]
    greeting: String,
    nested: Nested,
}

#[derive(Settings)]
#[settings(crate = "msf_core::settings")]
struct Nested {
    #[setting(default = 1.5)]
    number: u8,
}

// Only the two attributes are reported: no use of the types is.
fn main() {
    let config = Config {
        greeting: String::new(),
        nested: Nested { number: 1 },
    };
    let loaded = Sources::for_app("hello").load::<Config>();
    drop((config.greeting, config.nested.number, loaded.is_ok()));
}
