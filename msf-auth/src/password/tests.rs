use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use futures_util::FutureExt;
use msf_core::component::{Component, Life};
use msf_core::error::{Error, Kind};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::job::{Job, Work};
use super::memory::Memory;
use super::{Params, Password, PasswordPool, Verdict};

/// A job that holds its thread until it is released.
struct Held {
    begun: mpsc::Receiver<()>,
    release: mpsc::Sender<()>,
    caller: Option<oneshot::Receiver<()>>,
}

impl Held {
    fn push(pool: &PasswordPool) -> Self {
        let (has_begun, begun) = mpsc::channel();
        let (release, released) = mpsc::channel();
        let caller = push(pool, move |_| {
            has_begun.send(()).unwrap();
            let _ = released.recv();
        });
        Self {
            begun,
            release,
            caller: Some(caller),
        }
    }

    fn wait_until_begun(&self) {
        self.begun.recv_timeout(Duration::from_secs(20)).unwrap();
    }

    fn hang_up(&mut self) {
        self.caller = None;
    }
}

fn push(
    pool: &PasswordPool,
    work: impl FnOnce(&mut Memory) + Send + 'static,
) -> oneshot::Receiver<()> {
    let (begun, caller) = oneshot::channel();
    let job = Job {
        password: password("on hold"),
        work: Work::Other(Box::new(work)),
        begun,
    };
    pool.shared.queue.push(job).unwrap();
    caller
}

fn password(text: &str) -> Password {
    Password::new(text.to_owned()).unwrap()
}

fn small() -> Params {
    Params::new(64, 1, 1).unwrap()
}

fn pool_of(threads: usize) -> PasswordPool {
    PasswordPool::builder(small())
        .threads(threads)
        .build()
        .unwrap()
}

#[track_caller]
fn is_overloaded<T: std::fmt::Debug>(result: Result<T, Error>) {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), Kind::Overloaded);
    assert_eq!(error.code(), "password.overloaded");
    assert_eq!(error.retry_after(), Some(Duration::from_secs(1)));
}

#[tokio::test(start_paused = true)]
async fn a_caller_waits_two_seconds_for_its_turn_and_no_longer() {
    let pool = pool_of(2);
    let held = [Held::push(&pool), Held::push(&pool)];
    held.iter().for_each(Held::wait_until_begun);
    let start = Instant::now();
    is_overloaded(pool.hash(&password("x")).await);
    assert_eq!(start.elapsed(), Duration::from_secs(2));
    is_overloaded(pool.verify(&password("x"), None).await);
    assert_eq!(start.elapsed(), Duration::from_secs(4));
}

#[tokio::test]
async fn a_caller_whose_turn_comes_is_answered() {
    let pool = pool_of(1);
    let held = Held::push(&pool);
    held.wait_until_begun();
    let waiting = tokio::spawn({
        let pool = pool.clone();
        async move { pool.hash(&password("x")).await }
    });
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished());
    held.release.send(()).unwrap();
    assert_eq!(waiting.await.unwrap().unwrap().params(), small());
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_refuses_at_once() {
    let pool = PasswordPool::builder(small())
        .threads(1)
        .queue(3)
        .build()
        .unwrap();
    let held = Held::push(&pool);
    held.wait_until_begun();
    let _waiting = [Held::push(&pool), Held::push(&pool), Held::push(&pool)];
    let start = Instant::now();
    is_overloaded(pool.hash(&password("x")).await);
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test]
async fn a_hash_whose_caller_has_gone_keeps_its_thread() {
    let pool = pool_of(2);
    let mut held = [Held::push(&pool), Held::push(&pool)];
    held.iter().for_each(Held::wait_until_begun);
    held.iter_mut().for_each(Held::hang_up);
    let third = Held::push(&pool);
    let begun = third.begun.recv_timeout(Duration::from_millis(50));
    assert_eq!(begun, Err(RecvTimeoutError::Timeout));
    held[1].release.send(()).unwrap();
    third.wait_until_begun();
}

#[tokio::test]
async fn what_has_not_begun_is_skipped_when_its_caller_has_gone() {
    let pool = pool_of(1);
    let held = Held::push(&pool);
    held.wait_until_begun();
    let mut gone = Held::push(&pool);
    gone.hang_up();
    let password = password("x");
    let dropped = pool.hash(&password);
    assert!(dropped.now_or_never().is_none());
    held.release.send(()).unwrap();
    assert!(pool.hash(&password).await.is_ok());
    assert!(gone.begun.recv().is_err(), "it began");
}

#[tokio::test]
async fn a_skipped_hash_touches_no_memory() {
    let (begun, caller) = oneshot::channel();
    let (done, _result) = oneshot::channel();
    drop(caller);
    let job = Job {
        password: password("x"),
        work: Work::Hash {
            params: small(),
            done,
        },
        begun,
    };
    let mut memory = Memory::kept_for(small()).unwrap();
    job.run(&mut memory);
    assert!(memory.is_untouched());
}

#[tokio::test]
async fn a_panic_ends_neither_the_thread_nor_the_wait() {
    let pool = pool_of(1);
    let _caller = push(&pool, |_| panic!("on purpose"));
    assert!(pool.hash(&password("x")).await.is_ok());
    assert_eq!(pool.threads(), 1);
}

#[tokio::test]
async fn nobody_is_as_much_work_as_anybody() {
    let pool = pool_of(1);
    let somebody = pool.hash(&password("x")).await.unwrap();
    let nobody = &pool.shared.nobody;
    assert_eq!(nobody.params(), somebody.params());
    assert_eq!(nobody.salt().len(), somebody.salt().len());
    assert_eq!(nobody.output().len(), somebody.output().len());
    let seen = nobody.clone();
    let verdict = pool.verify(&password("x"), None).await.unwrap();
    assert_eq!(verdict, Verdict::Wrong);
    assert_eq!(seen.expose(), pool.shared.nobody.expose());
}

#[tokio::test]
async fn a_stopping_pool_finishes_what_waits_and_takes_no_more() {
    let pool = pool_of(1);
    let held = Held::push(&pool);
    held.wait_until_begun();
    let password = password("x");
    let mut waiting = pool.hash(&password).boxed();
    assert!(waiting.as_mut().now_or_never().is_none());

    let (handle, life) = Life::new();
    let mut component = Box::new(pool.component()).run(life);
    assert!(component.as_mut().now_or_never().is_none());
    handle.stop();
    assert!(component.as_mut().now_or_never().is_none());
    let error = pool.hash(&password).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable);

    held.release.send(()).unwrap();
    assert!(waiting.await.is_ok());
    component.await.unwrap();
}

#[tokio::test]
async fn the_threads_end_with_the_last_clone() {
    let pool = pool_of(2);
    let clone = pool.clone();
    let mut ended = pool.ended().unwrap();
    drop(pool);
    assert!(clone.hash(&password("x")).await.is_ok());
    assert!(ended.recv().now_or_never().is_none());
    drop(clone);
    assert!(ended.recv().await.is_none());
}
