//! A store of the user's own, as processors see it.

use std::any::Any;

use super::store::{ContextCell, ProcessorStore, StoreBuilder};
use crate::store::{
    Changelog, OwnSetup, OwnState, OwnStore, StateStore, StoreError, StoreErrorKind,
    own_store_maker,
};
use crate::topology::{StoreIx, StoreType};

/// A store of a kind of your own: see [`OwnStore`] for what it has to do and for an example.
///
/// A processor takes it as any other store, `numbers: &mut Own<Numbers>`, and several processors may share it. A
/// global store cannot be one: every task reads that on its own thread. In tests,
/// [`own_store`](crate::driver::test::TopologyTestDriver::own_store) gives it.
pub struct Own<'a, S> {
    cell: ContextCell<'a>,
    store: StoreIx,
    own: std::marker::PhantomData<fn() -> S>,
}

impl<S: OwnStore> ProcessorStore for Own<'static, S> {
    type At<'a> = Own<'a, S>;

    const IS_SHAREABLE: bool = false;

    fn at(cell: ContextCell<'_>, store: StoreIx) -> Own<'_, S> {
        Own { cell, store, own: std::marker::PhantomData }
    }
}

impl<S: OwnStore> Own<'static, S> {
    /// Declares a store that `open` opens for each task, with what its last commit has left.
    ///
    /// It is logged to a compacted changelog topic unless the builder says otherwise; the other switches of the
    /// builder mean nothing to it. An error of `open` stops the instance, but one of kind
    /// [`InUse`](crate::store::StoreErrorKind::InUse), which has the task wait for whoever has it open.
    pub fn builder(
        name: impl Into<String>,
        open: impl Fn(&OwnSetup<'_>) -> Result<S, StoreError> + Send + Sync + 'static,
    ) -> StoreBuilder<Self> {
        StoreBuilder::new(name, StoreType::InMemory, own_store_maker(open))
    }
}

impl<S: OwnStore> Own<'_, S> {
    /// Works with the store; what is logged meanwhile goes to its changelog.
    ///
    /// Forwarding inside `work` is possible, but for a child that uses the same store: that ends the task, as any
    /// failure of a store does when the processor returns. Behind a failure this does nothing and gives nothing.
    pub fn with<T>(&mut self, work: impl FnOnce(&mut S, &mut Changelog) -> T) -> Option<T> {
        self.try_with(|store, log| Ok(work(store, log)))
    }

    /// [`with`](Self::with) for work that may fail: the first error ends the task when the processor returns.
    pub fn try_with<T>(
        &mut self,
        work: impl FnOnce(&mut S, &mut Changelog) -> Result<T, StoreError>,
    ) -> Option<T> {
        if self.cell.with(|cx| cx.processor_failed()) {
            return None;
        }
        let done = self.worked(work);
        let note = |error: StoreError| self.cell.with(|cx| cx.note_failure(error.into()));
        done.map_err(note).ok()
    }

    /// The store is out of its place meanwhile, so that the context is free for what `work` forwards.
    fn worked<T>(
        &mut self,
        work: impl FnOnce(&mut S, &mut Changelog) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut taken = Taken::of(self.cell, self.store).ok_or_else(at_work::<S>)?;
        let state = taken.state::<S>();
        let done = state.touch(work);
        self.cell.with(|cx| state.send_log(cx.outbox()));
        done
    }
}

/// A store out of its place. It comes back behind a panic, too: the task that fails is to close it.
struct Taken<'a> {
    cell: ContextCell<'a>,
    ix: StoreIx,
    store: Option<Box<dyn StateStore>>,
}

impl<'a> Taken<'a> {
    fn of(cell: ContextCell<'a>, ix: StoreIx) -> Option<Self> {
        let store = cell.with(|cx| cx.take_store(ix))?;
        Some(Self { cell, ix, store: Some(store) })
    }

    fn state<S: OwnStore>(&mut self) -> &mut OwnState<S> {
        let store =
            self.store.as_deref_mut().and_then(|store| (store as &mut dyn Any).downcast_mut());
        store.expect("invariant: a task owns the stores of its processors, with their types")
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        if let Some(store) = self.store.take() {
            self.cell.with(|cx| cx.put_store(self.ix, store));
        }
    }
}

#[cold]
fn at_work<S>() -> StoreError {
    StoreError::new(
        StoreErrorKind::AtWork,
        format!(
            "the store of `{}` is used inside its own `with`: a processor forwards there, and a child uses it, too; \
             forward behind `with`",
            std::any::type_name::<S>()
        ),
    )
}
