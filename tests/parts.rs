//! Parts from another crate: their bodies keep their own names, and the topology is as if they stood here.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use streams_runtime::prelude::*;
use streams_test_parts::text::{self, words};

topology!(
    fn of_parts(min: usize) -> Topology {
        let (counts, told) = text::counted(words(stream("lines"), min), "counts");
        counts.filter(|_, count| *count > 1).to_stream().to("frequent");
        told.to("told");
    }
);

topology!(
    fn in_place(min: usize) -> Topology {
        let lines = stream::<String, String>("lines");
        let words = lines
            .flat_map_values(|line| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
            .filter(move |_, word| word.len() >= min);
        let counts = words.group_by(|_, word| word.clone()).count("counts");
        let told = counts
            .to_stream()
            .map_values(|word, count| format!("{word}: {}", count.unwrap_or_default()));
        counts.filter(|_, count| *count > 1).to_stream().to("frequent");
        told.to("told");
    }
);

fn results(topology: &Topology) -> (Vec<(String, Option<i64>)>, Vec<String>) {
    let mut driver = TopologyTestDriver::new(topology, TestDriverConfig::default()).unwrap();
    driver
        .input::<String, String>("lines")
        .pipe_all([("a", "to be or"), ("b", "not to be a fish")], 0)
        .unwrap();
    let frequent = driver.output::<String, Option<i64>>("frequent").key_values().unwrap();
    (frequent, driver.output::<String, String>("told").values().unwrap())
}

#[test]
fn parts_of_another_crate() {
    let (of_parts, in_place) = (of_parts(2), in_place(2));
    assert_eq!(of_parts.describe(), in_place.describe());
    let found = results(&of_parts);
    assert_eq!(found, results(&in_place));
    assert_eq!(found.1, ["to: 1", "be: 1", "or: 1", "not: 1", "to: 2", "be: 2", "fish: 1"]);
}
