//! The results of one record: none, one without an allocation, or more.

/// Records that go on, in order.
#[derive(Clone, Debug, PartialEq)]
pub struct Updates<R> {
    first: Option<R>,
    rest: Vec<R>,
}

impl<R> Default for Updates<R> {
    fn default() -> Self {
        Self { first: None, rest: Vec::new() }
    }
}

impl<R> Updates<R> {
    /// Adds one.
    #[inline]
    pub(crate) fn push(&mut self, record: R) {
        if self.first.is_none() {
            self.first = Some(record);
        } else {
            self.rest.push(record);
        }
    }
}

impl<R> IntoIterator for Updates<R> {
    type Item = R;
    type IntoIter = std::iter::Chain<std::option::IntoIter<R>, std::vec::IntoIter<R>>;

    #[inline]
    fn into_iter(self) -> Self::IntoIter {
        self.first.into_iter().chain(self.rest)
    }
}
