//! Stops all apps of a process: callers before those they call, the others together, in one bound for all.

use std::collections::BTreeSet;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use crate::running::Running;
use crate::timetable::Timetable;

/// Stops `apps`; `callees` has the names that each of them calls.
///
/// Messages stop for all at once. An app that nobody calls any more drains beside the others, so that one open stream
/// of one app does not take the grace from all.
pub(crate) async fn stop_all(
    apps: Vec<Running>,
    callees: &[BTreeSet<String>],
    timetable: &Timetable,
) {
    apps.iter().for_each(Running::announce);
    timetable.until_drained_delay().await;
    apps.iter().for_each(Running::stop_messages);

    let mut waiting: Vec<(Running, &BTreeSet<String>)> = apps.into_iter().zip(callees).collect();
    let mut draining = FuturesUnordered::new();
    let mut active: Vec<(String, &BTreeSet<String>)> = Vec::new();
    loop {
        let free = free_to_stop(&waiting, &active);
        for index in free.into_iter().rev() {
            let (app, calls) = waiting.remove(index);
            let name = app.name().to_owned();
            active.push((name.clone(), calls));
            draining.push(async move { (app.drain(timetable).await, name) });
        }
        let Some((stopped, name)) = draining.next().await else {
            return;
        };
        active.retain(|(other, _)| *other != name);
        let late = stopped.unfinished.join(", ");
        let unfinished = (!late.is_empty()).then_some(late);
        tracing::info!(app = name, cut = stopped.cut, unfinished, "stopped serving");
    }
}

/// The apps that no other app calls that still runs. In a circle of calls there is no right order: the first goes first.
fn free_to_stop(
    waiting: &[(Running, &BTreeSet<String>)],
    active: &[(String, &BTreeSet<String>)],
) -> Vec<usize> {
    let is_called = |name: &str| {
        let by_waiting = waiting
            .iter()
            .any(|(app, calls)| app.name() != name && calls.contains(name));
        by_waiting || active.iter().any(|(_, calls)| calls.contains(name))
    };
    let free: Vec<usize> = (0..waiting.len())
        .filter(|index| !is_called(waiting[*index].0.name()))
        .collect();
    if free.is_empty() && active.is_empty() && !waiting.is_empty() {
        return vec![0];
    }
    free
}
