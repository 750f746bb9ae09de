//! The configs of a topic: which exist, their defaults, and which values are taken. Names and
//! defaults are those of Kafka 4; only some of them change what this broker does.

use std::collections::BTreeMap;

use kafka_protocol::ResponseError as ErrorCode;

/// What values a config takes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    Boolean,
    Int,
    Long,
    Double,
    List,
    OneOf(&'static [&'static str]),
    ListOf(&'static [&'static str]),
}

/// One config that every topic has.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) name: &'static str,
    pub(crate) default: &'static str,
    pub(crate) kind: Kind,
}

const fn known(name: &'static str, default: &'static str, kind: Kind) -> Known {
    Known { name, default, kind }
}

const LONG_MAX: &str = "9223372036854775807";
const CODECS: &[&str] = &["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"];
const TIMES: &[&str] = &["CreateTime", "LogAppendTime"];

/// All configs by name.
pub(crate) const KNOWN: &[Known] = &[
    known("cleanup.policy", "delete", Kind::ListOf(&["compact", "delete"])),
    known("compression.gzip.level", "-1", Kind::Int),
    known("compression.lz4.level", "9", Kind::Int),
    known("compression.type", "producer", Kind::OneOf(CODECS)),
    known("compression.zstd.level", "3", Kind::Int),
    known("delete.retention.ms", "86400000", Kind::Long),
    known("file.delete.delay.ms", "60000", Kind::Long),
    known("flush.messages", LONG_MAX, Kind::Long),
    known("flush.ms", LONG_MAX, Kind::Long),
    known("follower.replication.throttled.replicas", "", Kind::List),
    known("index.interval.bytes", "4096", Kind::Int),
    known("leader.replication.throttled.replicas", "", Kind::List),
    known("local.retention.bytes", "-2", Kind::Long),
    known("local.retention.ms", "-2", Kind::Long),
    known("max.compaction.lag.ms", LONG_MAX, Kind::Long),
    known("max.message.bytes", "1048588", Kind::Int),
    known("message.timestamp.after.max.ms", "3600000", Kind::Long),
    known("message.timestamp.before.max.ms", LONG_MAX, Kind::Long),
    known("message.timestamp.type", "CreateTime", Kind::OneOf(TIMES)),
    known("min.cleanable.dirty.ratio", "0.5", Kind::Double),
    known("min.compaction.lag.ms", "0", Kind::Long),
    known("min.insync.replicas", "1", Kind::Int),
    known("preallocate", "false", Kind::Boolean),
    known("remote.log.copy.disable", "false", Kind::Boolean),
    known("remote.log.delete.on.disable", "false", Kind::Boolean),
    known("remote.storage.enable", "false", Kind::Boolean),
    known("retention.bytes", "-1", Kind::Long),
    known("retention.ms", "604800000", Kind::Long),
    known("segment.bytes", "1073741824", Kind::Int),
    known("segment.index.bytes", "10485760", Kind::Int),
    known("segment.jitter.ms", "0", Kind::Long),
    known("segment.ms", "604800000", Kind::Long),
    known("unclean.leader.election.enable", "false", Kind::Boolean),
];

impl Kind {
    /// Kafka's number for the type of a config.
    pub(crate) fn wire_type(self) -> i8 {
        match self {
            Self::Boolean => 1,
            Self::OneOf(_) => 2,
            Self::Int => 3,
            Self::Long => 5,
            Self::Double => 6,
            Self::List | Self::ListOf(_) => 7,
        }
    }

    /// Whether values are lists, which can be appended to.
    pub(crate) fn is_list(self) -> bool {
        matches!(self, Self::List | Self::ListOf(_))
    }

    fn takes(self, value: &str) -> bool {
        match self {
            Self::Boolean => matches!(value, "true" | "false"),
            Self::Int => value.parse::<i32>().is_ok(),
            Self::Long => value.parse::<i64>().is_ok(),
            Self::Double => value.parse::<f64>().is_ok_and(f64::is_finite),
            Self::List => true,
            Self::OneOf(names) => names.contains(&value),
            Self::ListOf(names) => value.split(',').all(|part| names.contains(&part.trim())),
        }
    }
}

