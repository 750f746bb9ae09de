//! What others ask of a task between two records.

use super::Task;
use crate::outbox::Outbox;
use crate::store::StateStore;

impl Task {
    /// True when a processor has asked for a commit since the last one.
    pub fn commit_requested(&self) -> bool {
        self.cx.commit_requested()
    }

    /// A store by name, and the outbox for what is written to it.
    pub(crate) fn store_of(&mut self, name: &str) -> Option<(&mut dyn StateStore, &mut Outbox)> {
        self.cx.store_of(name)
    }
}
