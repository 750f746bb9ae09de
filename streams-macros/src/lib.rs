//! The macros of `streams-runtime`: a Kafka Streams topology, written as plain Rust and checked while
//! it compiles. Users reach them through `streams_runtime::prelude`.
//!
//! A topology goes through five stages, each in its own folder, none calling back:
//! `parse` (tokens to calls) -> `model` (calls to a graph of nodes) -> `check` (a list of rules) ->
//! `plan` (where the graph is cut) -> `expand` (a type pass and a run pass).

mod check;
mod compile;
mod diag;
mod expand;
mod model;
mod names;
mod parse;
mod parts;
mod plan;
mod processor;
mod stream_serde;
mod topic;

#[cfg(test)]
mod tests;

use proc_macro::TokenStream;

/// A topology from a function, `topology!(pub fn name(..) -> Topology { .. })`, or as an expression,
/// `topology!({ .. })`.
///
/// The body is plain Rust: `let` bindings and chains of Kafka Streams' operators in snake_case.
/// Statements that touch no stream stay as they are. Everything that can be known about the shape of
/// the topology is checked here, and all mistakes are reported together; types are checked by the
/// compiler at each call.
///
/// ```ignore
/// topology!(
///     pub fn word_count(min_len: usize) -> Topology {
///         let words = stream(Lines)
///             .flat_map_values(split_words)
///             .filter(move |_, word| word.len() >= min_len);
///         let counts = words.group_by(|_, word| word.clone()).count("counts");
///         counts.to_stream().to(WordCounts);
///     }
/// );
/// ```
///
/// `topology!(crate = my::path, ..)` names another path to `streams_runtime`.
///
/// The same as an annotated function is [`topology_fn`] in the prelude; at the root of `streams_runtime` it
/// is called `topology`: `#[streams_runtime::topology]`.
#[proc_macro]
pub fn topology(input: TokenStream) -> TokenStream {
    compile::function_like(input.into()).into()
}

/// The same as [`topology!`] on an annotated function: `#[topology_fn] fn name(..) -> Topology { .. }`.
///
/// After `use streams_runtime::prelude::*` write `#[topology_fn]`, or `#[streams_runtime::topology]`. In a module
/// that has no `topology!`, `use streams_runtime::topology;` makes it `#[topology]`. One module cannot have
/// both words: up to Rust 1.95 a macro and an attribute of one name share a namespace, two glob imports
/// of it are ambiguous, and a `macro_rules!` cannot be an attribute yet.
/// `#[topology_fn(crate = my::path)]` names another path to `streams_runtime`.
#[proc_macro_attribute]
pub fn topology_fn(attribute: TokenStream, item: TokenStream) -> TokenStream {
    compile::attribute(attribute.into(), item.into()).into()
}

/// A reusable part of topologies: `#[topology_part] fn clean(lines: KStream<String, String>) -> KStream<String, String> { .. }`
///
/// The body is written like a topology's, and stands in any module or crate. Inside a `topology!` the part is
/// called like a function, as often as needed, and it may call parts itself. Names, numbers, internal topics,
/// checks and results are those of a topology that has the part's body at the place of the call.
///
/// A part takes at least one `KStream`, `KTable`, `GlobalKTable`, `KGroupedStream` or `KGroupedTable`, under
/// that name, and any plain values beside: numbers, names, functions (`impl Fn(..)`), declared stores
/// (`StoreHandle<KeyValueStore<'static, K, V>>`); it may have type parameters. It gives back one of these, a tuple of
/// them as its last expression, or nothing when it ends in sinks. One stream cannot be given to two of its
/// parameters. Parts called twice have two sets of nodes, so a store or processor that is named by a literal is
/// named twice, which `Topology::build` refuses: make the name a parameter.
///
/// Records pass its doors by calls that the compiler sees through: nothing is boxed, and no record is sent through
/// a pointer to a function, but for one in a few doors where many parts follow each other. Looking up a row of a
/// table that came through a door costs one dynamic call. Where the body needs its input partitioned by key, there
/// is a repartition topic if the key was changed before the door. With `merge.repartition.topics` in
/// `topology.optimization`, `Topology::build` refuses a topology in which merged topics would have to move past
/// other operators and through a door; those right behind the change of the key are merged as ever.
///
/// The attribute leaves two items: the function, and a macro of the same name and visibility by which a
/// topology asks for the kinds of the signature. `use parts::clean;` brings both. A function that is given a
/// stream and has no such macro is no part: rustc says that it cannot find the macro.
/// `#[topology_part(crate = my::path)]` names another path to `streams_runtime`.
///
/// ```
/// use streams_runtime::prelude::*;
///
/// /// Words of at least `min` letters, in small letters.
/// #[topology_part]
/// pub fn words(lines: KStream<String, String>, min: usize) -> KStream<String, String> {
///     lines
///         .flat_map_values(|line| line.split(' ').map(str::to_lowercase).collect::<Vec<_>>())
///         .filter(move |_, word| word.len() >= min)
/// }
///
/// /// How often each value was seen.
/// #[topology_part]
/// pub fn counted(values: KStream<String, String>, store: &'static str) -> KTable<String, i64> {
///     values.group_by(|_, value| value.clone()).count(store)
/// }
///
/// let topology = topology!({
///     let titles = words(stream("titles"), 1);
///     let texts = words(stream("texts"), 4);
///     counted(titles.merge(texts), "counts").to_stream().to("out");
/// });
/// let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default())?;
/// driver.input::<String, String>("titles").pipe("a", "To be", 0)?;
/// driver.input::<String, String>("texts").pipe("b", "be to Titania", 1)?;
/// let counts = driver.output::<String, i64>("out").to_map()?;
/// assert_eq!((counts["to"], counts["titania"], counts.len()), (1, 1, 3));
/// # Ok::<(), StreamsError>(())
/// ```
#[proc_macro_attribute]
pub fn topology_part(attribute: TokenStream, item: TokenStream) -> TokenStream {
    compile::part(attribute.into(), item.into()).into()
}

