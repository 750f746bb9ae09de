//! The stores of a task, which its operators find by number and type.

use std::any::{Any, TypeId};

use crate::store::{StateStore, StoreRef};
use crate::topology::StoreIx;

/// The stores of a task by their numbers; a place is empty where the store is another task's.
pub(crate) struct Stores(Vec<Option<OpenStore>>);

/// A store with its type.
struct OpenStore {
    /// That of what `store` points to.
    type_id: TypeId,
    store: Box<dyn StateStore>,
}

impl OpenStore {
    fn new(store: Box<dyn StateStore>) -> Self {
        let any: &dyn Any = &*store;
        Self { type_id: any.type_id(), store }
    }

    /// The store as its own type; `None` when that is another.
    ///
    /// `Any::downcast_mut` asks the store for its type at each call: seven nanoseconds of a join's ninety.
    #[inline(always)]
    #[expect(unsafe_code, reason = "the type of a store is asked once, when a task opens it")]
    fn typed<S: 'static>(&mut self) -> Option<&mut S> {
        if self.type_id != TypeId::of::<S>() {
            return None;
        }
        let store: *mut dyn StateStore = &mut *self.store;
        // SAFETY: `type_id` was taken from what `store` points to, and nothing puts another store there: both
        // fields are written in `new` only, and others get no more than `&mut dyn StateStore`. So it is an `S`,
        // borrowed for as long as `self` is.
        Some(unsafe { &mut *store.cast::<S>() })
    }
}

impl Stores {
    pub(super) fn new(stores: Vec<Option<Box<dyn StateStore>>>) -> Self {
        Self(stores.into_iter().map(|store| store.map(OpenStore::new)).collect())
    }

    /// The store behind a reference.
    #[inline(always)]
    pub(super) fn typed<S: 'static>(&mut self, store: StoreRef<S>) -> &mut S {
        let open = self.0.get_mut(store.ix().index()).and_then(Option::as_mut);
        open.and_then(OpenStore::typed)
            .expect("invariant: a task owns the stores of its operators, with their types")
    }

    /// A store, if it is this task's.
    pub(crate) fn get(&self, store: StoreIx) -> Option<&dyn StateStore> {
        Some(&*self.0.get(store.index())?.as_ref()?.store)
    }

    /// A store, if it is this task's.
    pub(crate) fn get_mut(&mut self, store: StoreIx) -> Option<&mut dyn StateStore> {
        Some(&mut *self.0.get_mut(store.index())?.as_mut()?.store)
    }

    /// Gives a store away, if it is there.
    pub(super) fn take_one(&mut self, store: StoreIx) -> Option<Box<dyn StateStore>> {
        self.0.get_mut(store.index())?.take().map(|open| open.store)
    }

    /// Puts a store that was given away in its place.
    pub(super) fn put(&mut self, ix: StoreIx, store: Box<dyn StateStore>) {
        if let Some(place) = self.0.get_mut(ix.index()) {
            *place = Some(OpenStore::new(store));
        }
    }

    /// Gives all stores away.
    pub(crate) fn take(&mut self) -> Vec<(StoreIx, Box<dyn StateStore>)> {
        let stores = (0..).map(StoreIx).zip(&mut self.0);
        stores.filter_map(|(ix, open)| Some((ix, open.take()?.store))).collect()
    }

    /// This task's stores with their numbers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (StoreIx, &dyn StateStore)> {
        (0..).map(StoreIx).zip(&self.0).filter_map(|(ix, open)| Some((ix, &*open.as_ref()?.store)))
    }

    /// This task's stores with their numbers.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (StoreIx, &mut dyn StateStore)> {
        let stores = (0..).map(StoreIx).zip(&mut self.0);
        stores.filter_map(|(ix, open)| Some((ix, &mut *open.as_mut()?.store)))
    }
}
