//! Unit tests over tokens: they run without rustc's help.

mod expansion;
mod mistakes;
mod names;
mod topics;
mod twins;
