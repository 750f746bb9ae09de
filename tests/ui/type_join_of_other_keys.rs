use std::time::Duration;
use streams_runtime::prelude::*;

#[topic("orders")]
type Orders = Topic<String, i64>;
#[topic("prices")]
type Prices = Topic<i64, i64>;

topology!(
    fn topology() -> Topology {
        let orders = stream(Orders);
        let within = JoinWindows::of_time_difference_with_no_grace(Duration::from_secs(1));
        orders.join(table(Prices), |order, price| order * price).to("a");
        orders.join(stream::<i64, i64>("clicks"), |order, click| order + click, within).to("b");
        table::<String, i64>("stock").left_join(table::<i64, i64>("sold"), |stock, _| stock).to_stream().to("c");
    }
);

fn main() {}
