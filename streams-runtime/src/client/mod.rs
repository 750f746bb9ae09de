//! The client: one instance of an application, its start, its life and its end.

mod instance;
mod listener;
mod signal;
mod state;
mod threads;

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use self::instance::Instance;
pub use self::listener::{UncaughtExceptionHandler, UncaughtExceptionResponse};
pub use self::state::State;
use crate::config::StreamsConfig;
use crate::driver::kafka::{self, Application, Supervisor, lock};
pub use crate::driver::kafka::{StateRestoreListener, TaskMetadata, ThreadMetadata, ThreadState};
use crate::dsl::{BuiltTopology, Topology};
use crate::error::{StreamsError, StreamsErrorKind};

/// How long [`KafkaStreams::run`] gives its threads to finish after a signal.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(30);

/// One instance of an application: runs a topology over Kafka, at-least-once or exactly-once.
///
/// Several instances with one `application.id` share the work, partition by partition; each may
/// have several threads.
///
/// | who ends it | how to live |
/// |---|---|
/// | Ctrl-C and SIGTERM | [`run`](Self::run) in `main`, or [`run_until_signal`](Self::run_until_signal) for the error |
/// | the program | [`start`](Self::start), then [`close`](Self::close) with a time limit |
/// | whoever comes first | [`start`](Self::start), then [`wait`](Self::wait) (blocks) or [`closed`](Self::closed) (async) |
///
/// Dropping it stops it, as `close` with 30 s does. A thread that fails and is replaced gets a
/// successor with the next free name, as in Kafka Streams.
///
/// One thing differs from the test driver: a record with time 0 is produced with time 1 ms, because the
/// client library takes 0 for "now".
///
/// # Example
/// ```no_run
/// use streams_runtime::prelude::*;
///
/// topology!(
///     fn word_count() -> Topology {
///         let words = stream::<Option<String>, String>("words");
///         words.group_by(|_, word| word.clone()).count("counts").to_stream().to("word-counts");
///     }
/// );
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
    process_id: uuid::Uuid,
    instance: Arc<Instance>,
    /// Held while the instance starts.
    starting: Mutex<()>,
    /// Alive as long as a thread is.
    application: Mutex<Weak<Application>>,
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
        let process_id = process_id();
        let client_id = config
            .settings()
            .client_id
            .clone()
            .unwrap_or_else(|| format!("{}-{process_id}", config.application_id()));
        let instance = Arc::new(Instance::new(client_id.clone()));
        Ok(Self {
            config,
            built,
            client_id,
            process_id,
            instance,
            starting: Mutex::default(),
            application: Mutex::default(),
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
        let _starting = lock(&self.starting);
        if self.instance.state() != State::Created {
            return Err(StreamsError::new(
                StreamsErrorKind::Config,
                format!("an instance starts once; its state is {}", self.instance.state()),
            ));
        }
        let started = self.start_threads();
        if started.is_err() {
            self.instance.become_state(State::PendingError);
            self.instance.threads.stop();
            self.instance.become_state(State::Error);
        }
        started
    }

    fn start_threads(&self) -> Result<(), StreamsError> {
        let (config, built) = (self.config.clone(), Arc::clone(&self.built));
        let app = Application::prepare(config, built, &self.client_id, self.process_id)?;
        let app = Arc::new(app);
        *lock(&self.application) = Arc::downgrade(&app);
        let count = if app.has_tasks() { self.config.settings().num_stream_threads } else { 0 };
        // all of them are known before the first one runs, or the state would be `Running` too
        // early
        let handles: Vec<_> = (0..count).map(|_| self.instance.threads.add()).collect();
        self.instance.become_state(State::Rebalancing);
        let loaded = if app.has_globals() { self.load_globals(&app) } else { Ok(()) };
        if loaded.is_err() || !self.state().is_alive() {
            handles.iter().for_each(|handle| handle.never_starts());
            self.instance.thread_changed();
            return loaded;
        }
        handles.into_iter().try_for_each(|handle| self.instance.spawn(&app, handle))
    }

    /// Starts the thread of the global stores and waits until they are loaded, or the instance stops.
    fn load_globals(&self, app: &Arc<Application>) -> Result<(), StreamsError> {
        let handle = self.instance.threads.add_global();
        self.instance.stop_if_late(&handle);
        let (tell, told) = std::sync::mpsc::sync_channel(1);
        let supervisor: Arc<dyn Supervisor> = Arc::<Instance>::clone(&self.instance);
        let (app, noted) = (Arc::clone(app), Arc::clone(&handle));
        let body = move || kafka::run_global(&app, &handle, &supervisor, tell);
        self.instance.threads.spawn(&noted, body)?;
        // nothing comes from a thread that was stopped
        told.recv().unwrap_or(Ok(()))
    }

    /// Adds a thread to a running instance; the partitions are shared anew. Returns its name, or
    /// `None` when the instance does not run.
    ///
    /// # Errors
    /// When the operating system starts no further thread.
    pub fn add_stream_thread(&self) -> Result<Option<String>, StreamsError> {
        let app = lock(&self.application).upgrade();
        let alive = |app: &Arc<Application>| self.state().is_alive() && app.has_tasks();
        let Some(app) = app.filter(alive) else { return Ok(None) };
        let handle = self.instance.threads.add();
        let name = handle.name();
        app.threads.fetch_add(1, Ordering::Relaxed);
        self.instance.stop_if_late(&handle);
        self.instance.thread_changed();
        self.instance.spawn(&app, handle)?;
        Ok(Some(name))
    }

    /// Asks the youngest thread to commit and end; the others get its partitions. Returns its name,
    /// or `None` when the instance does not run or has one thread only.
    pub fn remove_stream_thread(&self) -> Option<String> {
        let app = lock(&self.application).upgrade().filter(|_| self.state().is_alive())?;
        let handle = self.instance.threads.youngest()?;
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
        self.instance.threads.stream().iter().map(|thread| thread.metadata()).collect()
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
        // a start that is under way ends soon
        let _starting = lock(&self.starting);
        while !self.instance.threads.reap() {
            if now() >= deadline {
                self.abandoned.store(true, Ordering::Release);
                return false;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        true
    }

    fn ask_to_stop(&self) {
        let stops_now = self.instance.become_state(State::PendingShutdown);
        self.instance.threads.stop();
        if stops_now && self.instance.threads.all().is_empty() {
            self.instance.become_state(State::NotRunning);
        }
    }

    /// Blocks the calling thread until the instance has stopped, for whatever reason: another thread
    /// called [`close`](Self::close), or an error. Its threads are gone then, and its state directory is
    /// free. An instance that was never started does not stop.
    ///
    /// # Errors
    /// The error that stopped it, once: later calls give `Ok`.
    pub fn wait(&self) -> Result<(), StreamsError> {
        let outcome = kafka::block_on(self.closed());
        // they have let go of everything but themselves: another instance may have the state directory
        while !self.instance.threads.reap() {
            std::thread::sleep(Duration::from_millis(1));
        }
        outcome
    }

    /// [`wait`](Self::wait) without blocking a thread, in any async runtime.
    ///
    /// # Errors
    /// As [`wait`](Self::wait).
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
