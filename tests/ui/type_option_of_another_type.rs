use streams_runtime::prelude::*;

topology!(
    fn topology(sink: Produced<String, String>) -> Topology {
        let words = stream::<String, String>("in");
        words.filter(|_, word| word.is_empty(), sink).to("out");
        words.group_by_key().count(5).to_stream().to("counts");
        words.to("in-utf16", Produced::with(I64Serde, StringSerde::default()));
    }
);

fn main() {}
