//! The options of aggregations and of `to_table`.

use super::{AddTo, KeyValueSupplier, Materialized, Named, WindowSupplier, made_of};
use crate::topology::StoreType;

/// What an aggregation may be told: its store ([`Materialized`], or its name as text) and its
/// processor's name ([`Named`]).
#[derive(Debug)]
pub struct AggregateOptions<K, V> {
    pub(crate) named: Named,
    pub(crate) materialized: Materialized<K, V>,
    /// True when the user gave a `Materialized`, even one without a name.
    pub(crate) given: bool,
}

impl<K, V> Default for AggregateOptions<K, V> {
    fn default() -> Self {
        Self { named: Named::default(), materialized: Materialized::default(), given: false }
    }
}

impl<K, V> AddTo<AggregateOptions<K, V>> for Named {
    fn add_to(self, options: &mut AggregateOptions<K, V>) {
        options.named = self;
    }
}

impl<K, V> AddTo<AggregateOptions<K, V>> for Materialized<K, V> {
    fn add_to(self, options: &mut AggregateOptions<K, V>) {
        options.given = true;
        options.materialized.overlay(self);
    }
}

impl<K, V> AddTo<AggregateOptions<K, V>> for KeyValueSupplier {
    fn add_to(self, options: &mut AggregateOptions<K, V>) {
        Materialized::as_(self).add_to(options);
    }
}

impl<K, V> AddTo<AggregateOptions<K, V>> for WindowSupplier {
    fn add_to(self, options: &mut AggregateOptions<K, V>) {
        Materialized::as_(self).add_to(options);
    }
}

impl<K, V> AddTo<AggregateOptions<K, V>> for StoreType {
    fn add_to(self, options: &mut AggregateOptions<K, V>) {
        Materialized::default().with_store_type(self).add_to(options);
    }
}

impl<K, V> AddTo<AggregateOptions<K, V>> for &str {
    fn add_to(self, options: &mut AggregateOptions<K, V>) {
        Materialized::as_(self).add_to(options);
    }
}

impl<K, V> AddTo<AggregateOptions<K, V>> for String {
    fn add_to(self, options: &mut AggregateOptions<K, V>) {
        Materialized::as_(self).add_to(options);
    }
}

made_of!(AggregateOptions, |K, V|
    &str,
    String,
    Named,
    Materialized<K, V>,
    KeyValueSupplier,
    WindowSupplier,
    StoreType,
);
