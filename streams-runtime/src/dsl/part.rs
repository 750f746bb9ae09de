//! The doors of a part: how records come in, and how they leave to what its caller puts behind it.
//!
//! A part is a function over the builder that is called in the type pass and does both of its passes there.
//! What stands behind a stream that it gives back is not known yet: it gets an [`Exit`], which its caller
//! fills. The type of what is filled in is inferred at the caller, so no record is sent through a pointer
//! to a function.

use std::marker::PhantomData;
use std::sync::{Arc, OnceLock};

use super::{Flow, KGroupedStream, KGroupedTable, KStream, KTable, StreamsBuilder};
use crate::context::Context;
use crate::error::Stop;
use crate::operator::{LookupError, Source, View};
use crate::record::Record;
use crate::store::ValueAndTimestamp;
use crate::time::Timestamp;

/// The records behind a handle.
pub type RecordOf<H> = <H as Flow>::Record;

/// A run: what happens to each record from some place on.
pub trait Run<R>: Send + Sync + 'static {
    /// Handles one record.
    ///
    /// # Errors
    /// When the task has to stop.
    fn run(&self, cx: &mut Context, record: R) -> Result<(), Stop>;
}

impl<R, F> Run<R> for F
where
    F: Fn(&mut Context, R) -> Result<(), Stop> + Send + Sync + 'static,
{
    #[inline]
    fn run(&self, cx: &mut Context, record: R) -> Result<(), Stop> {
        self(cx, record)
    }
}

/// What can pass the door of a part that is declared for `T`: `T` itself.
///
/// A trait of its own says a mistake once, in words of its own: the type pass and the run pass ask the same.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot pass the door of a part that is declared as `{T}`",
    label = "a stream or table of other types",
    note = "bring keys and values to the declared types before the door, by `map` or `map_values`, or change the \
            part's signature"
)]
pub trait Passes<T: Flow>: Flow {
    /// The handle on the other side.
    fn handle(self) -> T;

    /// A record on the other side.
    fn record(record: Self::Record) -> T::Record;
}

impl<H: Flow> Passes<H> for H {
    fn handle(self) -> H {
        self
    }

    #[inline]
    fn record(record: H::Record) -> H::Record {
        record
    }
}

/// Nothing passes to here. It keeps rustc from taking any handle for the one that a door is declared for, as it
/// would if a handle could pass to itself alone.
#[derive(Clone, Copy, Debug)]
pub struct Nowhere;

impl Flow for Nowhere {
    type Record = ();
}

macro_rules! nowhere {
    ($($handle:ident)*) => { $(
        #[diagnostic::do_not_recommend]
        impl<K, V> Passes<Nowhere> for $handle<K, V> {
            fn handle(self) -> Nowhere {
                Nowhere
            }

            fn record(_: Self::Record) {}
        }
    )* };
}

nowhere! { KStream KTable KGroupedStream KGroupedTable }

/// A handle on the other side of a door.
pub fn pass<H: Passes<T>, T: Flow>(handle: H) -> T {
    handle.handle()
}

/// Where records of `T` come into a part.
pub struct Door<T, F> {
    run: F,
    handle: PhantomData<fn(T)>,
}

impl<T, F> std::fmt::Debug for Door<T, F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Door").finish_non_exhaustive()
    }
}

/// The door for the stream behind a handle; the handle tells the record's type.
pub fn door<T: Flow, F>(_: T, run: F) -> Door<T, F>
where
    F: Fn(&mut Context, T::Record) -> Result<(), Stop> + Send + Sync + 'static,
{
    Door { run, handle: PhantomData }
}

impl<T: Flow, F: Run<T::Record>> Way<T> for Door<T, F> {
    #[inline]
    fn go(&self, cx: &mut Context, record: T::Record) -> Result<(), Stop> {
        self.run.run(cx, record)
    }
}

/// Where records of `T` leave a part; its caller says for where.
pub struct Exit<T, F> {
    run: Arc<OnceLock<F>>,
    handle: PhantomData<fn(T)>,
}

impl<T, F> Clone for Exit<T, F> {
    fn clone(&self) -> Self {
        Self { run: Arc::clone(&self.run), handle: PhantomData }
    }
}

impl<T, F> std::fmt::Debug for Exit<T, F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Exit").field("leads_somewhere", &self.run.get().is_some()).finish()
    }
}

/// An exit that leads nowhere yet.
pub fn exit<T, F>() -> Exit<T, F> {
    Exit { run: Arc::new(OnceLock::new()), handle: PhantomData }
}

impl<T: Flow, F> Exit<T, F> {
    /// Says what happens to the records that leave; the handle tells their type.
    pub fn goes_to(self, _: T, run: F)
    where
        F: Fn(&mut Context, T::Record) -> Result<(), Stop> + Send + Sync + 'static,
    {
        let filled = self.run.set(run);
        debug_assert!(filled.is_ok(), "an exit leads to one place");
    }
}

