//! Kafka Streams for Rust, typed at compile time.
//!
//! A topology is plain Rust: Kafka Streams' own operators in snake_case, in a `topology!`. Types of keys
//! and values are inferred through the whole graph, mistakes are compile errors at the user's own
//! words, and names, internal topics and bytes are those of Kafka Streams 4.3.
//!
//! ```
//! use streams_runtime::prelude::*;
//!
//! #[topic("lines")]
//! pub type Lines = Topic<Option<String>, String>;
//! #[topic("word-counts")]
//! pub type WordCounts = Topic<String, i64>;
//!
//! topology!(
//!     pub fn word_count(min_len: usize) -> Topology {
//!         let words = stream(Lines)
//!             .flat_map_values(|line| line.split(' ').map(str::to_lowercase).collect::<Vec<_>>())
//!             .filter(move |_, word| word.len() >= min_len);
//!         let counts = words.group_by(|_, word| word.clone()).count("counts");
//!         counts.to_stream().to(WordCounts);
//!     }
//! );
//!
//! let mut driver = TopologyTestDriver::new(&word_count(2), TestDriverConfig::default())?;
//! driver.input(Lines).pipe(None, "To be or not to be a fish", 0)?;
//! let counts = driver.output(WordCounts).to_map()?;
//! assert_eq!((counts["to"], counts["fish"], counts.get("a")), (2, 1, None));
//! # Ok::<(), StreamsError>(())
//! ```
//!
//! The [`TopologyTestDriver`](driver::test::TopologyTestDriver) runs a topology without a broker; with
//! the feature `kafka` (on by default) the `KafkaStreams` client runs it over one.
//!
//! From below: [`record`], [`time`], [`error`] are the words; [`serdes`] turn values into Kafka's bytes;
//! [`topology`](mod@topology) holds graph, names and plan as data; [`store`] keeps state; [`operator`] and [`context`]
//! process one record; [`dsl`] is what `topology!` calls; a [`task`] runs one sub-topology on one
//! partition and reads no clock; [`driver`]s move records and time.

mod bytes;
#[cfg(feature = "kafka")]
pub mod client;
pub mod config;
pub mod context;
pub mod driver;
pub mod dsl;
pub mod error;
pub mod handler;
pub mod operator;
pub mod outbox;
#[doc(hidden)]
pub mod plumbing;
pub mod prelude;
pub mod processor;
pub mod record;
pub mod serdes;
pub mod store;
pub mod task;
pub mod time;
pub mod topology;
pub mod window;

/// The attribute form of [`topology!`](prelude::topology): `#[streams_runtime::topology] fn name(..) -> Topology { .. }`.
///
/// An attribute and a function-like macro cannot share one name in one module, so the prelude holds
/// `topology!`, this crate's root holds the attribute, and the prelude has it as `#[topology_fn]` too.
///
/// # Example
/// ```
/// use streams_runtime::prelude::*;
///
/// /// Lines in capitals.
/// #[streams_runtime::topology]
/// pub fn shout() -> Topology {
///     stream::<Option<String>, String>("lines").map_values(|line| line.to_uppercase()).to("loud");
/// }
///
/// assert!(shout().describe().contains("KSTREAM-MAPVALUES-0000000001"));
/// ```
pub use streams_macros::topology_fn as topology;

/// The README's program compiles and runs.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;

/// The guide's programs compile and run.
#[cfg(doctest)]
#[doc = include_str!("../../docs/GUIDE.md")]
pub struct Guide;
