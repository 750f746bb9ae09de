//! What a restart, a rebalance or a crash must not change; each was found by `tests/differential.rs`.

use std::time::Duration;

use streams_runtime::prelude::*;

type Done = Result<(), StreamsError>;

const fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

fn start(
    topology: &Topology,
    entries: &[(&str, &str)],
) -> Result<TopologyTestDriver, StreamsError> {
    let config = TestDriverConfig::from_map(entries.iter().copied())?.with_manual_commit();
    TopologyTestDriver::new(topology, config)
}

#[test]
fn equal_records_of_one_time_are_both_joined_after_a_restart() -> Done {
    let within = JoinWindows::of_time_difference_with_no_grace(ms(10));
    let topology = topology!({
        let right = stream::<String, i64>("right");
        stream::<String, i64>("left").join(right, |a, b| a + b, within).to("out");
    });
    let mut driver = start(&topology, &[])?;
    driver.input::<String, i64>("left").pipe("k", 1, 5)?;
    driver.commit()?;
    driver.restart()?;
    driver.input::<String, i64>("left").pipe("k", 2, 5)?;
    driver.input::<String, i64>("right").pipe("k", 10, 5)?;
    assert_eq!(driver.output::<String, i64>("out").values()?, [11, 12]);
    Ok(())
}

#[test]
fn a_row_that_left_a_suppression_and_came_back_waits_from_then_on_after_a_restart() -> Done {
    let topology = topology!({
        table::<String, i64>("in")
            .suppress(Suppressed::until_time_limit(ms(60), BufferConfig::unbounded()))
            .to_stream()
            .to("out");
    });
    let mut driver = start(&topology, &[("statestore.cache.max.bytes", "0")])?;
    driver.input::<String, i64>("in").pipe("a", 1, 100)?;
    driver.commit()?;
    driver.input::<String, i64>("in").pipe("b", 1, 300)?;
    driver.input::<String, i64>("in").pipe("a", 2, 301)?;
    driver.commit()?;
    driver.restart()?;
    driver.input::<String, i64>("in").pipe("b", 2, 302)?;
    assert_eq!(driver.output::<String, i64>("out").key_values()?, [("a".to_owned(), 1)]);
    Ok(())
}

#[test]
fn a_table_of_a_cogroup_can_be_joined() -> Done {
    let topology = topology!({
        let sums = stream::<String, i64>("in")
            .group_by_key()
            .cogroup(|_, value, sum| sum + value)
            .aggregate(|| 0);
        table::<String, i64>("rows").join(sums, |row, sum| row * sum).to_stream().to("out");
    });
    let mut driver = start(&topology, &[("statestore.cache.max.bytes", "0")])?;
    driver.input::<String, i64>("in").pipe_all([("k", 2), ("k", 3)], 0)?;
    driver.input::<String, i64>("rows").pipe("k", 10, 5)?;
    assert_eq!(driver.output::<String, i64>("out").values()?, [50]);
    Ok(())
}

fn looked_up() -> Topology {
    topology!({
        let countries = global_table::<String, String>("countries", "countries");
        let prices = table::<String, i64>("prices", "prices");
        stream::<String, i64>("in")
            .join(prices, |n, price| n * price)
            .join(countries, |key, _| key.clone(), |n, country| format!("{n} {country}"))
            .to("out");
    })
}

#[test]
fn global_tables_and_tables_with_their_topic_as_changelog_survive_a_restart() -> Done {
    for optimization in ["none", "all"] {
        let mut driver = start(&looked_up(), &[("topology.optimization", optimization)])?;
        driver.input::<String, String>("countries").pipe("k", "NZ", 0)?;
        driver.input::<String, i64>("prices").pipe("k", 7, 0)?;
        driver.commit()?;
        driver.restart()?;
        driver.input::<String, i64>("in").pipe("k", 2, 1)?;
        assert_eq!(driver.output::<String, String>("out").values()?, ["14 NZ"], "{optimization}");
    }
    Ok(())
}

fn counts() -> Topology {
    topology!({
        stream::<String, i64>("in").group_by_key().count("counts").to_stream().to("out");
    })
}

#[test]
fn a_crash_repeats_what_was_not_committed_and_exactly_once_takes_it_back() -> Done {
    let uncached = [("statestore.cache.max.bytes", "0")];
    for (exactly_once, expected) in [(false, &[1, 2, 3][..]), (true, &[1, 2])] {
        let mut driver = start(&counts(), &uncached)?;
        driver.input::<String, i64>("in").pipe("a", 1, 0)?;
        driver.commit()?;
        driver.input::<String, i64>("in").pipe("a", 1, 1)?;
        match exactly_once {
            true => driver.restart_from_last_commit()?,
            false => driver.restart()?,
        }
        let counted = driver.output::<String, i64>("out").values()?;
        assert_eq!(counted, expected, "exactly once: {exactly_once}");
    }
    Ok(())
}

#[test]
fn a_rebalance_keeps_stores_without_what_was_not_committed() -> Done {
    let mut driver = start(&counts(), &[])?;
    driver.input::<String, i64>("in").pipe("a", 1, 0)?;
    driver.commit()?;
    // the cache holds it, so neither the changelog nor the result has it yet
    driver.input::<String, i64>("in").pipe("a", 1, 1)?;
    driver.rebalance()?;
    driver.commit()?;
    assert_eq!(driver.output::<String, i64>("out").values()?, [1, 2]);
    assert_eq!(driver.key_value_store::<String, i64>("counts")?.get(&"a".to_owned())?, Some(2));
    Ok(())
}

#[test]
fn a_rebalance_reads_versions_from_the_changelog_that_are_older_than_what_was_lost() -> Done {
    let topology = topology!({
        let history = Stores::persistent_versioned_key_value_store("rows", ms(20));
        table::<String, i64>("in", Materialized::as_(history)).to_stream().to("out");
    });
    let mut driver = start(&topology, &[])?;
    driver.input::<String, i64>("in").pipe("a", 1, 100)?;
    driver.input::<String, i64>("in").pipe("b", 2, 200)?;
    driver.rebalance()?;
    let rows = driver.key_value_store::<String, i64>("rows")?.all()?;
    assert_eq!(rows, [("a".to_owned(), 1), ("b".to_owned(), 2)]);
    Ok(())
}
