//! The door between a stream thread and the client: few words in each direction.

use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use super::application::Application;
use super::events::lock;
use super::metadata::{TaskMetadata, ThreadMetadata, ThreadState};
use super::restore_listener::StateRestoreListener;
use super::time::now;
use super::wake::{Waker, wake_thread};
use crate::error::StreamsError;

/// How long a thread that is asked to stop may wait for the broker.
const STOP_PATIENCE: Duration = Duration::from_secs(10);

/// What the client decides after an error.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Verdict {
    /// Let another thread start from the last commit.
    Replace,
    /// End the thread.
    End,
}

/// The client, as a stream thread sees it.
pub(crate) trait Supervisor: Send + Sync {
    /// A thread entered another state.
    fn thread_changed(&self);

    /// A thread failed.
    fn thread_failed(&self, error: StreamsError) -> Verdict;

    /// Starts the successor of a thread that failed.
    fn replace_thread(self: Arc<Self>, app: &Arc<Application>);

    /// The thread of the global stores failed, and with it the instance: no other can take over.
    fn global_thread_failed(&self, error: StreamsError);

    /// Who wants to know about restores.
    fn restore_listener(&self) -> Option<Arc<dyn StateRestoreListener>>;
}

/// One stream thread, as the client sees it.
pub(crate) struct ThreadHandle {
    stop: OnceLock<Instant>,
    metadata: Mutex<ThreadMetadata>,
    waker: Mutex<Option<Arc<Waker>>>,
}

impl ThreadHandle {
    pub(crate) fn new(name: String) -> Self {
        let metadata = ThreadMetadata { name, state: ThreadState::Created, tasks: Vec::new() };
        Self { stop: OnceLock::new(), metadata: Mutex::new(metadata), waker: Mutex::new(None) }
    }

    /// The thread's name.
    pub(crate) fn name(&self) -> String {
        lock(&self.metadata).name.clone()
    }

    /// A copy of what the thread tells of itself.
    pub(crate) fn metadata(&self) -> ThreadMetadata {
        lock(&self.metadata).clone()
    }

    /// The thread's state.
    pub(crate) fn state(&self) -> ThreadState {
        lock(&self.metadata).state
    }

    /// Asks the thread to commit, close and end.
    pub(crate) fn stop(&self) {
        self.stop.get_or_init(now);
        if let Some(waker) = lock(&self.waker).as_ref() {
            wake_thread(waker);
        }
    }

    pub(crate) fn stopping(&self) -> bool {
        self.stop.get().is_some()
    }

    /// True when the client has waited long enough for the thread's last commit.
    pub(super) fn out_of_patience(&self) -> bool {
        self.stop.get().is_some_and(|since| since.elapsed() > STOP_PATIENCE)
    }

    pub(super) fn set_waker(&self, waker: Arc<Waker>) {
        *lock(&self.waker) = Some(waker);
    }

    /// Sets the state; true when it is another one than before.
    pub(super) fn set_state(&self, state: ThreadState) -> bool {
        std::mem::replace(&mut lock(&self.metadata).state, state) != state
    }

    /// Notes that the thread will not be spawned.
    pub(crate) fn never_starts(&self) {
        self.set_state(ThreadState::Dead);
    }

    pub(super) fn set_tasks(&self, tasks: Vec<TaskMetadata>) {
        lock(&self.metadata).tasks = tasks;
    }
}
