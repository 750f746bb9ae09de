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

/// Where global stores lie in these tests.
fn places() -> [bool; 2] {
    [false, true]
}

const KEPT: Duration = Duration::from_secs(100);

fn second(n: u32) -> Timestamp {
    Timestamp::from(n * 1000)
}

/// Pipes numbers of key `a` into the global topic `rows`, then asks by `in` after each time of `asked`.
fn answers(topology: &Topology, rows: &[(i64, u32)], asked: &[u32]) -> Vec<String> {
    let mut driver =
        TopologyTestDriver::new(topology, TestDriverConfig::default()).expect("it starts");
    for (value, at) in rows {
        let at = second(*at).as_millis();
        driver.input::<String, i64>("rows").pipe("a", *value, at).expect("it is kept");
    }
    let mut found = Vec::new();
    for restarted in [false, true] {
        if restarted {
            driver.restart().expect("it goes on");
        }
        for at in asked {
            let at = second(*at).as_millis();
            driver.input::<String, String>("in").pipe("a", "", at).expect("it looks");
        }
        found.push(driver.output::<String, String>("out").values().expect("text"));
    }
    assert_eq!(found[0], found[1], "a restarted task sees the same");
    found.swap_remove(0)
}

#[processor]
fn keep_windows(record: Record<String, i64>, windows: &mut WindowStore<String, i64>) {
    windows.put(record.key, record.value, record.timestamp);
}

#[processor]
fn see_windows(
    record: Record<String, String>,
    ctx: &mut ProcessorContext<'_, String, String>,
    windows: &GlobalStore<WindowStore<String, i64>>,
) {
    let all: Vec<_> = windows.all().map(|(at, n)| (at.start / 1000, at.end / 1000, n)).collect();
    let one = windows.fetch_one(&record.key, record.timestamp);
    ctx.forward(record.with_value(format!("{all:?} {one:?}")));
}

#[test]
fn one_of_windows_hides_what_is_too_old_for_its_own_records() {
    for in_memory in places() {
        let size = Duration::from_secs(1);
        let kept = match in_memory {
            true => WindowStore::<String, i64>::in_memory("w", KEPT, size),
            false => WindowStore::<String, i64>::persistent("w", KEPT, size),
        };
        let topology = topology!({
            let kept = global_store(kept, "rows", keep_windows);
            stream::<String, String>("in").process(see_windows, kept).to("out");
        });
        // the one of second 0 is hidden by that of second 100, and a late one of second 1 comes in time
        let found = answers(&topology, &[(1, 0), (2, 40), (3, 100), (4, 1)], &[40, 0]);
        let all = "[(1, 2, 4), (40, 41, 2), (100, 101, 3)]";
        assert_eq!(found, [format!("{all} Some(2)"), format!("{all} None")], "{in_memory}");
    }
}

#[processor]
fn keep_stamped(record: Record<String, i64>, rows: &mut TimestampedWindowStore<String, i64>) {
    let start = Timestamp::from_millis(record.timestamp.as_millis() / 10_000 * 10_000);
    let start = start.unwrap_or_default();
    if record.value < 0 {
        rows.delete(&record.key, start);
    } else {
        rows.put(record.key, record.value, record.timestamp, start);
    }
}

#[processor]
fn see_stamped(
    record: Record<String, String>,
    ctx: &mut ProcessorContext<'_, String, String>,
    rows: &GlobalStore<TimestampedWindowStore<String, i64>>,
) {
    let found = rows.fetch(&record.key, 0, record.timestamp.as_millis());
    let found: Vec<_> = found.map(|(start, row)| (start, row.value, row.timestamp)).collect();
    let text = found.iter().map(|(start, n, at)| format!("{start}={n}@{}", at.as_millis()));
    let text = text.collect::<Vec<_>>().join(" ");
    ctx.forward(record.with_value(text));
}

