//! The broker driven by librdkafka: conformance checks (also against a real broker, when
//! `STREAMS_TEST_BOOTSTRAP` names one), faults, hostile input, and the test API.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(clippy::disallowed_methods, reason = "these tests drive a real broker in real time")]

mod api;
mod client;
mod conformance;
mod faults;
mod hostile;
