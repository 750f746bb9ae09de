//! What the user wrote, as a graph of nodes with numbers instead of names.

pub(crate) mod arguments;
mod branched;
mod calls;
mod doors;
pub(crate) mod graph;
mod joins;
mod lower;
pub(crate) mod operators;
pub(crate) mod options;
mod parts;
mod scope;
mod uses;
mod windows;

pub(crate) use graph::{Graph, Mistake, Node, NodeId, Step};
pub(crate) use lower::{Around, GLOBAL_STORE, lower};
pub(crate) use scope::names_of;
