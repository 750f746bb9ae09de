use streams_runtime::prelude::*;

#[topic("orders")]
type Orders = Topic<String, i64>;
#[topic("names")]
type Names = Topic<String, String>;

topology!(
    fn topology() -> Topology {
        let orders = table(Orders);
        orders.join(table(Names), |order| *order, |order, name| format!("{order} {name}")).to_stream().to("out");
    }
);

fn main() {}
