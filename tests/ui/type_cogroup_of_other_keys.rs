use streams_runtime::prelude::*;

topology!(
    fn topology() -> Topology {
        let orders = stream::<String, i64>("orders").group_by_key();
        let clicks = stream::<i64, i64>("clicks").group_by_key();
        let both = orders.cogroup(|_, order, sum: i64| sum + order).cogroup(clicks, |_, click, sum| sum + click);
        both.aggregate(|| 0_i64, "sums").to_stream().to("out");
    }
);

fn main() {}
