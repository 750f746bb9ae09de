//! `store`, `process` and `process_values`: the Processor API in the DSL.

use super::builder::Keeps;
use super::topology::{ProcessorEntry, StoreDecl};
use super::{KStream, Named, StreamsBuilder, Unset};
use crate::context::Context;
use crate::error::Stop;
use crate::operator::Process;
use crate::processor::{
    FixedKey, FixedKeyProcessor, Processor, StoreBuilder, StoreHandle, Supplies, SuppliesFixedKey,
};
use crate::record::Record;
use crate::topology::NodeId;
use crate::topology::StoreIx;
use crate::topology::graph::{Effect, StoreNode};
use crate::topology::naming::prefix;

/// What may follow the supplier of a processor: handles of stores, in the order in which the processor
/// asks for them, and at last a name.
///
/// `Stores` are the handles that the processor asks for.
#[diagnostic::on_unimplemented(
    message = "the processor asks for the stores {Stores}, but it is given `{Self}`",
    label = "other stores are wanted here",
    note = "the parameters of a `#[processor]` say which stores it takes: declare each by `store(..)` with those \
            types, and pass the handles behind the processor in that order; a name may follow"
)]
pub trait ProcessOptions<Stores> {
    /// Takes the options apart.
    fn parts(self) -> (Stores, Vec<StoreIx>, Named);
}

impl ProcessOptions<()> for Unset {
    fn parts(self) -> ((), Vec<StoreIx>, Named) {
        ((), Vec::new(), Named::default())
    }
}

impl ProcessOptions<()> for () {
    fn parts(self) -> ((), Vec<StoreIx>, Named) {
        ((), Vec::new(), Named::default())
    }
}

impl ProcessOptions<()> for Named {
    fn parts(self) -> ((), Vec<StoreIx>, Named) {
        ((), Vec::new(), self)
    }
}

impl ProcessOptions<()> for &'static str {
    fn parts(self) -> ((), Vec<StoreIx>, Named) {
        ((), Vec::new(), Named::as_(self))
    }
}

impl<A: 'static> ProcessOptions<(Self,)> for StoreHandle<A> {
    fn parts(self) -> ((Self,), Vec<StoreIx>, Named) {
        ((self,), vec![self.ix()], Named::default())
    }
}

macro_rules! several_stores {
    ($($store:ident $ix:tt),+ ; $name:tt) => {
        impl<$($store: 'static,)+ N: Into<Named> + IsName>
            ProcessOptions<($(StoreHandle<$store>,)+)> for ($(StoreHandle<$store>,)+ N)
        {
            fn parts(self) -> (($(StoreHandle<$store>,)+), Vec<StoreIx>, Named) {
                (($(self.$ix,)+), vec![$(self.$ix.ix()),+], self.$name.into())
            }
        }
    };
}

/// What names a processor, and is no store.
pub trait IsName {}

impl IsName for Named {}
impl IsName for &'static str {}
impl IsName for String {}

several_stores!(A 0; 1);
several_stores!(A 0, B 1; 2);
several_stores!(A 0, B 1, C 2; 3);
several_stores!(A 0, B 1, C 2, D 3; 4);
several_stores!(A 0, B 1, C 2, D 3, E 4; 5);
several_stores!(A 0, B 1, C 2, D 3, E 4, F 5; 6);
several_stores!(A 0, B 1, C 2, D 3, E 4, F 5, G 6; 7);
several_stores!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7; 8);

macro_rules! only_stores {
    ($($store:ident $ix:tt),+) => {
        impl<$($store: 'static),+> ProcessOptions<Self> for ($(StoreHandle<$store>,)+) {
            fn parts(self) -> (Self, Vec<StoreIx>, Named) {
                (self, vec![$(self.$ix.ix()),+], Named::default())
            }
        }
    };
}

