//! The client: one instance of an application, its start, its life and its end.

mod instance;
mod listener;
mod signal;
mod state;

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use self::instance::Instance;
pub use self::listener::{UncaughtExceptionHandler, UncaughtExceptionResponse};
pub use self::state::State;
use crate::config::{ProcessingGuarantee, StreamsConfig};
use crate::driver::kafka::{self, Application, Supervisor, ThreadHandle, lock};
pub use crate::driver::kafka::{StateRestoreListener, TaskMetadata, ThreadMetadata, ThreadState};
use crate::dsl::{BuiltTopology, Topology};
use crate::error::{StreamsError, StreamsErrorKind};

/// How long [`KafkaStreams::run`] gives its threads to finish after a signal.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(30);

/// One instance of an application: runs a topology over Kafka, at-least-once.
///
/// Several instances with one `application.id` share the work, partition by partition; each may
/// have several threads. Dropping it stops it, as [`close`](Self::close) does.
///
/// # Example
/// ```no_run
/// use streams_runtime::client::KafkaStreams;
/// use streams_runtime::config::StreamsConfig;
/// # fn word_count() -> streams_runtime::dsl::Topology { unimplemented!() }
///
/// fn main() -> std::process::ExitCode {
///     let config = StreamsConfig::new("word-count").bootstrap_servers("localhost:9092");
///     // until Ctrl-C, SIGTERM or an error
///     match KafkaStreams::new(&word_count(), config) {
///         Ok(streams) => streams.run(),
///         Err(error) => {
///             eprintln!("{error}");
///             std::process::ExitCode::FAILURE
///         }
///     }
/// }
/// ```
pub struct KafkaStreams {
    config: StreamsConfig,
    built: Arc<BuiltTopology>,
    client_id: String,
    instance: Arc<Instance>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    /// Alive as long as a thread is.
    application: Mutex<Weak<Application>>,
    next_thread: AtomicUsize,
    /// True once a close ran out of time; then dropping does not wait again.
    abandoned: AtomicBool,
}

impl KafkaStreams {
    /// Builds the topology for the configuration. Talks to no broker yet.
    ///
    /// # Errors
    /// When the configuration or the topology is wrong.
    pub fn new(topology: &Topology, config: StreamsConfig) -> Result<Self, StreamsError> {
        config.check()?;
        refuse_exactly_once(&config)?;
        for note in config.notes() {
            tracing::warn!("{note}");
        }
        if config.bootstrap().is_empty() {
            return Err(StreamsError::new(
                StreamsErrorKind::Config,
                "invalid configuration: `bootstrap.servers` is missing: name the broker, for \
                 example `localhost:9092`",
            ));
        }
        let built = Arc::new(topology.build(&config.topology_config())?);
        for name in &built.plan.unnamed {
            tracing::warn!("{name}");
        }
        let client_id = config
            .settings()
            .client_id
            .clone()
            .unwrap_or_else(|| format!("{}-{}", config.application_id(), process_id()));
        let instance = Arc::new(Instance::new());
        Ok(Self {
            config,
            built,
            client_id,
            instance,
            threads: Mutex::default(),
            application: Mutex::default(),
            next_thread: AtomicUsize::new(1),
            abandoned: AtomicBool::new(false),
        })
    }

    /// Is told each change of the state: the new one, and the one before. Must be quick, and must
    /// not close the instance itself.
    pub fn set_state_listener(&self, listener: impl Fn(State, State) + Send + Sync + 'static) {
        self.instance.set_state_listener(Arc::new(listener));
    }

    /// Is told how stores are restored; set it before the start.
    pub fn set_restore_listener(&self, listener: impl StateRestoreListener) {
        self.instance.set_restore_listener(Arc::new(listener));
    }

    /// Decides what happens after a thread ended with an error. Default: the instance stops.
    pub fn set_uncaught_exception_handler(
        &self,
        handler: impl Fn(&StreamsError) -> UncaughtExceptionResponse + Send + Sync + 'static,
    ) {
        self.instance.set_uncaught_handler(Arc::new(handler));
    }

    /// Checks the topics, creates the internal ones and starts the threads.
    ///
    /// Where there are global tables it returns when they hold what their topics held, so that no record
    /// is processed before; [`close`](Self::close) on another thread ends that wait.
    ///
    /// # Errors
    /// When it was started before, the broker does not answer within 10 s, a source topic is
    /// missing, partition counts do not fit, a right is missing, or the state directory is in use.
    /// The state is then `Error`.
    pub fn start(&self) -> Result<(), StreamsError> {
        let mut threads = lock(&self.threads);
        if self.instance.state() != State::Created || !threads.is_empty() {
            return Err(StreamsError::new(
                StreamsErrorKind::Config,
                format!("an instance starts once; its state is {}", self.instance.state()),
            ));
        }
        match self.start_threads() {
            Ok(started) => {
                *threads = started;
                Ok(())
            }
            Err(error) => {
                self.instance.become_state(State::PendingError);
                self.instance.become_state(State::Error);
                Err(error)
            }
        }
    }

