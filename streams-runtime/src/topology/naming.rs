//! Names: the rules for given ones, the prefixes and numbers of generated ones.
//!
//! Facts from Kafka Streams 4.3.1 (`Named`, `InternalStreamsBuilder`, `KStreamImpl`): all generated
//! names of a topology come from one counter, which also advances where the user gives a name.

/// The longest name of a processor, a store or a topic.
pub const MAX_LENGTH: usize = 249;

/// The end of a repartition topic's name.
pub const REPARTITION_SUFFIX: &str = "-repartition";

/// The prefixes of generated names.
pub mod prefix {
    macro_rules! prefixes {
        ($($name:ident = $text:literal;)*) => {
            $(#[doc = concat!("`", $text, "`")] pub const $name: &str = $text;)*
        };
    }
    prefixes! {
        STREAM_SOURCE = "KSTREAM-SOURCE-";
        STREAM_SINK = "KSTREAM-SINK-";
        STREAM_FILTER = "KSTREAM-FILTER-";
        STREAM_PEEK = "KSTREAM-PEEK-";
        STREAM_FOREACH = "KSTREAM-FOREACH-";
        STREAM_PROCESSOR = "KSTREAM-PROCESSOR-";
        STREAM_PROCESS_VALUES = "KSTREAM-PROCESSVALUES-";
        STREAM_PRINT = "KSTREAM-PRINTER-";
        STREAM_MAP = "KSTREAM-MAP-";
        STREAM_FLAT_MAP = "KSTREAM-FLATMAP-";
        STREAM_MAP_VALUES = "KSTREAM-MAPVALUES-";
        STREAM_FLAT_MAP_VALUES = "KSTREAM-FLATMAPVALUES-";
        STREAM_SELECT_KEY = "KSTREAM-KEY-SELECT-";
        STREAM_MERGE = "KSTREAM-MERGE-";
        STREAM_BRANCH = "KSTREAM-BRANCH-";
        STREAM_REPARTITION = "KSTREAM-REPARTITION-";
        STREAM_TO_TABLE = "KSTREAM-TOTABLE-";
        STREAM_AGGREGATE = "KSTREAM-AGGREGATE-";
        STREAM_REDUCE = "KSTREAM-REDUCE-";
        STREAM_JOIN = "KSTREAM-JOIN-";
        STREAM_LEFT_JOIN = "KSTREAM-LEFTJOIN-";
        STREAM_WINDOWED = "KSTREAM-WINDOWED-";
        STREAM_JOIN_THIS = "KSTREAM-JOINTHIS-";
        STREAM_JOIN_OTHER = "KSTREAM-JOINOTHER-";
        STREAM_OUTER_THIS = "KSTREAM-OUTERTHIS-";
        STREAM_OUTER_OTHER = "KSTREAM-OUTEROTHER-";
        STREAM_OUTER_SHARED = "KSTREAM-OUTERSHARED-";
        TABLE_JOIN_THIS = "KTABLE-JOINTHIS-";
        TABLE_JOIN_OTHER = "KTABLE-JOINOTHER-";
        TABLE_MERGE = "KTABLE-MERGE-";
        FK_REGISTRATION = "KTABLE-FK-JOIN-SUBSCRIPTION-REGISTRATION-";
        FK_STORE = "KTABLE-FK-JOIN-SUBSCRIPTION-STATE-STORE-";
        FK_PROCESSOR = "KTABLE-FK-JOIN-SUBSCRIPTION-PROCESSOR-";
        FK_RESPONSE = "KTABLE-FK-JOIN-SUBSCRIPTION-RESPONSE-";
        FK_RESOLVER = "KTABLE-FK-JOIN-SUBSCRIPTION-RESPONSE-RESOLVER-PROCESSOR-";
        FK_OUTPUT = "KTABLE-FK-JOIN-OUTPUT-";
        TABLE_SINK = "KTABLE-SINK-";
        TABLE_SOURCE = "KTABLE-SOURCE-";
        TABLE_FILTER = "KTABLE-FILTER-";
        TABLE_MAP_VALUES = "KTABLE-MAPVALUES-";
        TABLE_TRANSFORM_VALUES = "KTABLE-TRANSFORMVALUES-";
        TABLE_TO_STREAM = "KTABLE-TOSTREAM-";
        TABLE_SELECT = "KTABLE-SELECT-";
        TABLE_SUPPRESS = "KTABLE-SUPPRESS-";
        COGROUP_AGGREGATE = "COGROUPKSTREAM-AGGREGATE-";
        COGROUP_MERGE = "COGROUPKSTREAM-MERGE-";
        TABLE_AGGREGATE = "KTABLE-AGGREGATE-";
        TABLE_REDUCE = "KTABLE-REDUCE-";
    }
}

/// The one counter behind all generated names of a topology.
#[derive(Clone, Debug, Default)]
pub struct NameCounter {
    next: u32,
}

impl NameCounter {
    /// The next generated name of a node.
    pub fn node(&mut self, prefix: &str) -> String {
        format!("{prefix}{:010}", self.burn())
    }

