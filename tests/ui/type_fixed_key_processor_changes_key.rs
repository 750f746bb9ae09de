use streams_runtime::prelude::*;

#[processor]
fn rekey(record: Record<String, i64>, ctx: &mut ProcessorContext<'_, i64, i64>) {
    let (key, value) = (record.value, record.value);
    ctx.forward(record.with_key(key).with_value(value));
}

topology!(
    fn topology() -> Topology {
        stream::<String, i64>("in").process_values(rekey).to("out");
    }
);

fn main() {}
