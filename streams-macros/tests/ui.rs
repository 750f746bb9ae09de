//! What the compiler refuses, with the words that the user reads: one file per rule in the
//! workspace's `tests/ui`.
//!
//! `TRYBUILD=overwrite cargo test -p streams-macros --test ui` writes the expected output anew. The
//! texts are those of the pinned toolchain.
//!
//! The test lives in this package and not beside its cases (`ui` is a link to them), because the build
//! that trybuild makes has this package's dependencies: the runtime without RocksDB's C++ and without
//! a Kafka client.

#[test]
fn ui() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/*.rs");
    cases.pass("tests/ui/pass/*.rs");
}
