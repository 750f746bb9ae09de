use streams_runtime::prelude::*;

topology!(
    fn topology() -> Topology {
        stream::<String, String>("my topic").to("");
        stream::<String, String>("topic").to("..");
    }
);

fn main() {}
