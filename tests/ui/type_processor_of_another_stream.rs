use streams_runtime::prelude::*;

#[processor]
fn double(record: Record<String, i64>, ctx: &mut ProcessorContext<'_, String, i64>) {
    let twice = record.value * 2;
    ctx.forward(record.with_value(twice));
}

topology!(
    fn topology() -> Topology {
        stream::<String, String>("in").process(double).to("out");
    }
);

fn main() {}
