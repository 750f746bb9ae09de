//! Parts: what a part's declaration says of it, and how a caller gets to know.
//!
//! A caller's macro sees the name of a part and not its declaration, but what may be called on a result
//! depends on its kind. So `#[topology_part]` leaves a companion beside the function, a `macro_rules!` of
//! the same name and visibility, which answers with the kinds of the signature and nothing else. A topology
//! that calls parts expands to a question that goes from companion to companion and ends at
//! `topology_with_parts!`, with the topology's own tokens and all answers.

mod ask;
mod companion;
mod signature;

pub(crate) use ask::{Answers, ask, parse_answered};
pub(crate) use companion::companion;
pub(crate) use signature::{Gives, PartSignature, Same, kind_of};
