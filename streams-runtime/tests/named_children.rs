//! Forwards to one child of several, by its name, in the DSL and in a `TopologyBuilder`.

use streams_runtime::prelude::*;

/// Sends each record to the child that its value names.
#[processor]
fn route(record: Record<String, String>, ctx: &mut ProcessorContext<'_, String, String>) {
    let child = record.value.clone();
    ctx.forward_to(&child, record);
}

#[processor]
fn route_values(
    record: FixedKeyRecord<String, String>,
    ctx: &mut FixedKeyProcessorContext<'_, String, String>,
) {
    let child = record.value.clone();
    ctx.forward_to(&child, record);
}

/// Forwards to one child, then to all.
#[processor]
fn one_and_all(record: Record<String, String>, ctx: &mut ProcessorContext<'_, String, String>) {
    ctx.forward_to("second", record.clone());
    ctx.forward(record);
}

fn driver(topology: &Topology, config: &[(&str, &str)]) -> TopologyTestDriver {
    let config = TestDriverConfig::from_map(config.iter().copied()).expect("a configuration");
    TopologyTestDriver::new(topology, config).expect("a driver")
}

/// Which topics the records came to, in order.
fn topics(topology: &Topology, names: &[&str]) -> Vec<String> {
    let mut driver = driver(topology, &[]);
    for name in names {
        driver.input::<String, String>("in").pipe("k", *name, 0).expect("taken");
    }
    driver.take_output().into_iter().map(|record| record.topic.to_string()).collect()
}

fn many_kinds() -> Topology {
    topology!({
        let routed = stream::<String, String>("in").process_values(route_values);
        routed.filter(|_, _| true, "filter").to("filtered");
        routed.map_values(|name| format!("{name}!"), "map").to("mapped");
        routed.flat_map_values(|name| [name.clone(), name], "flat").to("flattened");
        routed.to("sunk", Produced::as_("sink"));
        routed.process_values(route_values, "again").to("again-out", Produced::as_("last"));
        let [a, b] = routed
            .split(Named::as_("split-"))
            .branch(|_, _| false, Branched::as_("a"))
            .default_branch(Branched::as_("b"));
        a.to("a");
        b.to("b");
        let other = stream::<String, String>("other");
        routed.merge(other, "merge").to("merged");
    })
}

#[test]
fn a_child_of_any_kind_is_reached_alone() {
    for (name, topic) in [
        ("filter", "filtered"),
        ("map", "mapped"),
        ("sink", "sunk"),
        ("split-", "b"),
        ("merge", "merged"),
    ] {
        assert_eq!(topics(&many_kinds(), &[name]), [topic], "{name}");
    }
    assert_eq!(topics(&many_kinds(), &["flat"]), ["flattened", "flattened"]);
}

#[test]
fn aggregations_of_one_group_are_children_each() {
    let topology = topology!({
        let group = stream::<String, String>("in").process_values(route_values).group_by_key();
        group.count("counts", Named::as_("count")).to_stream().to("counted");
        group.reduce(|a, b| a + &b, "sums", Named::as_("reduce")).to_stream().to("reduced");
    });
    let results = |name| {
        let all = topics(&topology, &[name]).into_iter();
        all.filter(|topic| !topic.ends_with("-changelog")).collect::<Vec<_>>()
    };
    assert_eq!(results("count"), ["counted"]);
    assert_eq!(results("reduce"), ["reduced"]);
}

#[test]
fn a_stream_that_was_rekeyed_is_reached_through_its_repartition() {
    let topology = topology!({
        let routed = stream::<String, String>("in").process(route);
        routed.group_by_key().count("counts", Named::as_("count")).to_stream().to("counted");
        routed.to("sunk", Produced::as_("sink"));
    });
    let described = topology.describe();
    assert!(described.contains("counts-repartition-filter"), "{described}");
    let all = topics(&topology, &["counts-repartition-filter"]);
    assert!(all.contains(&"counted".to_owned()) && !all.contains(&"sunk".to_owned()), "{all:?}");
    assert_eq!(topics(&topology, &["sink"]), ["sunk"]);
}