    /// The next generated name of a store.
    pub fn store(&mut self, prefix: &str) -> String {
        format!("{prefix}STATE-STORE-{:010}", self.burn())
    }

    /// Uses up a number without a name.
    pub fn burn(&mut self) -> u32 {
        let number = self.next;
        self.next += 1;
        number
    }
}

/// Why Kafka refuses a name, with the mend; `None` when it is fine.
///
/// The rule is the same for processors, stores and topics: 1 to 249 ASCII letters, digits, `.`,
/// `_` and `-`, and neither `.` nor `..`.
pub fn problem_with_name(what: &str, name: &str) -> Option<String> {
    if name.is_empty() {
        return Some(format!("the name of a {what} is empty; give it at least one letter"));
    }
    if name == "." || name == ".." {
        return Some(format!("a {what} cannot be called {name:?}; add a letter or a digit"));
    }
    if let Some(bad) = name.chars().find(|c| !is_legal(*c)) {
        let mended: String = name.chars().map(|c| if is_legal(c) { c } else { '-' }).collect();
        return Some(format!(
            "the name {name:?} of a {what} contains {bad:?}; only ASCII letters, digits, '.', \
             '_' and '-' are allowed, so write for example {mended:?}"
        ));
    }
    if name.len() > MAX_LENGTH {
        return Some(format!(
            "the name {name:?} of a {what} has {} characters; shorten it to at most {MAX_LENGTH}",
            name.len()
        ));
    }
    None
}

fn is_legal(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')
}

/// True for a prefix like `KSTREAM-AGGREGATE-STATE-STORE-0000000003`, whose repartition nodes keep
/// their generated names.
pub fn is_generated_stream_name(name: &str) -> bool {
    let Some(rest) = name.strip_prefix("KSTREAM") else { return false };
    let Some((_, digits)) = rest.rsplit_once('-') else { return false };
    digits.len() == 10 && digits.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shared_by_nodes_and_stores() {
        let mut names = NameCounter::default();
        assert_eq!(names.node(prefix::STREAM_SOURCE), "KSTREAM-SOURCE-0000000000");
        names.burn();
        assert_eq!(
            names.store(prefix::STREAM_AGGREGATE),
            "KSTREAM-AGGREGATE-STATE-STORE-0000000002"
        );
    }

    #[test]
    fn illegal_names_come_with_a_mend() {
        assert_eq!(problem_with_name("store", "word-counts_1.x"), None);
        let told = problem_with_name("store", "a b").unwrap();
        assert!(told.contains("contains ' '") && told.contains("write for example \"a-b\""));
        assert!(problem_with_name("store", "").unwrap().contains("empty"));
        assert!(problem_with_name("topic", "..").unwrap().contains("cannot be called"));
        assert!(problem_with_name("topic", &"x".repeat(250)).unwrap().contains("250 characters"));
    }

    #[test]
    fn generated_repartition_prefixes() {
        assert!(is_generated_stream_name("KSTREAM-AGGREGATE-STATE-STORE-0000000003"));
        assert!(!is_generated_stream_name("KSTREAM-AGGREGATE-STATE-STORE-0000000003-repartition"));
        assert!(!is_generated_stream_name("counts"));
        assert!(!is_generated_stream_name("COGROUPKSTREAM-AGGREGATE-STATE-STORE-0000000003"));
    }
}