only_stores!(A 0, B 1);
only_stores!(A 0, B 1, C 2);
only_stores!(A 0, B 1, C 2, D 3);
only_stores!(A 0, B 1, C 2, D 3, E 4);
only_stores!(A 0, B 1, C 2, D 3, E 4, F 5);
only_stores!(A 0, B 1, C 2, D 3, E 4, F 5, G 6);
only_stores!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);

impl StreamsBuilder {
    /// Declares a store for processors, and gives the handle that connects it with them.
    ///
    /// A store that no processor is connected with is not made. Processors that share a store run in
    /// one task. Java: `StreamsBuilder#addStateStore`.
    pub fn store<S>(&mut self, store: StoreBuilder<S>) -> StoreHandle<S> {
        let StoreBuilder { name, store_type, caching, logging, topic_config, maker, .. } = store;
        let history = store.history_ms;
        if let Some(problem) = store.problem {
            self.graph.problem(problem);
        }
        let retention_ms = store.retention.and_then(|kept| i64::try_from(kept.as_millis()).ok());
        let name = self.graph.checked_name("store", &name);
        if caching && history.is_some() {
            self.graph.problem(format!(
                "the versioned store `{name}` is asked to cache, which versioned stores cannot; leave \
                 `with_caching_enabled` out"
            ));
        }
        let ix = self.graph.add_store(StoreNode {
            name,
            logging,
            caching: caching && history.is_none(),
            store_type,
            global: false,
            topic_config,
            retention_ms,
        });
        if let Some(history) = history {
            self.graph.keep_history(ix, history);
        }
        self.declare(ix, StoreDecl::of(maker));
        StoreHandle::new(ix)
    }

    /// Says what happens to the records that a processor forwards.
    pub fn on_forward<P, K, V, L, W, F>(
        &mut self,
        process: &Process<P, K, V, L, W>,
        _: KStream<L, W>,
        run: F,
    ) where
        P: Processor<K, V, L, W>,
        K: 'static,
        V: 'static,
        L: 'static,
        W: 'static,
        F: Fn(&mut Context, Record<L, W>) -> Result<(), Stop> + Send + Sync + 'static,
    {
        process.children.add(run);
        self.processor(process);
    }

    /// The node that was hung behind a stream last.
    pub fn newest_child<K, V>(&self, stream: KStream<K, V>) -> NodeId {
        self.graph.node(stream.node).children.last().copied().unwrap_or(stream.node)
    }

    /// Says what happens to the records that a processor forwards to one of several children, by its name.
    pub fn on_forward_to<P, K, V, L, W, F>(
        &mut self,
        process: &Process<P, K, V, L, W>,
        child: NodeId,
        run: F,
    ) where
        P: Processor<K, V, L, W>,
        F: Fn(&mut Context, Record<L, W>) -> Result<(), Stop> + Send + Sync + 'static,
    {
        process.children.add_named(child, run);
    }

    /// The name of a processor: only a generated one uses up a number.
    fn processor_name(&mut self, named: &Named, prefix: &str) -> String {
        match named.given() {
            Some(name) => self.graph.checked_name("processor", name),
            None => self.graph.generated_name(prefix),
        }
    }

    /// Registers a processor to be started with its tasks.
    pub(crate) fn processor<P, K, V, L, W>(&mut self, process: &Process<P, K, V, L, W>)
    where
        P: Processor<K, V, L, W>,
        K: 'static,
        V: 'static,
        L: 'static,
        W: 'static,
    {
        let runner = std::sync::Arc::new(process.clone());
        self.processors.push(ProcessorEntry { node: process.node, runner });
    }
}

