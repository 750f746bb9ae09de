use std::time::Duration;
use streams_runtime::prelude::*;

#[processor]
fn without_types(_record: Record) {}

#[processor]
fn by_value(_record: Record<String, i64>, _store: KeyValueStore<String, i64>) {}

#[processor]
struct Nothing;

struct Idle;

#[processor]
impl Idle {
    fn init(&mut self) {}
}

struct Forgetful;

#[processor]
impl Forgetful {
    fn process(&mut self, _record: Record<String, i64>, _seen: &mut KeyValueStore<String, i64>, _last: &mut KeyValueStore<String, i64>) {}

    fn init(&mut self, _seen: &mut KeyValueStore<String, i64>) {}
}

struct Clockless;

#[processor]
impl Clockless {
    fn process(&mut self, _record: Record<String, i64>) {}

    #[punctuate(every = Duration::from_secs(1))]
    fn tick(&mut self) {}
}

fn main() {}
