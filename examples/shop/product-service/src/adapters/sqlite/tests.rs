//! What the store promises: one winner of a race, counts that are right, and no statement that reads what it need not.

use std::collections::BTreeMap;
use std::time::Duration;

use msf_service::store::sqlite::rusqlite::{self, StatementStatus, params_from_iter};
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::domain::{Details, Draft, Edit};

struct Scene {
    products: SqliteProducts,
    _folder: TempDir,
}

fn scene() -> Scene {
    let folder = tempfile::tempdir().unwrap();
    let products = SqliteProducts::open(&folder.path().join("product-service.db")).unwrap();
    Scene {
        products,
        _folder: folder,
    }
}

/// A time that no store of microseconds keeps whole.
fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::new(1_800_000_000, 123_456_789)
}

fn product(category: &str) -> Product {
    let draft = Draft {
        name: "Cup".to_owned(),
        description: "Glazed.\n\t0.1 l".to_owned(),
        price: "19.99".to_owned(),
        category: category.to_owned(),
        stock: 2_147_483_647,
        image_url: "https://img.example/cup.png".to_owned(),
    };
    Product::new(Details::parse(&draft).unwrap(), now())
}

fn edit(name: &str, category: Option<&str>) -> Changes {
    let edit = Edit {
        name: Some(name.to_owned()),
        category: category.map(str::to_owned),
        ..Edit::default()
    };
    Changes::parse(&edit).unwrap()
}

#[tokio::test]
async fn a_product_is_read_as_it_was_written_also_after_a_new_start() {
    let scene = scene();
    let made = product("kitchen");
    scene.products.insert(made.clone()).await.unwrap();
    let path = scene.products.database().path().to_owned();
    scene.products.database().close().await;

    let products = SqliteProducts::open(&path).unwrap();
    assert_eq!(products.by_id(made.id).await.unwrap(), Some(made));
}

#[tokio::test]
async fn of_those_who_expect_the_same_version_exactly_one_gets_through() {
    let Scene { products, _folder } = scene();
    let made = product("kitchen");
    products.insert(made.clone()).await.unwrap();
    let writers: Vec<_> = (0..32)
        .map(|writer| {
            let (products, id) = (products.clone(), made.id);
            tokio::spawn(async move {
                let name = format!("Cup {writer}");
                let (edit, expected) = (edit(&name, None), Versions::new(vec![1]));
                let now = now();
                let changed = products.change(id, expected, edit, now).await;
                changed.map(|changed| (changed, name))
            })
        })
        .collect();
    let (mut won, mut lost) = (Vec::new(), 0);
    for writer in writers {
        match writer.await.unwrap() {
            Ok(changed) => won.push(changed),
            Err(ChangeError::Conflict) => lost += 1,
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!((won.len(), lost), (1, 31));
    let (changed, name) = won.remove(0);
    assert_eq!(
        (changed.version, changed.details.name.as_str()),
        (2, &*name)
    );
    assert_eq!(products.by_id(made.id).await.unwrap(), Some(changed));
}

#[tokio::test]
async fn what_is_gone_or_of_another_version_is_not_changed() {
    let Scene { products, _folder } = scene();
    let made = product("kitchen");
    products.insert(made.clone()).await.unwrap();
    let stale = || Versions::new(vec![0, 2]);
    let now = now();
    let changed = products
        .change(made.id, stale(), edit("x", None), now)
        .await;
    assert!(matches!(changed, Err(ChangeError::Conflict)), "{changed:?}");
    let deleted = products.delete(made.id, stale()).await;
    assert!(matches!(deleted, Err(ChangeError::Conflict)), "{deleted:?}");
    assert_eq!(products.by_id(made.id).await.unwrap(), Some(made.clone()));

    products.delete(made.id, Versions::default()).await.unwrap();
    let any = Versions::default;
    let changed = products.change(made.id, any(), edit("x", None), now).await;
    assert!(matches!(changed, Err(ChangeError::Unknown)), "{changed:?}");
    let deleted = products.delete(made.id, any()).await;
    assert!(matches!(deleted, Err(ChangeError::Unknown)), "{deleted:?}");
    assert_eq!(products.by_id(made.id).await.unwrap(), None);
}

/// What can be done with the product at a place of the list, counted round.
#[derive(Clone, Debug)]
enum Step {
    Add(usize),
    Move(usize, usize),
    Delete(usize),
}

const CATEGORIES: [&str; 3] = ["kitchen", "Kitchen", "köche\u{301} 'x'"];

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (place, category) = (0..20_usize, 0..CATEGORIES.len());
    let step = prop_oneof![
        3 => category.clone().prop_map(Step::Add),
        2 => (place.clone(), category).prop_map(|(place, category)| Step::Move(place, category)),
        2 => place.prop_map(Step::Delete),
    ];
    prop::collection::vec(step, 1..30)
}

async fn check_lists(products: &SqliteProducts, model: &BTreeMap<ProductId, &str>) {
    let wanted = [None, Some(""), Some("none")].into_iter();
    for category in wanted.chain(CATEGORIES.map(Some)) {
        let of = |entry: &&str| category.is_none_or(|category| category == *entry);
        let expected: Vec<_> = model
            .iter()
            .filter(|(_, entry)| of(entry))
            .map(|(id, _)| *id)
            .collect();
        for (number, chunk) in expected
            .chunks(3)
            .chain([&[][..]])
            .zip(1..)
            .map(|(c, n)| (n, c))
        {
            let page = Page::parse(Some(number), Some(3)).unwrap();
            let listed = products
                .list(page, category.map(str::to_owned))
                .await
                .unwrap();
            let ids: Vec<_> = listed.products.iter().map(|product| product.id).collect();
            assert_eq!(ids, chunk, "page {number} of {category:?}");
            assert_eq!(listed.total, expected.len() as u64, "{category:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn lists_and_totals_are_those_of_a_map_whatever_was_done(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let Scene { products, _folder } = scene();
            let mut model = BTreeMap::new();
            for step in steps {
                let at = |place: usize| model.keys().nth(place % model.len().max(1)).copied();
                match step {
                    Step::Add(category) => {
                        let made = product(CATEGORIES[category]);
                        model.insert(made.id, CATEGORIES[category]);
                        products.insert(made).await.unwrap();
                    }
                    Step::Move(place, category) => if let Some(id) = at(place) {
                        let changes = edit("x", Some(CATEGORIES[category]));
                        let any = Versions::default();
                        products.change(id, any, changes, now()).await.unwrap();
                        model.insert(id, CATEGORIES[category]);
                    },
                    Step::Delete(place) => if let Some(id) = at(place) {
                        products.delete(id, Versions::default()).await.unwrap();
                        model.remove(&id);
                    },
                }
            }
            check_lists(&products, &model).await;
        });
    }
}

fn connection() -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    for migration in schema::MIGRATIONS {
        connection.execute_batch(migration.sql).unwrap();
    }
    connection
}

