//! A seed's script: records, the clock, commits.

use std::fmt;

use super::functions::key_name;
use super::rng::Rng;
use super::spec::{DISORDER, Kind, Spec};

/// One step.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Step {
    Pipe {
        topic: String,
        key: Option<String>,
        value: Option<i64>,
        time: i64,
    },
    Clock(u64),
    Commit,
    /// Where some runs break off.
    Mark,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pipe { topic, key, value, time } => {
                let key = key.as_deref().unwrap_or("null");
                let value = value.map_or("null".to_owned(), |value| value.to_string());
                write!(f, "{topic} <- {key}: {value} @{time}")
            }
            Self::Clock(ms) => write!(f, "the clock goes on {ms} ms"),
            Self::Commit => write!(f, "commit"),
            Self::Mark => write!(f, "mark"),
        }
    }
}

/// The script of a seed, for its topology. It ends with a commit.
pub(crate) fn script(spec: &Spec, seed: u64) -> Vec<Step> {
    let mut rng = Rng::new(seed, 2);
    let topics: Vec<(String, Kind)> = (0..spec.nodes.len())
        .filter_map(|id| Some((spec.input_topic(id)?, spec.nodes[id].kind)))
        .collect();
    let length = 10 + rng.below(50);
    let commits = rng.pick(&[10, 25, 60]);
    let mut now = 1_000;
    let mut steps = Vec::new();
    for _ in 0..length {
        if rng.chance(commits) {
            steps.push(Step::Commit);
        } else if rng.chance(6) {
            steps.push(Step::Mark);
        } else if rng.chance(8) {
            steps.push(Step::Clock(rng.pick(&[1, 15, 100])));
        } else {
            now += rng.pick(&[0, 0, 1, 1, 3, 8, 25, 90]);
            let topic = &topics[rng.below(topics.len())];
            steps.push(record(spec, &mut rng, topic, now));
        }
    }
    steps.push(Step::Commit);
    steps
}

fn record(spec: &Spec, rng: &mut Rng, (topic, kind): &(String, Kind), now: i64) -> Step {
    let late = if rng.chance(20) { rng.between(0, DISORDER) } else { 0 };
    let late = if !spec.orderly && rng.chance(12) { rng.between(0, 400) } else { late };
    let null = rng.chance(15) && (spec.deletes || *kind != Kind::Table);
    let null_keys = if *kind == Kind::Stream { 6 } else { 3 };
    Step::Pipe {
        topic: topic.clone(),
        key: (!rng.chance(null_keys)).then(|| key_name(rng.below(4))),
        value: (!null).then(|| rng.between(-4, 12)),
        time: now - late,
    }
}
