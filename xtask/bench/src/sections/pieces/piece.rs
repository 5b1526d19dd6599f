//! One piece of a request, which can be done again and again.

use std::future::Future;
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use crate::measure::Void;

/// What is measured by itself.
pub(super) struct Piece {
    pub(super) name: &'static str,
    /// The name of the piece that does the bare part of it.
    pub(super) beside: Option<&'static str>,
    /// Does it as often as it is told to.
    pub(super) calls: Box<dyn FnMut(u32) -> Result<(), Void>>,
}

impl Piece {
    pub(super) fn new<T>(
        name: &'static str,
        mut call: impl FnMut() -> Result<T, Void> + 'static,
    ) -> Self {
        let calls = Box::new(move |times| {
            for _ in 0..times {
                black_box(call()?);
            }
            Ok(())
        });
        Self {
            name,
            beside: None,
            calls,
        }
    }

    pub(super) fn beside(mut self, bare: &'static str) -> Self {
        self.beside = Some(bare);
        self
    }
}

/// What `future` gives without waiting; a void where it has to wait.
pub(super) fn at_once<F: Future>(future: F) -> Result<F::Output, Void> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Ok(output),
        Poll::Pending => Err(Void::new("it waits for something")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_or_fails_is_void() {
        assert_eq!(at_once(async { 7 }), Ok(7));
        assert!(at_once(std::future::pending::<()>()).is_err());
        let mut left = 3;
        let mut piece = Piece::new("countdown", move || {
            left -= 1;
            (left > 0).then_some(()).ok_or_else(|| Void::new("over"))
        });
        assert_eq!((piece.calls)(2), Ok(()));
        assert_eq!((piece.calls)(1), Err(Void::new("over")));
    }
}
