//! Which source wins, and what each can say.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use msf_core::settings::{ByteSize, Scalar, Secret, Settings, Sources};

use crate::config::{Client, Config, Framework, Limits, Mirror, Profile, hello, source};

#[test]
fn defaults_are_enough_except_for_what_is_required() {
    let loaded = hello().load::<(Framework, Config)>().unwrap();
    let (framework, config) = loaded.value;
    assert_eq!(framework.http.listen, "127.0.0.1:8080".parse().unwrap());
    assert_eq!(framework.limits.header_time, Duration::from_secs(5));
    let expected = Config {
        greeting: "Hello".into(),
        api_key: "k3y".into(),
        peer: None,
        tags: vec!["a".into(), "b".into()],
        profile: Profile::Dev,
        limits: Limits {
            deadline: Duration::from_secs(10),
            body: ByteSize::mebibytes(1),
            in_flight: 100,
        },
        clients: BTreeMap::new(),
        mirror: None,
        share: 0.5,
    };
    assert_eq!(config, expected);
    assert_eq!(source(&loaded.effective, "greeting"), "default");
    assert_eq!(source(&loaded.effective, "api_key"), "--api-key");
}

#[test]
fn a_later_source_wins_over_an_earlier() {
    let folder = tempdir("precedence");
    let dotenv = folder.join(".env");
    std::fs::write(
        &dotenv,
        "HELLO__LIMITS__BODY=2MiB\nHELLO__SHARE=2\nHELLO__PEER=dotenv\n",
    )
    .unwrap();
    let file =
        "greeting = 'file'\npeer = 'file'\nshare = 1\n[limits]\nbody = '3MiB'\nin_flight = 3\n";
    let sources = Sources::for_app("hello")
        .set("api_key", "k3y", "--set")
        .set("peer", "flag", "--peer")
        .env([
            ("HELLO__SHARE", "0.25"),
            ("HELLO__PEER", "environment"),
            ("OTHER__PEER", "x"),
        ])
        .dotenv(&dotenv)
        .file_text("hello.toml", file);
    let loaded = sources.load::<(Framework, Config)>().unwrap();
    let (_, config) = loaded.value;
    let effective = loaded.effective;

    assert_eq!(
        (
            config.limits.deadline,
            source(&effective, "limits.deadline")
        ),
        (Duration::from_secs(10), "default".into())
    );
    assert_eq!(
        (config.greeting, source(&effective, "greeting")),
        ("file".into(), "hello.toml:1:12".into())
    );
    assert_eq!(
        (
            config.limits.in_flight,
            source(&effective, "limits.in_flight")
        ),
        (3, "hello.toml:6:13".into())
    );
    let origin = format!("{}:1 HELLO__LIMITS__BODY", dotenv.display());
    assert_eq!(
        (config.limits.body, source(&effective, "limits.body")),
        (ByteSize::mebibytes(2), origin)
    );
    assert_eq!(
        (config.share, source(&effective, "share")),
        (0.25, "environment variable HELLO__SHARE".into())
    );
    assert_eq!(
        (config.peer, source(&effective, "peer")),
        (Some("flag".into()), "--peer".into())
    );
}

#[test]
fn maps_optional_sections_and_lists_come_from_every_source() {
    let sources = hello()
        .file_text("hello.toml", "tags = []\n[clients.user-service]\nurl = 'http://file'\n[clients.Odd_Name]\nurl = 'http://odd'\n")
        .env([
            ("HELLO__CLIENTS__USER_SERVICE__ATTEMPTS", "5"),
            ("HELLO__CLIENTS__ODD_NAME__ATTEMPTS", "6"),
            ("HELLO__CLIENTS__AUTH_SERVICE__URL", "http://env"),
            ("HELLO__MIRROR__URL", "http://mirror"),
            ("HELLO__TAGS", "x, y,z"),
        ]);
    let (_, config) = sources.load::<(Framework, Config)>().unwrap().value;
    assert_eq!(config.tags, ["x", "y", "z"]);
    assert_eq!(
        config.mirror,
        Some(Mirror {
            url: "http://mirror".into(),
            token: None
        })
    );
    let client = |url: &str, attempts| Client {
        url: url.into(),
        attempts,
    };
    let expected = [
        ("Odd_Name".to_owned(), client("http://odd", 6)),
        ("auth-service".to_owned(), client("http://env", 3)),
        ("user-service".to_owned(), client("http://file", 5)),
    ];
    assert_eq!(config.clients, BTreeMap::from(expected));

    let (_, config) = hello()
        .file_text("hello.toml", "tags = []")
        .load::<(Framework, Config)>()
        .unwrap()
        .value;
    assert_eq!(config.tags, [""; 0]);
}

