//! The state directory: who owns it, and where each store's files lie.
//!
//! ```text
//! <state.dir>/<application.id>/.lock                             held by the process
//!                             /kafka-streams-process-metadata    who it is, kept over restarts
//!                             /<sub-topology>_<partition>/rocksdb/<store>/
//!                                                        /files/       what processors keep there (`state_dir()`)
//!                             /global/rocksdb/<store>/
//!                                    /files/
//! ```
//! The lock is a file lock of the operating system (crate `fs4`, as `File::try_lock` needs Rust 1.89): it
//! goes with its process, however that ends. A file with a process number would stay behind a crash, and in
//! containers every process has the same number.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::hash::{BuildHasher, RandomState};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use uuid::Uuid;

use super::folders::{self, FILES, GLOBAL};
use super::{StoreError, StoreErrorKind};
use crate::topology::ids::TaskId;

const LOCK: &str = ".lock";
const METADATA: &str = "kafka-streams-process-metadata";
const ROCKSDB: &str = "rocksdb";
const FORMAT_VERSION: i64 = 1;

/// The directory of one application, locked for this process until dropped.
///
/// Java: `StateDirectory`.
#[derive(Debug)]
pub struct StateDirectory {
    path: PathBuf,
    process_id: Uuid,
    /// Closing it lets go of the lock.
    _lock: File,
}

impl StateDirectory {
    /// Locks `<state_dir>/<application_id>`, which is made if need be.
    ///
    /// # Errors
    /// When another process uses it, when it is foreign or newer, or cannot be written.
    pub fn open(state_dir: &Path, application_id: &str) -> Result<Self, StoreError> {
        check_name("application.id", application_id)?;
        let path = state_dir.join(application_id);
        make_folder(&path)?;
        let lock = lock(&path)?;
        let process_id = process_id(&path.join(METADATA))?;
        Ok(Self { path, process_id, _lock: lock })
    }

    /// The application's folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Who this process is, the same after a restart in this directory.
    pub fn process_id(&self) -> Uuid {
        self.process_id
    }

    /// The folder of a task's store; folders above it are made.
    ///
    /// # Errors
    /// When the task's folder is foreign or cannot be made.
    pub fn store_path(&self, task: TaskId, store: &str) -> Result<PathBuf, StoreError> {
        self.store_in(&self.path.join(task.to_string()), store)
    }

    /// The folder of a global store; folders above it are made.
    ///
    /// # Errors
    /// When the folder of the global stores is foreign or cannot be made.
    pub fn global_store_path(&self, store: &str) -> Result<PathBuf, StoreError> {
        self.store_in(&self.path.join(GLOBAL), store)
    }

    fn store_in(&self, folder: &Path, store: &str) -> Result<PathBuf, StoreError> {
        check_name("a store's name", store)?;
        make_folder(folder)?;
        for name in names_in(folder)? {
            if name != ROCKSDB && name != FILES {
                return Err(StoreError::new(
                    StoreErrorKind::Foreign,
                    format!(
                        "`{}` holds `{name}`, which is none of ours; use another `state.dir`, or delete \
                         this folder: its stores are then restored from their changelogs",
                        folder.display()
                    ),
                ));
            }
        }
        let stores = folder.join(ROCKSDB);
        make_folder(&stores)?;
        Ok(stores.join(store))
    }

    /// The tasks that have state here, in order.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn tasks(&self) -> Result<Vec<TaskId>, StoreError> {
        let mut tasks: Vec<_> =
            names_in(&self.path)?.iter().filter_map(|name| task_of(name)).collect();
        tasks.sort_unstable();
        Ok(tasks)
    }

    /// The stores that a task has here, by name.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn stores(&self, task: TaskId) -> Result<Vec<String>, StoreError> {
        let stores = self.path.join(task.to_string()).join(ROCKSDB);
        if !stores.exists() {
            return Ok(Vec::new());
        }
        let mut names = names_in(&stores)?;
        names.sort_unstable();
        Ok(names)
    }

    /// Deletes one store of a task, which must be closed, so that it is restored from the beginning.
    ///
    /// # Errors
    /// When files cannot be deleted.
    pub fn wipe_store(&self, task: TaskId, store: &str) -> Result<(), StoreError> {
        remove_folder(&self.store_path(task, store)?)
    }

    /// Deletes one global store, which must be closed, so that it is loaded from the beginning.
    ///
    /// # Errors
    /// When files cannot be deleted.
    pub fn wipe_global_store(&self, store: &str) -> Result<(), StoreError> {
        remove_folder(&self.global_store_path(store)?)
    }

    /// Deletes all stores of a task, which must be closed.
    ///
    /// # Errors
    /// When files cannot be deleted.
    pub fn wipe_task(&self, task: TaskId) -> Result<(), StoreError> {
        remove_folder(&self.path.join(task.to_string()))
    }

    /// Deletes the tasks that nobody owns and whose files nobody changed for `age`; returns them.
    ///
    /// # Errors
    /// When files cannot be read or deleted.
    pub fn remove_unused(
        &self,
        owned: &BTreeSet<TaskId>,
        age: Duration,
        now: SystemTime,
    ) -> Result<Vec<TaskId>, StoreError> {
        let mut removed = Vec::new();
        for task in self.tasks()? {
            if owned.contains(&task) {
                continue;
            }
            let folder = self.path.join(task.to_string());
            let unused = now.duration_since(last_change(&folder)?).unwrap_or_default();
            if unused >= age {
                remove_folder(&folder)?;
                removed.push(task);
            }
        }
        Ok(removed)
    }

    /// Deletes all local state of an application that is not running; it is restored at the next start.
    ///
    /// Who the process is stays.
    ///
    /// # Errors
    /// When the application runs, or files cannot be deleted.
    pub fn clean_up(state_dir: &Path, application_id: &str) -> Result<(), StoreError> {
        check_name("application.id", application_id)?;
        let path = state_dir.join(application_id);
        if !path.exists() {
            return Ok(());
        }
        let _lock = lock(&path)?;
        for name in names_in(&path)? {
            if name == GLOBAL || task_of(&name).is_some() {
                remove_folder(&path.join(name))?;
            }
        }
        Ok(())
    }
}