#[test]
fn one_of_timestamped_windows_is_read_with_its_times() {
    for in_memory in places() {
        let size = Duration::from_secs(10);
        let kept = match in_memory {
            true => TimestampedWindowStore::<String, i64>::in_memory("w", KEPT, size),
            false => TimestampedWindowStore::<String, i64>::persistent("w", KEPT, size),
        };
        let topology = topology!({
            let kept = global_store(kept, "rows", keep_stamped);
            stream::<String, String>("in").process(see_stamped, kept).to("out");
        });
        let rows = [(1, 3), (2, 9), (3, 20), (4, 31), (-1, 22)];
        let found = answers(&topology, &rows, &[29, 30]);
        assert_eq!(found, ["0=2@9000", "0=2@9000 30000=4@31000"], "{in_memory}");
    }
}

#[processor]
fn keep_sessions(record: Record<String, i64>, sessions: &mut SessionStore<String, i64>) {
    let end = record.timestamp.as_millis();
    let window = Window { start: end - record.value * 1000, end };
    sessions.put(Windowed { key: record.key, window }, record.value);
}

#[processor]
fn see_sessions(
    record: Record<String, String>,
    ctx: &mut ProcessorContext<'_, String, String>,
    sessions: &GlobalStore<SessionStore<String, i64>>,
) {
    let now = record.timestamp.as_millis();
    let ends = |(at, _): (Windowed<String>, i64)| at.end / 1000;
    let all: Vec<_> = sessions.fetch(&record.key).map(ends).collect();
    let now: Vec<_> = sessions.find_sessions(&record.key, now, now).map(ends).collect();
    ctx.forward(record.with_value(format!("{all:?} {now:?}")));
}

#[test]
fn one_of_sessions_is_read_by_key_and_time() {
    for in_memory in places() {
        let kept = match in_memory {
            true => SessionStore::<String, i64>::in_memory("s", KEPT),
            false => SessionStore::<String, i64>::persistent("s", KEPT),
        };
        let topology = topology!({
            let kept = global_store(kept, "rows", keep_sessions);
            stream::<String, String>("in").process(see_sessions, kept).to("out");
        });
        let found = answers(&topology, &[(5, 9), (5, 50), (20, 109)], &[47, 100]);
        assert_eq!(found, ["[50, 109] [50]", "[50, 109] [109]"], "{in_memory}");
    }
}

#[processor]
fn keep_versions(record: Record<String, i64>, prices: &mut VersionedKeyValueStore<String, i64>) {
    let value = Some(record.value).filter(|value| *value > 0);
    prices.put(record.key, value, record.timestamp);
}

#[processor]
fn see_versions(
    record: Record<String, String>,
    ctx: &mut ProcessorContext<'_, String, String>,
    prices: &GlobalStore<VersionedKeyValueStore<String, i64>>,
) {
    let price = prices.get_as_of(&record.key, record.timestamp).map(|row| row.value);
    ctx.forward(record.with_value(format!("{price:?}")));
}

#[test]
fn one_of_versions_is_asked_for_the_past() {
    let topology = topology!({
        let kept = VersionedKeyValueStore::<String, i64>::persistent("v", KEPT);
        let kept = global_store(kept, "rows", keep_versions);
        stream::<String, String>("in").process(see_versions, kept).to("out");
    });
    let rows = [(1, 10), (3, 30), (2, 20), (0, 40), (5, 120), (9, 5)];
    // second 19 is older than the history, and the write of second 5 was too late
    let found = answers(&topology, &rows, &[19, 20, 29, 30, 40, 120]);
    assert_eq!(found, ["None", "Some(2)", "Some(2)", "Some(3)", "None", "Some(5)"]);
    let mut driver =
        TopologyTestDriver::new(&topology, TestDriverConfig::default()).expect("it starts");
    for (value, at) in rows {
        driver.input::<String, i64>("rows").pipe("a", value, i64::from(at) * 1000).expect("kept");
    }
    assert_eq!(driver.dropped_records(), 1);
    assert_eq!(driver.store_rows("v").expect("rows").len(), 4);
}
