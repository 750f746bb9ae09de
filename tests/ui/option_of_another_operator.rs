use streams_runtime::prelude::*;

#[topic("in")]
type In = Topic<String, String>;

topology!(
    fn topology() -> Topology {
        let words = stream(In, Materialized::as_("in")).filter(|_, word| word.is_empty(), Produced::as_("out"));
        words.group_by_key(Named::as_("groups")).count(Grouped::as_("counts").with_name("c"));
        words.map_values(|word| word.len() as i64).to("out", Joined::as_("sink"));
    }
);

fn main() {}
