//! What of the configuration shapes a topology.

use std::any::Any;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// The settings that decide names, optimisations and store kinds of a topology.
///
/// They must be known when the topology is built; everything else can wait until it runs.
#[derive(Clone, Debug, PartialEq)]
pub struct TopologyConfig {
    /// The prefix of all internal topics, and the consumer group's name (`application.id`).
    pub application_id: String,
    /// Which rewrites are allowed (`topology.optimization`).
    pub optimization: Optimization,
    /// Bytes of all record caches together (`statestore.cache.max.bytes`); 0 means no caching.
    pub cache_max_bytes: usize,
    /// Refuse generated names of internal topics and stores
    /// (`ensure.explicit.internal.resource.naming`).
    pub ensure_explicit_internal_resource_naming: bool,
    /// The kind of a store that says none (`default.dsl.store`).
    pub default_store_type: StoreType,
    /// How much longer than its store a window store's changelog keeps rows
    /// (`windowstore.changelog.additional.retention.ms`).
    pub window_changelog_additional_retention_ms: i64,
}

impl TopologyConfig {
    /// The defaults of Kafka Streams for one application.
    pub fn new(application_id: impl Into<String>) -> Self {
        Self { application_id: application_id.into(), ..Self::default() }
    }
}

impl Default for TopologyConfig {
    fn default() -> Self {
        Self {
            application_id: String::new(),
            optimization: Optimization::NONE,
            cache_max_bytes: 10 * 1024 * 1024,
            ensure_explicit_internal_resource_naming: false,
            default_store_type: StoreType::RocksDb,
            window_changelog_additional_retention_ms: 24 * 60 * 60 * 1000,
        }
    }
}

/// Which rewrites of the graph are allowed (`topology.optimization`).
///
/// Text form: `none`, `all`, or a comma list of `reuse.ktable.source.topics`,
/// `merge.repartition.topics` and `single.store.self.join`.
///
/// ```
/// use streams_runtime::topology::Optimization;
///
/// let some: Optimization = "merge.repartition.topics".parse()?;
/// assert!(some.merge_repartition_topics && !some.reuse_ktable_source_topics);
/// assert_eq!("all".parse(), Ok(Optimization::ALL));
/// # Ok::<(), streams_runtime::topology::OptimizationError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Optimization {
    /// The store of a `table` restores from the table's topic and has no changelog of its own.
    pub reuse_ktable_source_topics: bool,
    /// Repartitions below one change of the key become one topic.
    pub merge_repartition_topics: bool,
    /// A stream joined with itself keeps one store instead of two.
    pub single_store_self_join: bool,
}

const REUSE: &str = "reuse.ktable.source.topics";
const MERGE: &str = "merge.repartition.topics";
const SELF_JOIN: &str = "single.store.self.join";

impl Optimization {
    /// No rewrite.
    pub const NONE: Self = Self {
        reuse_ktable_source_topics: false,
        merge_repartition_topics: false,
        single_store_self_join: false,
    };
    /// All rewrites.
    pub const ALL: Self = Self {
        reuse_ktable_source_topics: true,
        merge_repartition_topics: true,
        single_store_self_join: true,
    };
}

impl fmt::Display for Optimization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::NONE => return f.write_str("none"),
            Self::ALL => return f.write_str("all"),
            _ => {}
        }
        let flags = [
            (self.reuse_ktable_source_topics, REUSE),
            (self.merge_repartition_topics, MERGE),
            (self.single_store_self_join, SELF_JOIN),
        ];
        let on: Vec<&str> = flags.iter().filter(|flag| flag.0).map(|flag| flag.1).collect();
        f.write_str(&on.join(","))
    }
}

impl FromStr for Optimization {
    type Err = OptimizationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let words: Vec<&str> = text.split(',').map(str::trim).collect();
        match words.as_slice() {
            ["none"] => return Ok(Self::NONE),
            ["all"] => return Ok(Self::ALL),
            _ => {}
        }
        let mut parsed = Self::NONE;
        for word in words {
            match word {
                REUSE => parsed.reuse_ktable_source_topics = true,
                MERGE => parsed.merge_repartition_topics = true,
                SELF_JOIN => parsed.single_store_self_join = true,
                _ => return Err(OptimizationError { word: word.to_owned() }),
            }
        }
        Ok(parsed)
    }
}

/// A word of `topology.optimization` that is not known, or does not go with others.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OptimizationError {
    word: String,
}

impl fmt::Display for OptimizationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.word.as_str() {
            "none" | "all" => write!(
                f,
                "topology.optimization: `{}` must stand alone, without other rules beside it",
                self.word
            ),
            word => write!(
                f,
                "topology.optimization: `{word}` is no rule; write `all`, `none`, or some of \
                 `{REUSE}`, `{MERGE}`, `{SELF_JOIN}` with commas between"
            ),
        }
    }
}

impl std::error::Error for OptimizationError {}

/// Where a store keeps its rows.
///
/// [`StoreType::own`] makes one of your own.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum StoreType {
    /// On disk, in RocksDB.
    RocksDb,
    /// In memory, all of it.
    InMemory,
    /// In memory, the most recently used rows only; a row that leaves is deleted.
    LruMap {
        /// How many rows there may be.
        max_entries: usize,
    },
    /// In a place of the user's own.
    Own(OwnPlace),
}

impl StoreType {
    /// The most rows that a store keeps, if it has a limit.
    pub(crate) fn max_entries(&self) -> Option<usize> {
        match self {
            Self::LruMap { max_entries } => Some(*max_entries),
            Self::RocksDb | Self::InMemory | Self::Own(_) => None,
        }
    }
}

/// What opens places of the user's own. The plan hands it through; only stores know what it is.
#[derive(Clone)]
pub struct OwnPlace(Arc<dyn Any + Send + Sync>);

impl OwnPlace {
    pub(crate) fn new(supplier: Arc<dyn Any + Send + Sync>) -> Self {
        Self(supplier)
    }

    pub(crate) fn get(&self) -> &dyn Any {
        &*self.0
    }
}

impl fmt::Debug for OwnPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OwnPlace")
    }
}

impl PartialEq for OwnPlace {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for OwnPlace {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_parse_and_print() {
        let list = "reuse.ktable.source.topics, single.store.self.join";
        let parsed: Optimization = list.parse().unwrap();
        assert!(!parsed.merge_repartition_topics);
        assert_eq!(parsed.to_string().parse(), Ok(parsed));
        assert_eq!("none".parse(), Ok(Optimization::NONE));
    }

    #[test]
    fn unknown_and_mixed_words_say_what_to_write() {
        let error = "merge.topics".parse::<Optimization>().unwrap_err().to_string();
        assert!(error.contains("`merge.topics` is no rule; write `all`"), "{error}");
        let error = "all,merge.repartition.topics".parse::<Optimization>().unwrap_err();
        assert!(error.to_string().contains("must stand alone"), "{error}");
    }
}
