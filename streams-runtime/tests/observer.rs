//! The observer of an application sees each record at each node, whatever the node is.
#![cfg(feature = "observer")]

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use streams_runtime::prelude::*;

/// Writes down which node got what.
#[derive(Clone, Default)]
struct Trace(Arc<Mutex<Vec<(String, String)>>>);

impl Trace {
    fn take(&self) -> Vec<(String, String)> {
        std::mem::take(&mut *self.0.lock().expect("whole"))
    }

    fn nodes(&self) -> Vec<String> {
        self.take().into_iter().map(|(node, _)| node).collect()
    }
}

impl ProcessorObserver for Trace {
    fn entering(&self, record: &Entering<'_>) {
        let plain = record.value::<i64>().or_else(|| record.value::<Option<i64>>()?.as_ref());
        let plain = plain.map(i64::to_string);
        let change = || record.value::<Change<i64>>().map(|change| format!("{:?}", change.new));
        let seen = plain.or_else(change).unwrap_or_else(|| "else".to_owned());
        self.0.lock().expect("whole").push((record.node.to_owned(), seen));
    }
}

fn observed(topology: &Topology, trace: &Trace) -> TopologyTestDriver {
    let config = StreamsConfig::new("app")
        .set("statestore.cache.max.bytes", "0")
        .processor_observer(trace.clone());
    TopologyTestDriver::new(topology, TestDriverConfig::from(&config)).expect("a driver")
}

#[test]
fn each_node_on_the_way_is_told_with_what_it_gets() {
    let topology = topology!({
        stream::<String, i64>("in", "read")
            .map_values(|n| n + 1, "plus-one")
            .filter(|_, n| *n > 2, "above-two")
            .group_by_key()
            .reduce(|a, b| a + b, "sums", Named::as_("sum"))
            .to_stream("to-stream")
            .to("out", Produced::as_("write"));
    });
    let trace = Trace::default();
    let mut driver = observed(&topology, &trace);
    driver.input::<String, i64>("in").pipe_all([("a", 1), ("a", 2)], 0).expect("taken");
    let told = trace.take();
    let told: Vec<(&str, &str)> = told.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let first = [("read", "1"), ("plus-one", "1"), ("above-two", "2")];
    let second = [
        ("read", "2"),
        ("plus-one", "2"),
        ("above-two", "3"),
        ("sum", "3"),
        ("to-stream", "Some(3)"),
        ("write", "3"),
    ];
    assert_eq!(told, [&first[..], &second[..]].concat());
}

fn everything() -> Topology {
    #[processor]
    fn pass(record: Record<String, i64>, ctx: &mut ProcessorContext<'_, String, i64>) {
        ctx.forward(record);
    }
    topology!({
        let window = JoinWindows::of_time_difference_with_no_grace(Duration::from_millis(5));
        let left = stream::<String, i64>("left").process(pass);
        let right = stream::<String, i64>("right").flat_map(|k, v| [(k, v)]);
        let rows = table::<String, i64>("rows");
        let places = global_table::<String, i64>("places");
        left.join(right, |a, b| a + b, window)
            .select_key(|k, _| k.clone())
            .join(rows, |a, b| a + b)
            .left_join(places, |k, _| k.clone(), |a, b| a + b.unwrap_or(0))
            .peek(|_, _| ())
            .group_by_key()
            .windowed_by(TimeWindows::of_size_with_no_grace(Duration::from_millis(5)))
            .count("counts")
            .to_stream(|windowed, _| windowed.key.clone())
            .to_table("last")
            .filter(|_, n| *n > 0)
            .map_values(|n| n + 1)
            .join(rows, |a, b| a + b)
            .to_stream()
            .to("out");
        let [even, odd] =
            left.split().branch(|_, n| n % 2 == 0, Branched::as_("even")).default_branch();
        even.foreach(|_, _| ());
        odd.to("odd");
    })
}

#[test]
fn every_node_that_works_is_told() {
    let topology = everything();
    let trace = Trace::default();
    let mut driver = observed(&topology, &trace);
    for topic in ["rows", "places", "left", "right"] {
        driver.input::<String, i64>(topic).pipe_all([("a", 1), ("a", 2)], 0).expect("taken");
    }
    driver.input::<String, i64>("rows").pipe("a", 7, 1).expect("taken");
    let told: BTreeSet<String> = trace.nodes().into_iter().collect();
    let described = topology.describe();
    let names = described.lines().filter_map(|line| {
        let (kind, rest) = line.trim().split_once(": ")?;
        matches!(kind, "Source" | "Processor" | "Sink").then(|| rest.split(' ').next())?
    });
    // what hands records on, and what an operator has besides the node that it is told as
    let untold = [
        "KSTREAM-MERGE",
        "KTABLE-MERGE",
        "KSTREAM-BRANCH-0000000042 ",
        "KSTREAM-BRANCH-00000000420 ",
        "KSTREAM-WINDOWED",
        "KTABLE-TOSTREAM-0000000029 ",
        "KSTREAM-SOURCE-0000000005 ",
        "KSTREAM-SOURCE-0000000008 ",
        "KSTREAM-FILTER-00000000",
        "KSTREAM-SINK-00000000",
    ];
    let is_sink =
        |name: &str| ["KSTREAM-SINK-0000000041", "KSTREAM-SINK-0000000046"].contains(&name);
    let works = |name: &&str| {
        is_sink(name) || !untold.iter().any(|known| format!("{name} ").contains(known))
    };
    let missing: Vec<&str> = names.filter(works).filter(|name| !told.contains(*name)).collect();
    assert_eq!(missing, ["x"; 0], "{told:#?}\n{described}");
}

#[test]
fn what_a_punctuation_sends_is_told_without_an_origin() {
    struct Origins(Arc<Mutex<Vec<(String, i64)>>>);

    impl ProcessorObserver for Origins {
        fn entering(&self, record: &Entering<'_>) {
            let at = (record.node.to_owned(), record.origin.offset);
            self.0.lock().expect("whole").push(at);
        }
    }

    struct Ticks;

    impl Processor<String, i64, String, i64> for Ticks {
        fn init(&mut self, ctx: &mut ProcessorContext<'_, String, i64>) {
            let tick = |_: &mut Self, ctx: &mut ProcessorContext<'_, String, i64>, now| {
                ctx.forward(Record::new("tick".to_owned(), 0, now));
            };
            ctx.schedule(Duration::from_millis(10), PunctuationType::WallClockTime, tick);
        }

        fn process(
            &mut self,
            _: Record<String, i64>,
            _: &mut ProcessorContext<'_, String, i64>,
        ) -> Result<(), UserError> {
            Ok(())
        }
    }

    let topology = topology!({
        stream::<String, i64>("in").process(|| Ticks, "ticks").to("out", Produced::as_("write"));
    });
    let seen = Arc::default();
    let config = StreamsConfig::new("app").processor_observer(Origins(Arc::clone(&seen)));
    let mut driver =
        TopologyTestDriver::new(&topology, TestDriverConfig::from(&config)).expect("a driver");
    driver.advance_wall_clock(10).expect("ticked");
    assert_eq!(*seen.lock().expect("whole"), [("write".to_owned(), -1)]);
}
