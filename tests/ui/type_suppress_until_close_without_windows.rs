use streams_runtime::prelude::*;

#[topic("in")]
type In = Topic<String, String>;

topology!(
    fn topology() -> Topology {
        stream(In)
            .group_by_key()
            .count("counts")
            .suppress(Suppressed::until_window_closes(BufferConfig::unbounded()))
            .to_stream()
            .to("out");
    }
);

fn main() {}
