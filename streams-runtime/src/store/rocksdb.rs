//! The backend on disk.
//!
//! One RocksDB per store, without a write-ahead log: what `apply` writes is in memory until RocksDB
//! flushes it, rows and offsets together (atomic flush). So what a crash leaves is what some `apply` wrote,
//! with its own offset, and a restore goes on from there.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use rocksdb::{
    BlockBasedOptions, Cache, ColumnFamily, ColumnFamilyDescriptor, DB, DBCompactionStyle,
    DBCompressionType, DBRawIterator, DataBlockIndexType, ErrorKind, FlushOptions, LogLevel,
    Options, ReadOptions, WriteBatch, WriteBufferManager, WriteOptions,
};

use super::backend::{Cursor, KeyRange, Order, OrderedBytes};
use super::{StoreError, StoreErrorKind};

/// Where offsets lie, under the name of their partition. Java: `RocksDBStore.OFFSETS_COLUMN_FAMILY_NAME`.
const OFFSETS: &str = "offsets";
/// In `OFFSETS`: 1 while a store is open, 0 after a clean close. For people; nothing decides on it.
const STATUS: &[u8] = b"status";
/// In `OFFSETS`: the version of all that is said here. Kafka Streams for Java has none.
const FORMAT: &[u8] = b"format";
const FORMAT_VERSION: i64 = 1;

/// The memory that stores on disk share: read cache and write buffers under one limit.
///
/// Clones share the same memory. Java gives every store its own 50 MB of cache and 48 MB of buffers.
#[derive(Clone)]
pub struct RocksDbMemory {
    cache: Cache,
    buffers: WriteBufferManager,
    store_buffer: usize,
}

impl RocksDbMemory {
    /// Bytes that all stores of the process share unless the configuration says otherwise.
    pub const DEFAULT_BYTES: usize = 256 << 20;
    /// The write buffer of one store. Over the limit of all, each write flushes its own store, so none
    /// may hoard.
    pub const DEFAULT_STORE_BUFFER: usize = 4 << 20;

    /// Memory of its own, for stores that must not share. Write buffers may take half of it.
    pub fn new(bytes: usize) -> Self {
        Self::with_write_buffers(bytes, bytes / 2, Self::DEFAULT_STORE_BUFFER)
    }

    /// Memory of its own, of which the write buffers of all stores may take `write_buffers` bytes.
    ///
    /// A store writes a buffer of `store_buffer` bytes to disk when it is full, and earlier when all
    /// together reach their limit.
    pub fn with_write_buffers(bytes: usize, write_buffers: usize, store_buffer: usize) -> Self {
        let cache = Cache::new_lru_cache(bytes);
        // they are charged to the cache
        let buffers = WriteBufferManager::new_write_buffer_manager_with_cache(
            write_buffers.min(bytes),
            false,
            cache.clone(),
        );
        Self { cache, buffers, store_buffer }
    }

    /// The memory of this process. The first caller decides how much; `None` is 256 MiB.
    pub fn of_process(bytes: Option<usize>) -> Self {
        static MEMORY: OnceLock<RocksDbMemory> = OnceLock::new();
        MEMORY.get_or_init(|| Self::new(bytes.unwrap_or(Self::DEFAULT_BYTES))).clone()
    }

    /// Bytes in use now, write buffers included.
    pub fn used(&self) -> usize {
        self.cache.get_usage()
    }

    /// Bytes of write buffers in use now.
    pub fn write_buffers_used(&self) -> usize {
        self.buffers.get_usage()
    }
}

/// A store's rows in RocksDB.
pub struct RocksDbBytes {
    store: String,
    path: PathBuf,
    topic: String,
    /// `None` once closed.
    db: Option<DB>,
    /// Never locked: only its owner writes, and others may look at the rest.
    batch: Mutex<WriteBatch>,
    write: WriteOptions,
}

