//! What streams in windows and streams in sessions have in common: the aggregations without a merger.

/// `count`, `reduce` and `try_reduce` over a handle's own `aggregated`, each with its docs.
macro_rules! folds {
    (
        $(#[$docs_of_count:meta])* $count:ident;
        $(#[$docs_of_reduce:meta])* $reduce:ident;
        $(#[$docs_of_try:meta])* $try_reduce:ident;
    ) => {
        $(#[$docs_of_count])*
        pub fn $count(
            self,
            b: &mut StreamsBuilder,
            options: impl Into<AggregateOptions<K::NonNull, i64>>,
        ) -> Aggregated<K, V, i64, CountFold> {
            let options: AggregateOptions<K::NonNull, i64> = options.into();
            if options.given && options.materialized.store.is_none() {
                b.graph.burn_store_name();
            }
            let none = SerdeSlot::default();
            self.aggregated(b, &options, (prefix::STREAM_AGGREGATE, &none), CountFold)
        }

        $(#[$docs_of_reduce])*
        pub fn $reduce<R, F>(
            self,
            b: &mut StreamsBuilder,
            reducer: F,
            options: impl Into<AggregateOptions<K::NonNull, V::NonNull>>,
        ) -> Aggregated<K, V, V::NonNull, ReduceFold<F, Sure>>
        where
            F: Fn(V, V) -> R + Send + Sync + 'static,
        {
            let value = b.groups[self.group].serdes.value.clone();
            let named = (prefix::STREAM_REDUCE, &value);
            self.aggregated(b, &options.into(), named, ReduceFold::new(reducer))
        }

        $(#[$docs_of_try])*
        pub fn $try_reduce<R, F, E>(
            self,
            b: &mut StreamsBuilder,
            reducer: F,
            options: impl Into<AggregateOptions<K::NonNull, V::NonNull>>,
        ) -> Aggregated<K, V, V::NonNull, ReduceFold<F, Fallible>>
        where
            F: Fn(V, V) -> Result<R, E> + Send + Sync + 'static,
        {
            let value = b.groups[self.group].serdes.value.clone();
            let named = (prefix::STREAM_REDUCE, &value);
            self.aggregated(b, &options.into(), named, ReduceFold::new(reducer))
        }
    };
}
pub(super) use folds;
