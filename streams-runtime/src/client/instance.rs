//! What the client and its threads share: the state, the listeners, the first error.

use std::sync::{Arc, Mutex};
use std::thread::Thread;

use tokio::sync::watch;

use super::listener::{UncaughtExceptionHandler, UncaughtExceptionResponse};
use super::state::State;
use crate::driver::kafka::{
    StateRestoreListener, Supervisor, ThreadHandle, ThreadState, Verdict, lock,
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
    threads: Mutex<Vec<Arc<ThreadHandle>>>,
    /// The thread of the global stores, if there are any.
    global: Mutex<Option<Arc<ThreadHandle>>>,
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
    pub(super) fn new() -> Self {
        Self {
            state: watch::Sender::new(State::Created),
            changing: Mutex::new(()),
            deriving: Mutex::new(()),
            waiter: Mutex::default(),
            threads: Mutex::default(),
            global: Mutex::default(),
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

    pub(super) fn set_threads(&self, threads: Vec<Arc<ThreadHandle>>) {
        *lock(&self.threads) = threads;
    }

    pub(super) fn add_thread(&self, thread: Arc<ThreadHandle>) {
        lock(&self.threads).push(thread);
    }

    /// Takes the youngest thread that is alive out of the list.
    pub(super) fn take_thread(&self) -> Option<Arc<ThreadHandle>> {
        let mut threads = lock(&self.threads);
        let at = threads.iter().rposition(|thread| thread.state() != ThreadState::Dead)?;
        Some(threads.remove(at))
    }

    pub(super) fn threads(&self) -> Vec<Arc<ThreadHandle>> {
        lock(&self.threads).clone()
    }

    pub(super) fn set_global_thread(&self, thread: Arc<ThreadHandle>) {
        *lock(&self.global) = Some(thread);
    }

    /// The stream threads and the thread of the global stores.
    pub(super) fn all_threads(&self) -> Vec<Arc<ThreadHandle>> {
        let mut threads = self.threads();
        threads.extend(lock(&self.global).clone());
        threads
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

    pub(super) fn stop_threads(&self) {
        for thread in self.all_threads() {
            thread.stop();
        }
    }

    /// Ends the instance when its last thread is gone.
    fn finish_if_dead(&self) {
        let threads = self.all_threads();
        if !threads.iter().all(|thread| thread.state() == ThreadState::Dead) {
            return;
        }
        // legal only from the pending state that belongs to it
        let _either = self.become_state(State::NotRunning) || self.become_state(State::Error);
    }
}

impl Supervisor for Instance {
    fn thread_changed(&self) {
        let deriving = lock(&self.deriving);
        let threads = self.all_threads();
        let states: Vec<ThreadState> = threads.iter().map(|thread| thread.state()).collect();
        let live = states.iter().filter(|state| **state != ThreadState::Dead);
        let all_run = live.clone().count() > 0 && live.clone().all(|s| *s == ThreadState::Running);
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
            UncaughtExceptionResponse::ReplaceThread if self.state().is_alive() => Verdict::Restart,
            UncaughtExceptionResponse::ReplaceThread => Verdict::End,
            UncaughtExceptionResponse::ShutdownClient => {
                self.fail(error);
                self.stop_threads();
                Verdict::End
            }
            UncaughtExceptionResponse::ShutdownApplication => {
                tracing::warn!(
                    "stopping this instance only: the other instances of the application go on, \
                     as the client library cannot tell them"
                );
                self.fail(error);
                self.stop_threads();
                Verdict::End
            }
        }
    }

    fn global_thread_failed(&self, error: StreamsError) {
        let handler = lock(&self.listeners).uncaught.clone();
        if handler.map(|handler| handler(&error)) == Some(UncaughtExceptionResponse::ReplaceThread)
        {
            tracing::warn!("the thread of the global stores cannot be replaced: stopping");
        }
        self.fail(error);
        self.stop_threads();
    }

    fn restore_listener(&self) -> Option<Arc<dyn StateRestoreListener>> {
        lock(&self.listeners).restore.clone()
    }
}