impl RocksDbBytes {
    /// Opens the store in the folder `path`, which is made if need be.
    ///
    /// Its offsets are kept under the name of the changelog topic: of another topic it knows none.
    ///
    /// # Errors
    /// When the folder is in use, damaged, foreign, or written by a newer version; the message says the mend.
    pub fn open(
        store: &str,
        path: &Path,
        changelog_topic: &str,
        memory: &RocksDbMemory,
    ) -> Result<Self, StoreError> {
        fs::create_dir_all(path).map_err(|error| StoreError::io(path, "make", &error))?;
        let options = database_options(memory);
        refuse_foreign(store, path, &options)?;
        let families = [
            ColumnFamilyDescriptor::new("default", rows_options(memory)),
            ColumnFamilyDescriptor::new(OFFSETS, offsets_options(memory)),
        ];
        let db = DB::open_cf_descriptors(&options, path, families)
            .map_err(|error| open_error(store, path, &error))?;
        let mut write = WriteOptions::new();
        write.disable_wal(true);
        let opened = Self {
            store: store.to_owned(),
            path: path.to_owned(),
            topic: changelog_topic.to_owned(),
            db: Some(db),
            batch: Mutex::default(),
            write,
        };
        opened.check_format()?;
        Ok(opened)
    }

    /// Checks who wrote the store, and marks a new one.
    fn check_format(&self) -> Result<(), StoreError> {
        match self.read_offset(FORMAT)? {
            Some(version) if version == FORMAT_VERSION => self.write_status(1),
            Some(version) => Err(StoreError::new(
                StoreErrorKind::Newer,
                format!(
                    "{} has format {version}, but this version knows {FORMAT_VERSION}; run the newer \
                     version, or delete the folder: the store is then restored from its changelog",
                    self.place()
                ),
            )),
            None if self.is_empty()? => {
                self.write_offset(FORMAT, FORMAT_VERSION)?;
                self.write_status(1)?;
                self.flush_all()
            }
            None => Err(foreign(&self.store, &self.path)),
        }
    }

    fn is_empty(&self) -> Result<bool, StoreError> {
        let db = self.db()?;
        for family in ["default", OFFSETS] {
            let Some(family) = db.cf_handle(family) else { continue };
            let mut rows = db.raw_iterator_cf(family);
            rows.seek_to_first();
            rows.status().map_err(|error| self.error("read", &error))?;
            if rows.valid() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn batch(&mut self) -> &mut WriteBatch {
        self.batch.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    fn db(&self) -> Result<&DB, StoreError> {
        self.db.as_ref().ok_or_else(|| {
            StoreError::new(StoreErrorKind::Io, format!("{} is closed already", self.place()))
        })
    }

    fn offsets<'a>(&self, db: &'a DB) -> &'a ColumnFamily {
        db.cf_handle(OFFSETS).expect("invariant: opened with this column family")
    }

    fn offset_key(&self, partition: i32) -> String {
        format!("{}-{partition}", self.topic)
    }

    fn read_offset(&self, key: &[u8]) -> Result<Option<i64>, StoreError> {
        let db = self.db()?;
        let value = db
            .get_pinned_cf(self.offsets(db), key)
            .map_err(|error| self.error("read an offset of", &error))?;
        let Some(value) = value else { return Ok(None) };
        let Ok(value) = value.as_ref().try_into() else {
            return Err(damaged(&self.store, &self.path, "an offset is not 8 bytes"));
        };
        Ok(Some(i64::from_be_bytes(value)))
    }

    fn write_offset(&self, key: &[u8], offset: i64) -> Result<(), StoreError> {
        let db = self.db()?;
        db.put_cf_opt(self.offsets(db), key, offset.to_be_bytes(), &self.write)
            .map_err(|error| self.error("write an offset of", &error))
    }

    fn write_status(&self, status: i64) -> Result<(), StoreError> {
        self.write_offset(STATUS, status)
    }

    fn flush_all(&self) -> Result<(), StoreError> {
        let db = self.db()?;
        let rows = db.cf_handle("default").expect("invariant: every database has it");
        db.flush_cfs_opt(&[rows, self.offsets(db)], &FlushOptions::default())
            .map_err(|error| self.error("flush", &error))
    }

    fn place(&self) -> String {
        place(&self.store, &self.path)
    }

    fn error(&self, what: &str, error: &rocksdb::Error) -> StoreError {
        if error.kind() == ErrorKind::Corruption {
            return damaged(&self.store, &self.path, error.as_ref());
        }
        StoreError::io(&self.path, &format!("{what} store `{}` in", self.store), error)
    }
}

impl OrderedBytes for RocksDbBytes {
    fn get(&self, key: &[u8], out: &mut Vec<u8>) -> Result<bool, StoreError> {
        let value = self.db()?.get_pinned(key).map_err(|error| self.error("read", &error))?;
        if let Some(value) = &value {
            out.extend_from_slice(value);
        }
        Ok(value.is_some())
    }