/// A topology whose parts have said what they take and give; generated code calls it.
#[doc(hidden)]
#[proc_macro]
pub fn topology_with_parts(input: TokenStream) -> TokenStream {
    compile::with_parts(input.into()).into()
}

/// Declares a topic once, as a type: `#[topic("orders", partitions = 6)] pub type Orders = Topic<String, Order>;`
///
/// The type can then be used wherever a topology or a test names the topic, and a stream of other
/// types than the topic's does not compile there. `Option<..>` says that keys or values may be null.
/// Options after the name: `compact` (the topic is log compacted), `partitions = n`, `crate = path`.
#[proc_macro_attribute]
pub fn topic(attribute: TokenStream, item: TokenStream) -> TokenStream {
    topic::expand(attribute.into(), item.into()).into()
}

/// Makes a function, or a type of your own, a processor for `process` and `process_values`.
///
/// A function takes a `Record<K, V>` (or a `FixedKeyRecord<K, V>`, which leaves the key alone), then
/// `ctx: &mut ProcessorContext<'_, K2, V2>` (or `&mut FixedKeyProcessorContext<'_, K, V2>`) if it forwards,
/// then its stores: `seen: &mut KeyValueStore<String, i64>`. It returns nothing, or a `Result` whose error
/// goes to the processing exception handler. In a topology the handles of its stores follow its name;
/// other stores, or none, do not compile there. `#[processor(crate = path)]` names another path to
/// `streams_runtime`.
///
/// A processor with state is a type: the attribute stands on its `impl`, which has `process(&mut self, ..)`
/// with the same parameters, and may have `init` (called before the first record), `close` (called when
/// the task ends), and methods under `#[punctuate(stream_time = interval)]` or
/// `#[punctuate(wall_clock = interval)]`, which may take the current time. These take the context and
/// the stores of `process`, all or none. In a topology a function makes the instance of each task:
/// `Mean::default`, or `|| Mean::new(3)`. State in fields is lost with the task; what must survive
/// belongs into a store.
///
/// ```
/// use std::time::Duration;
/// use streams_runtime::prelude::*;
///
/// /// Forwards what it has seen of each key, every ten seconds of stream time.
/// #[derive(Default)]
/// struct Totals {
///     told: u64,
/// }
///
/// #[processor]
/// impl Totals {
///     fn process(&mut self, record: Record<String, i64>, sums: &mut KeyValueStore<String, i64>) {
///         let sum = sums.get(&record.key).unwrap_or(0) + record.value;
///         sums.put(record.key, sum);
///     }
///
///     #[punctuate(stream_time = Duration::from_secs(10))]
///     fn tell(
///         &mut self,
///         time: Timestamp,
///         ctx: &mut ProcessorContext<'_, String, i64>,
///         sums: &KeyValueStore<String, i64>,
///     ) {
///         self.told += 1;
///         for (key, sum) in sums.all() {
///             ctx.forward(Record::new(key, sum, time));
///         }
///     }
/// }
///
/// let topology = topology!({
///     let sums = store(KeyValueStore::<String, i64>::in_memory("sums"));
///     stream::<String, i64>("in").process(Totals::default, sums).to("out");
/// });
/// let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default())?;
/// driver.input::<String, i64>("in").pipe_all([("a", 1), ("a", 2)], 0)?;
/// driver.input::<String, i64>("in").pipe("b", 5, 10_000)?;
/// let out = driver.output::<String, i64>("out").key_values()?;
/// assert_eq!(out.last(), Some(&("b".to_owned(), 5)));
/// # Ok::<(), StreamsError>(())
/// ```
#[proc_macro_attribute]
pub fn processor(attribute: TokenStream, item: TokenStream) -> TokenStream {
    processor::expand(attribute.into(), item.into()).into()
}

/// Gives a type the serde that topics and stores use when no other is named.
///
/// `#[serde_format(json)]` names the format; JSON is the default and needs serde's `Serialize` and
/// `Deserialize` on the type. `#[serde_format(json, crate = path)]` names another path to `streams_runtime`.
#[proc_macro_derive(StreamSerde, attributes(serde_format))]
pub fn stream_serde(input: TokenStream) -> TokenStream {
    stream_serde::expand(input.into()).into()
}
