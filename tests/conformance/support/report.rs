//! What the run prints: failures as they come, a table per group, and the closing line.

use std::collections::BTreeMap;

/// How a case ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// Everything came out as recorded.
    Passed,
    /// The recorded refusal is a compile error in Rust, and a UI test holds it.
    PassedAtCompileTime,
    /// What differs, one line each.
    Failed(Vec<String>),
    /// Nobody has written this topology yet, which is a failure.
    NoBuilder,
}

#[derive(Default)]
struct Row {
    passed: usize,
    at_compile_time: usize,
    failed: usize,
    no_builder: usize,
}

/// Collects outcomes and prints them.
#[derive(Default)]
pub(crate) struct Report {
    groups: BTreeMap<String, Row>,
    missing: BTreeMap<String, BTreeMap<String, usize>>,
}

impl Report {
    /// Counts one case and prints it when it did not pass.
    pub(crate) fn add(&mut self, group: &str, name: &str, topology_id: &str, outcome: &Outcome) {
        let row = self.groups.entry(group.to_owned()).or_default();
        match outcome {
            Outcome::Passed => row.passed += 1,
            Outcome::PassedAtCompileTime => {
                row.passed += 1;
                row.at_compile_time += 1;
            }
            Outcome::Failed(differences) => {
                row.failed += 1;
                println!("FAILED {group}/{name} ({topology_id})");
                differences.iter().for_each(|difference| println!("    {difference}"));
            }
            Outcome::NoBuilder => {
                row.no_builder += 1;
                let missing = self.missing.entry(group.to_owned()).or_default();
                *missing.entry(topology_id.to_owned()).or_default() += 1;
                println!("FAILED {group}/{name}: no builder for the topology {topology_id}");
            }
        }
    }

    /// Prints the table and the closing line; true when nothing failed.
    pub(crate) fn finish(&self) -> bool {
        self.print_missing();
        self.print_table();
        let total = |count: fn(&Row) -> usize| self.groups.values().map(count).sum::<usize>();
        let failed = total(|row| row.failed + row.no_builder);
        println!("{} passed, {failed} failed", total(|row| row.passed));
        failed == 0
    }

    fn print_missing(&self) {
        for (group, topologies) in &self.missing {
            let each = |(topology_id, cases): (&String, &usize)| match cases {
                1 => topology_id.clone(),
                cases => format!("{topology_id} ({cases} cases)"),
            };
            let list: Vec<String> = topologies.iter().map(each).collect();
            println!("no builder in {group}: {}", list.join(", "));
        }
    }

    fn print_table(&self) {
        println!();
        println!("{:<14} {:>7} {:>7} {:>11}", "group", "passed", "failed", "no builder");
        for (group, row) in &self.groups {
            let note = match row.at_compile_time {
                0 => String::new(),
                count => format!("   {count} of the passed are refused at compile time"),
            };
            let Row { passed, failed, no_builder, .. } = row;
            println!("{group:<14} {passed:>7} {failed:>7} {no_builder:>11}{note}");
        }
        println!();
    }
}
