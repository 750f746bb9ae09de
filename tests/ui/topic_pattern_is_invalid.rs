use streams_runtime::prelude::*;

topology!(
    fn topology() -> Topology {
        stream::<String, String>(Pattern::new("orders-(")).to("a");
        stream::<String, String>(Pattern::new(r"(?!test-).*")).to("b");
        stream::<String, String>(Pattern::new(r"(.*)-\1")).to("c");
        stream::<String, String>(Pattern::new(r"[a-\d]+")).to("d");
        stream(Pattern::new("lines-.*")).to("e");
    }
);

fn main() {}
