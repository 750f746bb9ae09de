//! What files survive, and what errors say: RocksDB stores.

use std::path::Path;

use super::*;

fn memory() -> RocksDbMemory {
    RocksDbMemory::of_process(Some(16 << 20))
}

fn open(path: &Path) -> Result<RocksDbBytes, StoreError> {
    RocksDbBytes::open("store", path, "app-store-changelog", &memory())
}

fn open_table(path: &Path) -> Table {
    let mut out = Outbox::default();
    let setup = setup(Box::new(open(path).expect("opened")), &mut out, false);
    TableStore::new(setup, String::serde(), i64::serde())
}

fn value(store: &mut Table, name: &str) -> Option<i64> {
    store.get(&key(name)).expect("read").map(|row| row.value)
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("made");
    for entry in std::fs::read_dir(from).expect("read") {
        let entry = entry.expect("read");
        std::fs::copy(entry.path(), to.join(entry.file_name())).expect("copied");
    }
}

#[test]
fn reopening_finds_the_last_commit() {
    let folder = Folder::new();
    let mut out = Outbox::default();
    let mut store = open_table(&folder.0);
    add(&mut store, &mut out, "a", Some(1), 1);
    store.commit(Some(7)).expect("committed");
    add(&mut store, &mut out, "a", Some(1), 1);
    add(&mut store, &mut out, "b", Some(1), 1);
    drop(store);
    let mut store = open_table(&folder.0);
    assert_eq!((value(&mut store, "a"), value(&mut store, "b")), (Some(1), None));
    assert_eq!(store.committed_offset().expect("read"), Some(7));
    add(&mut store, &mut out, "b", Some(2), 1);
    store.commit(None).expect("committed");
    store.close().expect("closed");
    let mut store = open_table(&folder.0);
    assert_eq!(value(&mut store, "b"), Some(2));
    assert_eq!(store.committed_offset().expect("read"), Some(7));
}

/// The files of a running store are what a power cut would leave of it.
#[test]
fn a_power_cut_leaves_rows_that_fit_their_offset() {
    let (folder, left) = (Folder::new(), Folder::new());
    let mut out = Outbox::default();
    let mut bytes = open(&folder.0).expect("opened");
    let row = |number: i64| number.to_be_bytes();
    for number in 0..100 {
        bytes.stage(b"k", Some(&row(number)));
        bytes.stage(format!("{number}").as_bytes(), Some(b"x"));
        bytes.apply(&[(0, number)]).expect("applied");
        if number == 60 {
            bytes.flush().expect("flushed");
        }
    }
    copy(&folder.0, &left.0);
    let survived = open(&left.0).expect("opened");
    let offset = survived.offset(0).expect("read").expect("an offset");
    assert!(offset >= 60, "{offset}");
    let mut value = Vec::new();
    assert!(survived.get(b"k", &mut value).expect("read"));
    assert_eq!(value, row(offset));
    assert_eq!(survived.get(format!("{}", offset + 1).as_bytes(), &mut value).ok(), Some(false));
    drop(bytes);
    let _unused = out.topic("none");
}

#[test]
fn offsets_belong_to_a_topic_and_its_partitions() {
    let folder = Folder::new();
    let mut bytes = open(&folder.0).expect("opened");
    bytes.apply(&[(0, 5), (3, 9)]).expect("applied");
    bytes.close().expect("closed");
    assert!(bytes.get(b"k", &mut Vec::new()).is_err());
    let bytes = open(&folder.0).expect("opened");
    let offsets = [0, 1, 3].map(|partition| bytes.offset(partition).expect("read"));
    assert_eq!(offsets, [Some(5), None, Some(9)]);
    drop(bytes);
    let other = RocksDbBytes::open("store", &folder.0, "other-changelog", &memory());
    assert_eq!(other.expect("opened").offset(0).expect("read"), None);
}

#[track_caller]
fn check_error(path: &Path, kind: StoreErrorKind, words: &str) {
    let error = open(path).map(drop).expect_err("refused");
    let message = error.to_string();
    assert_eq!(error.kind(), kind, "{message}");
    assert!(message.contains("`store`") && message.contains(words), "{message}");
    assert!(message.contains(&path.display().to_string()), "{message}");
}

#[test]
fn a_store_is_opened_once() {
    let folder = Folder::new();
    let bytes = open(&folder.0).expect("opened");
    check_error(&folder.0, StoreErrorKind::InUse, "state.dir");
    drop(bytes);
    open(&folder.0).expect("opened");
}

#[test]
fn damage_is_named_and_wiping_mends_it() {
    let folder = Folder::new();
    let mut bytes = open(&folder.0).expect("opened");
    bytes.stage(b"k", Some(b"v"));
    bytes.apply(&[(0, 1)]).expect("applied");
    bytes.close().expect("closed");
    let sst: Vec<_> = std::fs::read_dir(&folder.0)
        .expect("read")
        .map(|entry| entry.expect("read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "sst"))
        .collect();
    assert!(!sst.is_empty());
    let (broken, lost) = (Folder::new(), Folder::new());
    copy(&folder.0, &broken.0);
    for file in &sst {
        let file = broken.0.join(file.file_name().expect("a name"));
        std::fs::write(file, b"rubbish").expect("written");
    }
    check_error(&broken.0, StoreErrorKind::Damaged, "delete the folder");
    copy(&folder.0, &lost.0);
    std::fs::remove_file(lost.0.join("CURRENT")).expect("removed");
    check_error(&lost.0, StoreErrorKind::Damaged, "CURRENT");
    for file in &sst {
        std::fs::remove_file(file).expect("removed");
    }
    check_error(&folder.0, StoreErrorKind::Damaged, "delete the folder");
    assert!(open(&folder.0).map(drop).expect_err("damaged").wipe_mends());
    std::fs::remove_dir_all(&folder.0).expect("wiped");
    open(&folder.0).expect("opened");
}

/// Files as another program would have made them.
fn write_raw(path: &Path, families: &[&str], rows: &[(&str, &[u8], i64)]) {
    let mut options = ::rocksdb::Options::default();
    options.create_if_missing(true);
    options.create_missing_column_families(true);
    let db = ::rocksdb::DB::open_cf(&options, path, families).expect("opened");
    for (family, key, value) in rows {
        let family = db.cf_handle(family).expect("a family");
        db.put_cf(family, key, value.to_be_bytes()).expect("written");
    }
}

#[test]
fn foreign_and_newer_stores_are_refused() {
    let folders = [Folder::new(), Folder::new(), Folder::new()];
    let [java, plain, newer] = &folders;
    write_raw(&java.0, &["keyValueWithTimestamp", "offsets"], &[]);
    check_error(&java.0, StoreErrorKind::Foreign, "Java");
    write_raw(&plain.0, &["offsets"], &[("default", b"k", 1)]);
    check_error(&plain.0, StoreErrorKind::Foreign, "state.dir");
    write_raw(&newer.0, &["offsets"], &[("offsets", b"format", 2)]);
    check_error(&newer.0, StoreErrorKind::Newer, "format 2");
}