    fn start_threads(&self) -> Result<Vec<JoinHandle<()>>, StreamsError> {
        let app =
            Application::prepare(self.config.clone(), Arc::clone(&self.built), &self.client_id)?;
        let app = Arc::new(app);
        *lock(&self.application) = Arc::downgrade(&app);
        let count = if app.has_tasks() { self.config.settings().num_stream_threads } else { 0 };
        // all of them are known before the first one runs, or the state would be `Running` too
        // early
        let handles: Vec<_> = (0..count).map(|_| self.new_handle()).collect();
        self.instance.set_threads(handles.clone());
        self.instance.become_state(State::Rebalancing);
        let started = self.spawn_all(&app, &handles);
        if started.is_err() {
            self.instance.stop_threads();
        }
        started
    }

    /// Spawns the threads, that of the global stores first: tasks find them loaded.
    fn spawn_all(
        &self,
        app: &Arc<Application>,
        handles: &[Arc<ThreadHandle>],
    ) -> Result<Vec<JoinHandle<()>>, StreamsError> {
        let mut started = Vec::new();
        if app.has_globals() {
            started.push(self.load_globals(app)?);
        }
        if !self.state().is_alive() {
            handles.iter().for_each(|handle| handle.never_starts());
            self.instance.thread_changed();
            return Ok(started);
        }
        for handle in handles {
            started.push(self.spawn(app, Arc::clone(handle))?);
        }
        Ok(started)
    }

    /// Starts the thread of the global stores and waits until they are loaded, or the instance stops.
    fn load_globals(&self, app: &Arc<Application>) -> Result<JoinHandle<()>, StreamsError> {
        let handle = Arc::new(ThreadHandle::new(format!("{}-GlobalStreamThread", self.client_id)));
        self.instance.set_global_thread(Arc::clone(&handle));
        let (tell, told) = std::sync::mpsc::sync_channel(1);
        let started = self.spawn_with(&handle, {
            let (app, handle) = (Arc::clone(app), Arc::clone(&handle));
            move |supervisor| kafka::run_global(&app, &handle, &supervisor, tell)
        })?;
        if !self.state().is_alive() {
            // stopped before it was there to be asked
            handle.stop();
        }
        // nothing comes from a thread that was stopped
        told.recv().unwrap_or(Ok(()))?;
        Ok(started)
    }

    fn new_handle(&self) -> Arc<ThreadHandle> {
        let n = self.next_thread.fetch_add(1, Ordering::Relaxed);
        Arc::new(ThreadHandle::new(format!("{}-StreamThread-{n}", self.client_id)))
    }

    fn spawn(
        &self,
        app: &Arc<Application>,
        handle: Arc<ThreadHandle>,
    ) -> Result<JoinHandle<()>, StreamsError> {
        let app = Arc::clone(app);
        self.spawn_with(&Arc::clone(&handle), move |supervisor| {
            kafka::run(&app, &handle, &supervisor);
        })
    }

    fn spawn_with(
        &self,
        handle: &ThreadHandle,
        body: impl FnOnce(Arc<dyn Supervisor>) + Send + 'static,
    ) -> Result<JoinHandle<()>, StreamsError> {
        let supervisor: Arc<dyn Supervisor> = Arc::<Instance>::clone(&self.instance);
        let builder = std::thread::Builder::new().name(handle.name());
        builder.spawn(move || body(supervisor)).map_err(|error| {
            let message = "the operating system starts no further thread";
            StreamsError::new(StreamsErrorKind::Config, message).caused_by(error)
        })
    }

    /// Adds a thread to a running instance; the partitions are shared anew. Returns its name, or
    /// `None` when the instance does not run.
    ///
    /// # Errors
    /// When the operating system starts no further thread.
    pub fn add_stream_thread(&self) -> Result<Option<String>, StreamsError> {
        let mut threads = lock(&self.threads);
        let app = lock(&self.application).upgrade();
        let alive = |app: &Arc<Application>| self.state().is_alive() && app.has_tasks();
        let Some(app) = app.filter(alive) else { return Ok(None) };
        let handle = self.new_handle();
        let name = handle.name();
        app.threads.fetch_add(1, Ordering::Relaxed);
        self.instance.add_thread(Arc::clone(&handle));
        self.instance.thread_changed();
        threads.push(self.spawn(&app, handle)?);
        Ok(Some(name))
    }

    /// Asks the youngest thread to commit and end; the others get its partitions. Returns its name,
    /// or `None` when the instance does not run or has one thread only.
    pub fn remove_stream_thread(&self) -> Option<String> {
        let app = lock(&self.application).upgrade()?;
        let threads = self.instance.threads();
        let alive = threads.iter().filter(|thread| thread.state() != ThreadState::Dead).count();
        if !self.state().is_alive() || alive < 2 {
            return None;
        }
        let handle = self.instance.take_thread()?;
        app.threads.fetch_sub(1, Ordering::Relaxed);
        handle.stop();
        Some(handle.name())
    }

    /// The state.
    pub fn state(&self) -> State {
        self.instance.state()
    }

