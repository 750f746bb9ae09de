//! What the client and its threads share: the state, the listeners, the first error.

use std::sync::{Arc, Mutex};
use std::thread::Thread;

use tokio::sync::watch;

use super::listener::{UncaughtExceptionHandler, UncaughtExceptionResponse};
use super::state::State;
use super::threads::Threads;
use crate::driver::kafka::{
    self, Application, StateRestoreListener, Supervisor, ThreadHandle, ThreadState, Verdict, lock,
};
use crate::error::StreamsError;

/// Is told each change of the state: the new one, and the one before.
pub(super) type StateListener = dyn Fn(State, State) + Send + Sync;

/// The shared half of a client.
pub(super) struct Instance {
    state: watch::Sender<State>,
    /// Held while the state changes, so that listeners are told in order.
    changing: Mutex<()>,
    /// Held while the state is derived from the threads' states, so that an old view never wins.
    deriving: Mutex<()>,
    /// A thread that waits for the end.
    waiter: Mutex<Option<Thread>>,
    pub(super) threads: Threads,
    listeners: Mutex<Listeners>,
    error: Mutex<Option<StreamsError>>,
}

#[derive(Default)]
struct Listeners {
    state: Option<Arc<StateListener>>,
    restore: Option<Arc<dyn StateRestoreListener>>,
    uncaught: Option<Arc<UncaughtExceptionHandler>>,
}

impl Instance {
    pub(super) fn new(client_id: String) -> Self {
        Self {
            state: watch::Sender::new(State::Created),
            changing: Mutex::new(()),
            deriving: Mutex::new(()),
            waiter: Mutex::default(),
            threads: Threads::new(client_id),
            listeners: Mutex::default(),
            error: Mutex::default(),
        }
    }

    pub(super) fn state(&self) -> State {
        *self.state.borrow()
    }

    /// Follows the state.
    pub(super) fn watch(&self) -> watch::Receiver<State> {
        self.state.subscribe()
    }

    pub(super) fn set_state_listener(&self, listener: Arc<StateListener>) {
        lock(&self.listeners).state = Some(listener);
    }

    pub(super) fn set_restore_listener(&self, listener: Arc<dyn StateRestoreListener>) {
        lock(&self.listeners).restore = Some(listener);
    }

    pub(super) fn set_uncaught_handler(&self, handler: Arc<UncaughtExceptionHandler>) {
        lock(&self.listeners).uncaught = Some(handler);
    }

    /// Runs a stream thread that is noted already.
    pub(super) fn spawn(
        self: &Arc<Self>,
        app: &Arc<Application>,
        handle: Arc<ThreadHandle>,
    ) -> Result<(), StreamsError> {
        let app = Arc::clone(app);
        let supervisor: Arc<dyn Supervisor> = Arc::<Self>::clone(self);
        let noted = Arc::clone(&handle);
        self.threads.spawn(&noted, move || kafka::run(&app, &handle, &supervisor))
    }

    /// Stops a thread that was noted while the instance was stopping.
    pub(super) fn stop_if_late(&self, handle: &ThreadHandle) {
        if !self.state().is_alive() {
            handle.stop();
        }
    }

    /// Goes to another state if that is legal; tells the listener.
    pub(super) fn become_state(&self, next: State) -> bool {
        let order = lock(&self.changing);
        let before = self.state();
        if !before.may_become(next) {
            return false;
        }
        self.state.send_replace(next);
        tracing::info!("state {before} -> {next}");
        let listener = lock(&self.listeners).state.clone();
        if let Some(listener) = listener {
            listener(next, before);
        }
        drop(order);
        if let Some(waiter) = lock(&self.waiter).as_ref() {
            waiter.unpark();
        }
        true
    }

    /// From now on changes of the state unpark the calling thread.
    pub(super) fn wait_here(&self) {
        *lock(&self.waiter) = Some(std::thread::current());
    }

    /// Keeps the first error and goes to `PendingError`.
    pub(super) fn fail(&self, error: StreamsError) {
        lock(&self.error).get_or_insert(error);
        self.become_state(State::PendingError);
    }

    /// The error that ended the instance, once.
    pub(super) fn take_error(&self) -> Option<StreamsError> {
        lock(&self.error).take()
    }

    /// Ends the instance when its last thread is gone.
    fn finish_if_dead(&self) {
        if !self.threads.all().is_empty() {
            return;
        }
        // legal only from the pending state that belongs to it
        let _either = self.become_state(State::NotRunning) || self.become_state(State::Error);
    }
}

impl Supervisor for Instance {
    fn thread_changed(&self) {
        let deriving = lock(&self.deriving);
        let threads = self.threads.all();
        let runs = |thread: &Arc<ThreadHandle>| thread.state() == ThreadState::Running;
        let all_run = !threads.is_empty() && threads.iter().all(runs);
        match self.state() {
            State::Running if !all_run => {
                self.become_state(State::Rebalancing);
            }
            State::Rebalancing if all_run => {
                self.become_state(State::Running);
            }
            _ => {}
        }
        drop(deriving);
        self.finish_if_dead();
    }

    fn thread_failed(&self, error: StreamsError) -> Verdict {
        let handler = lock(&self.listeners).uncaught.clone();
        let response = handler.map_or_else(Default::default, |handler| handler(&error));
        match response {
            UncaughtExceptionResponse::ReplaceThread if self.state().is_alive() => Verdict::Replace,
            UncaughtExceptionResponse::ReplaceThread => Verdict::End,
            UncaughtExceptionResponse::ShutdownClient => {
                self.fail(error);
                self.threads.stop();
                Verdict::End
            }
            UncaughtExceptionResponse::ShutdownApplication => {
                tracing::warn!(
                    "stopping this instance only: the other instances of the application go on, \
                     as the client library cannot tell them"
                );
                self.fail(error);
                self.threads.stop();
                Verdict::End
            }
        }
    }

    fn replace_thread(self: Arc<Self>, app: &Arc<Application>) {
        let handle = self.threads.add();
        self.stop_if_late(&handle);
        if let Err(error) = self.spawn(app, handle) {
            self.fail(error);
            self.threads.stop();
        }
    }

    fn global_thread_failed(&self, error: StreamsError) {
        let handler = lock(&self.listeners).uncaught.clone();
        if handler.map(|handler| handler(&error)) == Some(UncaughtExceptionResponse::ReplaceThread)
        {
            tracing::warn!("the thread of the global stores cannot be replaced: stopping");
        }
        self.fail(error);
        self.threads.stop();
    }

    fn restore_listener(&self) -> Option<Arc<dyn StateRestoreListener>> {
        lock(&self.listeners).restore.clone()
    }
}
