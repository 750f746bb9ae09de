//! A recorded case as its file says it (the format is in `tests/conformance/README.md`).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};

/// One file of a group: a recorded run, or, in the group `serde`, a list of byte vectors.
#[derive(Debug, Deserialize)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) group: String,
    #[serde(default)]
    pub(crate) topology_id: Option<String>,
    #[serde(default)]
    pub(crate) params: Params,
    #[serde(default)]
    pub(crate) describe: Option<String>,
    #[serde(default)]
    pub(crate) config: Map<String, Value>,
    #[serde(default)]
    pub(crate) serdes: BTreeMap<String, SerdeNames>,
    #[serde(default)]
    pub(crate) steps: Vec<Step>,
    #[serde(default)]
    pub(crate) stores: Option<BTreeMap<String, StoreRows>>,
    #[serde(default)]
    pub(crate) changelog: Option<BTreeMap<String, Vec<Logged>>>,
    #[serde(default)]
    pub(crate) dropped_records: Option<u64>,
    /// Which detail is an accident of the reference, so that another result may be right, too.
    #[serde(default)]
    pub(crate) incidental: Option<String>,
    #[serde(default)]
    pub(crate) build_error: Option<Value>,
    #[serde(default)]
    pub(crate) vectors: Vec<Map<String, Value>>,
}

/// The parameters of a topology: cases of one `topology_id` differ only in these.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Params(Map<String, Value>);

impl Params {
    /// An integer parameter.
    pub(crate) fn long(&self, name: &str) -> i64 {
        self.get(name).as_i64().unwrap_or_else(|| panic!("parameter {name} is no integer"))
    }

    /// A duration in milliseconds.
    pub(crate) fn ms(&self, name: &str) -> Duration {
        Duration::from_millis(u64::try_from(self.long(name)).unwrap_or_default())
    }

    /// A duration in milliseconds; `None` for a negative one, which there is not in Rust.
    pub(crate) fn try_ms(&self, name: &str) -> Option<Duration> {
        u64::try_from(self.long(name)).ok().map(Duration::from_millis)
    }

    /// A switch.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.get(name).as_bool().unwrap_or_else(|| panic!("parameter {name} is no boolean"))
    }

    fn get(&self, name: &str) -> &Value {
        self.0.get(name).unwrap_or_else(|| panic!("the case has no parameter {name}"))
    }
}

/// The serde names of a topic.
#[derive(Debug, Deserialize)]
pub(crate) struct SerdeNames {
    pub(crate) key: String,
    pub(crate) value: String,
}

/// One thing done to the topology, and what came of it.
#[derive(Debug, Deserialize)]
pub(crate) struct Step {
    #[serde(default)]
    pub(crate) pipe: Option<Pipe>,
    #[serde(default)]
    pub(crate) advance_wall_clock_ms: Option<i64>,
    #[serde(default)]
    pub(crate) out: Vec<Output>,
    #[serde(default)]
    pub(crate) log: Vec<Value>,
    #[serde(default)]
    pub(crate) error: Option<Value>,
}

/// A record to put on a topic.
#[derive(Debug, Deserialize)]
pub(crate) struct Pipe {
    pub(crate) topic: String,
    pub(crate) key: Value,
    pub(crate) value: Value,
    pub(crate) ts: i64,
    #[serde(default)]
    pub(crate) headers: Vec<HeaderText>,
}

/// A record that came out on a user topic; `key` and `value` say in JSON what the bytes say.
#[derive(Debug, Deserialize)]
pub(crate) struct Output {
    pub(crate) topic: String,
    pub(crate) key: Value,
    pub(crate) value: Value,
    pub(crate) ts: i64,
    #[serde(default)]
    pub(crate) headers: Vec<HeaderText>,
    pub(crate) key_hex: Option<String>,
    pub(crate) value_hex: Option<String>,
}

/// A header with its value as text.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
pub(crate) struct HeaderText {
    pub(crate) key: String,
    pub(crate) value: Option<String>,
}

/// A record of an internal topic.
#[derive(Debug, Deserialize)]
pub(crate) struct Logged {
    pub(crate) key_hex: Option<String>,
    pub(crate) value_hex: Option<String>,
    pub(crate) ts: Option<i64>,
    #[serde(default)]
    pub(crate) headers: Vec<HeaderText>,
}

/// What a store held after the last step.
#[derive(Debug, Deserialize)]
pub(crate) struct StoreRows {
    pub(crate) kind: String,
    #[serde(rename = "final")]
    pub(crate) rows: Vec<Map<String, Value>>,
}

/// The folder of cases to replay: `CONFORMANCE_DIR`, else the copies beside this harness.
pub(crate) fn cases_dir() -> PathBuf {
    match std::env::var_os("CONFORMANCE_DIR") {
        Some(dir) => PathBuf::from(dir),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/cases"),
    }
}

/// All cases of a folder and its folders, by path; an `index.json` is no case.
///
/// # Errors
/// When a file cannot be read or is no case.
pub(crate) fn load(dir: &Path) -> Result<Vec<Case>, String> {
    files(dir)?.iter().map(|file| read(file)).collect()
}

fn files(dir: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = std::fs::read_dir(dir).map_err(|error| format!("{}: {error}", dir.display()))?;
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    let mut found = Vec::new();
    for path in paths {
        if path.is_dir() {
            found.extend(files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "json")
            && !path.ends_with("index.json")
        {
            found.push(path);
        }
    }
    Ok(found)
}

fn read(file: &Path) -> Result<Case, String> {
    let text = std::fs::read_to_string(file).map_err(|error| error.to_string());
    text.and_then(|text| serde_json::from_str(&text).map_err(|error| error.to_string()))
        .map_err(|error| format!("{}: {error}", file.display()))
}