#[test]
fn the_last_flag_wins() {
    let sources = hello().set("http.listen", "127.0.0.1:1", "--set").set(
        "http.listen",
        "127.0.0.1:2",
        "--listen",
    );
    let loaded = sources.load::<(Framework, Config)>().unwrap();
    assert_eq!(loaded.value.0.http.listen.port(), 2);
    assert_eq!(source(&loaded.effective, "http.listen"), "--listen");
}

#[derive(Debug, PartialEq, Settings)]
#[settings(crate = "msf_core::settings")]
struct Everything {
    text: String,
    yes: bool,
    byte: u8,
    long: u64,
    length: usize,
    negative: i32,
    ratio: f32,
    time: Duration,
    size: ByteSize,
    address: SocketAddr,
    path: PathBuf,
    secret: Secret,
    r#type: Percent,
    numbers: Vec<u32>,
    keys: Vec<Secret>,
    levels: BTreeMap<String, i64>,
    nothing: Nothing,
}

#[derive(Debug, PartialEq, Settings)]
#[settings(crate = "msf_core::settings")]
struct Nothing;

#[derive(Debug, PartialEq)]
struct Percent(u8);

impl Scalar for Percent {
    const EXPECTED: &'static str = "a whole number from 0 to 100";
    const KIND: msf_core::settings::ValueKind = msf_core::settings::ValueKind::Integer;

    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok().filter(|number| *number <= 100).map(Self)
    }
}

#[test]
fn every_type_reads_the_same_from_a_file_and_from_the_environment() {
    let file = "
        text = 'a b'\nyes = true\nbyte = 0xff\nlong = 18_446_744_073_709_551_615\nlength = 1\nnegative = -5\nratio = 2
        time = '1m30s'\nsize = '64KiB'\naddress = '[::1]:80'\npath = './data'\nsecret = 's'\ntype = 70
        numbers = [1, 2]\nkeys = ['k', 'l']\nnothing = {}\nlevels.a-b = 1\n";
    let environment = [
        ("TEXT", "a b"),
        ("YES", "true"),
        ("BYTE", "255"),
        ("LONG", "18446744073709551615"),
        ("LENGTH", "1"),
        ("NEGATIVE", "-5"),
        ("RATIO", "2"),
        ("TIME", "1m30s"),
        ("SIZE", "64KiB"),
        ("ADDRESS", "[::1]:80"),
        ("PATH", "./data"),
        ("SECRET", "s"),
        ("TYPE", "70"),
        ("NUMBERS", "1,2"),
        ("KEYS", "k,l"),
        ("LEVELS__A_B", "1"),
    ];
    let from_file = Sources::for_app("a")
        .file_text("a.toml", file)
        .load::<Everything>()
        .unwrap()
        .value;
    let variables = environment.map(|(name, value)| (format!("A__{name}"), value));
    let from_environment = Sources::for_app("a")
        .env(variables)
        .load::<Everything>()
        .unwrap()
        .value;
    assert_eq!(from_file, from_environment);
    assert_eq!(from_file.r#type, Percent(70));
    assert_eq!(from_file.negative, -5);
}

/// A fresh folder for one test.
fn tempdir(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join(format!("msf-settings-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&path).unwrap();
    path
}