/// `0_3` as a task.
fn task_of(name: &str) -> Option<TaskId> {
    let (sub_topology, partition) = name.split_once('_')?;
    let task =
        TaskId { sub_topology: sub_topology.parse().ok()?, partition: partition.parse().ok()? };
    (task.to_string() == name).then_some(task)
}

/// Names become folders: they must not lead elsewhere.
fn check_name(what: &str, name: &str) -> Result<(), StoreError> {
    let mut parts = Path::new(name).components();
    match (parts.next(), parts.next()) {
        (Some(Component::Normal(part)), None) if part == name => Ok(()),
        _ => Err(StoreError::new(
            StoreErrorKind::Io,
            format!("{what} is `{name}`, but must be fit for a folder's name"),
        )),
    }
}

fn lock(path: &Path) -> Result<File, StoreError> {
    let file_path = path.join(LOCK);
    let io = |error| StoreError::io(&file_path, "lock", &error);
    let mut file = File::options()
        .create(true)
        .read(true)
        .write(true)
        .truncate(false)
        .open(&file_path)
        .map_err(io)?;
    match fs4::FileExt::try_lock(&file) {
        Ok(()) => {
            file.set_len(0).map_err(io)?;
            write!(file, "{}", std::process::id()).map_err(io)?;
            Ok(file)
        }
        Err(fs4::TryLockError::WouldBlock) => Err(in_use(path, &mut file)),
        Err(fs4::TryLockError::Error(error)) => Err(io(error)),
    }
}

fn in_use(path: &Path, file: &mut File) -> StoreError {
    let mut owner = String::new();
    let read = file.seek(SeekFrom::Start(0)).and_then(|_| file.read_to_string(&mut owner));
    let owner = match read.ok().and_then(|_| owner.trim().parse::<u32>().ok()) {
        Some(id) if id == std::process::id() => format!("this process ({id}) already"),
        Some(id) => format!("process {id}"),
        None => "another process".to_owned(),
    };
    StoreError::new(
        StoreErrorKind::InUse,
        format!(
            "the state directory `{}` is in use by {owner}; stop that one, or give each instance on \
             this machine its own `state.dir`",
            path.display()
        ),
    )
}

/// Reads who this process is, or decides it.
fn process_id(path: &Path) -> Result<Uuid, StoreError> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return new_process_id(path),
        Err(error) => return Err(StoreError::io(path, "read", &error)),
    };
    let metadata: Option<Value> = serde_json::from_str(&text).ok();
    let id = metadata.as_ref().and_then(|data| data["processId"].as_str()?.parse().ok());
    let (Some(metadata), Some(id)) = (metadata, id) else {
        // a crash while it was written; nothing but the identity is lost
        return new_process_id(path);
    };
    match metadata["format"].as_i64() {
        Some(FORMAT_VERSION) => Ok(id),
        Some(version) => Err(StoreError::new(
            StoreErrorKind::Newer,
            format!(
                "`{}` has format {version}, but this version knows {FORMAT_VERSION}; run the newer \
                 version, or use another `state.dir`",
                path.display()
            ),
        )),
        None => Err(StoreError::new(
            StoreErrorKind::Foreign,
            format!(
                "`{}` was written by Kafka Streams for Java; use another `state.dir`, or delete the \
                 folder of the application: its stores are then restored from their changelogs",
                path.display()
            ),
        )),
    }
}

fn new_process_id(path: &Path) -> Result<Uuid, StoreError> {
    // the standard library's random seeds: no security hangs on this
    let random = || RandomState::new().hash_one(0u8).to_be_bytes();
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&random());
    bytes[8..].copy_from_slice(&random());
    let id = uuid::Builder::from_random_bytes(bytes).into_uuid();
    let metadata = json!({ "processId": id.to_string(), "format": FORMAT_VERSION });
    let draft = path.with_extension("tmp");
    fs::write(&draft, metadata.to_string())
        .and_then(|()| fs::rename(&draft, path))
        .map_err(|error| StoreError::io(path, "write", &error))?;
    Ok(id)
}

/// Makes a folder that only its owner writes and its group reads.
fn make_folder(path: &Path) -> Result<(), StoreError> {
    folders::make_folder(path).map_err(|error| StoreError::io(path, "make", &error))
}

fn remove_folder(path: &Path) -> Result<(), StoreError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(StoreError::io(path, "delete", &error))
        }
        _ => Ok(()),
    }
}

fn names_in(path: &Path) -> Result<Vec<String>, StoreError> {
    let io = |error| StoreError::io(path, "read", &error);
    let mut names = Vec::new();
    for entry in fs::read_dir(path).map_err(io)? {
        names.push(entry.map_err(io)?.file_name().to_string_lossy().into_owned());
    }
    Ok(names)
}

/// When something in the folder changed last.
fn last_change(path: &Path) -> Result<SystemTime, StoreError> {
    let io = |error| StoreError::io(path, "read", &error);
    let about = fs::metadata(path).map_err(io)?;
    let mut last = about.modified().map_err(io)?;
    if about.is_dir() {
        for name in names_in(path)? {
            last = last.max(last_change(&path.join(name))?);
        }
    }
    Ok(last)
}
