//! The threads of an instance: their names, their handles, their ends.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use crate::driver::kafka::{ThreadHandle, ThreadState, lock};
use crate::error::{StreamsError, StreamsErrorKind};

/// The threads, as the client knows them.
pub(super) struct Threads {
    client_id: String,
    stream: Mutex<Vec<Arc<ThreadHandle>>>,
    /// The thread of the global stores, if there are any.
    global: Mutex<Option<Arc<ThreadHandle>>>,
    /// What the operating system runs.
    running: Mutex<Vec<JoinHandle<()>>>,
}

impl Threads {
    pub(super) fn new(client_id: String) -> Self {
        Self {
            client_id,
            stream: Mutex::default(),
            global: Mutex::default(),
            running: Mutex::default(),
        }
    }

    /// Notes one stream thread more. It gets the lowest number that no living one has.
    pub(super) fn add(&self) -> Arc<ThreadHandle> {
        let mut threads = lock(&self.stream);
        threads.retain(|thread| thread.state() != ThreadState::Dead);
        let taken: BTreeSet<String> = threads.iter().map(|thread| thread.name()).collect();
        let name = |n: usize| format!("{}-StreamThread-{n}", self.client_id);
        let free = (1..).map(name).find(|name| !taken.contains(name));
        let handle = Arc::new(ThreadHandle::new(free.unwrap_or_default()));
        threads.push(Arc::clone(&handle));
        handle
    }

    /// Notes the thread of the global stores.
    pub(super) fn add_global(&self) -> Arc<ThreadHandle> {
        let name = format!("{}-GlobalStreamThread", self.client_id);
        let handle = Arc::new(ThreadHandle::new(name));
        *lock(&self.global) = Some(Arc::clone(&handle));
        handle
    }

    /// The stream threads that are not dead.
    pub(super) fn stream(&self) -> Vec<Arc<ThreadHandle>> {
        let threads = lock(&self.stream);
        threads.iter().filter(|thread| thread.state() != ThreadState::Dead).cloned().collect()
    }

    /// All threads that are not dead.
    pub(super) fn all(&self) -> Vec<Arc<ThreadHandle>> {
        let mut threads = self.stream();
        let global = lock(&self.global).clone();
        threads.extend(global.filter(|thread| thread.state() != ThreadState::Dead));
        threads
    }

    /// The youngest stream thread, unless it is the last one that stays.
    pub(super) fn youngest(&self) -> Option<Arc<ThreadHandle>> {
        let mut staying = self.stream();
        staying.retain(|thread| !thread.stopping());
        staying.pop().filter(|_| !staying.is_empty())
    }

    /// Asks all threads to end.
    pub(super) fn stop(&self) {
        for thread in self.all() {
            thread.stop();
        }
    }

    /// Runs a noted thread.
    ///
    /// # Errors
    /// When the operating system starts no further thread; then it counts as dead.
    pub(super) fn spawn(
        &self,
        handle: &ThreadHandle,
        body: impl FnOnce() + Send + 'static,
    ) -> Result<(), StreamsError> {
        let spawned = std::thread::Builder::new().name(handle.name()).spawn(body);
        let thread = spawned.map_err(|error| {
            handle.never_starts();
            let message = "the operating system starts no further thread";
            StreamsError::new(StreamsErrorKind::Config, message).caused_by(error)
        })?;
        lock(&self.running).push(thread);
        Ok(())
    }

    /// Takes leave of threads that have ended; true when none is left.
    pub(super) fn reap(&self) -> bool {
        let mut running = lock(&self.running);
        let (ended, left): (Vec<_>, Vec<_>) =
            std::mem::take(&mut *running).into_iter().partition(JoinHandle::is_finished);
        *running = left;
        for thread in ended {
            // a panic was told to the supervisor already
            let _result = thread.join();
        }
        running.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(threads: &[Arc<ThreadHandle>]) -> Vec<String> {
        threads.iter().map(|thread| thread.name()).collect()
    }

    #[test]
    fn a_new_thread_gets_the_lowest_free_number() {
        let threads = Threads::new("app".into());
        let [one, two] = [threads.add(), threads.add()];
        assert_eq!(names(&threads.stream()), ["app-StreamThread-1", "app-StreamThread-2"]);
        // the successor of a thread that has not ended yet is another one
        assert_eq!(threads.add().name(), "app-StreamThread-3");
        one.never_starts();
        assert_eq!(threads.add().name(), "app-StreamThread-1");
        two.stop();
        assert_eq!(
            threads.youngest().map(|thread| thread.name()),
            Some("app-StreamThread-1".into())
        );
    }

    #[test]
    fn the_last_thread_stays() {
        let threads = Threads::new("app".into());
        assert!(threads.youngest().is_none());
        threads.add();
        threads.add_global();
        assert!(threads.youngest().is_none());
        assert_eq!(threads.all().len(), 2);
        assert!(threads.reap());
    }
}
