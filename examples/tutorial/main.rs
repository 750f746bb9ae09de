//! The tutorial: five small applications, each with a producer, a processor and a consumer.
//!
//! `tutorial all all` runs everything on an embedded broker and stops by itself; the single roles
//! run against a broker of your own, each in its own terminal. See `examples/README.md`.
#![expect(unreachable_pub, reason = "a program has no outside, and `pub` reads best")]

mod all;
mod cli;
mod consumer;
mod domain;
mod processor;
mod producer;

use std::process::ExitCode;

use clap::Parser as _;

/// Any error of the tutorial: it ends the program with its text.
pub type AnyError = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    cli::Cli::parse().run().unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::FAILURE
    })
}
