//! Parts of topologies beside twins that have their bodies in place: names, graph and results are the same.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use streams_runtime::prelude::*;

/// Pipes the same records into both and compares all that is told, under both settings of optimisation.
#[track_caller]
fn same(part: &Topology, inlined: &Topology, input: &[(&str, &str, &str)]) {
    assert_eq!(part.describe(), inlined.describe());
    for optimization in ["none", "all"] {
        let run = |topology: &Topology| {
            let config = [("application.id", "app"), ("topology.optimization", optimization)];
            let config = TestDriverConfig::from_map(config).unwrap();
            let mut driver = TopologyTestDriver::new(topology, config).unwrap();
            for (time, (topic, key, value)) in input.iter().enumerate() {
                let time = u32::try_from(time).unwrap();
                let key = Some(key.as_bytes()).filter(|key| !key.is_empty());
                driver
                    .pipe_raw(
                        topic,
                        key,
                        Some(value.as_bytes()),
                        i64::from(time),
                        Headers::default(),
                    )
                    .unwrap();
            }
            format!("{:#?}", driver.take_output())
        };
        assert_eq!(run(part), run(inlined), "{optimization}");
    }
}

#[topology_part]
fn clean(lines: KStream<String, String>, min: usize) -> KStream<String, String> {
    lines.filter(move |_, line| line.len() >= min).map_values(|line| line.to_lowercase())
}

#[test]
fn a_stream_through_a_part() {
    let part = topology!({
        clean(stream("in"), 2).to("out");
    });
    let inlined = topology!({
        stream::<String, String>("in")
            .filter(|_, line| line.len() >= 2)
            .map_values(|line| line.to_lowercase())
            .to("out");
    });
    same(&part, &inlined, &[("in", "a", "Hello"), ("in", "b", "X"), ("in", "a", "YES")]);
}

#[topology_part]
fn counted(values: KStream<String, String>, store: &'static str) -> KTable<String, i64> {
    values.group_by_key().count(store)
}

/// Whether `counted` needs a repartition depends on what is before its door.
#[test]
fn a_repartition_where_the_caller_has_changed_the_key() {
    let part = topology!({
        let lines = stream::<String, String>("in");
        counted(lines, "by-key").to_stream().to("by-key");
        counted(lines.select_key(|_, line| line.clone()), "by-line").to_stream().to("by-line");
    });
    let inlined = topology!({
        let lines = stream::<String, String>("in");
        lines.group_by_key().count("by-key").to_stream().to("by-key");
        lines
            .select_key(|_, line| line.clone())
            .group_by_key()
            .count("by-line")
            .to_stream()
            .to("by-line");
    });
    assert!(part.describe().contains("by-line-repartition"));
    assert!(!part.describe().contains("by-key-repartition"));
    same(
        &part,
        &inlined,
        &[("in", "a", "x"), ("in", "b", "x"), ("in", "a", "y"), ("in", "a", "y")],
    );
}

#[topology_part]
fn rekeyed(lines: KStream<String, String>) -> KStream<String, String> {
    lines.select_key(|_, line| line.clone())
}

/// The key was changed inside a part, the repartition is in its caller.
#[test]
fn a_repartition_where_a_part_has_changed_the_key() {
    let part = topology!({
        rekeyed(stream("in")).group_by_key().count("counts").to_stream().to("out");
    });
    let inlined = topology!({
        stream::<String, String>("in")
            .select_key(|_, line| line.clone())
            .group_by_key()
            .count("counts")
            .to_stream()
            .to("out");
    });
    assert!(part.describe().contains("counts-repartition"));
    same(&part, &inlined, &[("in", "a", "x"), ("in", "b", "x"), ("in", "a", "y")]);
}

#[topology_part]
fn twice_cleaned(lines: KStream<String, String>) -> KStream<String, String> {
    let once = clean(lines, 2);
    clean(once, 3)
}

#[test]
fn parts_in_parts_and_a_part_twice() {
    let part = topology!({
        let one = twice_cleaned(stream("one"));
        twice_cleaned(one.merge(stream("two"))).to("out");
    });
    let inlined = topology!({
        let one = stream::<String, String>("one")
            .filter(|_, line| line.len() >= 2)
            .map_values(|line| line.to_lowercase())
            .filter(|_, line| line.len() >= 3)
            .map_values(|line| line.to_lowercase());
        one.merge(stream("two"))
            .filter(|_, line| line.len() >= 2)
            .map_values(|line| line.to_lowercase())
            .filter(|_, line| line.len() >= 3)
            .map_values(|line| line.to_lowercase())
            .to("out");
    });
    same(
        &part,
        &inlined,
        &[("one", "a", "Hello"), ("two", "b", "X"), ("two", "a", "YES"), ("one", "c", "ab")],
    );
}

