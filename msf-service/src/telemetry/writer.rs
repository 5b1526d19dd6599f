//! Takes lines without ever waiting, and writes them from a thread of its own.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use metrics::Counter;

/// How long lines are gathered before they are written. A thread that is woken for each line costs as much as the lines.
const GATHER: Duration = Duration::from_millis(1);

/// Makes the line that says how many lines are missing before it.
pub(super) type Notice = Box<dyn Fn(u64) -> String + Send>;

/// The near end of the queue. The thread ends once every clone is gone and what was queued is written.
#[derive(Clone)]
pub(super) struct LogWriter(Arc<NearEnd>);

struct NearEnd {
    queue: Arc<Queue>,
    dropped: Counter,
}

struct Queue {
    /// In bytes of lines.
    capacity: usize,
    state: Mutex<State>,
    work: Condvar,
    idle: Condvar,
}

#[derive(Default)]
struct State {
    /// Whole lines, one behind the other: one write takes them all, and the bound is one of memory.
    pending: Vec<u8>,
    lines: u64,
    /// Lines lost since the last notice.
    lost: u64,
    /// The thread is busy: it looks for more before it rests, so that nobody has to wake it.
    writing: bool,
    /// Somebody waits for what is queued.
    hurried: bool,
    closed: bool,
}

impl LogWriter {
    /// Starts the thread that writes to `sink`, with room for `capacity` bytes of lines.
    ///
    /// # Errors
    ///
    /// The system has no thread to give.
    pub(super) fn start(
        sink: Box<dyn Write + Send>,
        capacity: usize,
        dropped: Counter,
        notice: Notice,
    ) -> io::Result<Self> {
        let queue = Arc::new(Queue {
            capacity,
            state: Mutex::default(),
            work: Condvar::new(),
            idle: Condvar::new(),
        });
        let (far_end, counter) = (Arc::clone(&queue), dropped.clone());
        thread::Builder::new()
            .name("msf-log".to_owned())
            .spawn(move || write_all(&far_end, sink, &counter, &notice))?;
        Ok(Self(Arc::new(NearEnd { queue, dropped })))
    }

    /// Queues a line, which must end with a newline. Where there is no room it is dropped and counted.
    pub(super) fn push(&self, line: &str) {
        let NearEnd { queue, dropped } = &*self.0;
        let mut state = queue.lock();
        if state.pending.len() + line.len() > queue.capacity {
            state.lost += 1;
            drop(state);
            dropped.increment(1);
            return;
        }
        state.pending.extend_from_slice(line.as_bytes());
        state.lines += 1;
        let awaited = !state.writing || state.pending.len() > queue.capacity / 2;
        drop(state);
        // Waking the thread costs more than the line.
        if awaited {
            queue.work.notify_one();
        }
    }

    /// Waits until all that was queued is written, or until `bound` has passed. Says whether all is.
    pub(super) fn flush(&self, bound: Duration) -> bool {
        let queue = &self.0.queue;
        let busy = |state: &mut State| state.writing || !state.pending.is_empty() || state.lost > 0;
        let mut state = queue.lock();
        state.hurried = true;
        queue.work.notify_one();
        let waited = queue.idle.wait_timeout_while(state, bound, busy);
        let (_state, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        !timeout.timed_out()
    }
}

impl Drop for NearEnd {
    fn drop(&mut self) {
        self.queue.lock().closed = true;
        self.queue.work.notify_one();
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn write_all(queue: &Queue, mut sink: Box<dyn Write + Send>, dropped: &Counter, notice: &Notice) {
    let mut batch = Vec::new();
    let mut state = queue.lock();
    loop {
        state.writing = false;
        state.hurried &= !state.pending.is_empty();
        queue.idle.notify_all();
        let waiting =
            |state: &mut State| state.pending.is_empty() && state.lost == 0 && !state.closed;
        state = queue
            .work
            .wait_while(state, waiting)
            .unwrap_or_else(PoisonError::into_inner);
        if state.lines == 0 && state.lost == 0 {
            return;
        }
        state.writing = true;
        let gathering = |state: &mut State| {
            !state.hurried && !state.closed && state.pending.len() <= queue.capacity / 2
        };
        let gathered = queue.work.wait_timeout_while(state, GATHER, gathering);
        (state, _) = gathered.unwrap_or_else(PoisonError::into_inner);
        let (lines, lost) = (
            std::mem::take(&mut state.lines),
            std::mem::take(&mut state.lost),
        );
        std::mem::swap(&mut batch, &mut state.pending);
        drop(state);
        if lost > 0 {
            batch.extend_from_slice(notice(lost).as_bytes());
        }
        // A reader that has gone away (EPIPE) must not end the service; its lines are lost like any others.
        if sink.write_all(&batch).and_then(|()| sink.flush()).is_err() {
            dropped.increment(lines);
        }
        batch.clear();
        state = queue.lock();
    }
}