    fn range(&self, range: &KeyRange, order: Order) -> Result<Box<dyn Cursor + '_>, StoreError> {
        let mut options = ReadOptions::default();
        if !range.lower().is_empty() {
            options.set_iterate_lower_bound(range.lower());
        }
        if let Some(upper) = range.upper() {
            options.set_iterate_upper_bound(upper);
        }
        let mut rows = self.db()?.raw_iterator_opt(options);
        match order {
            _ if range.is_empty() => {}
            Order::Ascending => rows.seek_to_first(),
            Order::Descending => rows.seek_to_last(),
        }
        let cursor = Rows { store: self, rows, order };
        cursor.check()?;
        Ok(Box::new(cursor))
    }

    fn stage(&mut self, key: &[u8], value: Option<&[u8]>) {
        match value {
            Some(value) => self.batch().put(key, value),
            None => self.batch().delete(key),
        }
    }

    fn stage_drop(&mut self, range: &KeyRange) -> Result<(), StoreError> {
        // one mark for the whole range; compaction drops what lies under it
        if let Some(upper) = range.upper() {
            self.batch().delete_range(range.lower(), upper);
        }
        Ok(())
    }

    fn apply(&mut self, offsets: &[(i32, i64)]) -> Result<(), StoreError> {
        let mut batch = std::mem::take(self.batch());
        let db = self.db()?;
        for (partition, offset) in offsets {
            batch.put_cf(self.offsets(db), self.offset_key(*partition), offset.to_be_bytes());
        }
        if batch.is_empty() {
            return Ok(());
        }
        db.write_opt(batch, &self.write).map_err(|error| self.error("write", &error))
    }

    fn offset(&self, partition: i32) -> Result<Option<i64>, StoreError> {
        self.read_offset(self.offset_key(partition).as_bytes())
    }

    fn approximate_rows(&self) -> u64 {
        let rows = self.db.as_ref().map(|db| db.property_int_value("rocksdb.estimate-num-keys"));
        rows.and_then(Result::ok).flatten().unwrap_or(0)
    }

    fn persistent(&self) -> bool {
        true
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        self.flush_all()
    }

    fn close(&mut self) -> Result<(), StoreError> {
        if self.db.is_none() {
            return Ok(());
        }
        let closed = self.write_status(0).and_then(|()| self.flush_all());
        self.db = None;
        closed
    }
}

/// A walk over the database.
struct Rows<'a> {
    store: &'a RocksDbBytes,
    rows: DBRawIterator<'a>,
    order: Order,
}

impl Rows<'_> {
    fn check(&self) -> Result<(), StoreError> {
        self.rows.status().map_err(|error| self.store.error("read", &error))
    }
}

impl Cursor for Rows<'_> {
    fn row(&self) -> Option<(&[u8], &[u8])> {
        self.rows.item()
    }

    fn advance(&mut self) -> Result<(), StoreError> {
        if !self.rows.valid() {
            return Ok(());
        }
        match self.order {
            Order::Ascending => self.rows.next(),
            Order::Descending => self.rows.prev(),
        }
        if self.rows.valid() { Ok(()) } else { self.check() }
    }
}

/// A database with other column families is not ours, and opening it would fail less clearly.
fn refuse_foreign(store: &str, path: &Path, options: &Options) -> Result<(), StoreError> {
    if !path.join("CURRENT").exists() {
        return refuse_remains(store, path);
    }
    let families = DB::list_cf(options, path).map_err(|error| open_error(store, path, &error))?;
    let known = |name: &String| name == "default" || name == OFFSETS;
    if families.iter().all(known) { Ok(()) } else { Err(foreign(store, path)) }
}

