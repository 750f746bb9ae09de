//! `windowed_by` takes windows of the library's own or a type that implements `Windows`.

use streams_runtime::prelude::*;

fn main() {
    topology!({
        stream::<String, i64>("in").group_by_key().windowed_by(10).count("counts").to_stream().to("out");
    });
}
