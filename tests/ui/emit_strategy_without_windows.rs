use streams_runtime::prelude::*;

#[topic("in")]
type In = Topic<String, String>;

topology!(
    fn topology() -> Topology {
        stream(In)
            .group_by_key()
            .emit_strategy(EmitStrategy::on_window_close())
            .count("counts")
            .to_stream()
            .to("out");
    }
);

fn main() {}
