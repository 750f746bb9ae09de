//! Versioned tables below other operators, the grace period of joins with them, and what is refused.

use std::time::Duration;

use streams_runtime::prelude::*;

type Text = Option<String>;
type Failure = Result<(), StreamsError>;

/// One record to pipe: topic, key, value, time. `-` is a null.
type Step<'a> = (&'a str, &'a str, &'a str, i64);

const fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

fn versions(name: &str) -> impl IntoStore + use<> {
    Stores::persistent_versioned_key_value_store(name, ms(100))
}

fn part(text: &str) -> Option<&[u8]> {
    (text != "-").then_some(text.as_bytes())
}

fn start(topology: &Topology) -> TopologyTestDriver {
    TopologyTestDriver::new(topology, TestDriverConfig::new("app")).expect("a valid topology")
}

fn pipe(driver: &mut TopologyTestDriver, steps: &[Step<'_>]) {
    for (topic, key, value, time) in steps {
        driver.pipe_raw(topic, part(key), part(value), *time, Headers::default()).expect("it runs");
    }
}

/// What `out` got so far, as `key value@time`.
fn results(driver: &mut TopologyTestDriver) -> Vec<String> {
    let text = |bytes: Option<Vec<u8>>| {
        bytes.map_or("-".to_owned(), |bytes| String::from_utf8(bytes).expect("text"))
    };
    let records = driver.take_output().into_iter().filter(|record| &*record.topic == "out");
    let line = |r: streams_runtime::driver::test::ProducedRecord| {
        format!("{} {}@{}", text(r.key), text(r.value), r.timestamp.unwrap_or(-1))
    };
    records.map(line).collect()
}

#[track_caller]
fn check(topology: &Topology, steps: &[Step<'_>], expected: &[&str], dropped: u64) {
    let mut driver = start(topology);
    pipe(&mut driver, steps);
    assert_eq!(results(&mut driver), expected);
    assert_eq!(driver.dropped_records(), dropped, "dropped records");
}

#[track_caller]
fn refused(topology: &Topology, words: &str) {
    let error = TopologyTestDriver::new(topology, TestDriverConfig::new("app")).err();
    let text = error.expect("refused").to_string();
    assert!(text.contains(words), "{text}");
}

fn both(left: String, right: Option<String>) -> String {
    format!("{left}+{}", right.unwrap_or_else(|| "null".to_owned()))
}

#[test]
fn updates_of_the_past_pass_a_filter_and_a_mapper() {
    let topology = topology!({
        table::<String, String>("in", Materialized::as_(versions("v")))
            .filter(|_, value| value != "hide")
            .map_values(|value| value.to_uppercase())
            .to_stream()
            .to("out");
    });
    let steps = [
        ("in", "k", "a", 10),
        ("in", "k", "hide", 5), // nothing to nothing, but of the past
        ("in", "k", "b", 7),
        ("in", "j", "x", 200),
        ("in", "k", "late", 50), // before the history
    ];
    check(&topology, &steps, &["k A@10", "k -@5", "k B@7", "j X@200"], 1);
}

#[test]
fn a_table_of_a_versioned_table_is_looked_up_as_of_a_time() {
    let topology = topology!({
        let loud = table::<String, String>("table", Materialized::as_(versions("v")))
            .filter(|_, value| value != "hide")
            .map_values(|value| value.to_uppercase());
        stream::<Text, String>("in").left_join(loud, both).to("out");
    });
    let steps = [
        ("table", "k", "a", 10),
        ("table", "k", "hide", 20),
        ("table", "k", "b", 30),
        ("in", "k", "1", 9),
        ("in", "k", "2", 15),
        ("in", "k", "3", 25),
        ("in", "k", "4", 35),
    ];
    let expected = ["k 1+null@9", "k 2+A@15", "k 3+null@25", "k 4+B@35"];
    check(&topology, &steps, &expected, 0);
}

#[test]
fn a_derived_table_may_keep_versions_of_its_own() {
    let topology = topology!({
        let short = table::<String, String>("table", "plain")
            .map_values(|value| value.to_uppercase(), Materialized::as_(versions("v")));
        stream::<Text, String>("in").left_join(short, both).to("out");
    });
    let steps = [
        ("table", "k", "a", 20),
        ("table", "k", "b", 10),
        ("in", "k", "1", 15),
        ("in", "k", "2", 25),
    ];
    check(&topology, &steps, &["k 1+B@15", "k 2+A@25"], 0);
}

#[test]
fn the_result_of_a_join_has_a_past_only_in_a_versioned_store() {
    let plain = topology!({
        let a = table::<String, String>("a", Materialized::as_(versions("av")));
        let b = table::<String, String>("b", Materialized::as_(versions("bv")));
        let joined = a.join(b, |a, b| format!("{a}{b}"));
        stream::<Text, String>("in").left_join(joined, both).to("out");
    });
    let kept = topology!({
        let a = table::<String, String>("a", Materialized::as_(versions("av")));
        let b = table::<String, String>("b", Materialized::as_(versions("bv")));
        let joined = a.join(b, |a, b| format!("{a}{b}"), Materialized::as_(versions("v")));
        stream::<Text, String>("in").left_join(joined, both).to("out");
    });
    let steps = [
        ("a", "k", "a", 10),
        ("b", "k", "b", 20),
        ("b", "k", "c", 30),
        ("b", "k", "past", 25), // dropped by the join
        ("in", "k", "1", 26),
        ("in", "k", "2", 31),
    ];
    check(&plain, &steps, &["k 1+ac@26", "k 2+ac@31"], 1);
    check(&kept, &steps, &["k 1+ab@26", "k 2+ac@31"], 1);
}

#[test]
fn an_aggregation_in_a_versioned_store_drops_what_is_too_late() {
    let topology = topology!({
        stream::<String, String>("in")
            .group_by_key()
            .reduce(|sum, value| format!("{sum}{value}"), Materialized::as_(versions("v")))
            .to_stream()
            .to("out");
    });
    let steps = [
        ("in", "k", "a", 100),
        ("in", "k", "b", 50),
        ("in", "j", "x", 300),
        ("in", "i", "y", 150), // a new row, before the history
        ("in", "j", "z", 150), // an old row moves no time back
    ];
    check(&topology, &steps, &["k a@100", "k ab@100", "j x@300", "j xz@300"], 1);
}

fn patient(grace: u64) -> Topology {
    topology!({
        let t = table::<String, String>("table", Materialized::as_(versions("v")));
        stream::<Text, Text>("in")
            .left_join(t, both, Joined::as_("j").with_grace_period(ms(grace)))
            .to("out");
    })
}

#[test]
fn records_wait_in_order_of_time_and_key() {
    let steps = [
        ("in", "b", "1", 10),
        ("in", "a", "2", 10),
        ("in", "a", "3", 10),
        ("in", "c", "4", 5),
        ("table", "a", "A", 8),
        ("in", "z", "5", 20),
        ("in", "y", "6", 4),  // later than the grace period: at once
        ("in", "x", "-", 90), // no value: dropped, and no time passes
        ("in", "z", "7", 30),
    ];
    let expected =
        ["c 4+null@5", "a 2+A@10", "a 3+A@10", "b 1+null@10", "y 6+null@4", "z 5+null@20"];
    check(&patient(10), &steps, &expected, 1);
}

#[test]
fn a_record_without_a_key_cannot_wait() {
    let mut driver = start(&patient(10));
    let error = driver.pipe_raw("in", None, Some(b"1"), 5, Headers::default()).err();
    let error = error.expect("it fails");
    let text = format!("{error} {:?}", std::error::Error::source(&error).map(ToString::to_string));
    assert!(text.contains("null key cannot wait for the grace period"), "{text}");
}

#[test]
fn waiting_records_keep_time_headers_and_place_over_a_restart() -> Failure {
    let mut driver = start(&patient(10));
    let mut headers = Headers::default();
    headers.push("h", Some(vec![7]));
    driver.pipe_raw("in", Some(b"a"), Some(b"1"), 10, headers.clone())?;
    pipe(&mut driver, &[("in", "a", "2", 10), ("table", "a", "A", 9)]);
    driver.restart()?;
    pipe(&mut driver, &[("in", "a", "3", 20)]);
    let records: Vec<_> = driver.take_output().into_iter().filter(|r| &*r.topic == "out").collect();
    let [first, second] = records.as_slice() else { panic!("{records:?}") };
    assert_eq!(
        (first.value.as_deref(), second.value.as_deref()),
        (Some(&b"1+A"[..]), Some(&b"2+A"[..]))
    );
    assert_eq!((first.timestamp, &first.headers), (Some(10), &headers));
    assert!(second.headers.is_empty());
    Ok(())
}

#[test]
fn versions_survive_a_restart() -> Failure {
    let topology = topology!({
        let t = table::<String, String>("table", Materialized::as_(versions("v")));
        stream::<Text, String>("in").left_join(t, both).to("out");
    });
    let mut driver = start(&topology);
    pipe(&mut driver, &[("table", "k", "a", 10), ("table", "k", "-", 30), ("table", "k", "b", 20)]);
    driver.restart()?;
    let steps = [("in", "k", "1", 15), ("in", "k", "2", 25), ("in", "k", "3", 35)];
    pipe(&mut driver, &steps);
    assert_eq!(results(&mut driver), ["k 1+a@15", "k 2+b@25", "k 3+null@35"]);
    let mut rows = driver.key_value_store::<String, String>("v")?;
    let ends: Vec<_> = rows.versions(&"k".to_owned())?.into_iter().map(|v| v.valid_to).collect();
    assert_eq!(ends, [20, 30].map(|at: u32| Some(Timestamp::from(at))));
    assert_eq!(rows.get_as_of(&"k".to_owned(), Timestamp::from(12_u32))?.as_deref(), Some("a"));
    assert_eq!(rows.all()?, []);
    Ok(())
}

#[test]
fn the_changelog_is_not_compacted_within_the_history() {
    let lag = |materialized: Materialized<String, String>| {
        let topology = topology!({
            table::<String, String>("in", materialized).to_stream().to("out");
        });
        let plan = topology.plan(&Default::default()).expect("valid");
        let all = plan.sub_topologies.iter().flat_map(|part| &part.changelogs);
        let of_all = [("min.compaction.lag.ms".to_owned(), "7".to_owned())].into();
        let settings = all.map(|topic| topic.config_with(&of_all)).next().expect("a changelog");
        assert_eq!(settings["cleanup.policy"], "compact");
        settings["min.compaction.lag.ms"].clone()
    };
    assert_eq!(lag(Materialized::as_(versions("v"))), "86400100");
    let own = [("min.compaction.lag.ms", "5")];
    assert_eq!(lag(Materialized::as_(versions("v")).with_logging_enabled(own)), "5");
}

#[test]
fn what_versions_cannot_do_is_refused() {
    refused(
        &topology!({
            let t = table::<String, String>("table", "plain");
            stream::<String, String>("in")
                .join(t, |a, b| a + &b, Joined::as_("j").with_grace_period(ms(5)))
                .to("out");
        }),
        "the join `j` has a grace period, which needs a versioned table",
    );
    refused(&patient(101), "keeps the past for 100 ms only");
    refused(
        &topology!({
            table::<String, String>("in", Materialized::as_(versions("v")))
                .map_values(|v| v)
                .suppress(Suppressed::until_time_limit(ms(5), BufferConfig::max_records(9)))
                .to_stream()
                .to("out");
        }),
        "which is versioned, itself or through the tables that it is made of",
    );
    refused(
        &topology!({
            global_table::<String, String>("g", Materialized::as_(versions("v")));
            stream::<String, String>("in").to("out");
        }),
        "is given a versioned store, which a global table cannot have",
    );
}

#[test]
fn only_a_versioned_table_lends_its_past_to_processors() {
    refused(
        &topology!({
            let t = table::<String, i64>("table", "plain");
            stream::<String, i64>("in").process(write, t.versioned_store());
        }),
        "reads the past of table `KTABLE-SOURCE-0000000001`",
    );
    refused(
        &topology!({
            stream::<String, i64>("in")
                .group_by_key()
                .windowed_by(TimeWindows::of_size_with_no_grace(ms(10)))
                .count(Materialized::as_(versions("v")));
        }),
        "is given as a versioned store, which keeps no windows",
    );
}

#[test]
fn a_cogroup_in_a_versioned_store_is_versioned() {
    let topology = topology!({
        let sums = stream::<String, String>("table")
            .group_by_key()
            .cogroup(|_, value, _| value)
            .aggregate(String::new, Materialized::as_(versions("v")));
        stream::<Text, Text>("in")
            .left_join(sums, both, Joined::as_("j").with_grace_period(ms(1)))
            .to("out");
    });
    let steps = [
        ("table", "k", "a", 10),
        ("table", "k", "b", 20),
        ("in", "k", "1", 15),
        ("in", "k", "2", 25),
        ("in", "k", "3", 30),
    ];
    check(&topology, &steps, &["k 1+a@15", "k 2+b@25"], 0);
}

#[processor]
fn write(record: Record<String, i64>, v: &mut VersionedKeyValueStore<String, i64>) {
    let wanted = match record.value {
        0 => VersionedPut::TooLate,
        1 => VersionedPut::Past,
        _ => VersionedPut::Latest,
    };
    assert_eq!(v.put(record.key, Some(record.value), record.timestamp), wanted);
}

#[test]
fn a_processors_late_write_is_counted() -> Failure {
    let topology = topology!({
        let v = store(VersionedKeyValueStore::<String, i64>::persistent("v", ms(100)));
        stream::<String, i64>("in").process(write, v);
    });
    let mut driver = start(&topology);
    let mut input = driver.input::<String, i64>("in");
    input.pipe("a", 2, 200)?;
    input.pipe("a", 1, 150)?;
    input.pipe("a", 0, 99)?;
    assert_eq!(driver.dropped_records(), 1);
    let cached = topology!({
        let v = VersionedKeyValueStore::<String, i64>::persistent("v", ms(100));
        let v = store(v.with_caching_enabled());
        stream::<String, i64>("in").process(write, v);
    });
    refused(&cached, "asked to cache, which versioned stores cannot");
    Ok(())
}