/// What a statement goes through, as SQLite says it.
fn plan(sql: &str) -> Vec<String> {
    let connection = connection();
    let mut explain = connection
        .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
        .unwrap();
    let values = vec![1; explain.parameter_count()];
    let steps = explain
        .query_map(params_from_iter(values), |row| row.get(3))
        .unwrap();
    steps.collect::<Result<_, _>>().unwrap()
}

#[test]
fn every_statement_goes_through_an_index() {
    for (sql, expected) in [
        (
            schema::BY_ID,
            &["SEARCH products USING INDEX sqlite_autoindex_products_1 (id=?)"][..],
        ),
        (
            schema::UPDATE,
            &["SEARCH products USING INDEX sqlite_autoindex_products_1 (id=?)"],
        ),
        (
            schema::DELETE,
            &["SEARCH products USING INDEX sqlite_autoindex_products_1 (id=?)"],
        ),
        (
            schema::COUNT,
            &["SEARCH product_counts USING PRIMARY KEY (category=?)"],
        ),
        (
            schema::LIST,
            &[
                "SEARCH products USING INDEX sqlite_autoindex_products_1 (id=?)",
                "LIST SUBQUERY 1",
                "SCAN products USING COVERING INDEX sqlite_autoindex_products_1",
            ],
        ),
        (
            schema::LIST_OF_CATEGORY,
            &[
                "SEARCH products USING INDEX sqlite_autoindex_products_1 (id=?)",
                "LIST SUBQUERY 1",
                "SEARCH products USING COVERING INDEX products_by_category (category=?)",
            ],
        ),
    ] {
        assert_eq!(plan(sql), expected, "{sql}");
    }
}

#[test]
fn a_page_costs_the_same_however_many_products_there_are() {
    let cost = |rows: u32| {
        let connection = connection();
        connection.execute_batch("BEGIN").unwrap();
        for row in 0..rows {
            let sql = "INSERT INTO products VALUES (?1, 'Cup', '', 1, ?2, 1, '', 0, 0, 1)";
            let category = format!("c{}", row % 2);
            connection
                .execute(sql, (format!("{row:09}"), category))
                .unwrap();
        }
        connection.execute_batch("COMMIT").unwrap();
        [schema::COUNT, schema::LIST, schema::LIST_OF_CATEGORY].map(|sql| {
            let mut statement = connection.prepare(sql).unwrap();
            let values = [&20 as &dyn rusqlite::ToSql, &0, &"c1"];
            let values = match statement.parameter_count() {
                1 => &values[2..],
                count => &values[..count],
            };
            let mut found = statement.query(values).unwrap();
            while found.next().unwrap().is_some() {}
            drop(found);
            statement.get_status(StatementStatus::VmStep)
        })
    };
    let (few, many) = (cost(100), cost(10_000));
    println!("steps of count, list, list of a category: {few:?} of 100, {many:?} of 10000");
    assert_eq!(few, many);
}
