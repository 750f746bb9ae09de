//! What may stand on both sides of a part's doors: windows, processors, stores, branches, joins on a foreign key.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use std::time::Duration;

use streams_runtime::prelude::*;

#[topic("orders")]
type Orders = Topic<String, i64>;
#[topic("sums")]
type Sums = Topic<String, i64>;

const fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// Both topologies are called the same and write the same, with and without caches.
#[track_caller]
fn same(part: &Topology, inlined: &Topology, input: &[(&str, &str, i64, u32)]) {
    assert_eq!(part.describe(), inlined.describe());
    for cache in ["0", "1000000"] {
        let run = |topology: &Topology| {
            let config = TestDriverConfig::from_map([("statestore.cache.max.bytes", cache)]);
            let mut driver = TopologyTestDriver::new(topology, config.unwrap()).unwrap();
            let read = |topic: &str| topology.describe().contains(&format!("topics: [{topic}]"));
            for (topic, key, value, time) in input.iter().filter(|(topic, ..)| read(topic)) {
                driver.input::<String, i64>(*topic).pipe(*key, *value, i64::from(*time)).unwrap();
            }
            format!("{:#?}", driver.take_output())
        };
        let (found, wanted) = (run(part), run(inlined));
        assert_eq!(found, wanted, "cache of {cache} bytes");
        assert!(found.contains("topic"), "nothing was written");
    }
}

const INPUT: &[(&str, &str, i64, u32)] = &[
    ("orders", "a", 5, 0),
    ("orders", "b", 7, 3),
    ("more", "a", 9, 4),
    ("orders", "a", 12, 15),
    ("more", "c", 1, 16),
    ("orders", "b", 2, 40),
];

#[topology_part]
fn per_window(
    values: KStream<String, i64>,
    size: Duration,
    store: &'static str,
) -> KTable<Windowed<String>, i64> {
    let windows = TimeWindows::of_size_with_no_grace(size);
    values.group_by_key().windowed_by(windows).reduce(|a, b| a + b, store)
}

#[topology_part]
fn closed(table: KTable<Windowed<String>, i64>) -> KStream<String, i64> {
    table
        .suppress(Suppressed::until_window_closes(BufferConfig::unbounded()))
        .to_stream(|window, _| window.key.clone())
        .map_values(|sum| sum.unwrap_or(0))
}

#[test]
fn windows_and_suppression() {
    let part = topology!({
        closed(per_window(stream(Orders), ms(10), "windows")).to(Sums);
    });
    let inlined = topology!({
        let windows = TimeWindows::of_size_with_no_grace(ms(10));
        stream(Orders)
            .group_by_key()
            .windowed_by(windows)
            .reduce(|a, b| a + b, "windows")
            .suppress(Suppressed::until_window_closes(BufferConfig::unbounded()))
            .to_stream(|window, _| window.key.clone())
            .map_values(|sum| sum.unwrap_or(0))
            .to(Sums);
    });
    same(&part, &inlined, INPUT);
}

#[processor]
fn only_first(
    record: Record<String, i64>,
    ctx: &mut ProcessorContext<'_, String, i64>,
    seen: &mut KeyValueStore<String, i64>,
) {
    if seen.get(&record.key).is_none() {
        seen.put(record.key.clone(), record.value);
        ctx.forward(record);
    }
}

#[topology_part]
fn first(
    values: KStream<String, i64>,
    seen: StoreHandle<KeyValueStore<'static, String, i64>>,
) -> KStream<String, i64> {
    values.process(only_first, seen)
}

/// The key may have been changed by the processor, so the caller's count has a repartition.
#[test]
fn processors_and_stores() {
    let part = topology!({
        let seen = store(KeyValueStore::<String, i64>::in_memory("seen"));
        first(stream(Orders), seen).group_by_key().count("counts").to_stream().to("counts");
    });
    let inlined = topology!({
        let seen = store(KeyValueStore::<String, i64>::in_memory("seen"));
        stream(Orders)
            .process(only_first, seen)
            .group_by_key()
            .count("counts")
            .to_stream()
            .to("counts");
    });
    assert!(part.describe().contains("counts-repartition"));
    same(&part, &inlined, INPUT);
}

#[topology_part]
fn doubled(values: KStream<String, i64>) -> KStream<String, i64> {
    values.map_values(|n| n * 2)
}

#[topology_part]
fn to_sums(values: KStream<String, i64>) {
    values.to(Sums);
}

/// A part inside the closures of branches, and under the attribute.
#[test]
fn branches_into_parts() {
    #[topology_fn]
    fn of_parts() -> Topology {
        let [big, rest] = stream(Orders)
            .split()
            .branch(|_, n| *n > 9, Branched::with_function(|big| doubled(big)))
            .branch(|_, n| *n > 6, Branched::with_consumer(|some| to_sums(doubled(some))))
            .default_branch();
        to_sums(doubled(rest.merge(big)));
    }
    #[topology_fn]
    fn in_place() -> Topology {
        let [big, rest] = stream(Orders)
            .split()
            .branch(|_, n| *n > 9, Branched::with_function(|big| big.map_values(|n| n * 2)))
            .branch(
                |_, n| *n > 6,
                Branched::with_consumer(|some| some.map_values(|n| n * 2).to(Sums)),
            )
            .default_branch();
        rest.merge(big).map_values(|n| n * 2).to(Sums);
    }
    same(&of_parts(), &in_place(), INPUT);
}

