//! Memory after the second storm is within a tenth of after the first; alone in its process, which it measures.
//!
//! The process has one malloc arena: with one for each thread, as glibc has it, what is measured is mostly which threads
//! happened to get memory from where, and that differs from run to run by more than a tenth.
#![cfg(target_os = "linux")]

mod support;

use std::time::Duration;

use msf_service::edge::Options;
use support::{PREFACE, Running, get_request, http2, start};
use tokio::io::AsyncWriteExt;

/// Resident memory in KiB.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// All of it open at the same time, so that each wave has the same peak.
async fn wave(server: &Running) {
    let mut silent = Vec::new();
    for n in 0..1000 {
        let mut tcp = server.connect().await;
        let bytes: &[u8] = [b"", &PREFACE[..10], b"GET / HTTP/1.1\r\nx: ", PREFACE][n % 4];
        tcp.write_all(bytes).await.unwrap();
        silent.push(tcp);
    }
    let mut busy = Vec::new();
    for _ in 0..50 {
        let mut client = http2(server.connect().await).await;
        for _ in 0..40 {
            client = client.ready().await.unwrap();
            busy.push(client.send_request(get_request("/hang"), true).unwrap());
        }
    }
    server
        .until("all at once", |counts| counts.requests() == 2000)
        .await;
    for (_, stream) in &mut busy {
        stream.send_reset(h2::Reason::CANCEL);
    }
    drop((silent, busy));
    server
        .until("over", |counts| counts.connections() == 0)
        .await;
}

/// Three waves: the allocator gives memory back late, and after one has not yet its final shape.
async fn storm(server: &Running) {
    for _ in 0..3 {
        wave(server).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_storm_needs_no_more_memory() {
    if alone("a_second_storm_needs_no_more_memory").await {
        storms_need_no_more_memory(2).await;
    }
}

/// A leak of some hundred bytes for each connection or stream shows after twenty storms.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "soak"]
async fn soak_twenty_storms_need_no_more_memory() {
    if alone("soak_twenty_storms_need_no_more_memory").await {
        storms_need_no_more_memory(20).await;
    }
}

/// Whether this process is the one to measure; the other starts it, and fails when it fails.
#[expect(clippy::print_stdout, reason = "the figures are what the test is for")]
async fn alone(test: &str) -> bool {
    const ONE_ARENA: &str = "MALLOC_ARENA_MAX";
    if std::env::var(ONE_ARENA).is_ok_and(|arenas| arenas == "1") {
        return true;
    }
    let measured = tokio::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--include-ignored", "--nocapture"])
        .env(ONE_ARENA, "1")
        .output()
        .await
        .unwrap();
    let told = String::from_utf8_lossy(&measured.stdout);
    print!("{told}");
    let errors = String::from_utf8_lossy(&measured.stderr);
    assert!(measured.status.success(), "{told}{errors}");
    assert!(told.contains("1 passed"), "{told}{errors}");
    false
}

/// After the first quarter of the storms no more than a tenth is added: until then the allocator takes its final shape.
#[expect(clippy::print_stdout, reason = "the figures are what the test is for")]
async fn storms_need_no_more_memory(storms: usize) {
    let mut options = Options::default();
    // The storm of a slow machine may last longer than the default.
    options.header_time = Duration::from_secs(30);
    let server = start(options).await;
    let before = resident();
    let settle = (storms / 4).max(1);
    for _ in 0..settle {
        storm(&server).await;
    }
    let settled = resident();
    for _ in settle..storms {
        storm(&server).await;
    }
    let last = resident();
    println!(
        "resident: {before} KiB before, {settled} after storm {settle}, {last} after storm {storms}"
    );
    assert!(last <= settled + settled / 10, "{settled} then {last} KiB");
    assert!(server.answers().await);
}