#[topology_part]
fn enriched(
    orders: KStream<String, String>,
    customers: KTable<String, String>,
    countries: GlobalKTable<String, String>,
) -> KStream<String, String> {
    let known = customers.filter(|_, customer| customer != "nobody");
    orders.join(known, |order, customer| format!("{order} of {customer}")).left_join(
        countries,
        |key, _| key.clone(),
        |order, country| format!("{order} in {country:?}"),
    )
}

/// Rows of a table are looked up beyond a door, of a table in a store and of one computed from it.
#[test]
fn tables_that_enter_a_part() {
    let part = topology!({
        let names = table::<String, String>("customers").map_values(|name| name.to_uppercase());
        let lands = global_table::<String, String>("countries", "countries-store");
        enriched(stream("orders"), names, lands).to("out");
        names.to_stream().to("names");
    });
    let inlined = topology!({
        let names = table::<String, String>("customers").map_values(|name| name.to_uppercase());
        let lands = global_table::<String, String>("countries", "countries-store");
        let orders = stream::<String, String>("orders");
        let known = names.filter(|_, customer| customer != "nobody");
        orders
            .join(known, |order, customer| format!("{order} of {customer}"))
            .left_join(
                lands,
                |key, _| key.clone(),
                |order, country| format!("{order} in {country:?}"),
            )
            .to("out");
        names.to_stream().to("names");
    });
    let input = [
        ("countries", "a", "France"),
        ("orders", "a", "early"),
        ("customers", "a", "ann"),
        ("orders", "a", "late"),
        ("customers", "b", "bob"),
        ("orders", "b", "one"),
    ];
    same(&part, &inlined, &input);
}

#[topology_part]
fn both_counts(
    lines: KStream<String, String>,
) -> (KTable<String, i64>, KStream<String, String>, KTable<String, String>) {
    let counts = lines.group_by_key().count("counts");
    let longest = lines
        .group_by_key()
        .reduce(|one, other| if one.len() >= other.len() { one } else { other }, "longest");
    (counts, lines.filter(|_, line| line.len() > 3), longest)
}

/// Rows of tables that a part gives back are looked up, joined and flushed.
#[test]
fn tables_that_leave_a_part() {
    let part = topology!({
        let (counts, long, longest) = both_counts(stream("in"));
        long.join(counts, |line, count| format!("{line} {count}")).to("lines");
        counts.join(longest, |count, line| format!("{count} {line}")).to_stream().to("rows");
        counts.filter(|_, count| *count > 1, "frequent").to_stream().to("frequent");
    });
    let inlined = topology!({
        let lines = stream::<String, String>("in");
        let counts = lines.group_by_key().count("counts");
        let longest = lines
            .group_by_key()
            .reduce(|one, other| if one.len() >= other.len() { one } else { other }, "longest");
        let long = lines.filter(|_, line| line.len() > 3);
        long.join(counts, |line, count| format!("{line} {count}")).to("lines");
        counts.join(longest, |count, line| format!("{count} {line}")).to_stream().to("rows");
        counts.filter(|_, count| *count > 1, "frequent").to_stream().to("frequent");
    });
    same(
        &part,
        &inlined,
        &[("in", "a", "Hello"), ("in", "b", "X"), ("in", "a", "YES"), ("in", "a", "good day")],
    );
}

#[topology_part]
fn written(lines: KStream<String, String>, topic: &'static str, label: String) {
    let [short, long] = lines.split().branch(|_, line| line.len() < 3).default_branch();
    short.map_values(move |line| format!("{label} {line}")).to("short");
    long.to(topic);
}

#[test]
fn a_part_that_ends_in_sinks() {
    let part = topology!({
        let lines = stream("in");
        written(lines, "long", "first".to_owned());
        lines.to("all");
    });
    let inlined = topology!({
        let lines = stream::<String, String>("in");
        let [short, long] = lines.split().branch(|_, line| line.len() < 3).default_branch();
        short.map_values(|line| format!("first {line}")).to("short");
        long.to("long");
        lines.to("all");
    });
    same(&part, &inlined, &[("in", "a", "Hello"), ("in", "b", "X")]);
}

#[topology_part]
fn grouped(lines: KStream<String, String>) -> KGroupedStream<String, String> {
    lines.group_by(|_, line| line.clone())
}

#[topology_part]
fn summed(groups: KGroupedStream<String, String>) -> KTable<String, i64> {
    groups.count("sums")
}

#[topology_part]
fn by_length(rows: KTable<String, i64>) -> KGroupedTable<i64, i64> {
    rows.group_by(|_, count| (*count, *count))
}

#[topology_part]
fn added(groups: KGroupedTable<i64, i64>) -> KTable<i64, i64> {
    groups.reduce(|sum, value| sum + value, |sum, value| sum - value)
}

