//! How an idle stream thread is woken: by arriving records, by rebalances, and by the client.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::Thread;
use std::time::Duration;

/// Wakes one stream thread. A wake-up before the thread waits is not lost.
#[derive(Debug)]
pub(crate) struct Waker {
    thread: Thread,
    woken: AtomicBool,
}

impl Waker {
    /// A waker of the calling thread.
    pub(crate) fn of_this_thread() -> Self {
        Self { thread: std::thread::current(), woken: AtomicBool::new(true) }
    }

    /// Waits on the waker's own thread until somebody wakes it, at most `timeout`.
    pub(crate) fn wait(&self, timeout: Duration) {
        if self.woken.swap(false, Ordering::AcqRel) {
            return;
        }
        std::thread::park_timeout(timeout);
        self.woken.store(false, Ordering::Release);
    }
}

/// Wakes the waker's thread; cheap when it is awake.
pub(crate) fn wake_thread(waker: &Waker) {
    if !waker.woken.swap(true, Ordering::AcqRel) {
        waker.thread.unpark();
    }
}
