//! The options of `table` and of the table's own operators.

use super::{AddTo, Consumed, KeyValueSupplier, Materialized, Named, made_of};
use crate::dsl::serdes::SerdePair;
use crate::task::TimestampExtractorRef;
use crate::topology::StoreType;
use crate::topology::graph::OffsetReset;

/// What `table` and `global_table` may be told: how to read ([`Consumed`]) and how to keep the rows
/// ([`Materialized`], or the store's name as text).
pub struct TableOptions<K, V> {
    pub(crate) name: Option<String>,
    pub(crate) serdes: SerdePair,
    pub(crate) extractor: Option<TimestampExtractorRef<Option<K>, Option<V>>>,
    pub(crate) offset_reset: Option<OffsetReset>,
    pub(crate) materialized: Materialized<K, V>,
}

impl<K, V> Default for TableOptions<K, V> {
    fn default() -> Self {
        Self {
            name: None,
            serdes: SerdePair::default(),
            extractor: None,
            offset_reset: None,
            materialized: Materialized::default(),
        }
    }
}

impl<K, V> std::fmt::Debug for TableOptions<K, V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TableOptions")
            .field("name", &self.name)
            .field("serdes", &self.serdes)
            .field("store", &self.materialized.store)
            .finish_non_exhaustive()
    }
}

impl<K, V> AddTo<TableOptions<K, V>> for Consumed<Option<K>, Option<V>> {
    fn add_to(self, options: &mut TableOptions<K, V>) {
        options.serdes.key = self.serdes.key.or(&options.serdes.key);
        options.serdes.value = self.serdes.value.or(&options.serdes.value);
        options.name = self.name.or(options.name.take());
        options.extractor = self.extractor.or(options.extractor.take());
        options.offset_reset = self.offset_reset.or(options.offset_reset);
    }
}

impl<K, V> AddTo<TableOptions<K, V>> for Materialized<K, V> {
    fn add_to(self, options: &mut TableOptions<K, V>) {
        options.materialized.overlay(self);
    }
}

impl<K, V> AddTo<TableOptions<K, V>> for Named {
    fn add_to(self, options: &mut TableOptions<K, V>) {
        options.name = self.given().map(str::to_owned);
    }
}

impl<K, V> AddTo<TableOptions<K, V>> for KeyValueSupplier {
    fn add_to(self, options: &mut TableOptions<K, V>) {
        Materialized::as_(self).add_to(options);
    }
}

impl<K, V> AddTo<TableOptions<K, V>> for StoreType {
    fn add_to(self, options: &mut TableOptions<K, V>) {
        options.materialized.store_type = Some(self);
    }
}

impl<K, V> AddTo<TableOptions<K, V>> for &str {
    fn add_to(self, options: &mut TableOptions<K, V>) {
        Materialized::as_(self).add_to(options);
    }
}

impl<K, V> AddTo<TableOptions<K, V>> for String {
    fn add_to(self, options: &mut TableOptions<K, V>) {
        Materialized::as_(self).add_to(options);
    }
}

made_of!(TableOptions, |K, V|
    &str,
    String,
    Named,
    Materialized<K, V>,
    Consumed<Option<K>, Option<V>>,
    KeyValueSupplier,
    StoreType,
);

/// What a table's operator may be told: its processor's name ([`Named`], or text), and, to keep its
/// result in a store of its own, [`Materialized`] with a name.
#[derive(Debug)]
pub struct TableOpOptions<K, V> {
    pub(crate) named: Named,
    pub(crate) materialized: Option<Materialized<K, V>>,
}

impl<K, V> Default for TableOpOptions<K, V> {
    fn default() -> Self {
        Self { named: Named::default(), materialized: None }
    }
}

impl<K, V> AddTo<TableOpOptions<K, V>> for Named {
    fn add_to(self, options: &mut TableOpOptions<K, V>) {
        options.named = self;
    }
}

impl<K, V> AddTo<TableOpOptions<K, V>> for Materialized<K, V> {
    fn add_to(self, options: &mut TableOpOptions<K, V>) {
        options.materialized.get_or_insert_default().overlay(self);
    }
}

impl<K, V> AddTo<TableOpOptions<K, V>> for KeyValueSupplier {
    fn add_to(self, options: &mut TableOpOptions<K, V>) {
        Materialized::as_(self).add_to(options);
    }
}

impl<K, V> AddTo<TableOpOptions<K, V>> for &str {
    fn add_to(self, options: &mut TableOpOptions<K, V>) {
        options.named = Named::as_(self);
    }
}

impl<K, V> AddTo<TableOpOptions<K, V>> for String {
    fn add_to(self, options: &mut TableOpOptions<K, V>) {
        options.named = Named::as_(self);
    }
}

made_of!(TableOpOptions, |K, V|
    &str,
    String,
    Named,
    Materialized<K, V>,
    KeyValueSupplier,
);
