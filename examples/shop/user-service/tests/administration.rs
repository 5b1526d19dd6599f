//! Admins list, change and delete users: over gRPC, on a real store.

use std::collections::BTreeMap;
use std::rc::Rc;

use msf_service::access::Principal;
use msf_service::error::{Error, FieldError, Kind};
use msf_service::settings::{Secret, Sources};
use msf_service::store::sqlite::rusqlite::Connection;
use msf_testing::{Start, Started};
use shop_proto::user as pb;
use tempfile::TempDir;

const BOSS: &str = "boss@example.com";
const PASSWORD: &str = "correct horse battery";

/// A user-service with one admin, and that admin's id.
struct Service {
    started: Started,
    boss: String,
    folder: TempDir,
}

impl Service {
    async fn start() -> Self {
        msf_service::auth::install_crypto_provider();
        let folder = tempfile::tempdir().unwrap();
        let started = start(&folder).await;
        let boss = log_in(&started, BOSS).await.unwrap().id;
        Self {
            started,
            boss,
            folder,
        }
    }

    /// A client of this user, whose token says that it is an admin.
    fn as_admin(&self, id: &str) -> pb::UserServiceClient {
        pb::UserServiceClient::new(self.started.channel_as(id, &["admin"]))
    }

    async fn register(&self, email: &str) -> pb::User {
        let registration = pb::RegisterRequest {
            name: "Ana".to_owned(),
            email: email.to_owned(),
            password: PASSWORD.to_owned(),
            role: None,
        };
        let mut gateway = client_of(&self.started, "api-gateway");
        let answer = gateway.register(registration).await.unwrap();
        answer.into_inner().user.unwrap()
    }

    /// A second admin.
    async fn admin(&self, email: &str) -> pb::User {
        let user = self.register(email).await;
        self.update(&self.boss, role(&user.id, "admin", &[]))
            .await
            .unwrap()
    }

    async fn update(&self, by: &str, update: pb::UpdateUserRequest) -> Result<pb::User, Error> {
        let answer = self.as_admin(by).update_user(update).await;
        let answer = answer.map_err(|status| Error::from_call(&status))?;
        Ok(answer.into_inner().user.unwrap())
    }

    async fn delete(&self, by: &str, id: &str, expected: &[u64]) -> Result<(), Error> {
        let request = pb::DeleteUserRequest {
            id: id.to_owned(),
            expected_versions: expected.to_vec(),
        };
        let answer = self.as_admin(by).delete_user(request).await;
        answer.map_err(|status| Error::from_call(&status))?;
        Ok(())
    }

    async fn list(
        &self,
        by: &str,
        page: Option<u32>,
        page_size: Option<u32>,
    ) -> Result<pb::ListUsersResponse, Error> {
        let request = pb::ListUsersRequest { page, page_size };
        let answer = self.as_admin(by).list_users(request).await;
        let answer = answer.map_err(|status| Error::from_call(&status))?;
        Ok(answer.into_inner())
    }

    async fn get(&self, id: &str) -> Result<pb::User, Error> {
        let request = pb::GetUserRequest { id: id.to_owned() };
        let answer = client_of(&self.started, "auth-service")
            .get_user(request)
            .await;
        let answer = answer.map_err(|status| Error::from_call(&status))?;
        Ok(answer.into_inner().user.unwrap())
    }

    /// Stops the service, and reads whom its events say to be deleted: those that are published, which nobody has subscribed
    /// to here, and those that are not yet.
    async fn told_of(self) -> Vec<String> {
        self.started.stop().await;
        let read = |file: &str, sql: &str| -> Vec<(String, Vec<u8>)> {
            let store = Connection::open(self.folder.path().join(file)).unwrap();
            let mut select = store.prepare(sql).unwrap();
            let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
            rows.unwrap().collect::<Result<_, _>>().unwrap()
        };
        let published = "SELECT event_id, data FROM unrouted WHERE stream = 'users.user-deleted'";
        let waiting = "SELECT event_id, data FROM msf_outbox
            WHERE attributes LIKE '%users.user-deleted%'";
        let mut events = read("bus.db", published);
        events.extend(read("user-service.db", waiting));
        let events: BTreeMap<_, _> = events.into_iter().collect();
        let user = |data: Vec<u8>| {
            let data: serde_json::Value = serde_json::from_slice(&data).unwrap();
            data["user_id"].as_str().unwrap().to_owned()
        };
        events.into_values().map(user).collect()
    }
}

async fn start(folder: &TempDir) -> Started {
    let sources = Sources::for_app(user_service::NAME);
    let mut config = sources.load::<user_service::Config>().unwrap().value;
    config.auth.first_admin.email = Some(BOSS.to_owned());
    config.auth.first_admin.password = Some(Secret::new(PASSWORD.to_owned()));
    Start::named(user_service::NAME)
        .data_dir(folder.path())
        .client("api-gateway", "http://127.0.0.1:1")
        .client("auth-service", "http://127.0.0.1:1")
        .start(user_service::app, config)
        .await
        .unwrap()
}

