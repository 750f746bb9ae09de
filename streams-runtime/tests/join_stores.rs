//! Stores that users make for joins of streams.

use std::time::Duration;

use streams_runtime::prelude::*;
use streams_runtime::topology::TopologyConfig;

const fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

fn joined(kept: impl Fn() -> StreamJoined<String, String, String>) -> Topology {
    let kept = kept();
    topology!({
        let right = stream::<String, String>("right");
        let within = JoinWindows::of_time_difference_and_grace(ms(5), ms(2));
        stream::<String, String>("left")
            .left_join(right, |a, b| format!("{a}{b:?}"), within, kept)
            .to("out");
    })
}

fn supplier(name: &str) -> WindowSupplier {
    Stores::in_memory_window_store(name, ms(12), ms(10), true)
}

#[track_caller]
fn refused(kept: impl Fn() -> StreamJoined<String, String, String>, wanted: &str) {
    let refused = joined(kept).build(&TopologyConfig::new("app"));
    let error = refused.expect_err("a wrong topology").to_string();
    assert!(error.contains(wanted), "{wanted:?} is missing in\n{error}");
}

#[test]
fn the_users_stores_take_the_place_of_both() {
    let topology = joined(|| {
        StreamJoined::with_store_suppliers(supplier("mine"), supplier("yours"))
            .with_name("j")
            .with_logging_disabled()
    });
    let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default()).expect("fits");
    assert_eq!(driver.store_names(), ["mine", "yours", "KSTREAM-OUTERSHARED-0000000004-store"]);
    let stores = &driver.topology().plan.stores;
    let logged: Vec<bool> = stores.iter().map(|store| store.logging).collect();
    assert_eq!(logged, [true, true, false], "logging options are for the join's own stores");
    assert!(stores.iter().all(|store| store.store_type == StoreType::InMemory));
    assert_eq!(stores[0].topic_config["cleanup.policy"], "compact,delete");
    driver.input::<String, String>("left").pipe("k", "a", 0).expect("it runs");
    driver.input::<String, String>("right").pipe("k", "b", 5).expect("it runs");
    let results = driver.output::<String, String>("out").values().expect("text");
    assert_eq!(results, [r#"aSome("b")"#]);
}

#[test]
fn one_side_may_have_its_own_store() {
    let topology =
        joined(|| StreamJoined::as_("base").with_other_store_supplier(supplier("yours")));
    let driver = TopologyTestDriver::new(&topology, TestDriverConfig::default()).expect("fits");
    assert_eq!(
        driver.store_names(),
        ["base-this-join-store", "yours", "base-left-shared-join-store"]
    );
    let types: Vec<StoreType> =
        driver.topology().plan.stores.iter().map(|store| store.store_type.clone()).collect();
    assert_eq!(types, [StoreType::RocksDb, StoreType::InMemory, StoreType::RocksDb]);
}

#[test]
fn wrong_stores_are_refused() {
    refused(
        || StreamJoined::with_store_suppliers(supplier("same"), supplier("same")),
        "both StoreSuppliers of a join have the same name, `same`; StoreSuppliers must provide unique names",
    );
    refused(
        || {
            let store = Stores::persistent_window_store("s", ms(12), ms(10), false);
            StreamJoined::new().with_this_store_supplier(store)
        },
        "`s` of a join must set retainDuplicates=true, found retainDuplicates=false",
    );
    for (retention, size) in [(11, 10), (13, 10), (12, 9)] {
        refused(
            || {
                let store = Stores::in_memory_window_store("s", ms(retention), ms(size), true);
                StreamJoined::new().with_other_store_supplier(store)
            },
            "Window settings mismatch: the StoreSupplier `s`",
        );
    }
}

#[test]
fn a_window_store_of_an_aggregation_must_outlive_its_windows() {
    let topology = topology!({
        stream::<String, i64>("in")
            .group_by_key()
            .windowed_by(TimeWindows::of_size_and_grace(ms(10), ms(5)))
            .count(Stores::in_memory_window_store("short", ms(14), ms(10), false))
            .to_stream()
            .to("out");
    });
    let error = topology.build(&TopologyConfig::new("app")).expect_err("too short").to_string();
    assert!(
        error.contains("store `short` keeps its windows for 14 ms, but they need 15 ms"),
        "{error}"
    );
}
