use streams_runtime::prelude::*;

#[processor]
fn count(
    record: Record<String, String>,
    ctx: &mut ProcessorContext<'_, String, i64>,
    n: &mut KeyValueStore<String, i64>,
) {
    let count = n.get(&record.key).unwrap_or(0) + 1;
    ctx.forward(record.with_value(count));
}

topology!(
    fn topology() -> Topology {
        let texts = store(KeyValueStore::<String, String>::persistent("texts"));
        stream::<String, String>("in").process(count, texts).to("out");
    }
);

fn main() {}
