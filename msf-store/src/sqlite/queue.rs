//! Where jobs wait for a thread: bounded, so that whoever sends too much waits instead of filling the memory.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::sync::Semaphore;

use super::stopwatch::Stopwatch;

/// A queue that is filled by tasks and emptied by threads.
pub(super) struct Queue<J> {
    room: Semaphore,
    state: Mutex<State<J>>,
    arrived: Condvar,
}

struct State<J> {
    jobs: VecDeque<J>,
    closed: bool,
    /// How many threads are blocked: nobody else needs to be woken.
    idle: usize,
}

/// The queue takes no more.
#[derive(Debug)]
pub(super) struct Closed;

impl<J> Queue<J> {
    pub(super) fn new(length: usize) -> Self {
        let length = length.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            room: Semaphore::new(length),
            state: Mutex::new(State {
                jobs: VecDeque::new(),
                closed: false,
                idle: 0,
            }),
            arrived: Condvar::new(),
        }
    }

    /// Waits for room, in the order of arrival, and puts `job` at the end. Dropped while it waits, it puts nothing.
    pub(super) async fn push(&self, job: J) -> Result<(), Closed> {
        let permit = self.room.acquire().await.map_err(|_| Closed)?;
        let idle = {
            let mut state = self.state();
            // It may have closed since there was room.
            if state.closed {
                return Err(Closed);
            }
            state.jobs.push_back(job);
            state.idle
        };
        permit.forget();
        if idle > 0 {
            self.arrived.notify_one();
        }
        Ok(())
    }

    /// Blocks this thread until there is a job; `None` once the queue is closed and empty. For the time of `linger` it
    /// looks again and again, and only then goes to sleep, which costs whoever has to wake it.
    pub(super) fn wait(&self, linger: Duration) -> Option<J> {
        let begun = Stopwatch::start();
        let mut state = self.state();
        loop {
            if let Some(job) = state.jobs.pop_front() {
                drop(state);
                self.room.add_permits(1);
                return Some(job);
            }
            if state.closed {
                return None;
            }
            if begun.elapsed() < linger {
                drop(state);
                thread::yield_now();
                state = self.state();
                continue;
            }
            state.idle += 1;
            state = self
                .arrived
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
            state.idle -= 1;
        }
    }

    /// The next job if there is one now and it is `wanted`.
    pub(super) fn take_if(&self, wanted: impl FnOnce(&J) -> bool) -> Option<J> {
        let job = {
            let mut state = self.state();
            if !state.jobs.front().is_some_and(wanted) {
                return None;
            }
            state.jobs.pop_front()?
        };
        self.room.add_permits(1);
        Some(job)
    }

    /// Takes no more; what waits for room is refused, what is in the queue stays.
    pub(super) fn close(&self) {
        self.state().closed = true;
        self.room.close();
        self.arrived.notify_all();
    }

    /// How many jobs wait.
    pub(super) fn len(&self) -> usize {
        self.state().jobs.len()
    }

    fn state(&self) -> MutexGuard<'_, State<J>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn it_holds_no_more_than_its_length_and_keeps_the_order_of_arrival() {
        let queue = Queue::new(2);
        let (mut third, mut fourth) = (pin!(queue.push(3)), pin!(queue.push(4)));
        assert!(poll(pin!(queue.push(1))).is_ready() && poll(pin!(queue.push(2))).is_ready());
        assert!(poll(third.as_mut()).is_pending() && poll(fourth.as_mut()).is_pending());
        assert_eq!((queue.len(), queue.wait(Duration::ZERO)), (2, Some(1)));
        assert!(poll(fourth.as_mut()).is_pending() && poll(third.as_mut()).is_ready());
        assert_eq!(
            (
                queue.take_if(|job| *job == 3),
                queue.take_if(|job| *job == 2)
            ),
            (None, Some(2))
        );
        assert!(poll(fourth.as_mut()).is_ready());
        assert_eq!(
            (queue.wait(Duration::ZERO), queue.wait(Duration::ZERO)),
            (Some(3), Some(4))
        );
    }

    #[test]
    fn who_was_given_room_before_it_closed_and_comes_after_is_refused() {
        let queue = Queue::new(1);
        assert!(poll(pin!(queue.push(1))).is_ready());
        let mut second = pin!(queue.push(2));
        assert!(poll(second.as_mut()).is_pending());
        assert_eq!(queue.take_if(|_| true), Some(1));
        queue.close();
        // Nobody would take it any more.
        assert!(matches!(poll(second.as_mut()), Poll::Ready(Err(Closed))));
        assert_eq!((queue.len(), queue.wait(Duration::ZERO)), (0, None));
    }

    #[test]
    fn whatever_was_let_in_is_taken_however_it_closes() {
        for _ in 0..400 {
            let queue = Queue::new(1_000_000);
            let push = || {
                let mut let_in = 0;
                while let Poll::Ready(Ok(())) = poll(pin!(queue.push(()))) {
                    let_in += 1;
                }
                let_in
            };
            thread::scope(|scope| {
                let pushing = [scope.spawn(push), scope.spawn(push)];
                queue.wait(Duration::ZERO);
                queue.close();
                let mut taken = 1;
                while queue.wait(Duration::ZERO).is_some() {
                    taken += 1;
                }
                let let_in: usize = pushing.map(|pushing| pushing.join().unwrap()).iter().sum();
                assert_eq!(taken, let_in);
            });
        }
    }

    #[test]
    fn a_push_that_is_dropped_while_it_waits_puts_nothing_and_takes_no_room() {
        let queue = Queue::new(1);
        assert!(poll(pin!(queue.push(1))).is_ready());
        {
            let mut dropped = pin!(queue.push(2));
            assert!(poll(dropped.as_mut()).is_pending());
            assert_eq!(queue.wait(Duration::ZERO), Some(1));
        }
        assert!(poll(pin!(queue.push(3))).is_ready());
        assert_eq!(queue.wait(Duration::ZERO), Some(3));
    }
}