/// A client of this service.
fn client_of(started: &Started, name: &str) -> pb::UserServiceClient {
    pb::UserServiceClient::new(started.channel_of(&Principal::service(name)))
}

async fn log_in(started: &Started, email: &str) -> Option<pb::User> {
    let request = pb::VerifyCredentialsRequest {
        email: email.to_owned(),
        password: PASSWORD.to_owned(),
    };
    let answer = client_of(started, "auth-service")
        .verify_credentials(request)
        .await;
    match answer {
        Ok(answer) => answer.into_inner().user,
        Err(status) => {
            assert_eq!(Error::from_call(&status).code(), "credentials.wrong");
            None
        }
    }
}

fn role(id: &str, role: &str, expected: &[u64]) -> pb::UpdateUserRequest {
    pb::UpdateUserRequest {
        id: id.to_owned(),
        role: Some(role.to_owned()),
        expected_versions: expected.to_vec(),
        ..pb::UpdateUserRequest::default()
    }
}

#[tokio::test]
async fn an_admin_pages_through_all_users_the_oldest_first() {
    let service = Service::start().await;
    let mut emails = vec![BOSS.to_owned()];
    for number in 0..4 {
        let email = format!("user-{number}@example.com");
        service.register(&email).await;
        emails.push(email);
    }
    let mut seen = Vec::new();
    for page in 1..=4 {
        let listed = service
            .list(&service.boss, Some(page), Some(2))
            .await
            .unwrap();
        assert_eq!((listed.total, listed.page, listed.page_size), (5, page, 2));
        seen.extend(listed.users.into_iter().map(|user| user.email));
    }
    assert_eq!(seen, emails);
    let first = service.list(&service.boss, None, None).await.unwrap();
    assert_eq!((first.users.len(), first.page, first.page_size), (5, 1, 20));
    for (page, size, field) in [
        (Some(0), None, "page"),
        (None, Some(0), "page_size"),
        (None, Some(101), "page_size"),
    ] {
        let refused = service.list(&service.boss, page, size).await.unwrap_err();
        assert_eq!(refused.kind(), Kind::Malformed);
        assert_eq!(refused.fields()[0].field(), field);
    }
}

#[tokio::test]
async fn a_change_is_whole_or_not_at_all() {
    let service = Service::start().await;
    let (boss, ana) = (&service.boss, service.register("ana@example.com").await);
    assert_eq!(ana.version, 1);
    let wanted = pb::UpdateUserRequest {
        id: ana.id.clone(),
        name: Some("Ana María".to_owned()),
        email: Some("Ana.M@example.com".to_owned()),
        role: None,
        expected_versions: vec![7, 1],
    };
    let changed = service.update(boss, wanted).await.unwrap();
    assert_eq!(changed.version, 2);
    assert_eq!(service.get(&ana.id).await.unwrap(), changed);
    assert_eq!(
        log_in(&service.started, "ana.m@example.com").await,
        Some(changed.clone())
    );
    assert_eq!(log_in(&service.started, "ana@example.com").await, None);

    let change =
        |email: Option<&str>, name: Option<&str>, role: Option<&str>| pb::UpdateUserRequest {
            id: ana.id.clone(),
            name: name.map(str::to_owned),
            email: email.map(str::to_owned),
            role: role.map(str::to_owned),
            expected_versions: Vec::new(),
        };
    for (wanted, code, fields) in [
        (change(Some(BOSS), Some("Bo"), None), "email.taken", &[][..]),
        (
            change(Some("ana"), Some(""), Some("root")),
            "invalid",
            &["name", "email", "role"],
        ),
        (role(&ana.id, "admin", &[1]), "version.conflict", &[]),
        (role(&ana.id, "admin", &[0]), "version.conflict", &[]),
        (role(boss, "user", &[]), "admin.last", &[]),
        (role("ana", "admin", &[]), "user.unknown", &[]),
    ] {
        let refused = service.update(boss, wanted).await.unwrap_err();
        assert_eq!(refused.code(), code);
        let told: Vec<_> = refused.fields().iter().map(FieldError::field).collect();
        assert_eq!(told, fields);
    }
    assert_eq!(service.get(&ana.id).await.unwrap(), changed);
    assert_eq!(service.get(boss).await.unwrap().version, 1);
}

#[tokio::test]
async fn a_deleted_user_is_told_of_once_and_a_refused_deletion_not_at_all() {
    let service = Service::start().await;
    let (boss, ana) = (&service.boss, service.register("ana@example.com").await.id);
    for (by, id, expected, code) in [
        (boss, &ana, &[2][..], "version.conflict"),
        (boss, boss, &[], "admin.last"),
        (&ana, &ana, &[], "role.lost"),
    ] {
        let refused = service.delete(by, id, expected).await.unwrap_err();
        assert_eq!(refused.code(), code);
    }
    service.delete(boss, &ana, &[1]).await.unwrap();
    let again = service.delete(boss, &ana, &[]).await.unwrap_err();
    assert_eq!(again.code(), "user.unknown");
    assert_eq!(service.get(&ana).await.unwrap_err().code(), "user.unknown");
    assert_eq!(log_in(&service.started, "ana@example.com").await, None);
    // The address is free.
    assert_ne!(service.register("ana@example.com").await.id, ana);
    assert_eq!(service.told_of().await, [ana]);
}

