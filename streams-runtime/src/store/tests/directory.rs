//! The state directory: its owner, its tasks, its errors.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use super::*;
use crate::topology::ids::TaskId;

const TASK: TaskId = TaskId { sub_topology: 0, partition: 3 };

fn open(folder: &Folder) -> Result<StateDirectory, StoreError> {
    StateDirectory::open(&folder.0, "app")
}

#[track_caller]
fn check_error<T>(result: Result<T, StoreError>, kind: StoreErrorKind, words: &[&str]) {
    let error = result.map(drop).expect_err("refused");
    let message = error.to_string();
    assert_eq!(error.kind(), kind, "{message}");
    for word in words {
        assert!(message.contains(word), "{message}");
    }
}

#[test]
fn stores_have_their_places() {
    let folder = Folder::new();
    let directory = open(&folder).expect("opened");
    let path = directory.store_path(TASK, "counts").expect("made");
    assert_eq!(path, folder.0.join("app/0_3/rocksdb/counts"));
    assert!(path.parent().is_some_and(|parent| parent.exists()));
    std::fs::create_dir(&path).expect("made");
    directory.global_store_path("all").expect("made");
    assert_eq!(directory.tasks().expect("read"), [TASK]);
    assert_eq!(directory.stores(TASK).expect("read"), ["counts"]);
    directory.wipe_store(TASK, "counts").expect("wiped");
    assert!(directory.stores(TASK).expect("read").is_empty());
    directory.wipe_task(TASK).expect("wiped");
    directory.wipe_task(TASK).expect("nothing to do");
    assert!(directory.tasks().expect("read").is_empty());
}

#[test]
fn one_process_at_a_time_and_the_same_one_after_a_restart() {
    let folder = Folder::new();
    let directory = open(&folder).expect("opened");
    let process = directory.process_id();
    let number = std::process::id().to_string();
    check_error(open(&folder), StoreErrorKind::InUse, &["state.dir", &number, "/app`"]);
    check_error(StateDirectory::clean_up(&folder.0, "app"), StoreErrorKind::InUse, &[&number]);
    StateDirectory::open(&folder.0, "other").expect("another application");
    drop(directory);
    assert_eq!(open(&folder).expect("opened").process_id(), process);
}

#[test]
fn clean_up_deletes_state_and_keeps_who_we_are() {
    let folder = Folder::new();
    StateDirectory::clean_up(&folder.0, "app").expect("nothing to do");
    let directory = open(&folder).expect("opened");
    let process = directory.process_id();
    directory.store_path(TASK, "counts").expect("made");
    directory.global_store_path("all").expect("made");
    drop(directory);
    StateDirectory::clean_up(&folder.0, "app").expect("cleaned");
    let directory = open(&folder).expect("opened");
    assert_eq!((directory.tasks().expect("read"), directory.process_id()), (vec![], process));
    assert!(!folder.0.join("app/global").exists());
}

#[test]
fn foreign_and_newer_directories_are_refused() {
    let folder = Folder::new();
    let directory = open(&folder).expect("opened");
    let metadata = directory.path().join("kafka-streams-process-metadata");
    let id = directory.process_id();
    std::fs::create_dir_all(directory.path().join("0_3")).expect("made");
    std::fs::write(directory.path().join("0_3/.checkpoint"), "0\n0\n").expect("written");
    let store = directory.store_path(TASK, "counts");
    check_error(store, StoreErrorKind::Foreign, &[".checkpoint", "/0_3`", "delete"]);
    check_error(directory.store_path(TASK, "../x"), StoreErrorKind::Io, &["../x"]);
    check_error(StateDirectory::open(&folder.0, "a/b"), StoreErrorKind::Io, &["application.id"]);
    drop(directory);
    std::fs::write(&metadata, format!(r#"{{"processId":"{id}"}}"#)).expect("written");
    check_error(open(&folder), StoreErrorKind::Foreign, &["Java", "state.dir"]);
    std::fs::write(&metadata, format!(r#"{{"processId":"{id}","format":2}}"#)).expect("written");
    check_error(open(&folder), StoreErrorKind::Newer, &["format 2"]);
    std::fs::write(&metadata, r#"{"proc"#).expect("written");
    assert_ne!(open(&folder).expect("opened").process_id(), id);
}

#[test]
fn files_of_processors_are_none_of_the_stores_business() {
    let folder = Folder::new();
    let directory = open(&folder).expect("opened");
    let files = crate::store::files_of(directory.path(), TASK).expect("made");
    assert_eq!(files, directory.path().join("0_3/files"));
    directory.store_path(TASK, "counts").expect("made beside them");
    assert_eq!(directory.stores(TASK).expect("read"), ["counts"; 0]);
    directory.wipe_task(TASK).expect("deleted");
    assert!(!files.exists());
}

#[test]
fn unused_tasks_go_after_a_while() {
    let folder = Folder::new();
    let directory = open(&folder).expect("opened");
    let other = TaskId { partition: 4, ..TASK };
    for task in [TASK, other] {
        directory.store_path(task, "counts").expect("made");
    }
    let owned = BTreeSet::from([other]);
    let made = std::fs::metadata(directory.path().join("0_3/rocksdb")).expect("read");
    let made = made.modified().expect("known");
    let remove = |now: SystemTime| directory.remove_unused(&owned, Duration::from_secs(10), now);
    assert!(remove(made + Duration::from_secs(9)).expect("removed").is_empty());
    assert_eq!(remove(made + Duration::from_secs(11)).expect("removed"), [TASK]);
    assert_eq!(directory.tasks().expect("read"), [other]);
}
