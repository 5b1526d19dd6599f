//! Random histories of logins, refreshes, logouts and waiting, on a real file, against a model that knows only the rules.
#![cfg(feature = "sqlite")]

mod refresh_support;

use std::time::{Duration, SystemTime};

use msf_core::error::Error;
use proptest::prelude::*;

use refresh_support::{DAY, Fixture};

const LIMIT: usize = 3;
const SUBJECTS: [&str; 2] = ["ana", "bo"];

#[derive(Clone, Copy, Debug)]
enum Step {
    Begin(usize),
    /// A token, counted back from the newest.
    Refresh(usize),
    End(usize),
    EndAll(usize),
    Wait(Duration),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let wait = prop_oneof![
        6 => Just(Duration::from_secs(3)),
        2 => Just(Duration::from_secs(10)),
        2 => Just(Duration::from_millis(10_001)),
        1 => Just(DAY),
        1 => Just(DAY * 6),
    ];
    let step = prop_oneof![
        3 => (0..2usize).prop_map(Step::Begin),
        12 => (0..6usize).prop_map(Step::Refresh),
        1 => (0..8usize).prop_map(Step::End),
        1 => (0..2usize).prop_map(Step::EndAll),
        4 => wait.prop_map(Step::Wait),
    ];
    proptest::collection::vec(step, 1..60)
}

struct Family {
    subject: usize,
    current: usize,
    created: SystemTime,
    rotated: SystemTime,
    alive: bool,
}

#[derive(Default)]
struct Model {
    families: Vec<Family>,
}

impl Model {
    fn begin(&mut self, subject: usize, now: SystemTime) -> usize {
        for family in &mut self.families {
            family.alive &= age(family.rotated, now) < DAY * 7;
        }
        let mut own: Vec<_> = self
            .families
            .iter_mut()
            .filter(|family| family.alive && family.subject == subject)
            .collect();
        own.sort_by_key(|family| family.rotated);
        let too_many = (own.len() + 1).saturating_sub(LIMIT);
        own.into_iter()
            .take(too_many)
            .for_each(|family| family.alive = false);
        self.families.push(Family {
            subject,
            current: 0,
            created: now,
            rotated: now,
            alive: true,
        });
        self.families.len() - 1
    }

    /// The generation handed out, and whether it is new.
    fn refresh(
        &mut self,
        family: usize,
        presented: usize,
        now: SystemTime,
    ) -> Option<(usize, bool)> {
        let family = &mut self.families[family];
        family.alive &= age(family.rotated, now) < DAY * 7 && age(family.created, now) < DAY * 30;
        if !family.alive {
            return None;
        }
        if presented == family.current {
            family.current += 1;
            family.rotated = now;
            return Some((family.current, true));
        }
        if presented + 1 == family.current && age(family.rotated, now) <= Duration::from_secs(10) {
            return Some((family.current, false));
        }
        family.alive = false;
        None
    }

    fn alive(&self, subject: usize) -> usize {
        self.families
            .iter()
            .filter(|family| family.alive && family.subject == subject)
            .count()
    }
}

fn age(then: SystemTime, now: SystemTime) -> Duration {
    now.duration_since(then).unwrap()
}

struct Token {
    family: usize,
    generation: usize,
    text: String,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn every_history_goes_as_the_rules_say(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(history(steps))?;
    }
}

async fn history(steps: Vec<Step>) -> Result<(), TestCaseError> {
    let mut fixture = Fixture::new();
    fixture.policy.per_subject = 3;
    let (sessions, mut model) = (fixture.sessions(), Model::default());
    let (mut tokens, mut ids): (Vec<Token>, Vec<_>) = Default::default();
    for step in steps {
        // No two things happen in the same millisecond: then it would be open which session was used longest ago.
        fixture.clock.advance(Duration::from_millis(1));
        let now = fixture.clock.clock().now();
        match step {
            Step::Begin(subject) => {
                let begun = sessions.begin(SUBJECTS[subject]).await.unwrap();
                let family = model.begin(subject, now);
                ids.push(begun.session);
                tokens.push(Token {
                    family,
                    generation: 0,
                    text: begun.token.expose().to_owned(),
                });
            }
            Step::Refresh(back) if back < tokens.len() => {
                let presented = &tokens[tokens.len() - 1 - back];
                let (family, generation) = (presented.family, presented.generation);
                let expected = model.refresh(family, generation, now);
                let refreshed = sessions.refresh(&presented.text).await;
                match (refreshed, expected) {
                    (Ok(refreshed), Some((generation, rotated))) => {
                        prop_assert_eq!(refreshed.rotated, rotated);
                        prop_assert_eq!(refreshed.session, ids[family]);
                        prop_assert_eq!(
                            &*refreshed.subject,
                            SUBJECTS[model.families[family].subject]
                        );
                        let text = refreshed.token.expose().to_owned();
                        let known = tokens
                            .iter()
                            .find(|token| (token.family, token.generation) == (family, generation));
                        match known {
                            Some(known) => prop_assert_eq!(&known.text, &text),
                            None => tokens.push(Token {
                                family,
                                generation,
                                text,
                            }),
                        }
                    }
                    (Err(error), None) => prop_assert_eq!(error.code(), "refresh.invalid"),
                    (refreshed, expected) => {
                        let refreshed = refreshed
                            .map(|refreshed| refreshed.rotated)
                            .map_err(|error| error.to_string());
                        prop_assert!(false, "{refreshed:?} instead of {expected:?}");
                    }
                }
            }
            Step::End(back) if back < tokens.len() => {
                let token = &tokens[tokens.len() - 1 - back];
                let ended = sessions.end(&token.text).await.unwrap();
                if model.families[token.family].alive {
                    prop_assert_eq!(ended.map(|ended| ended.session), Some(ids[token.family]));
                }
                model.families[token.family].alive = false;
            }
            Step::EndAll(subject) => {
                let ended = sessions.end_all(SUBJECTS[subject]).await.unwrap();
                prop_assert!(ended.len() >= model.alive(subject));
                for (family, id) in model
                    .families
                    .iter_mut()
                    .zip(&ids)
                    .filter(|(family, _)| family.subject == subject)
                {
                    prop_assert!(!family.alive || ended.contains(id));
                    family.alive = false;
                }
            }
            Step::Wait(time) => fixture.clock.advance(time),
            Step::Refresh(_) | Step::End(_) => {}
        }
        prop_assert!((0..2).all(|subject| model.alive(subject) <= LIMIT));
    }
    let alive = model.alive(0) + model.alive(1);
    prop_assert!(usize::try_from(fixture.rows()).unwrap() >= alive);
    Ok::<(), Error>(()).map_err(|error| TestCaseError::fail(error.to_string()))
}
