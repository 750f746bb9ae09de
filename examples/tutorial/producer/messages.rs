//! The generators: what each example's producer sends, without a broker.

use crate::domain::{Example, Random};

/// One record for a topic.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Message {
    /// Where to.
    pub topic: &'static str,
    /// The key.
    pub key: String,
    /// The value.
    pub value: String,
    /// When it is sent: messages of one turn belong to the same moment.
    pub turn: u32,
}

/// Nine names, of which the pig is two: so says the tutorial's generator.
const ANIMALS: [&str; 9] = ["Lion", "Tiger", "Dog", "Cat", "Cow", "Pig", "Deer", "Bear", "Pig"];
const LETTERS: &[u8; 52] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// The first `count` records of an example (pairs of records for the merge), in order.
///
/// The same seed gives the same records.
pub fn messages(example: Example, count: usize, seed: u64) -> Vec<Message> {
    let mut random = Random::new(seed);
    let topic = example.row().sources[0];
    let message =
        |key: usize, value: String| Message { topic, key: key.to_string(), value, turn: turn(key) };
    match example {
        Example::String => {
            (0..count).map(|i| message(i, format!("kafka-test-{}", i + 1))).collect()
        }
        Example::Frequency => {
            (0..count).map(|i| message(i, (*random.pick(&ANIMALS)).to_owned())).collect()
        }
        Example::WordCount => (0..count).map(|i| message(i, random_line(&mut random))).collect(),
        Example::Products => (0..count).map(|i| message(i, (2 * (i + 1)).to_string())).collect(),
        Example::Merge => (0..count).flat_map(pair).collect(),
    }
}

/// Three words of three letters each, in mixed case.
fn random_line(random: &mut Random) -> String {
    let mut word = || (0..3).map(|_| char::from(*random.pick(LETTERS))).collect::<String>();
    [word(), word(), word()].join(" ")
}

/// Both sides of the merge at the same moment; on the right only every second key comes.
fn pair(i: usize) -> [Message; 2] {
    let [left, right] = [Example::Merge.row().sources[0], Example::Merge.row().sources[1]];
    [
        Message {
            topic: left,
            key: i.to_string(),
            value: format!("merge-1-data-{}", 2 * i),
            turn: turn(i),
        },
        Message {
            topic: right,
            key: (2 * i).to_string(),
            value: format!("merge-2-data-{}", 2 * i + 1),
            turn: turn(i),
        },
    ]
}

fn turn(i: usize) -> u32 {
    u32::try_from(i).unwrap_or(u32::MAX)
}