impl<K: 'static, V: 'static> KStream<K, V> {
    /// Gives the stream to a processor of the user's own.
    ///
    /// The supplier is a closure that makes a [`Processor`], or a `#[processor]` function; each task has
    /// its own instance. Stores follow by their handles, up to eight, then a name. The key may change, so a
    /// repartition follows where the key counts later; time and headers are what is forwarded.
    /// Java: `KStream#process`.
    ///
    /// # Example
    /// ```
    /// use streams_runtime::prelude::*;
    ///
    /// #[processor]
    /// fn running_sum(
    ///     record: Record<String, i64>,
    ///     ctx: &mut ProcessorContext<'_, String, i64>,
    ///     sums: &mut KeyValueStore<String, i64>,
    /// ) {
    ///     let sum = sums.get(&record.key).unwrap_or(0) + record.value;
    ///     sums.put(record.key.clone(), sum);
    ///     ctx.forward(record.with_value(sum));
    /// }
    ///
    /// let topology = topology!({
    ///     let sums = store(KeyValueStore::<String, i64>::persistent("sums"));
    ///     stream::<String, i64>("in").process(running_sum, sums).to("out");
    /// });
    /// let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default())?;
    /// driver.input::<String, i64>("in").pipe_all([("a", 1), ("b", 5), ("a", 2)], 0)?;
    /// assert_eq!(driver.output::<String, i64>("out").values()?, [1, 5, 3]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    #[expect(clippy::type_complexity, reason = "the generated code takes the two apart at once")]
    pub fn process<X, P, S, O, L, W, By>(
        self,
        b: &mut StreamsBuilder,
        supplier: X,
        options: O,
    ) -> (KStream<L, W>, Process<P, K, V, L, W>)
    where
        S: Copy + Send + Sync + 'static,
        P: Processor<K, V, L, W>,
        X: Supplies<K, V, L, W, S, By, Processor = P>,
        O: ProcessOptions<S>,
    {
        let (stores, connected, named) = options.parts();
        let (effect, keeps) = (Effect::ChangesKey, Keeps::NONE);
        let name = b.processor_name(&named, prefix::STREAM_PROCESSOR);
        let node = b.stream_node_called::<L, W>(self.node, name, effect, keeps);
        b.graph.use_stores(node, &connected);
        (KStream::new(node), Process::new(node, move || supplier.supply(stores)))
    }

    /// Gives the stream to a processor that leaves the key alone.
    ///
    /// As [`process`](Self::process), for a [`FixedKeyProcessor`](crate::processor::FixedKeyProcessor) or
    /// a `#[processor]` function of a [`FixedKeyRecord`](crate::processor::FixedKeyRecord). No
    /// repartition follows. Java: `KStream#processValues`.
    ///
    /// # Example
    /// ```
    /// use streams_runtime::prelude::*;
    ///
    /// #[processor]
    /// fn twice(record: FixedKeyRecord<String, i64>, ctx: &mut FixedKeyProcessorContext<'_, String, i64>) {
    ///     ctx.forward(record.clone());
    ///     ctx.forward(record);
    /// }
    ///
    /// let topology = topology!({ stream::<String, i64>("in").process_values(twice).to("out"); });
    /// let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default())?;
    /// driver.input::<String, i64>("in").pipe("a", 1, 0)?;
    /// assert_eq!(driver.output::<String, i64>("out").values()?, [1, 1]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    #[expect(clippy::type_complexity, reason = "the generated code takes the two apart at once")]
    pub fn process_values<X, P, S, O, W, By>(
        self,
        b: &mut StreamsBuilder,
        supplier: X,
        options: O,
    ) -> (KStream<K, W>, Process<FixedKey<P>, K, V, K, W>)
    where
        S: Copy + Send + Sync + 'static,
        P: FixedKeyProcessor<K, V, W>,
        X: SuppliesFixedKey<K, V, W, S, By, Processor = P>,
        O: ProcessOptions<S>,
    {
        let (stores, connected, named) = options.parts();
        let (effect, keeps) = (Effect::ChangesValue, Keeps::KEY);
        let name = b.processor_name(&named, prefix::STREAM_PROCESS_VALUES);
        let node = b.stream_node_called::<K, W>(self.node, name, effect, keeps);
        b.graph.use_stores(node, &connected);
        (KStream::new(node), Process::new(node, move || FixedKey::new(supplier.supply(stores))))
    }
}
