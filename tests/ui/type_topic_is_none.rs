use streams_runtime::prelude::*;

struct Orders;

topology!(
    fn topology() -> Topology {
        stream::<String, String>(Orders).to("out");
    }
);

fn main() {}
