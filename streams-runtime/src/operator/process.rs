//! `process` and `process_values`: the user's own processors.

use std::marker::PhantomData;
use std::sync::Arc;

use crate::context::Context;
use crate::error::Stop;
use crate::processor::{Children, Processor, enter};
use crate::record::Record;
use crate::topology::NodeId;

/// Makes, starts and ends the processors of tasks, with their types hidden.
pub trait ProcessorRunner: Send + Sync {
    /// Makes the instance of a task and starts it.
    ///
    /// # Errors
    /// When something it forwards or writes fails.
    fn start(&self, cx: &mut Context) -> Result<(), Stop>;

    /// Ends the instance of a task.
    fn close(&self, cx: &mut Context);
}

/// Gives each record to the instance of its task, which forwards what it likes.
///
/// Java: `KStream#process`.
pub struct Process<P, K, V, L, W> {
    pub(crate) node: NodeId,
    make: Arc<dyn Fn() -> P + Send + Sync>,
    pub(crate) children: Children<L, W>,
    input: PhantomData<fn(K, V)>,
}

impl<P, K, V, L, W> Clone for Process<P, K, V, L, W> {
    fn clone(&self) -> Self {
        Self {
            node: self.node,
            make: Arc::clone(&self.make),
            children: self.children.clone(),
            input: PhantomData,
        }
    }
}

impl<P, K: 'static, V: 'static, L, W> Process<P, K, V, L, W>
where
    P: Processor<K, V, L, W>,
{
    pub(crate) fn new(node: NodeId, make: impl Fn() -> P + Send + Sync + 'static) -> Self {
        Self { node, make: Arc::new(make), children: Children::default(), input: PhantomData }
    }

    /// Processes one record to its end, children included.
    ///
    /// # Errors
    /// When the processor, a store or a child fails and the handlers say fail.
    pub fn run(&self, cx: &mut Context, record: Record<K, V>) -> Result<(), Stop> {
        cx.entering(self.node, &record);
        cx.at(&record);
        let mut instance = cx.take_processor(self.node);
        let processor: &mut P =
            instance.downcast_mut().expect("invariant: a node's processor is of its type");
        let result = enter(cx, self.node, &self.children, |ctx| processor.process(record, ctx));
        cx.put_processor(self.node, instance);
        cx.settle_failure(self.node)?;
        match result {
            Ok(()) => Ok(()),
            Err(error) => cx.failed(self.node, std::any::type_name::<P>(), error),
        }
    }
}

impl<P, K, V, L, W> ProcessorRunner for Process<P, K, V, L, W>
where
    P: Processor<K, V, L, W>,
{
    fn start(&self, cx: &mut Context) -> Result<(), Stop> {
        let mut processor = Box::new((self.make)());
        enter(cx, self.node, &self.children, |ctx| processor.init(ctx));
        cx.put_processor(self.node, processor);
        cx.settle_failure(self.node)
    }

    fn close(&self, cx: &mut Context) {
        let mut instance = cx.last_processor(self.node);
        if let Some(processor) = instance.as_mut().and_then(|last| last.downcast_mut::<P>()) {
            processor.close();
        }
    }
}
