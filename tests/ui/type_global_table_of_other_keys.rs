use streams_runtime::prelude::*;

#[topic("orders")]
type Orders = Topic<String, i64>;
#[topic("names")]
type Names = Topic<String, String>;

topology!(
    fn topology() -> Topology {
        let names = global_table(Names);
        stream(Orders).join(names, |_, order| *order, |order, name| format!("{order} {name}")).to("out");
    }
);

fn main() {}