    /// The threads and their tasks, as they are now.
    pub fn thread_metadata(&self) -> Vec<ThreadMetadata> {
        self.instance.threads().iter().map(|thread| thread.metadata()).collect()
    }

    /// The name under which the broker sees this instance.
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// Stops the threads: each finishes its record, commits and closes. True when all were done in
    /// time.
    ///
    /// May be called at any time and more than once.
    pub fn close(&self, timeout: Duration) -> bool {
        let deadline = now() + timeout;
        self.ask_to_stop();
        let mut threads = lock(&self.threads);
        while let Some(thread) = threads.last() {
            if thread.is_finished() {
                let done = threads.pop();
                // a panic was told to the supervisor already
                let _result = done.map(JoinHandle::join);
            } else if now() < deadline {
                std::thread::sleep(Duration::from_millis(1));
            } else {
                self.abandoned.store(true, Ordering::Release);
                return false;
            }
        }
        true
    }

    fn ask_to_stop(&self) {
        let had_threads = self.instance.become_state(State::PendingShutdown);
        let handles = self.instance.all_threads();
        for handle in &handles {
            handle.stop();
        }
        if had_threads && handles.is_empty() {
            self.instance.become_state(State::NotRunning);
        }
    }

    /// Waits until the instance has stopped, for whatever reason.
    ///
    /// # Errors
    /// The error that stopped it.
    pub async fn closed(&self) -> Result<(), StreamsError> {
        let mut states = self.instance.watch();
        // an error means that the sender is gone, which this instance holds
        let _state = states.wait_for(|state| state.is_terminal()).await;
        self.outcome()
    }

    fn outcome(&self) -> Result<(), StreamsError> {
        self.instance.take_error().map_or(Ok(()), Err)
    }

    /// Starts, runs until Ctrl-C, SIGTERM or an error, and stops within 30 s. A second signal ends
    /// the process at once.
    ///
    /// # Errors
    /// What [`start`](Self::start) says, or the error that stopped the instance.
    pub fn run_until_signal(&self) -> Result<(), StreamsError> {
        // before the start, so that a signal during it is not lost
        let signal = signal::listen()?;
        self.start()?;
        self.instance.wait_here();
        loop {
            let state = self.state();
            if state.is_terminal() || state == State::PendingError {
                break;
            }
            if let Some(name) = signal.received() {
                tracing::info!("{name}: stopping");
                break;
            }
            std::thread::park();
        }
        let in_time = self.close(CLOSE_TIMEOUT);
        self.outcome()?;
        if in_time {
            return Ok(());
        }
        let message = format!(
            "the threads did not stop within {} s; what they did since the last commit is repeated \
             at the next start",
            CLOSE_TIMEOUT.as_secs()
        );
        Err(StreamsError::new(StreamsErrorKind::Broker, message))
    }

    /// [`run_until_signal`](Self::run_until_signal) for `main`: prints an error and makes it the
    /// exit code 1.
    pub fn run(self) -> ExitCode {
        match self.run_until_signal() {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("{}: {error}", self.config.application_id());
                ExitCode::FAILURE
            }
        }
    }

    /// Deletes the local state of this application; it is restored at the next start.
    ///
    /// # Errors
    /// When the instance runs, another process uses the directory, or files cannot be deleted.
    pub fn clean_up(&self) -> Result<(), StreamsError> {
        let state = self.state();
        if state != State::Created && !state.is_terminal() {
            return Err(StreamsError::new(
                StreamsErrorKind::StateDirectory,
                format!(
                    "local state can be deleted before the start or after the end, but is {state}"
                ),
            ));
        }
        #[cfg(feature = "rocksdb")]
        crate::store::StateDirectory::clean_up(
            self.config.state_directory(),
            self.config.application_id(),
        )?;
        Ok(())
    }
}

impl Drop for KafkaStreams {
    fn drop(&mut self) {
        if !self.abandoned.load(Ordering::Acquire) {
            self.close(CLOSE_TIMEOUT);
        }
    }
}

impl std::fmt::Debug for KafkaStreams {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KafkaStreams")
            .field("client_id", &self.client_id)
            .field("state", &self.state())
            .finish_non_exhaustive()
    }
}

/// A name that no other instance has, from the standard library's random seeds.
fn process_id() -> uuid::Uuid {
    use std::hash::{BuildHasher, RandomState};
    let random = || RandomState::new().hash_one(0u8).to_be_bytes();
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&random());
    bytes[8..].copy_from_slice(&random());
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

#[expect(clippy::disallowed_methods, reason = "the client bounds its waits")]
fn now() -> Instant {
    Instant::now()
}

fn refuse_exactly_once(config: &StreamsConfig) -> Result<(), StreamsError> {
    if config.settings().guarantee == ProcessingGuarantee::AtLeastOnce {
        return Ok(());
    }
    Err(StreamsError::new(
        StreamsErrorKind::Config,
        "invalid configuration: `processing.guarantee=exactly_once_v2` comes in a later version of \
         `KafkaStreams`; set `at_least_once`",
    ))
}
