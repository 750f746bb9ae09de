//! `transform_values` on a table.

use std::sync::Arc;

use super::topology::ProcessorEntry;
use super::{KTable, Materialized, Named, StreamsBuilder, TableOpOptions, Unset};
use crate::operator::TableTransformValues;
use crate::processor::{StoreHandle, ValueTransformerWithKey};
use crate::serdes::HasSerde;
use crate::topology::StoreIx;
use crate::topology::naming::prefix;

/// What may follow the supplier of a transformer: handles of stores, then how the result is kept.
pub trait TransformOptions<K, W> {
    /// Takes the options apart.
    fn parts(self) -> (Vec<StoreIx>, TableOpOptions<K, W>);
}

/// The options that may stand behind some stores, or behind none.
macro_rules! behind_stores {
    ($(($($store:ident $ix:tt),*; $a:tt $b:tt))+) => { $(
        behind_stores!(@one ($($store $ix),*; $a $b) [(name: Named)]);
        behind_stores!(@one ($($store $ix),*; $a $b) [(name: &'static str)]);
        behind_stores!(@one ($($store $ix),*; $a $b) [(kept: Materialized<K, W>)]);
        behind_stores!(@two ($($store $ix),*; $a $b) Named, Materialized<K, W>);
        behind_stores!(@two ($($store $ix),*; $a $b) Materialized<K, W>, Named);
        behind_stores!(@two ($($store $ix),*; $a $b) &'static str, Materialized<K, W>);
    )+ };
    (@one (; $a:tt $b:tt) [($option:ident: $type:ty)]) => {
        impl<K, W> TransformOptions<K, W> for $type {
            fn parts(self) -> (Vec<StoreIx>, TableOpOptions<K, W>) {
                (Vec::new(), self.into())
            }
        }
    };
    (@one ($($store:ident $ix:tt),+; $a:tt $b:tt) [($option:ident: $type:ty)]) => {
        impl<$($store,)+ K, W> TransformOptions<K, W> for ($(StoreHandle<$store>,)+ $type) {
            fn parts(self) -> (Vec<StoreIx>, TableOpOptions<K, W>) {
                (vec![$(self.$ix.ix()),+], self.$a.into())
            }
        }
    };
    (@two ($($store:ident $ix:tt),*; $a:tt $b:tt) $first:ty, $second:ty) => {
        impl<$($store,)* K, W> TransformOptions<K, W>
            for ($(StoreHandle<$store>,)* $first, $second)
        {
            fn parts(self) -> (Vec<StoreIx>, TableOpOptions<K, W>) {
                (vec![$(self.$ix.ix()),*], (self.$a, self.$b).into())
            }
        }
    };
}

behind_stores! {
    (; 0 1)
    (A 0; 1 2)
    (A 0, B 1; 2 3)
    (A 0, B 1, C 2; 3 4)
    (A 0, B 1, C 2, D 3; 4 5)
}

impl<K, W> TransformOptions<K, W> for Unset {
    fn parts(self) -> (Vec<StoreIx>, TableOpOptions<K, W>) {
        (Vec::new(), self.into())
    }
}

impl<A, K, W> TransformOptions<K, W> for StoreHandle<A> {
    fn parts(self) -> (Vec<StoreIx>, TableOpOptions<K, W>) {
        (vec![self.ix()], TableOpOptions::default())
    }
}

macro_rules! only_stores {
    ($(($($store:ident $ix:tt),+))+) => { $(
        impl<$($store,)+ K, W> TransformOptions<K, W> for ($(StoreHandle<$store>,)+) {
            fn parts(self) -> (Vec<StoreIx>, TableOpOptions<K, W>) {
                (vec![$(self.$ix.ix()),+], TableOpOptions::default())
            }
        }
    )+ };
}

only_stores!((A 0, B 1) (A 0, B 1, C 2) (A 0, B 1, C 2, D 3));

impl<K: HasSerde, V: HasSerde> KTable<K, V> {
    /// Replaces each row's value by what a transformer makes of it, with stores and metadata at hand.
    ///
    /// `supplier` makes a [`ValueTransformerWithKey`], which may be a closure. It is called for deletions,
    /// too; where old values are needed and the result has no store, it is called for those as well.
    /// The handles of its stores follow, up to four, then a name, and [`Materialized`] to keep the result in a
    /// store.
    /// A join that looks the table up reads that store, or else asks the transformer for the row.
    ///
    /// # Example
    /// ```
    /// use streams_runtime::prelude::*;
    ///
    /// /// Numbers the updates of the task.
    /// fn numbered() -> impl ValueTransformerWithKey<String, i64, i64> {
    ///     let mut updates = 0;
    ///     move |_: &String, value: Option<i64>, _: &ProcessingContext<'_>| {
    ///         updates += 1;
    ///         value.map(|value| value * 100 + updates)
    ///     }
    /// }
    ///
    /// let topology = topology!({
    ///     table::<String, i64>("in").transform_values(numbered).to_stream().to("out");
    /// });
    /// let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default())?;
    /// driver.input::<String, i64>("in").pipe_all([("a", 1), ("a", 2)], 0)?;
    /// let updates = driver.output::<String, Option<i64>>("out").values()?;
    /// assert_eq!(updates, [Some(101), Some(202)]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn transform_values<W, P>(
        self,
        b: &mut StreamsBuilder,
        supplier: impl Fn() -> P + Send + Sync + 'static,
        options: impl TransformOptions<K, W>,
    ) -> (KTable<K, W>, TableTransformValues<P, K, V, W>)
    where
        W: HasSerde,
        P: ValueTransformerWithKey<K, V, W>,
    {
        let (stores, options) = options.parts();
        let made = self.derived::<W>(
            b,
            options,
            prefix::TABLE_TRANSFORM_VALUES,
            &super::SerdeSlot::default(),
        );
        b.graph.use_stores(made.node, &stores);
        let operator = TableTransformValues::new(made.node, supplier, made.store);
        let runner = Arc::new(operator.clone());
        b.processors.push(ProcessorEntry { node: made.node, runner });
        (KTable::new(made.node), operator)
    }
}
