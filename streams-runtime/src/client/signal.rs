//! Ctrl-C and SIGTERM, heard on a thread of their own.

use std::sync::{Arc, OnceLock};

use crate::error::{StreamsError, StreamsErrorKind};

/// The first signal that came.
#[derive(Clone, Default)]
pub(super) struct Signal(Arc<OnceLock<&'static str>>);

impl Signal {
    /// The signal's name, once one came.
    pub(super) fn received(&self) -> Option<&'static str> {
        self.0.get().copied()
    }
}

/// Listens from now on and unparks the calling thread at the first signal. The second signal ends
/// the process, as it would without a listener.
pub(super) fn listen() -> Result<Signal, StreamsError> {
    let signal = Signal::default();
    let heard = signal.clone();
    let waiter = std::thread::current();
    let failed = |error: std::io::Error| {
        let message = "the operating system delivers no signals";
        StreamsError::new(StreamsErrorKind::Config, message).caused_by(error)
    };
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
    let mut signals = {
        let _inside = runtime.enter();
        Signals::new().map_err(failed)?
    };
    let listen = move || {
        runtime.block_on(async {
            let first = signals.next().await;
            // set only here, so it is empty
            let _was_set = heard.0.set(first.name);
            waiter.unpark();
            let second = signals.next().await;
            std::process::exit(second.code);
        });
    };
    std::thread::Builder::new().name("streams-signals".into()).spawn(listen).map_err(failed)?;
    Ok(signal)
}

/// A signal, and the exit code of a process that it ends.
struct Came {
    name: &'static str,
    code: i32,
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) -> Came {
        tokio::select! {
            _ = self.interrupt.recv() => Came { name: "Ctrl-C", code: 130 },
            _ = self.terminate.recv() => Came { name: "SIGTERM", code: 143 },
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> Came {
        // an error means that there is no console; then there is nothing to hear
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        Came { name: "Ctrl-C", code: 130 }
    }
}
