//! What many logins at once cost in memory. In a process of its own: nothing else may grow meanwhile.
#![cfg(target_os = "linux")]

use std::time::Duration;

use futures_util::future::join_all;
use msf_auth::password::{Params, Password, PasswordPool};

const THREADS: usize = 2;

async fn growth_of(hashes: usize) -> u64 {
    let pool = PasswordPool::builder(Params::default())
        .threads(THREADS)
        .longest_wait(Duration::from_secs(300))
        .build()
        .unwrap();
    let password = Password::new("a walk in the snow".to_owned()).unwrap();
    let before = status("VmRSS:");
    let all = join_all((0..hashes).map(|_| pool.hash(&password))).await;
    assert!(all.iter().all(Result::is_ok));
    status("VmHWM:") - before
}

/// A line of `/proc/self/status`, in KiB.
fn status(key: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(key))
        .unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

fn bound() -> u64 {
    THREADS as u64 * 19 * 1024 + 16 * 1024
}

#[tokio::test]
async fn sixty_four_hashes_at_once_take_the_memory_of_two() {
    let growth = growth_of(64).await;
    println!(
        "64 hashes at once on {THREADS} threads: {} MiB",
        growth / 1024
    );
    assert!(growth <= bound(), "{growth} KiB");
    assert!(
        growth >= THREADS as u64 * 18 * 1024,
        "{growth} KiB: nothing was measured"
    );
}

#[tokio::test]
#[ignore = "soak"]
async fn soak_192_hashes_at_once_take_the_memory_of_two() {
    let growth = growth_of(192).await;
    println!(
        "192 hashes at once on {THREADS} threads: {} MiB",
        growth / 1024
    );
    assert!(growth <= bound(), "{growth} KiB");
}