impl<T: Flow, F: Run<T::Record>> Way<T> for Exit<T, F> {
    #[inline]
    fn go(&self, cx: &mut Context, record: T::Record) -> Result<(), Stop> {
        // no record comes before the topology is built, and then the exit is filled
        match self.run.get() {
            Some(run) => run.run(cx, record),
            None => Ok(()),
        }
    }
}

/// A door or an exit, as one side sees it.
pub trait Way<T: Flow> {
    /// Lets a record through.
    ///
    /// # Errors
    /// When the task has to stop.
    fn go(&self, cx: &mut Context, record: T::Record) -> Result<(), Stop>;
}

/// A way for the records of `H`, through a door or an exit that is declared for `T`.
pub struct Through<H, T, W> {
    way: W,
    handles: PhantomData<fn(H, T)>,
}

impl<H, T, W> std::fmt::Debug for Through<H, T, W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Through").finish_non_exhaustive()
    }
}

/// The way of a handle's records into a part.
pub fn enters<H: Passes<T>, T: Flow, F>(_: H, way: Door<T, F>) -> Through<H, T, Door<T, F>> {
    Through { way, handles: PhantomData }
}

/// The way of a handle's records out of a part.
pub fn leaves<H: Passes<T>, T: Flow, F>(_: H, way: Exit<T, F>) -> Through<H, T, Exit<T, F>> {
    Through { way, handles: PhantomData }
}

impl<H: Flow, T: Flow, W: Way<T>> Through<H, T, W> {
    /// Lets a record through.
    ///
    /// # Errors
    /// When the task has to stop.
    #[inline]
    pub fn run(&self, cx: &mut Context, record: H::Record) -> Result<(), Stop>
    where
        H: Passes<T>,
    {
        self.way.go(cx, H::record(record))
    }
}

/// The rows of a table that passes the door of a part, for those who look them up.
///
/// Where they are computed from is hidden, at the price of one dynamic call for each lookup through a door:
/// its type would hold those of all exits, and that of an exit may hold the lookup.
pub struct DoorView<K, V>(Arc<dyn Lookup<K, V>>);

/// The rows behind the handle of a table.
pub type RowsOf<T> = <T as HasRows>::Rows;

/// A handle whose rows can be looked up.
pub trait HasRows {
    /// The rows.
    type Rows;
}

impl<K, V> HasRows for KTable<K, V> {
    type Rows = DoorView<K, V>;
}

impl<K, V> Clone for DoorView<K, V> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K, V> std::fmt::Debug for DoorView<K, V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DoorView").finish_non_exhaustive()
    }
}

/// What [`View`] asks, without its types.
trait Lookup<K, V>: Send + Sync {
    fn get(&self, cx: &mut Context, key: &K) -> Result<Row<V>, LookupError>;
    fn get_as_of(&self, cx: &mut Context, key: &K, time: Timestamp) -> Result<Row<V>, LookupError>;
}

type Row<V> = Option<ValueAndTimestamp<V>>;

impl<G: View> Lookup<G::Key, G::Value> for G {
    fn get(&self, cx: &mut Context, key: &G::Key) -> Result<Row<G::Value>, LookupError> {
        View::get(self, cx, key)
    }

    fn get_as_of(
        &self,
        cx: &mut Context,
        key: &G::Key,
        time: Timestamp,
    ) -> Result<Row<G::Value>, LookupError> {
        View::get_as_of(self, cx, key, time)
    }
}

impl<K: 'static, V: 'static> View for DoorView<K, V> {
    type Key = K;
    type Value = V;

    fn get(&self, cx: &mut Context, key: &K) -> Result<Row<V>, LookupError> {
        self.0.get(cx, key)
    }

    fn get_as_of(&self, cx: &mut Context, key: &K, time: Timestamp) -> Result<Row<V>, LookupError> {
        self.0.get_as_of(cx, key, time)
    }
}

/// The rows of a table, for the other side of a door.
pub fn door_view<G: View>(view: G) -> DoorView<G::Key, G::Value> {
    DoorView(Arc::new(view))
}

/// Stands for the run of a part that does not compile.
pub struct Broken<H>(PhantomData<fn() -> H>);

impl<H> std::fmt::Debug for Broken<H> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Broken")
    }
}

impl<R: 'static> Run<R> for Broken<R> {
    fn run(&self, _: &mut Context, _: R) -> Result<(), Stop> {
        Ok(())
    }
}

impl StreamsBuilder {
    /// Says that what is recorded from here on belongs to a part.
    pub fn enter_part(&mut self) {
        self.graph.enter_part();
    }

    /// Says that a part is complete.
    pub fn leave_part(&mut self) {
        self.graph.leave_part();
    }

    /// [`source`](Self::source) of a topic that is there only if the key was changed.
    pub fn perhaps_source<K, X, F>(&mut self, source: Option<Source<K, X>>, run: F)
    where
        K: Clone + Send + 'static,
        X: Clone + Send + 'static,
        F: Fn(&mut Context, Record<K, X>) -> Result<(), Stop> + Send + Sync + 'static,
    {
        if let Some(source) = source {
            self.source(source, run);
        }
    }
}
