//! The workloads, as a user would write them.

use serde::{Deserialize, Serialize};
use streams_runtime::prelude::*;

use crate::settings::Settings;

/// Why a workload cannot run.
pub(crate) enum Refusal {
    /// A later version brings it.
    NotYet(&'static str),
    /// Nobody knows it.
    Unknown,
}

/// The topology of a workload.
pub(crate) fn topology(settings: &Settings) -> Result<Topology, Refusal> {
    let (input, output) = (settings.input.clone(), settings.output.clone());
    match settings.workload.as_str() {
        "string" => Ok(string(input, output)),
        "wordcount" => Ok(word_count(input, output)),
        "products" => Ok(products(input, output)),
        "frequency" => Err(Refusal::NotYet("windows")),
        "enrich" => Err(Refusal::NotYet("stream-table joins")),
        "join" => Err(Refusal::NotYet("stream-stream joins")),
        _ => Err(Refusal::Unknown),
    }
}

topology!(
    /// Trims and shouts, and keeps what has an A.
    fn string(input: String, output: String) -> Topology {
        stream::<String, String>(input)
            .map_values(|value| value.trim().to_uppercase())
            .filter(|_, value| !value.is_empty() && value.contains('A'))
            .to(output);
    }
);

topology!(
    /// Counts words in a persistent store.
    fn word_count(input: String, output: String) -> Topology {
        stream::<String, String>(input)
            .flat_map_values(words)
            .group_by(|_, word| word.clone())
            .count("counts")
            .map_values(|count| count.to_string())
            .to_stream()
            .to(output);
    }
);

topology!(
    /// Adds up the amounts of each product.
    fn products(input: String, output: String) -> Topology {
        stream::<String, String>(input)
            .try_map_values(|text| serde_json::from_str(&text).map(|sale: Sale| sale.amount))
            .group_by_key()
            .aggregate(Sum::default, |_, amount, sum| sum.add(amount), "sums")
            .to_stream()
            .to(output);
    }
);

/// Words are runs of ASCII letters and digits, in lower case.
fn words(line: String) -> impl Iterator<Item = String> {
    let line = line.to_lowercase();
    let is_word = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let mut at = 0;
    std::iter::from_fn(move || {
        let bytes = line.as_bytes();
        let start = at + bytes[at..].iter().position(is_word)?;
        let length = bytes[start..].iter().position(|byte| !is_word(byte));
        at = length.map_or(bytes.len(), |length| start + length);
        Some(line[start..at].to_owned())
    })
}

/// What the aggregate needs of a sale; other fields are skipped.
#[derive(Deserialize)]
struct Sale {
    amount: i64,
}

/// The aggregate of a product, as JSON in the store and in the output.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, StreamSerde)]
struct Sum {
    count: i64,
    total: i64,
}

impl Sum {
    fn add(self, amount: i64) -> Self {
        Self { count: self.count + 1, total: self.total + amount }
    }
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn words_are_lower_case_runs() {
        let all: Vec<String> = words("  In the BEGINNING, 3 days... ".to_owned()).collect();
        assert_eq!(all, ["in", "the", "beginning", "3", "days"]);
        assert_eq!(words(String::new()).count(), 0);
        assert_eq!(words("-\u{e9}-".to_owned()).count(), 0);
    }
}
