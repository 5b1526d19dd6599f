//! No secret in a log line, a metric, a page of the admin port or an answer that should not have it.

mod support;

use base64::Engine as _;
use support::client::Client;
use support::process::Process;

/// Every text file below a folder.
fn files(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

/// Long runs of base64 or hexadecimal digits in the key files: what a private key looks like when it is printed.
fn key_texts(folder: &std::path::Path) -> Vec<String> {
    let public = |text: &str| text.len() < 20;
    let mut texts = Vec::new();
    for file in files(folder) {
        let content = String::from_utf8_lossy(&std::fs::read(&file).unwrap()).into_owned();
        let runs = content.split(|c: char| !(c.is_ascii_alphanumeric() || "+/_-".contains(c)));
        texts.extend(runs.filter(|run| !public(run)).map(str::to_owned));
    }
    texts
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::too_many_lines, reason = "one story, in its order")]
async fn canaries_are_used_and_never_seen() {
    let folder = tempfile::tempdir().unwrap();
    let shop = Process::start_with(folder.path(), &["--set", "log.level=trace,hyper=trace,h2=trace,tonic=trace,tower=trace,rustls=trace,tokio_util=trace"]).await;
    // The library under HTTP/2 has the most to tell.
    let client = Client::http2(shop.http());
    let admin = Client::new(shop.ready["admin"].as_str().unwrap());
    let (email, password) = ("canary@example.com", "canary-password-1f2e3d");
    let mut used = std::collections::BTreeMap::<&str, usize>::new();
    let mut secrets: Vec<(&str, String)> = vec![("password", password.to_owned())];
    let mut answers: Vec<String> = Vec::new();
    let mut use_of = |what| *used.entry(what).or_default() += 1;

    assert_eq!(client.register(email, password).await.unwrap().status, 201);
    use_of("password");
    answers.push(client.register(email, password).await.unwrap().text);
    use_of("password");
    let begun = client.login(email, password).await.unwrap();
    assert_eq!(begun.status, 200);
    use_of("password");
    use_of("signing key");
    let (access, first) = (begun.member("access_token"), begun.member("refresh_token"));
    let me = client
        .send("GET", "/api/v1/me", Some(&access), None)
        .await
        .unwrap();
    assert_eq!(me.status, 200);
    use_of("access token");
    answers.push(me.text);
    let next = client.refresh(&first).await.unwrap();
    assert_eq!(next.status, 200);
    use_of("refresh token");
    let second = next.member("refresh_token");
    let third = client
        .refresh(&second)
        .await
        .unwrap()
        .member("refresh_token");
    // An old token, a broken one, one in the wrong place, one in the wrong type: each is refused, and told to nobody.
    for token in [&first, &third, &format!("{third}x"), &access] {
        answers.push(client.refresh(token).await.unwrap().text);
        use_of("refresh token");
    }
    let broken = format!("{access}x");
    answers.push(
        client
            .send("GET", "/api/v1/me", Some(&broken), None)
            .await
            .unwrap()
            .text,
    );
    let query = format!("/api/v1/me?access_token={access}");
    answers.push(client.send("GET", &query, None, None).await.unwrap().text);
    let path = format!("/api/v1/{access}");
    answers.push(client.send("GET", &path, None, None).await.unwrap().text);
    use_of("access token");
    let wrong_type = serde_json::json!({ "email": email, "password": [password] });
    answers.push(
        client
            .send("POST", "/api/v1/login", None, Some(wrong_type))
            .await
            .unwrap()
            .text,
    );
    let too_much = serde_json::json!({ "email": email, "password": password, "secret": password });
    answers.push(
        client
            .send("POST", "/api/v1/login", None, Some(too_much))
            .await
            .unwrap()
            .text,
    );
    answers.push(
        client
            .login(email, &format!("{password}-wrong"))
            .await
            .unwrap()
            .text,
    );
    use_of("password");

    secrets.extend([
        ("access token", access.clone()),
        ("refresh token", first),
        ("refresh token", second),
        ("refresh token", third),
        ("signature", access.rsplit('.').next().unwrap().to_owned()),
        (
            "first admin",
            shop.ready["first_admin"]["password"]
                .as_str()
                .unwrap()
                .to_owned(),
        ),
    ]);
    let public = client
        .send("GET", "/.well-known/jwks.json", None, None)
        .await
        .unwrap()
        .text;
    let keys: Vec<String> = key_texts(&folder.path().join("data/keys"))
        .into_iter()
        .filter(|text| !public.contains(text.as_str()))
        .collect();
    assert!(!keys.is_empty(), "no key was found");
    secrets.extend(keys.into_iter().map(|text| ("signing key", text)));
    for path in ["/metrics", "/config", "/access", "/healthz"] {
        answers.push(admin.send("GET", path, None, None).await.unwrap().text);
    }
    answers.push(public);
    let log = shop.log.clone();
    assert_eq!(shop.stop().await, Some(0));
    let all = std::fs::read_to_string(&log).unwrap();
    assert!(
        all.contains("\"level\":\"TRACE\"") || all.contains("\"level\":\"DEBUG\""),
        "the log has no details"
    );
    // The ready line is the one place that tells the first admin's password.
    let (ready, lines): (Vec<_>, Vec<_>) = all
        .lines()
        .partition(|line| line.starts_with("{\"ready\":"));
    assert_eq!(ready.len(), 1);
    let lines = lines.join("\n");

    let mut looked = 0;
    for (what, secret) in &secrets {
        let base64 = base64::engine::general_purpose::STANDARD.encode(secret);
        for text in answers.iter().chain([&lines]) {
            assert!(
                !text.contains(secret.as_str()),
                "a {what} in {}",
                excerpt(text, secret)
            );
            assert!(
                !text.contains(&base64),
                "a {what} in base64 in {}",
                excerpt(text, &base64)
            );
            looked += 1;
        }
    }
    println!(
        "used: {used:?}; {} secrets looked for {looked} times in {} bytes",
        secrets.len(),
        lines.len()
    );
    for (what, least) in [
        ("password", 4),
        ("access token", 2),
        ("refresh token", 5),
        ("signing key", 1),
    ] {
        assert!(used[what] >= least, "{what} was used {} times", used[what]);
    }
}

