//! The Processor API: order of forwards, state of tasks, errors, punctuation.

use std::time::Duration;

use streams_runtime::prelude::*;

type Failure = Result<(), StreamsError>;

/// Forwards, then looks what the child made of it.
#[processor]
fn ask_after_forward(
    record: Record<String, i64>,
    ctx: &mut ProcessorContext<'_, String, i64>,
    shared: &mut KeyValueStore<String, i64>,
) {
    ctx.forward(record.clone());
    let seen = shared.get(&record.key).unwrap_or(-1);
    ctx.forward(record.with_value(seen));
}

#[processor]
fn keep(
    record: Record<String, i64>,
    ctx: &mut ProcessorContext<'_, String, i64>,
    shared: &mut KeyValueStore<String, i64>,
) {
    shared.put(record.key.clone(), record.value * 10);
    ctx.forward(record);
}

#[test]
fn a_store_read_after_a_forward_sees_what_the_child_wrote() -> Failure {
    let topology = topology!({
        let shared = store(KeyValueStore::<String, i64>::in_memory("shared"));
        stream::<String, i64>("in")
            .process(ask_after_forward, shared)
            .process(keep, shared)
            .to("out");
    });
    let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default())?;
    driver.input::<String, i64>("in").pipe("a", 1, 0)?;
    assert_eq!(driver.output::<String, i64>("out").values()?, [1, 10]);
    Ok(())
}

#[processor]
fn refuses_negative(
    record: Record<String, i64>,
    ctx: &mut ProcessorContext<'_, String, i64>,
) -> Result<(), String> {
    if record.value < 0 {
        return Err(format!("{} is negative", record.value));
    }
    ctx.forward(record);
    Ok(())
}

#[test]
fn an_error_of_a_processor_goes_to_the_handler() -> Failure {
    let topology = topology!({
        stream::<String, i64>("in").process(refuses_negative).to("out");
    });
    let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default())?;
    driver.input::<String, i64>("in").pipe("a", 1, 0)?;
    let failed = driver.input::<String, i64>("in").pipe("a", -1, 1);
    assert!(failed.is_err_and(|error| error.to_string().contains("KSTREAM-PROCESSOR-0000000001")));
    Ok(())
}

struct Clock;

impl Processor<String, i64, String, i64> for Clock {
    fn init(&mut self, ctx: &mut ProcessorContext<'_, String, i64>) {
        let by = PunctuationType::WallClockTime;
        ctx.schedule(Duration::from_millis(10), by, |_: &mut Self, ctx, time| {
            ctx.forward(Record::new("tick".to_owned(), time.as_millis(), time));
        });
    }

    fn process(
        &mut self,
        _: Record<String, i64>,
        _: &mut ProcessorContext<'_, String, i64>,
    ) -> Result<(), UserError> {
        Ok(())
    }
}

#[test]
fn missed_intervals_are_one_call_and_the_grid_stays() -> Failure {
    let topology = topology!({
        stream::<String, i64>("in").process(|| Clock).to("out");
    });
    let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default())?;
    for ms in [9, 26, 5] {
        driver.advance_wall_clock(ms)?;
    }
    assert_eq!(driver.output::<String, i64>("out").values()?, [35, 40]);
    Ok(())
}

#[test]
fn a_cached_store_logs_the_last_write_of_a_commit() -> Failure {
    let topology = topology!({
        let shared =
            store(KeyValueStore::<String, i64>::persistent("shared").with_caching_enabled());
        stream::<String, i64>("in").flat_map_values(|n| [n, n + 1]).process(keep, shared).to("out");
    });
    let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    driver.input::<String, i64>("in").pipe("a", 1, 0)?;
    assert_eq!(driver.output::<String, i64>("app-shared-changelog").values()?, [20]);
    Ok(())
}

#[processor]
fn keep_session(record: Record<String, i64>, sessions: &mut SessionStore<String, i64>) {
    let window = Window { start: 10, end: record.value };
    sessions.put(Windowed { key: record.key, window }, 1);
}

/// Java refuses it when the window is made.
#[test]
fn a_session_that_ends_before_it_starts_fails_the_record() -> Failure {
    let topology = topology!({
        let kept = Duration::from_secs(1);
        let sessions = store(SessionStore::<String, i64>::in_memory("sessions", kept));
        stream::<String, i64>("in").process(keep_session, sessions);
    });
    let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default())?;
    driver.input::<String, i64>("in").pipe("a", 10, 0)?;
    let error = driver.input::<String, i64>("in").pipe("a", 9, 0).expect_err("no session");
    assert!(error.to_string().contains("ends at 9 ms, before it starts at 10 ms"), "{error}");
    Ok(())
}

/// Tells where the files of its task lie.
#[processor]
fn folder(
    record: Record<String, String>,
    ctx: &mut ProcessorContext<'_, String, String>,
) -> std::io::Result<()> {
    let path = ctx.state_dir()?.display().to_string();
    ctx.forward(record.with_value(path));
    Ok(())
}

#[test]
fn a_driver_without_a_state_directory_says_how_to_give_one() {
    let topology = topology!({
        stream::<String, String>("in").process(folder).to("out");
    });
    let mut driver =
        TopologyTestDriver::new(&topology, TestDriverConfig::default()).expect("a driver");
    let error = driver.input::<String, String>("in").pipe("a", "x", 0).expect_err("no folder");
    let told = std::error::Error::source(&error).expect("a cause").to_string();
    assert!(told.contains("with_state_dir"), "{told}");
}