#[tokio::test]
async fn who_was_an_admin_changes_nothing_although_the_token_lives() {
    let service = Service::start().await;
    let (boss, ana) = (&service.boss, service.register("ana@example.com").await.id);
    let demoted = service.admin("demoted@example.com").await.id;
    service
        .update(boss, role(&demoted, "user", &[]))
        .await
        .unwrap();
    let deleted = service.admin("deleted@example.com").await.id;
    service.delete(boss, &deleted, &[]).await.unwrap();
    for (by, code, kind) in [
        (&*demoted, "role.lost", Kind::Forbidden),
        (&*deleted, "user.gone", Kind::Unauthenticated),
        ("no-id", "user.gone", Kind::Unauthenticated),
    ] {
        let refused = [
            service
                .update(by, role(&ana, "admin", &[]))
                .await
                .unwrap_err(),
            service
                .update(by, role(by, "admin", &[]))
                .await
                .unwrap_err(),
            service.delete(by, boss, &[]).await.unwrap_err(),
            service.list(by, None, None).await.unwrap_err(),
        ];
        for (call, refused) in refused.iter().enumerate() {
            // Of an id that is none, the one that is changed is unknown as well.
            if by == "no-id" && call == 1 {
                continue;
            }
            assert_eq!(
                (refused.code(), refused.kind()),
                (code, kind),
                "{by} {call}"
            );
        }
    }
    assert_eq!(service.get(&ana).await.unwrap().role, "user");
    assert_eq!(service.told_of().await, [deleted]);
}

#[tokio::test]
async fn of_many_changes_of_one_version_one_wins() {
    tokio::task::LocalSet::new()
        .run_until(changes_at_once())
        .await;
}

async fn changes_at_once() {
    let service = Rc::new(Service::start().await);
    let ana = service.register("ana@example.com").await;
    let all: Vec<_> = (0..32)
        .map(|number| {
            let (service, id) = (Rc::clone(&service), ana.id.clone());
            let wanted = pb::UpdateUserRequest {
                id,
                name: Some(format!("Ana {number}")),
                expected_versions: vec![1],
                ..pb::UpdateUserRequest::default()
            };
            tokio::task::spawn_local(async move { service.update(&service.boss, wanted).await })
        })
        .collect();
    let (mut won, mut lost) = (Vec::new(), 0);
    for one in all {
        match one.await.unwrap() {
            Ok(user) => won.push(user),
            Err(error) => {
                assert_eq!(error.code(), "version.conflict");
                lost += 1;
            }
        }
    }
    assert_eq!((won.len(), lost), (1, 31));
    assert_eq!(service.get(&ana.id).await.unwrap(), won[0]);
}

#[tokio::test]
async fn of_two_admins_who_delete_each_other_one_stays() {
    tokio::task::LocalSet::new()
        .run_until(deletions_at_once())
        .await;
}

async fn deletions_at_once() {
    let service = Rc::new(Service::start().await);
    let mut boss = service.boss.clone();
    for round in 0..32 {
        let email = format!("boss-{round}@example.com");
        let registered = service.register(&email).await.id;
        service
            .update(&boss, role(&registered, "admin", &[]))
            .await
            .unwrap();
        let other = registered;
        let deleting = |by: &str, whom: &str| {
            let (service, by, whom) = (Rc::clone(&service), by.to_owned(), whom.to_owned());
            tokio::task::spawn_local(async move { service.delete(&by, &whom, &[]).await })
        };
        let (one, two) = (deleting(&boss, &other), deleting(&other, &boss));
        let (one, two) = (one.await.unwrap(), two.await.unwrap());
        boss = match (one, two) {
            (Ok(()), Err(late)) => {
                assert_eq!(late.code(), "user.gone");
                boss
            }
            (Err(late), Ok(())) => {
                assert_eq!(late.code(), "user.gone");
                other
            }
            both => panic!("round {round}: {both:?}"),
        };
        let listed = service.list(&boss, None, None).await.unwrap();
        assert_eq!(listed.total, 1, "round {round}");
    }
}

#[tokio::test]
async fn the_rules_hold_for_every_rpc() {
    let service = Service::start().await;
    let walk = service.started.policy_walk().await;
    assert!(walk.violations().next().is_none(), "{walk}");
    let user = pb::UserServiceClient::new(service.started.channel_as(&service.boss, &[]));
    let request = pb::ListUsersRequest::default();
    let refused = user.clone().list_users(request).await.unwrap_err();
    assert_eq!(Error::from_call(&refused).kind(), Kind::Forbidden);
}