#[test]
fn generated_names_work_as_describe_shows_them() {
    let topology = topology!({
        let routed = stream::<String, String>("in").process(route);
        routed.filter(|_, _| true).to("first");
        routed.filter(|_, _| true).to("second");
    });
    assert_eq!(topics(&topology, &["KSTREAM-FILTER-0000000004"]), ["second"]);
}

#[test]
fn the_only_child_has_a_name_too_and_forward_still_reaches_all() {
    let only = topology!({
        stream::<String, String>("in").process(route).to("out", Produced::as_("sink"));
    });
    assert_eq!(topics(&only, &["sink"]), ["out"]);
    let both = topology!({
        let passed = stream::<String, String>("in").process(one_and_all);
        passed.to("one", Produced::as_("first"));
        passed.to("two", Produced::as_("second"));
    });
    assert_eq!(topics(&both, &["x"]), ["two", "one", "two"]);
}

fn two_sinks() -> Topology {
    topology!({
        let routed = stream::<String, String>("in").process(route, "router");
        routed.to("first", Produced::as_("one"));
        routed.to("second", Produced::as_("two"));
    })
}

#[test]
fn an_unknown_child_is_a_failure_of_the_processor() {
    let mut driver = driver(&two_sinks(), &[]);
    let error = driver.input::<String, String>("in").pipe("k", "three", 0).expect_err("unknown");
    let told = format!("{error}");
    assert!(told.contains("operator `router` failed"), "{told}");
    assert!(told.contains("forwards to `three`") && told.contains("`one`, `two`"), "{told}");
}

#[test]
fn a_handler_that_continues_drops_the_record() {
    let go_on = ("processing.exception.handler", "LogAndContinueProcessingExceptionHandler");
    let mut driver = driver(&two_sinks(), &[go_on]);
    let mut input = driver.input::<String, String>("in");
    input.pipe("k", "three", 0).expect("dropped");
    input.pipe("k", "one", 1).expect("taken");
    assert_eq!(driver.dropped_records(), 1);
    assert_eq!(driver.output::<String, String>("first").values().expect("rows"), ["one"]);
}

#[topology_part]
fn shout(words: KStream<String, String>) -> KStream<String, String> {
    words.map_values(|word| word.to_uppercase(), "upper")
}

#[test]
fn what_stands_inside_a_part_cannot_be_told_apart() {
    let topology = topology!({
        let routed = stream::<String, String>("in").process(route);
        shout(routed).to("shouted");
        routed.to("plain", Produced::as_("sink"));
    });
    assert_eq!(topics(&topology, &["sink"]), ["plain"]);
    let mut driver = driver(&topology, &[]);
    let error = driver.input::<String, String>("in").pipe("k", "upper", 0).expect_err("inside");
    assert!(error.to_string().contains("these are: `sink`"), "{error}");
}

#[test]
fn merged_repartitions_leave_the_other_children_their_names() {
    let topology = topology!({
        let routed = stream::<String, String>("in").process(route);
        routed.group_by_key().count("counts");
        routed.group_by_key().reduce(|a, b| a + &b, "sums");
        routed.to("sunk", Produced::as_("sink"));
    });
    let mut driver = driver(&topology, &[("topology.optimization", "all")]);
    driver.input::<String, String>("in").pipe("k", "sink", 0).expect("taken");
    assert_eq!(driver.output::<String, String>("sunk").values().expect("rows"), ["sink"]);
    let store = driver.key_value_store::<String, i64>("counts").expect("the store").all();
    assert!(store.expect("rows").is_empty());
}

#[test]
fn a_processor_with_nothing_behind_it_has_no_child() {
    let topology = topology!({
        stream::<String, String>("in").process(route);
    });
    let mut driver = driver(&topology, &[]);
    let error = driver.input::<String, String>("in").pipe("k", "x", 0).expect_err("no child");
    assert!(error.to_string().ends_with("told from the others; it has none"), "{error}");
}
