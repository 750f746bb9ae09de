//! Writing to stores through the test driver, as a test does before the records come.

use std::time::Duration;

use streams_runtime::prelude::*;

type Failure = Result<(), StreamsError>;

fn a() -> String {
    "a".to_owned()
}

#[test]
fn rows_of_before_are_aggregated_on_and_survive() -> Failure {
    let topology = topology!({
        let hour = Duration::from_secs(3600);
        let input = stream::<String, i64>("in").group_by_key();
        input.reduce(|a, b| a + b, "sums").to_stream().to("sums-out");
        input
            .windowed_by(TimeWindows::of_size_and_grace(hour, hour))
            .count("windows")
            .to_stream(|windowed, _| windowed.key.clone())
            .to("windows-out");
        input
            .windowed_by(SessionWindows::of_inactivity_gap_and_grace(hour, hour))
            .count("sessions")
            .to_stream(|session, _| session.key.clone())
            .to("sessions-out");
    });
    for cache in ["0", "1000000"] {
        let config = TestDriverConfig::from_map([("statestore.cache.max.bytes", cache)])?;
        let mut driver = TopologyTestDriver::new(&topology, config)?;
        let zero = Timestamp::ZERO;
        driver.key_value_store("sums")?.put(a(), 40_i64, Timestamp::from(9))?;
        driver.window_store("windows")?.put(&a(), Some(7_i64), zero, zero)?;
        let session = Windowed { key: a(), window: Window { start: 0, end: 3 } };
        driver.session_store("sessions")?.put(&session, Some(70_i64))?;
        driver.input::<String, i64>("in").pipe("a", 2, 5)?;
        driver.restart()?;
        driver.input::<String, i64>("in").pipe("a", 1, 6)?;
        let sums = driver.output::<String, i64>("sums-out").read_all()?;
        let last = sums.last().map(|record| (record.value, record.timestamp.as_millis()));
        assert_eq!(last, Some((43, 9)), "the later time counts");
        assert_eq!(driver.output::<String, i64>("windows-out").to_map()?["a"], 9);
        let sessions = driver.output::<String, Option<i64>>("sessions-out").values()?;
        assert_eq!(sessions.last(), Some(&Some(72)), "{sessions:?}");
        driver.key_value_store::<String, i64>("sums")?.delete(&a(), Timestamp::from(9))?;
        driver.window_store::<String, i64>("windows")?.put(&a(), None, zero, zero)?;
        assert_eq!(driver.key_value_store::<String, i64>("sums")?.get(&a())?, None);
        assert!(driver.window_store::<String, i64>("windows")?.all()?.is_empty());
    }
    Ok(())
}

#[test]
fn a_version_of_the_past_is_written_and_changes_are_logged() -> Failure {
    let topology = topology!({
        let history = Duration::from_secs(60);
        table::<String, i64>("in", Stores::persistent_versioned_key_value_store("v", history))
            .to_stream()
            .to("out");
    });
    let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default())?;
    for (value, time) in [(3_i64, 30_000), (2, 20_000)] {
        driver.key_value_store("v")?.put(a(), value, Timestamp::from(time))?;
    }
    let at = Timestamp::from(25_000);
    assert_eq!(driver.key_value_store::<String, i64>("v")?.get_as_of(&a(), at)?, Some(2));
    let late = driver.key_value_store("v")?.put(a(), 1_i64, Timestamp::from(90_001));
    assert!(late.is_ok());
    let late = driver.key_value_store("v")?.put(a(), 1_i64, Timestamp::ZERO);
    assert!(late.is_err(), "older than the history");
    Ok(())
}

#[test]
fn records_are_piped_as_they_are_and_at_a_pace() -> Failure {
    let topology = topology!({
        stream::<String, i64>("in").to("out");
    });
    let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default())?;
    let mut headers = Headers::default();
    headers.push("origin", Some(b"test".to_vec()));
    let record = Record::new(a(), 1_i64, Timestamp::from(7)).with_headers(headers);
    driver.input("in").pipe_record(record.clone())?;
    assert_eq!(driver.output::<String, i64>("out").read()?, Some(record));
    driver.input::<String, i64>("in").pipe_every([("a", 1), ("b", 2), ("c", 3)], 10, 100)?;
    let times: Vec<i64> = driver
        .output::<String, i64>("out")
        .read_all()?
        .iter()
        .map(|record| record.timestamp.as_millis())
        .collect();
    assert_eq!(times, [10, 110, 210]);
    Ok(())
}