/// Without `CURRENT`, RocksDB would start anew beside the old rows.
fn refuse_remains(store: &str, path: &Path) -> Result<(), StoreError> {
    let entries = fs::read_dir(path).map_err(|error| StoreError::io(path, "read", &error))?;
    for entry in entries {
        let entry = entry.map_err(|error| StoreError::io(path, "read", &error))?;
        if entry.path().extension().is_some_and(|extension| extension == "sst") {
            return Err(damaged(store, path, "the file CURRENT is missing"));
        }
    }
    Ok(())
}

fn open_error(store: &str, path: &Path, error: &rocksdb::Error) -> StoreError {
    let text = error.as_ref();
    if text.contains("lock") && text.contains("LOCK") {
        return StoreError::new(
            StoreErrorKind::InUse,
            format!(
                "{} is open already, here or in another process; \
                 stop the other one, or give each its own `state.dir` ({text})",
                place(store, path)
            ),
        );
    }
    let broken = match error.kind() {
        ErrorKind::Corruption | ErrorKind::InvalidArgument | ErrorKind::NotSupported => true,
        // files that the manifest names are gone
        _ => text.contains("No such file"),
    };
    if broken {
        return damaged(store, path, text);
    }
    StoreError::io(path, &format!("open store `{store}` in"), error)
}

fn damaged(store: &str, path: &Path, why: &str) -> StoreError {
    StoreError::new(
        StoreErrorKind::Damaged,
        format!(
            "{} is damaged: {why}; delete the folder: the store is then restored from its changelog",
            place(store, path)
        ),
    )
}

fn foreign(store: &str, path: &Path) -> StoreError {
    StoreError::new(
        StoreErrorKind::Foreign,
        format!(
            "{} was written by another program, perhaps Kafka Streams for Java; use another \
             `state.dir`, or delete the folder: the store is then restored from its changelog",
            place(store, path)
        ),
    )
}

fn place(store: &str, path: &Path) -> String {
    format!("store `{store}` in `{}`", path.display())
}

fn database_options(memory: &RocksDbMemory) -> Options {
    let mut options = Options::default();
    options.create_if_missing(true);
    options.create_missing_column_families(true);
    options.set_atomic_flush(true);
    options.set_write_buffer_manager(&memory.buffers);
    // one task writes a store, so nothing is gained by concurrent inserts
    options.set_allow_concurrent_memtable_write(false);
    options.set_max_open_files(256);
    let threads = std::thread::available_parallelism().map_or(2, |count| count.get().clamp(2, 4));
    options.increase_parallelism(threads as i32);
    options.set_log_level(LogLevel::Error);
    options.set_keep_log_file_num(1);
    options.set_stats_dump_period_sec(0);
    options.set_stats_persist_period_sec(0);
    options
}

fn rows_options(memory: &RocksDbMemory) -> Options {
    let mut options = Options::default();
    options.set_compaction_style(DBCompactionStyle::Universal);
    options.set_compression_type(DBCompressionType::Lz4);
    options.set_write_buffer_size(memory.store_buffer);
    options.set_max_write_buffer_number(3);
    // little memory is taken ahead, as many stores share it
    options.set_arena_block_size(64 << 10);
    options.set_block_based_table_factory(&table_options(memory));
    options
}

fn offsets_options(memory: &RocksDbMemory) -> Options {
    let mut options = Options::default();
    options.set_write_buffer_size(1 << 20);
    options.set_arena_block_size(4 << 10);
    options.set_block_based_table_factory(&table_options(memory));
    options
}

fn table_options(memory: &RocksDbMemory) -> BlockBasedOptions {
    let mut table = BlockBasedOptions::default();
    table.set_block_cache(&memory.cache);
    table.set_block_size(4 << 10);
    table.set_bloom_filter(10.0, false);
    // so that the one limit holds for them too
    table.set_cache_index_and_filter_blocks(true);
    table.set_pin_l0_filter_and_index_blocks_in_cache(true);
    table.set_data_block_index_type(DataBlockIndexType::BinaryAndHash);
    table.set_data_block_hash_ratio(0.75);
    table
}