#[topology_part]
fn with_more(orders: KStream<String, i64>, builder: JoinWindows) -> KStream<String, i64> {
    let exit = stream::<String, i64>("more");
    orders.left_join(exit, |a, b| a * 100 + b.unwrap_or(0), builder)
}

/// Two streams join beyond a door, each behind its own repartition where it needs one; names that generated
/// code uses are the user's own here.
#[test]
fn joins_of_streams() {
    let part = topology!({
        let keyed = stream(Orders).select_key(|key, _| key.clone());
        with_more(keyed, JoinWindows::of_time_difference_with_no_grace(ms(10))).to(Sums);
        with_more(stream(Orders), JoinWindows::of_time_difference_with_no_grace(ms(10))).to(Sums);
    });
    let inlined = topology!({
        let keyed = stream(Orders).select_key(|key, _| key.clone());
        let within = JoinWindows::of_time_difference_with_no_grace(ms(10));
        keyed
            .left_join(stream::<String, i64>("more"), |a, b| a * 100 + b.unwrap_or(0), within)
            .to(Sums);
        let orders = stream(Orders);
        orders
            .left_join(stream::<String, i64>("more"), |a, b| a * 100 + b.unwrap_or(0), within)
            .to(Sums);
    });
    let moved = topology!({
        let keyed = stream(Orders).select_key(|key, _| key.clone());
        let more = stream::<String, i64>("more");
        let within = JoinWindows::of_time_difference_with_no_grace(ms(10));
        keyed.left_join(more, |a, b| a * 100 + b.unwrap_or(0), within).to(Sums);
        let orders = stream(Orders);
        let more = stream::<String, i64>("more");
        orders.left_join(more, |a, b| a * 100 + b.unwrap_or(0), within).to(Sums);
    });
    assert_eq!(moved.describe(), inlined.describe());
    same(&part, &inlined, INPUT);
}

#[topology_part]
fn by_value(rows: KTable<String, i64>, names: KTable<i64, i64>) -> KTable<String, i64> {
    rows.join(names, |n| *n, |n, name| n * 1000 + name)
}

/// Rows of both sides of a join on a foreign key, and of its result, are looked up through doors.
#[test]
fn joins_on_a_foreign_key() {
    let part = topology!({
        let latest = stream(Orders).to_table();
        let names = stream::<String, i64>("more").map(|_, n| (n, n)).to_table();
        let joined = by_value(latest.map_values(|n| n + 2), names);
        stream(Orders).left_join(joined, |n, name| n + name.unwrap_or(0)).to(Sums);
        joined.to_stream().to("rows");
    });
    let inlined = topology!({
        let latest = stream(Orders).to_table();
        let names = stream::<String, i64>("more").map(|_, n| (n, n)).to_table();
        let joined = latest.map_values(|n| n + 2).join(names, |n| *n, |n, name| n * 1000 + name);
        stream(Orders).left_join(joined, |n, name| n + name.unwrap_or(0)).to(Sums);
        joined.to_stream().to("rows");
    });
    same(&part, &inlined, INPUT);
}

#[topology_part]
fn cogrouped(one: KGroupedStream<String, i64>, two: KStream<String, i64>) -> KTable<String, i64> {
    one.cogroup(|_, n, sum| sum + n)
        .cogroup(two.group_by_key(), |_, n, sum| sum - n)
        .aggregate(|| 0, "both")
}

/// One input of a cogroup has a changed key, the other has not.
#[test]
fn a_cogroup_beyond_a_door() {
    let part = topology!({
        let keyed = stream(Orders).group_by(|key, _| key.clone());
        cogrouped(keyed, stream("more")).filter(|_, n| *n != 3).to_stream().to("out");
    });
    let inlined = topology!({
        let keyed = stream(Orders).group_by(|key, _| key.clone());
        let more = stream::<String, i64>("more");
        keyed
            .cogroup(|_, n, sum| sum + n)
            .cogroup(more.group_by_key(), |_, n, sum| sum - n)
            .aggregate(|| 0, "both")
            .filter(|_, n| *n != 3)
            .to_stream()
            .to("out");
    });
    same(&part, &inlined, INPUT);
}

#[topology_part]
fn with_lands(values: KStream<String, i64>) -> (KStream<String, i64>, GlobalKTable<String, i64>) {
    (values.filter(|_, n| *n > 1), global_table::<String, i64>("lands", "lands-store"))
}

#[topology_part]
fn located(
    values: KStream<String, i64>,
    lands: GlobalKTable<String, i64>,
) -> (KStream<String, i64>,) {
    (values.left_join(lands, |key, _| key.clone(), |n, land| n * 10 + land.unwrap_or(0)),)
}

/// The handle of a global table passes doors both ways; no record does.
#[test]
fn global_tables() {
    let part = topology!({
        let (values, lands) = with_lands(stream(Orders));
        let (found,) = located(values, lands);
        found.to(Sums);
    });
    let inlined = topology!({
        let values = stream(Orders).filter(|_, n| *n > 1);
        let lands = global_table::<String, i64>("lands", "lands-store");
        values
            .left_join(lands, |key, _| key.clone(), |n, land| n * 10 + land.unwrap_or(0))
            .to(Sums);
    });
    same(&part, &inlined, INPUT);
}
