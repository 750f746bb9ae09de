//! Where and how `print` writes.

use std::fmt::Debug;
use std::fs::OpenOptions;
use std::path::Path;
use std::sync::{Arc, Mutex};

use super::{AddTo, Unset};
use crate::operator::{PrintMapper, PrintTarget};

/// Where printed records go, under which label, and how they look.
///
/// The label is the name of the operator before unless one is given; a record looks as `Debug`
/// shows its key and value. Java: `org.apache.kafka.streams.kstream.Printed`.
pub struct Printed<K, V> {
    pub(crate) target: PrintTarget,
    pub(crate) label: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) mapper: PrintMapper<K, V>,
    pub(crate) problem: Option<String>,
}

impl<K: Debug, V: Debug> Printed<K, V> {
    /// Prints to the standard output.
    pub fn to_sys_out() -> Self {
        Self::to_writer(std::io::stdout())
    }

    /// Prints to the end of a file, which is created where it is missing.
    ///
    /// A file that cannot be opened is reported when the topology is built.
    pub fn to_file(path: impl AsRef<Path>) -> Self {
        let path = path.as_ref();
        match OpenOptions::new().create(true).append(true).open(path) {
            Ok(file) => Self::to_writer(file),
            Err(error) => {
                let problem = format!(
                    "print cannot open {}: {error}; give a path that can be written",
                    path.display()
                );
                Self { problem: Some(problem), ..Self::to_writer(std::io::sink()) }
            }
        }
    }

    /// Prints to any writer.
    pub fn to_writer(writer: impl std::io::Write + Send + 'static) -> Self {
        Self {
            target: Arc::new(Mutex::new(writer)),
            label: None,
            name: None,
            mapper: Arc::new(|key, value| format!("{key:?}, {value:?}")),
            problem: None,
        }
    }
}

impl<K, V> Printed<K, V> {
    /// Puts `[label]: ` before each record.
    #[must_use]
    pub fn with_label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Names the node.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Makes each record's text with this function.
    #[must_use]
    pub fn with_key_value_mapper(
        mut self,
        mapper: impl Fn(&K, &V) -> String + Send + Sync + 'static,
    ) -> Self {
        self.mapper = Arc::new(mapper);
        self
    }
}

impl<K, V> std::fmt::Debug for Printed<K, V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Printed")
            .field("label", &self.label)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl<K: Debug, V: Debug> From<Unset> for Printed<K, V> {
    fn from(_: Unset) -> Self {
        Self::to_sys_out()
    }
}

impl<K: Debug, V: Debug> From<&str> for Printed<K, V> {
    fn from(label: &str) -> Self {
        Self::to_sys_out().with_label(label)
    }
}

impl<K, V> From<(Self, super::Named)> for Printed<K, V> {
    fn from((printed, named): (Self, super::Named)) -> Self {
        Self { name: named.given().map(str::to_owned), ..printed }
    }
}

impl<K, V> AddTo<Self> for Printed<K, V> {
    fn add_to(self, options: &mut Self) {
        *options = self;
    }
}
