//! The role that runs the topologies.

mod application;
pub mod topologies;

pub use application::{run, start};
