//! Sockets and threads: one thread accepts, one serves each connection, one keeps the
//! groups' time, one that of transactions.

mod connection;

use std::collections::HashMap;
use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::shared::Shared;

/// The running threads of one broker; dropping it ends them all.
#[derive(Debug)]
pub(crate) struct Server {
    shared: Arc<Shared>,
    address: SocketAddr,
    open: Arc<Open>,
    accepting: Option<JoinHandle<Vec<JoinHandle<()>>>>,
    timing: Vec<JoinHandle<()>>,
}

/// The sockets in use, so that they can be closed from outside.
#[derive(Debug, Default)]
struct Open {
    sockets: Mutex<HashMap<u64, TcpStream>>,
}

impl Open {
    fn lock(&self) -> MutexGuard<'_, HashMap<u64, TcpStream>> {
        self.sockets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Server {
    /// Starts to serve the listener.
    ///
    /// # Errors
    /// When no thread can be started.
    pub(crate) fn start(listener: TcpListener, shared: Arc<Shared>) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let open = Arc::<Open>::default();
        let (timed, accepted, sockets) =
            (Arc::clone(&shared), Arc::clone(&shared), Arc::clone(&open));
        let groups = spawn("broker-groups", move || timed.coordinator.run_timers())?;
        let timed = Arc::clone(&shared);
        let transactions = spawn("broker-transactions", move || timed.run_transaction_timers())?;
        let timing = vec![groups, transactions];
        let accepting = spawn("broker-accept", move || accept_all(&listener, &accepted, &sockets))?;
        Ok(Self { shared, address, open, accepting: Some(accepting), timing })
    }

    /// Cuts all connections that are open now.
    pub(crate) fn disconnect_all(&self) {
        for socket in self.open.lock().values() {
            let _ = socket.shutdown(Shutdown::Both);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stop();
        // Wakes the accepting thread; it may have ended already.
        let _ = TcpStream::connect(self.address);
        let serving = self.accepting.take().and_then(|thread| thread.join().ok());
        self.disconnect_all();
        for thread in serving.into_iter().flatten().chain(self.timing.drain(..)) {
            let _ = thread.join();
        }
    }
}

fn accept_all(
    listener: &TcpListener,
    shared: &Arc<Shared>,
    open: &Arc<Open>,
) -> Vec<JoinHandle<()>> {
    let mut serving: Vec<JoinHandle<()>> = Vec::new();
    for (id, socket) in (0u64..).zip(listener.incoming()) {
        if shared.is_stopped() {
            break;
        }
        serving.retain(|thread| !thread.is_finished());
        // A connection that fails before its first request is the client's to retry; the pause keeps
        // a lack of descriptors from eating a core.
        let Ok(socket) = socket else {
            shared.sleep(Duration::from_millis(10));
            continue;
        };
        serving.extend(serve(id, socket, shared, open).ok());
    }
    serving
}

fn serve(
    id: u64,
    socket: TcpStream,
    shared: &Arc<Shared>,
    open: &Arc<Open>,
) -> io::Result<JoinHandle<()>> {
    let (shared, open) = (Arc::clone(shared), Arc::clone(open));
    open.lock().insert(id, socket.try_clone()?);
    spawn("broker-connection", move || {
        connection::serve(&shared, &socket);
        let _ = socket.shutdown(Shutdown::Both);
        open.lock().remove(&id);
    })
}

#[allow(clippy::disallowed_methods, reason = "the broker is a driver: it owns its threads")]
fn spawn<T: Send + 'static>(
    name: &str,
    run: impl FnOnce() -> T + Send + 'static,
) -> io::Result<JoinHandle<T>> {
    thread::Builder::new().name(name.to_owned()).spawn(run)
}
