//! Global stores: filled by tables and by processors of their own, read by any processor.

use std::time::Duration;

use streams_runtime::prelude::*;

type Failure = Result<(), StreamsError>;

/// Keeps the longest name of each key, and when it came.
#[processor]
fn keep_longest(
    record: Record<String, String>,
    names: &mut TimestampedKeyValueStore<String, String>,
) {
    let longer = names.get(&record.key).is_none_or(|row| row.value.len() < record.value.len());
    if longer {
        names.put(record.key, record.value, record.timestamp);
    }
}

#[processor]
fn look_up(
    record: Record<String, String>,
    ctx: &mut ProcessorContext<'_, String, String>,
    names: &GlobalStore<TimestampedKeyValueStore<String, String>>,
) {
    let row = names.get(&record.value);
    let text =
        row.map_or("-".to_owned(), |row| format!("{}@{}", row.value, row.timestamp.as_millis()));
    ctx.forward(record.with_value(text));
}

fn two_readers() -> Topology {
    topology!({
        let names = TimestampedKeyValueStore::<String, String>::persistent("names");
        let names = global_store(names, "names", keep_longest);
        stream::<String, String>("in").process(look_up, names).to("out");
        stream::<String, String>("more").process(look_up, names).to("out");
    })
}

#[test]
fn processors_of_different_tasks_read_it_without_a_connection() -> Failure {
    let topology = two_readers();
    let described = topology.describe();
    assert!(described.contains("for global store (will not generate tasks)"), "{described}");
    assert_eq!(described.matches("(stores: [names])").count(), 1, "{described}");
    assert!(described.contains("Sub-topology: 2\n"), "they share no task: {described}");
    let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default())?;
    driver
        .input::<String, String>("names")
        .pipe_all([("1", "ann"), ("1", "al"), ("1", "anna")], 5)?;
    driver.input::<String, String>("in").pipe("a", "1", 1)?;
    driver.input::<String, String>("more").pipe_all([("b", "1"), ("b", "2")], 1)?;
    assert_eq!(driver.output::<String, String>("out").values()?, ["anna@7", "anna@7", "-"]);
    assert_eq!(driver.stream_time_ms(), 2, "the store's own records move no task's time");
    Ok(())
}

#[test]
fn it_stays_over_a_restart_of_the_tasks() -> Failure {
    let mut driver = TopologyTestDriver::new(&two_readers(), TestDriverConfig::default())?;
    driver.input::<String, String>("names").pipe("1", "ann", 5)?;
    driver.restart()?;
    driver.input::<String, String>("in").pipe("a", "1", 1)?;
    assert_eq!(driver.output::<String, String>("out").values()?, ["ann@5"]);
    assert_eq!(driver.store_rows("names")?.len(), 1);
    Ok(())
}

#[test]
fn unreadable_records_go_to_the_handler() -> Failure {
    let topology = topology!({
        global_table::<String, i64>("numbers", "numbers");
        stream::<String, String>("in").to("out");
    });
    let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default())?;
    let error = driver.pipe_raw("numbers", Some(b"k"), Some(b"x"), 0, Headers::default()).err();
    let text = error.expect("it fails").to_string();
    assert!(
        text.contains("the value of the record at topic=numbers partition=0 offset=0"),
        "{text}"
    );
    Ok(())
}

#[test]
fn null_keys_are_dropped_on_the_way_into_a_global_table() -> Failure {
    let topology = topology!({
        let names = global_table::<String, String>("names", "names");
        stream::<String, String>("in").process(look_up, names.store()).to("out");
    });
    let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default())?;
    let mut names = driver.input::<Option<String>, String>("names");
    names.pipe(None, "x", 7)?;
    names.pipe("1", "ann", 7)?;
    driver.input::<String, String>("in").pipe("a", "1", 1)?;
    assert_eq!(driver.output::<String, String>("out").values()?, ["ann@7"]);
    assert_eq!(driver.dropped_records(), 1);
    Ok(())
}

#[processor]
fn keep_windows(record: Record<String, i64>, windows: &mut WindowStore<String, i64>) {
    windows.put(record.key, record.value, record.timestamp);
}

#[test]
fn one_of_windows_is_refused() {
    let topology = topology!({
        let second = Duration::from_secs(1);
        let windows = WindowStore::<String, i64>::persistent("w", second * 9, second);
        global_store(windows, "windows", keep_windows);
        stream::<String, String>("in").to("out");
    });
    let refused = TopologyTestDriver::new(&topology, TestDriverConfig::default()).err();
    let text = refused.expect("refused").to_string();
    assert!(text.contains("the global store `w` keeps windows, sessions or versions"), "{text}");
}
