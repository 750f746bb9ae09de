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
#[proc_macro]
pub fn topology(input: TokenStream) -> TokenStream {
    compile::function_like(input.into()).into()
}

/// The same as [`topology!`] on an annotated function: `#[topology_fn] fn name(..) -> Topology { .. }`.
///
/// It has a name of its own because Rust keeps macros and attributes of a module in one namespace.
/// `#[topology_fn(crate = my::path)]` names another path to `streams_runtime`.
#[proc_macro_attribute]
pub fn topology_fn(attribute: TokenStream, item: TokenStream) -> TokenStream {
    compile::attribute(attribute.into(), item.into()).into()
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

/// Makes a function a processor, for `process` and `process_values`.
///
/// The function takes a `Record<K, V>` (or a `FixedKeyRecord<K, V>`, which leaves the key alone), then
/// `ctx: &mut ProcessorContext<'_, K2, V2>` (or `&mut FixedKeyProcessorContext<'_, K, V2>`) if it forwards,
/// then its stores: `seen: &mut KeyValueStore<String, i64>`. It returns nothing, or a `Result` whose error
/// goes to the processing exception handler. In a topology the handles of its stores follow its name;
/// other stores, or none, do not compile there. `#[processor(crate = path)]` names another path to
/// `streams_runtime`.
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
