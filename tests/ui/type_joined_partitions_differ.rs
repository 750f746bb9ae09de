use std::time::Duration;
use streams_runtime::prelude::*;

#[topic("orders", partitions = 6)]
type Orders = Topic<String, i64>;
#[topic("returns", partitions = 6)]
type Returns = Topic<String, i64>;
#[topic("clicks", partitions = 4)]
type Clicks = Topic<String, i64>;
#[topic("prices", partitions = 3)]
type Prices = Topic<String, i64>;
#[topic("names")]
type Names = Topic<String, String>;

topology!(
    fn topology() -> Topology {
        let orders = stream(Orders);
        let within = JoinWindows::of_time_difference_with_no_grace(Duration::from_secs(1));
        orders.join(stream(Returns), |order, back| order - back, within).to("fits");
        orders.join(table(Names), |order, name| format!("{name}{order}")).to("fits-too");
        orders.join(stream(Clicks), |order, click| order + click, within).to("differs");
        let same_key = orders.filter(|_, order| *order > 1).merge(stream(Returns));
        same_key.join(table(Prices).filter(|_, price| *price > 0), |order, price| order * price).to("differs-too");
        orders.select_key(|key, _| key.clone()).join(stream(Clicks).repartition(), |a, b| a + b, within).to("fits");
    }
);

fn main() {}
