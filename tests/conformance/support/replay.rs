//! Replays one recorded run and lists what differs.

use std::collections::BTreeMap;
use std::path::Path;

use streams_runtime::prelude::Topology;

use super::case::{Case, Pipe, Step};
use super::compare;
use super::driver::{self, Driver, Produced};
use super::forms;
use super::lang;
use super::registry::{self, Builder, Refusal};
use super::report::Outcome;
use super::vectors;

/// Runs a case, whatever its form is.
pub(crate) fn run(case: &Case) -> Outcome {
    let Some(topology_id) = &case.topology_id else {
        return outcome(vectors::check(case));
    };
    match registry::builder(topology_id) {
        None => Outcome::NoBuilder,
        Some(Builder::RefusedAtCompileTime(refusal)) => match missing_refusal(case, refusal) {
            None => Outcome::PassedAtCompileTime,
            Some(missing) => Outcome::Failed(vec![missing]),
        },
        Some(Builder::TryBuild(build)) if build(&case.params).is_none() => {
            let refused = case.build_error.is_some();
            outcome(if refused {
                Vec::new()
            } else {
                vec!["a parameter cannot be said".to_owned()]
            })
        }
        Some(builder @ (Builder::Build(_) | Builder::TryBuild(_))) => {
            let replayed = std::panic::catch_unwind(|| match build(builder, &case.params) {
                Some(topology) => replay(case, topology),
                None => vec!["there is no topology".to_owned()],
            });
            let mut differences =
                replayed.unwrap_or_else(|panic| vec![format!("panic: {}", words_of(&*panic))]);
            if let (false, Some(detail)) = (differences.is_empty(), &case.incidental) {
                differences.push(format!("an accident of the reference: {detail}"));
            }
            outcome(differences)
        }
    }
}

fn build(builder: Builder, params: &super::case::Params) -> Option<Topology> {
    match builder {
        Builder::Build(build) => Some(build(params)),
        Builder::TryBuild(build) => build(params),
        Builder::RefusedAtCompileTime(_) => None,
    }
}

fn outcome(differences: Vec<String>) -> Outcome {
    if differences.is_empty() { Outcome::Passed } else { Outcome::Failed(differences) }
}

fn words_of(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without words")
}

fn missing_refusal(case: &Case, refusal: Refusal) -> Option<String> {
    let accepted =
        refusal.at_run_time.is_some_and(|build| Driver::start(&build(), &case.config).is_ok());
    if accepted {
        return Some("the mistake is accepted when its names come at run time".to_owned());
    }
    missing_ui_test(refusal.ui_test)
}

fn missing_ui_test(test: &str) -> Option<String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(test);
    let missing = [file.clone(), file.with_extension("stderr")].into_iter().find(|f| !f.exists());
    missing.map(|file| format!("the UI test {} is missing", file.display()))
}

fn replay(case: &Case, topology: Topology) -> Vec<String> {
    lang::take_log();
    if case.build_error.is_some() {
        return match Driver::start(&topology, &case.config) {
            Err(_) => Vec::new(),
            Ok(_) => vec!["the topology was accepted, but must be refused".to_owned()],
        };
    }
    let mut differences = Vec::new();
    if let Some(expected) = &case.describe {
        match driver::describe(&topology, &case.config) {
            Ok(actual) => differences.extend(compare::describe(expected, &actual)),
            Err(error) => return vec![format!("the topology was refused: {error}")],
        }
    }
    match Driver::start(&topology, &case.config) {
        Ok(driver) => differences.extend(Replay::new(case, driver).run()),
        Err(error) => differences.push(format!("the test driver does not start: {error}")),
    }
    differences
}

struct Replay<'a> {
    case: &'a Case,
    driver: Driver,
    internal: BTreeMap<String, Vec<Produced>>,
    differences: Vec<String>,
}

impl<'a> Replay<'a> {
    fn new(case: &'a Case, driver: Driver) -> Self {
        Self { case, driver, internal: BTreeMap::new(), differences: Vec::new() }
    }

    fn run(mut self) -> Vec<String> {
        for (number, step) in self.case.steps.iter().enumerate() {
            if let Err(difference) = self.step(number, step) {
                self.differences.push(format!("step {number}: {difference}"));
                return self.differences;
            }
            if step.error.is_some() {
                break;
            }
        }
        self.end();
        self.differences
    }

    /// `Err` ends the run because going on would say nothing.
    fn step(&mut self, number: usize, step: &Step) -> Result<(), String> {
        let result = match (&step.pipe, step.advance_wall_clock_ms) {
            (Some(pipe), _) => self.pipe(pipe)?,
            (None, Some(ms)) => self.driver.advance_wall_clock(ms),
            (None, None) => return Err("the step does nothing that the harness knows".to_owned()),
        };
        match (&step.error, result) {
            (Some(error), Ok(())) => return Err(format!("must fail ({error}), but does not")),
            (None, Err(error)) => return Err(format!("fails: {error}")),
            _ => {}
        }
        let (internal, user): (Vec<_>, Vec<_>) =
            self.driver.take_output().into_iter().partition(|record| record.internal);
        for record in internal {
            self.internal.entry(record.topic.clone()).or_default().push(record);
        }
        let mut differences = compare::outputs(&step.out, &user);
        differences.extend(compare::log(&step.log, &lang::take_log()));
        self.differences
            .extend(differences.into_iter().map(|line| format!("step {number}: {line}")));
        Ok(())
    }

    fn pipe(&mut self, pipe: &Pipe) -> Result<Result<(), String>, String> {
        let names = self.case.serdes.get(&pipe.topic);
        let names = names.ok_or_else(|| format!("no serdes for the topic {}", pipe.topic))?;
        let key = forms::encode(&names.key, &pipe.key)?;
        let value = forms::encode(&names.value, &pipe.value)?;
        // a function that panics is one that throws
        let run = || self.driver.pipe(pipe, key.as_deref(), value.as_deref());
        let ran = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run));
        Ok(ran.unwrap_or_else(|panic| Err(format!("panic: {}", words_of(&*panic)))))
    }

    fn end(&mut self) {
        if let Some(expected) = &self.case.stores {
            match self.driver.stores(|name| expected.contains_key(name)) {
                Ok(actual) => self.differences.extend(compare::stores(expected, &actual)),
                Err(error) => self.differences.push(format!("the stores do not read: {error}")),
            }
        }
        if let Some(expected) = &self.case.changelog {
            self.differences.extend(compare::changelogs(expected, &self.internal));
        }
        let dropped = self.driver.dropped_records();
        if let Some(expected) = self.case.dropped_records.filter(|expected| *expected != dropped) {
            self.differences.push(format!("dropped records: expected {expected}, got {dropped}"));
        }
    }
}
