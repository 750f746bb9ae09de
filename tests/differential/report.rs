//! A failure as small as it gets, in words.

use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::check::{Violation, check};
use super::generate;
use super::script::{Step, script};
use super::spec::Spec;

/// Checks a seed, and says what is wrong with it.
pub(crate) fn seed(seed: u64, on_disk: bool) -> Result<(), Failure> {
    let spec = generate::spec(seed);
    let steps = script(&spec, seed);
    let Err(violation) = guarded(&spec, &steps, on_disk) else { return Ok(()) };
    let still = |spec: &Spec, steps: &[Step]| {
        let invariant = violation.invariant;
        guarded(spec, steps, on_disk).is_err_and(|violation| violation.invariant == invariant)
    };
    let steps = shrink_steps(&spec, steps, still);
    let spec = shrink_sinks(spec, &steps, still);
    let violation = guarded(&spec, &steps, on_disk).err().unwrap_or(violation);
    Err(Failure { seed, spec, steps, violation })
}

/// What is wrong with a seed.
pub(crate) struct Failure {
    seed: u64,
    spec: Spec,
    steps: Vec<Step>,
    pub(crate) violation: Violation,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { seed, spec, steps, violation } = self;
        writeln!(f, "seed {seed} violates: {}", violation.invariant)?;
        writeln!(f, "{spec}script, shrunk:")?;
        for step in steps {
            writeln!(f, "  {step}")?;
        }
        writeln!(f, "{}", violation.detail)?;
        write!(f, "run it again: STREAMS_SEED={seed} cargo test --test differential")
    }
}

/// A panic is a violation, too.
fn guarded(spec: &Spec, steps: &[Step], on_disk: bool) -> Result<(), Violation> {
    let checked = catch_unwind(AssertUnwindSafe(|| check(spec, steps, on_disk)));
    checked.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
        let detail = text.unwrap_or_else(|| "a panic without words".to_owned());
        Err(Violation { invariant: "nothing panics", detail })
    })
}

/// Leaves out steps, ever fewer at once, as long as the same invariant is violated.
fn shrink_steps(
    spec: &Spec,
    mut steps: Vec<Step>,
    fails: impl Fn(&Spec, &[Step]) -> bool,
) -> Vec<Step> {
    let mut size = steps.len() / 2;
    while size > 0 {
        let mut at = 0;
        while at < steps.len() {
            let end = steps.len().min(at + size);
            let fewer = [&steps[..at], &steps[end..]].concat();
            if fails(spec, &fewer) {
                steps = fewer;
            } else {
                at = end;
            }
        }
        size /= 2;
    }
    steps
}

/// Leaves out sinks and ends that do not matter.
fn shrink_sinks(mut spec: Spec, steps: &[Step], fails: impl Fn(&Spec, &[Step]) -> bool) -> Spec {
    for id in (0..spec.nodes.len()).rev() {
        let mut smaller = spec.clone();
        smaller.nodes[id].sink = false;
        if fails(&smaller, steps) {
            spec = smaller;
        }
        let last = id + 1 == spec.nodes.len();
        let shorter = Spec { nodes: spec.nodes[..id].to_vec(), ..spec.clone() };
        if last && fails(&shorter, steps) {
            spec = shorter;
        }
    }
    spec
}

/// The lines in which two texts differ, with a few around the first.
pub(crate) fn difference(one: &[String], other: &[String]) -> String {
    let same = one.iter().zip(other).take_while(|(one, other)| one == other).count();
    let rest = (one.len() - same).min(other.len() - same);
    let (a, b) = (&one[same..], &other[same..]);
    let tail = a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a == b).count().min(rest);
    let mut text = String::new();
    let mut lines = |mark: &str, lines: &[String]| {
        for line in lines.iter().take(20) {
            writeln!(text, "  {mark} {line}").expect("a string takes text");
        }
    };
    lines(" ", &one[same.saturating_sub(4)..same]);
    lines("-", &a[..a.len() - tail]);
    lines("+", &b[..b.len() - tail]);
    lines(" ", &a[a.len() - tail..][..tail.min(2)]);
    text
}
