use streams_runtime::prelude::*;

#[topic("orders")]
type Orders = Topic<String, i64>;
#[topic("names")]
type Names = Topic<String, String>;

fn joined(order: i64, name: i64) -> i64 {
    order + name
}

topology!(
    fn topology() -> Topology {
        let orders = stream(Orders);
        let names = table(Names);
        orders.join(names, |order: String, name: String| order + &name).to("a");
        orders.join(names, joined).to("b");
        orders.left_join(names, |order, name| format!("{order}{}", name.len())).to("c");
    }
);

fn main() {}
