use std::time::Duration;

use streams_runtime::prelude::*;

fn main() {
    let _ = TimeWindows::of_size(Duration::from_millis(10));
}
