//! The folder in which the processors of a task may keep files.

use std::io;
use std::path::PathBuf;

use super::Context;
use crate::store::files_of;

impl Context {
    pub(crate) fn files(&self) -> io::Result<PathBuf> {
        match &self.facts.state_dir {
            Some(application) => files_of(application, self.facts.task_id),
            None => Err(io::Error::new(
                io::ErrorKind::NotFound,
                "this test driver has no state directory; give it one by `TestDriverConfig::with_state_dir`",
            )),
        }
    }
}