#[test]
fn groups_through_parts() {
    let part = topology!({
        let sums = summed(grouped(stream("in")));
        added(by_length(sums)).to_stream().to("out");
    });
    let inlined = topology!({
        let sums = stream::<String, String>("in").group_by(|_, line| line.clone()).count("sums");
        sums.group_by(|_, count| (*count, *count))
            .reduce(|sum, value| sum + value, |sum, value| sum - value)
            .to_stream()
            .to("out");
    });
    same(
        &part,
        &inlined,
        &[("in", "a", "x"), ("in", "b", "x"), ("in", "a", "y"), ("in", "a", "y")],
    );
}

#[topology_part]
fn latest<K, V>(values: KStream<K, V>, store: &'static str) -> KTable<K, V>
where
    K: HasSerde<NonNull = K>,
    V: HasSerde<NonNull = V>,
{
    values.group_by_key().reduce(|_, value| value, store)
}

#[test]
fn a_generic_part() {
    let part = topology!({
        latest::<String, String>(stream("in"), "texts").to_stream().to("texts");
        latest(
            stream::<String, String>("in")
                .map(|key, line| (line, key.len()))
                .map_values(|n| n as i64),
            "n",
        )
        .to_stream()
        .to("n");
    });
    let inlined = topology!({
        stream::<String, String>("in")
            .group_by_key()
            .reduce(|_, value| value, "texts")
            .to_stream()
            .to("texts");
        stream::<String, String>("in")
            .map(|key, line| (line, key.len()))
            .map_values(|n| n as i64)
            .group_by_key()
            .reduce(|_, value| value, "n")
            .to_stream()
            .to("n");
    });
    same(&part, &inlined, &[("in", "a", "x"), ("in", "bb", "x"), ("in", "a", "y")]);
}

/// So many parts in a row that the types of their runs must be hidden somewhere.
#[test]
fn a_long_chain_of_parts() {
    let part = topology!({
        let a = twice_cleaned(twice_cleaned(twice_cleaned(twice_cleaned(stream("in")))));
        let b = twice_cleaned(twice_cleaned(twice_cleaned(twice_cleaned(a))));
        let c = twice_cleaned(twice_cleaned(twice_cleaned(twice_cleaned(b.merge(a)))));
        c.to("out");
    });
    let mut driver = TopologyTestDriver::new(&part, TestDriverConfig::default()).unwrap();
    driver.input::<String, String>("in").pipe_all([("a", "Hello"), ("b", "X")], 0).unwrap();
    let out = driver.output::<String, String>("out").values().unwrap();
    assert_eq!(out, ["hello", "hello"]);
}

/// Merged repartition topics want a place to cut that no side of a door can give alone: that is said, and
/// nothing else is done.
#[test]
fn merged_repartitions_on_both_sides_of_a_door() {
    let topology = topology!({
        let lines = stream::<String, String>("in").select_key(|_, line| line.clone());
        lines.filter(|_, line| line.len() > 1).group_by_key().count("long").to_stream().to("long");
        let cleaned = clean(lines, 2);
        cleaned.group_by_key().count("clean").to_stream().to("clean");
        counted(lines.peek(|_, _| ()), "all").to_stream().to("all");
    });
    let config = [("application.id", "app"), ("topology.optimization", "all")];
    let config = TestDriverConfig::from_map(config).unwrap();
    let error = TopologyTestDriver::new(&topology, config).err().unwrap().to_string();
    assert!(error.contains("the door of a `#[topology_part]` lies between"), "{error}");
    TopologyTestDriver::new(&topology, TestDriverConfig::default()).unwrap();
}

#[topology_part]
fn told(
    lines: KStream<String, String>,
) -> (KStream<String, String>, KStream<String, String>, KStream<String, String>) {
    lines.map_values(|line| format!("told {line}")).to("out");
    let long = lines.filter(|_, line| line.len() > 3);
    (lines, long, long)
}

#[topology_part]
fn told_on(lines: KStream<String, String>) -> KStream<String, String> {
    let (same, _, long) = told(lines);
    long.to("long");
    same
}

/// A part may give back what it was given: a record still goes to all consumers in the order of the calls.
#[test]
fn a_part_that_gives_back_what_it_was_given() {
    let part = topology!({
        let lines = stream("in");
        let same = told_on(lines);
        lines.map_values(|line| format!("given {line}")).to("out");
        same.map_values(|line| format!("returned {line}")).to("out");
        let (_, long, longer) = told(lines);
        longer.to("longer");
        long.to("longer");
    });
    let inlined = topology!({
        let lines = stream::<String, String>("in");
        lines.map_values(|line| format!("told {line}")).to("out");
        lines.filter(|_, line| line.len() > 3).to("long");
        lines.map_values(|line| format!("given {line}")).to("out");
        lines.map_values(|line| format!("returned {line}")).to("out");
        lines.map_values(|line| format!("told {line}")).to("out");
        let long = lines.filter(|_, line| line.len() > 3);
        long.to("longer");
        long.to("longer");
    });
    same(&part, &inlined, &[("in", "a", "Hello"), ("in", "b", "X")]);
}

#[topology_part]
fn kept(
    lines: KStream<String, String>,
    keep: impl Fn(&String) -> bool + Send + Sync + 'static,
    label: &str,
) -> KStream<String, String> {
    let label = label.to_owned();
    lines.filter(move |_, line| keep(line)).map_values(move |line| format!("{label} {line}"))
}

#[topology_part]
fn kept_twice(lines: KStream<String, String>, labels: &[String]) -> KStream<String, String> {
    let first = &labels[0];
    let once = kept(lines, |line| line.len() > 1, first);
    kept(once, |line| line.len() > 4, &labels[1])
}

/// Plain values of all sorts: functions, and what is borrowed while the topology is put together.
#[test]
fn plain_values_of_parts() {
    let labels = ["one".to_owned(), "two".to_owned()];
    let part = topology!({
        kept_twice(stream("in"), &labels).to("out");
    });
    let inlined = topology!({
        stream::<String, String>("in")
            .filter(|_, line| line.len() > 1)
            .map_values(|line| format!("one {line}"))
            .filter(|_, line| line.len() > 4)
            .map_values(|line| format!("two {line}"))
            .to("out");
    });
    same(&part, &inlined, &[("in", "a", "Hello"), ("in", "b", "X")]);
}

/// Both repartitions lie directly behind the caller's change of the key: optimised, they are one topic.
#[test]
fn merged_repartitions_right_behind_a_door() {
    let part = topology!({
        let (counts, long, longest) =
            both_counts(stream::<String, String>("in").select_key(|_, line| line.clone()));
        counts.to_stream().to("counts");
        long.to("long");
        longest.to_stream().to("longest");
    });
    let inlined = topology!({
        let lines = stream::<String, String>("in").select_key(|_, line| line.clone());
        let counts = lines.group_by_key().count("counts");
        let longest = lines
            .group_by_key()
            .reduce(|one, other| if one.len() >= other.len() { one } else { other }, "longest");
        counts.to_stream().to("counts");
        lines.filter(|_, line| line.len() > 3).to("long");
        longest.to_stream().to("longest");
    });
    let input = [("in", "a", "Hello"), ("in", "b", "X"), ("in", "a", "Hello")];
    let all = |topology: &Topology| {
        let config = [("application.id", "app"), ("topology.optimization", "all")];
        let config = TestDriverConfig::from_map(config).unwrap();
        let mut driver = TopologyTestDriver::new(topology, config).unwrap();
        for (topic, key, value) in input {
            driver.input::<String, String>(topic).pipe(key, value, 0).unwrap();
        }
        (
            driver.produced_topic_names(),
            driver.output::<String, String>("longest").key_values().unwrap(),
        )
    };
    assert_eq!(all(&part), all(&inlined));
    assert!(!all(&part).0.contains(&"app-longest-repartition".to_owned()));
}

#[topology_part]
fn merged(one: KStream<String, String>, other: KStream<String, String>) -> KTable<String, i64> {
    let both = one.merge(other);
    both.filter(|_, line| line.len() > 1).group_by_key().count("counts")
}

/// The merge and the repartition that moves up to it are in one part, the change of the key is not.
#[test]
fn a_repartition_that_moves_within_a_part() {
    for rekeyed in [true, false] {
        let part = if rekeyed {
            topology!({
                let one = stream::<String, String>("in").select_key(|_, line| line.clone());
                let other = stream("in");
                merged(one, other).to_stream().to("out");
            })
        } else {
            topology!({
                let one = stream("in");
                let other = stream("in");
                merged(one, other).to_stream().to("out");
            })
        };
        let inlined = if rekeyed {
            topology!({
                let one = stream::<String, String>("in").select_key(|_, line| line.clone());
                let other = stream::<String, String>("in");
                let both = one.merge(other);
                both.filter(|_, line| line.len() > 1)
                    .group_by_key()
                    .count("counts")
                    .to_stream()
                    .to("out");
            })
        } else {
            topology!({
                let one = stream::<String, String>("in");
                let other = stream::<String, String>("in");
                let both = one.merge(other);
                both.filter(|_, line| line.len() > 1)
                    .group_by_key()
                    .count("counts")
                    .to_stream()
                    .to("out");
            })
        };
        same(&part, &inlined, &[("in", "a", "Hello"), ("in", "b", "X"), ("in", "a", "YES")]);
    }
}
