use streams_runtime::prelude::*;

topology!(
    fn topology() -> Topology {
        table::<String, String>(Pattern::new("rows-.*")).to_stream().to("a");
        table::<String, String>(["b", "c"]).to_stream().to("d");
        global_table::<String, String>(Pattern::new("names-.*"), "names");
    }
);

fn main() {}