fn excerpt(text: &str, secret: &str) -> String {
    let at = text.find(secret).unwrap_or_default();
    let start = text[..at].rfind('\n').map_or(0, |line| line + 1);
    text[start..].chars().take(300).collect()
}

/// A panic usually shows what it had in hand, by `Debug`: nothing that carries a secret shows it.
#[test]
fn a_panic_shows_no_secret_of_what_it_had_in_hand() {
    const CANARY: &str = "canary-1f2e3d4c";
    let secret = || CANARY.to_owned();
    let registration = user_service::application::Registration {
        name: "Ana".to_owned(),
        email: "ana@example.com".to_owned(),
        password: secret(),
        role: None,
    };
    let credentials = auth_service::domain::Credentials::new("ana@example.com", secret()).unwrap();
    let tokens = auth_service::application::Tokens {
        access_token: secret(),
        refresh_token: secret(),
        expires_in: std::time::Duration::ZERO,
    };
    let login = shop_proto::auth::LoginRequest {
        email: secret(),
        password: secret(),
    };
    let refresh = shop_proto::auth::RefreshRequest {
        refresh_token: secret(),
    };
    let told = shop_proto::auth::Tokens {
        access_token: secret(),
        refresh_token: secret(),
        expires_in: 0,
    };
    let password = msf_service::auth::password::Password::new(secret()).unwrap();
    let setting = msf_service::settings::Secret::new(secret());
    let in_hand = (
        (registration, credentials, tokens),
        (login, refresh, told),
        (password, setting),
    );
    let panic = std::panic::catch_unwind(|| panic!("something is wrong with {in_hand:?}"));
    let shown = *panic.unwrap_err().downcast::<String>().unwrap();
    assert!(shown.contains("LoginRequest"), "{shown}");
    assert!(!shown.contains("canary"), "{shown}");
}
