//! Versioned tables on a broker: what the test driver gives, over restarts, and the topics that keep them.

use std::time::Duration;

use streams_runtime::prelude::*;

use crate::script::Step::{Move, Put, Restart, Wipe};
use crate::script::play;
use crate::world::World;

const HISTORY: Duration = Duration::from_secs(60);

topology!(
    fn priced(orders: String, prices: String, output: String) -> Topology {
        let prices = table::<String, String>(
            prices,
            Stores::persistent_versioned_key_value_store("prices", HISTORY),
        );
        let patient = Joined::as_("priced").with_grace_period(Duration::from_secs(5));
        stream::<String, String>(orders)
            .left_join(
                prices,
                |order, price| format!("{order}+{}", price.as_deref().unwrap_or("none")),
                patient,
            )
            .to(output);
    }
);

#[test]
fn orders_wait_for_late_prices_over_restarts() {
    let world = World::new("versioned");
    let [orders, prices, output] =
        ["orders", "prices", "out"].map(|name| world.create_topic(name, 1));
    let steps = [
        Put(&[("prices", "tea", "3", 0), ("prices", "tea", "5", 10_000)]),
        Put(&[
            ("orders", "tea", "a", 12_000),
            ("orders", "tea", "b", 9_000),
            ("orders", "rum", "c", 12_000),
        ]),
        Wipe,
        // older than the price before, and in time for the first order only
        Put(&[("prices", "tea", "4", 11_000), ("prices", "tea", "-", 30_000)]),
        Restart,
        Put(&[("prices", "rum", "8", 12_000)]),
        Put(&[("orders", "tea", "d", 17_000)]),
        Move,
        Put(&[("orders", "tea", "late", 8_000), ("orders", "tea", "e", 40_000)]),
        Wipe,
        Put(&[("orders", "gin", "f", 50_000)]),
    ];
    let results = play(&world, &priced(orders, prices, output), "out", |c| c, &steps);
    let expected = [
        "tea=b+3@9000",
        "rum=c+8@12000",
        "tea=a+4@12000",
        "tea=late+3@8000",
        "tea=d+4@17000",
        "tea=e+none@40000",
    ];
    assert_eq!(results, expected);
    let lag = (60_000 + 24 * 60 * 60 * 1_000).to_string();
    let versions = [("cleanup.policy", "compact"), ("min.compaction.lag.ms", lag.as_str())];
    world.expect_topic_config("prices-changelog", &versions);
    world.expect_topic_config("priced-Buffer-changelog", &[("cleanup.policy", "compact")]);
}
