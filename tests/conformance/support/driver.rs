//! The library's test driver, as the harness uses it: bytes in, bytes out.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use streams_runtime::config::StreamsConfig;
use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
use streams_runtime::prelude::*;

use super::case::{HeaderText, Pipe};

const INITIAL_WALL_CLOCK: &str = "initial_wall_clock_ms";

/// A record that the topology produced.
pub(crate) struct Produced {
    pub(crate) topic: String,
    pub(crate) internal: bool,
    pub(crate) key: Option<Vec<u8>>,
    pub(crate) value: Option<Vec<u8>>,
    pub(crate) timestamp: Option<i64>,
    pub(crate) headers: Vec<HeaderText>,
}

/// A row of a store; `start` and `end` only for window and session stores.
pub(crate) struct Row {
    pub(crate) key: Vec<u8>,
    pub(crate) value: Vec<u8>,
    pub(crate) timestamp: Option<i64>,
    pub(crate) start: Option<i64>,
    pub(crate) end: Option<i64>,
    /// For the versions of a key; `None` for the latest one.
    pub(crate) valid_to: Option<i64>,
}

/// The topology's description under a case's configuration.
///
/// # Errors
/// When the configuration is refused.
pub(crate) fn describe(topology: &Topology, config: &Map<String, Value>) -> Result<String, String> {
    Ok(topology.describe_with(&streams_config(config)?.topology_config()))
}

fn streams_config(config: &Map<String, Value>) -> Result<StreamsConfig, String> {
    let entries =
        config.iter().filter(|(key, _)| *key != INITIAL_WALL_CLOCK).map(|(key, value)| {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            (key, text)
        });
    StreamsConfig::from_map(entries).map_err(|error| error.to_string())
}

/// A running topology.
pub(crate) struct Driver(TopologyTestDriver);

impl Driver {
    /// Starts a topology under a case's configuration.
    ///
    /// # Errors
    /// When the topology or the configuration is refused.
    pub(crate) fn start(topology: &Topology, config: &Map<String, Value>) -> Result<Self, String> {
        let clock = config.get(INITIAL_WALL_CLOCK).and_then(Value::as_u64).unwrap_or_default();
        let clock = u32::try_from(clock).map_err(|error| error.to_string())?;
        let config = TestDriverConfig::from(streams_config(config)?).initial_wall_clock(clock);
        TopologyTestDriver::new(topology, config).map(Self).map_err(|error| error.to_string())
    }

    /// Puts a record on a topic and runs to completion.
    ///
    /// # Errors
    /// When processing stops.
    pub(crate) fn pipe(
        &mut self,
        pipe: &Pipe,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
    ) -> Result<(), String> {
        let headers = pipe.headers.iter().map(|header| Header {
            key: header.key.clone(),
            value: header.value.clone().map(String::into_bytes),
        });
        self.0
            .pipe_raw(&pipe.topic, key, value, pipe.ts, headers.collect())
            .map_err(|error| error.to_string())
    }

    /// Moves the wall clock and runs to completion.
    ///
    /// # Errors
    /// When processing stops.
    pub(crate) fn advance_wall_clock(&mut self, ms: i64) -> Result<(), String> {
        let ms = u64::try_from(ms).map_err(|error| error.to_string())?;
        self.0.advance_wall_clock(ms).map_err(|error| error.to_string())
    }

    /// What was produced since the last call, across topics.
    pub(crate) fn take_output(&mut self) -> Vec<Produced> {
        let records = self.0.take_output().into_iter().map(|record| Produced {
            topic: record.topic.to_string(),
            internal: record.internal,
            key: record.key,
            value: record.value,
            timestamp: record.timestamp,
            headers: record.headers.iter().map(header_text).collect(),
        });
        records.collect()
    }

    /// The rows of all stores; those of internal ones only where the case lists them, which it does for
    /// some that are empty.
    ///
    /// # Errors
    /// When a store cannot be read.
    pub(crate) fn stores(
        &mut self,
        is_listed: impl Fn(&str) -> bool,
    ) -> Result<BTreeMap<String, Vec<Row>>, String> {
        let mut stores = BTreeMap::new();
        for name in self.0.store_names() {
            if self.0.is_internal_store(&name) && !is_listed(&name) {
                continue;
            }
            let rows = self.0.store_rows(&name).map_err(|error| error.to_string())?;
            let rows = rows.into_iter().map(|row| Row {
                key: row.key,
                value: row.value,
                timestamp: row.timestamp,
                start: row.window.map(|window| window.start),
                end: row.window.map(|window| window.end),
                valid_to: row.valid_to,
            });
            stores.insert(name, rows.collect());
        }
        Ok(stores)
    }

    /// The task's dropped-records total.
    pub(crate) fn dropped_records(&self) -> u64 {
        self.0.dropped_records()
    }
}

fn header_text(header: &Header) -> HeaderText {
    let text = |value: &Vec<u8>| String::from_utf8_lossy(value).into_owned();
    HeaderText { key: header.key.clone(), value: header.value.as_ref().map(text) }
}
