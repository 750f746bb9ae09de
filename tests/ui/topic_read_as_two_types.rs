use streams_runtime::prelude::*;

topology!(
    fn topology() -> Topology {
        stream::<String, String>("numbers").to("texts");
        stream::<String, i64>("numbers").to("copy");
    }
);

fn main() {}
