use std::time::Duration;

use streams_runtime::prelude::*;

fn main() {
    let _ = TimeWindows::of_size_and_grace(Duration::from_millis(10), Duration::from_millis(-1));
}
