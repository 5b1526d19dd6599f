//! kill -9 while eight clients register: no registration that was answered is lost, and each user has one welcome e-mail.
#![expect(clippy::print_stdout, reason = "the figures are what it is for")]

#[path = "../support/mod.rs"]
mod support;

mod chaos;
#[cfg(feature = "crash-points")]
mod crash;
mod deployment;
mod load;
mod stores;
mod tally;

#[cfg(feature = "crash-points")]
use chaos::at_crash_points;
use chaos::at_random_moments;
use deployment::Deployment;

#[tokio::test(flavor = "multi_thread")]
async fn no_mail_is_lost_when_the_shop_is_killed() {
    at_random_moments(Deployment::one_process(), 4).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_mail_is_lost_when_one_of_two_processes_is_killed() {
    at_random_moments(Deployment::two_processes().await, 5).await;
}

#[cfg(feature = "crash-points")]
#[tokio::test(flavor = "multi_thread")]
async fn no_mail_is_lost_at_any_crash_point() {
    at_crash_points(Deployment::one_process(), 1).await;
}

#[cfg(feature = "crash-points")]
#[tokio::test(flavor = "multi_thread")]
async fn no_mail_is_lost_at_any_crash_point_of_two_processes() {
    at_crash_points(Deployment::two_processes().await, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "soak"]
async fn soak_no_mail_is_lost_in_a_hundred_kills() {
    at_random_moments(Deployment::one_process(), 100).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "soak"]
async fn soak_no_mail_is_lost_in_a_hundred_kills_of_two_processes() {
    at_random_moments(Deployment::two_processes().await, 100).await;
}

#[cfg(feature = "crash-points")]
#[tokio::test(flavor = "multi_thread")]
#[ignore = "soak"]
async fn soak_no_mail_is_lost_at_any_crash_point_fifteen_times() {
    at_crash_points(Deployment::one_process(), 15).await;
}

#[cfg(feature = "crash-points")]
#[tokio::test(flavor = "multi_thread")]
#[ignore = "soak"]
async fn soak_no_mail_is_lost_at_any_crash_point_of_two_processes_fifteen_times() {
    at_crash_points(Deployment::two_processes().await, 15).await;
}
