//! What all roles share: the examples, their topics and types, and small helpers.

mod example;
mod pacing;
mod product;
mod random;
mod settings;
mod topics;
mod words;

pub use example::Example;
pub use pacing::{Pacing, interval};
pub use product::Repository;
pub use random::Random;
pub use settings::{OffsetReset, OnError, Settings};
pub use topics::*;
pub use words::{WordCharacters, java_split};