/// The configs set on one topic; whatever is not set has its default.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct TopicConfigs {
    set: BTreeMap<String, String>,
}

impl TopicConfigs {
    /// Checks and takes name and value pairs.
    ///
    /// # Errors
    /// See [`TopicConfigs::set`].
    pub(crate) fn from_pairs<'a>(
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, ErrorCode> {
        let mut configs = Self::default();
        for (name, value) in pairs {
            configs.set(name, value)?;
        }
        Ok(configs)
    }

    /// Sets one config.
    ///
    /// # Errors
    /// `InvalidConfig` for an unknown name or a value of the wrong kind.
    pub(crate) fn set(&mut self, name: &str, value: &str) -> Result<(), ErrorCode> {
        let known = find(name)?;
        if !known.kind.takes(value) {
            return Err(ErrorCode::InvalidConfig);
        }
        self.set.insert(name.to_owned(), value.to_owned());
        Ok(())
    }

    /// Puts one config back to its default.
    ///
    /// # Errors
    /// `InvalidConfig` for an unknown name.
    pub(crate) fn reset(&mut self, name: &str) -> Result<(), ErrorCode> {
        find(name)?;
        self.set.remove(name);
        Ok(())
    }

    /// Whether the topic itself sets this config.
    pub(crate) fn is_set(&self, name: &str) -> bool {
        self.set.contains_key(name)
    }

    /// The value in force; empty for an unknown name.
    pub(crate) fn get(&self, name: &str) -> &str {
        let default = || KNOWN.iter().find(|known| known.name == name).map(|known| known.default);
        self.set.get(name).map(String::as_str).or_else(default).unwrap_or_default()
    }

    /// Whether `part` is one of the topic's clean-up policies.
    pub(crate) fn has_policy(&self, part: &str) -> bool {
        self.get("cleanup.policy").split(',').any(|policy| policy.trim() == part)
    }

    /// Whether the broker's time replaces the producers'.
    pub(crate) fn uses_append_time(&self) -> bool {
        self.get("message.timestamp.type") == "LogAppendTime"
    }

    /// A config of kind `Int` or `Long` as a number.
    pub(crate) fn number(&self, name: &str) -> i64 {
        self.get(name).parse().unwrap_or_default()
    }
}

/// The config of this name.
///
/// # Errors
/// `InvalidConfig` when there is none.
pub(crate) fn find(name: &str) -> Result<&'static Known, ErrorCode> {
    KNOWN.iter().find(|known| known.name == name).ok_or(ErrorCode::InvalidConfig)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_a_value_that_its_kind_takes() {
        for known in KNOWN {
            assert!(known.kind.takes(known.default), "{}", known.name);
        }
    }

    #[test]
    fn unknown_names_and_wrong_values_are_refused() {
        let set = |name, value| TopicConfigs::from_pairs([(name, value)]).map(drop);
        assert_eq!(set("cleanup.policy", "compact,delete"), Ok(()));
        assert_eq!(set("cleanup.policy", "compact,shred"), Err(ErrorCode::InvalidConfig));
        assert_eq!(set("retention.ms", "soon"), Err(ErrorCode::InvalidConfig));
        assert_eq!(set("no.such.config", "1"), Err(ErrorCode::InvalidConfig));
    }

    #[test]
    fn a_reset_config_has_its_default_again() {
        let mut configs = TopicConfigs::from_pairs([("retention.ms", "-1")]).unwrap();
        assert_eq!(configs.number("retention.ms"), -1);
        configs.reset("retention.ms").unwrap();
        assert_eq!(configs.number("retention.ms"), 604_800_000);
        assert!(!configs.is_set("retention.ms"));
    }
}
