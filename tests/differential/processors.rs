//! The processors of random topologies.

use std::time::Duration;

use streams_runtime::plumbing::Record;
use streams_runtime::prelude::{
    FixedKeyProcessorContext, FixedKeyRecord, KeyValueStore, ProcessingContext, Processor,
    ProcessorContext, PunctuationType, TimestampedKeyValueStore, UserError,
    ValueTransformerWithKey, processor,
};

use super::build::{Number, Text};
use super::functions::{AnyKey, ordered};

fn slot(key: Option<&str>) -> String {
    key.unwrap_or("-").to_owned()
}

macro_rules! counting {
    ($counts:ident, $values:ident, $key:ty, $text:expr) => {
        /// Counts by key, and forwards the count under a key of its own.
        #[processor]
        pub(crate) fn $counts(
            record: Record<$key, Number>,
            ctx: &mut ProcessorContext<'_, Text, Number>,
            seen: &mut KeyValueStore<String, i64>,
        ) {
            let text: fn(&$key) -> Option<&str> = $text;
            let slot = slot(text(&record.key));
            let count = seen.get(&slot).unwrap_or(0) + record.value.unwrap_or(1);
            if count % 7 == 0 {
                seen.delete(&slot);
            } else {
                seen.put(slot.clone(), count);
            }
            let others = i64::try_from(seen.all().count()).unwrap_or(i64::MAX);
            let key = text(&record.key).map(str::to_owned);
            ctx.forward(Record {
                key,
                value: Some(count),
                timestamp: record.timestamp,
                headers: record.headers.clone(),
            });
            if count % 2 == 0 {
                ctx.forward(Record {
                    key: Some(slot),
                    value: Some(others),
                    timestamp: record.timestamp,
                    headers: record.headers,
                });
            }
        }

        /// Forwards what it saw last under the key together with the value.
        #[processor]
        pub(crate) fn $values(
            record: FixedKeyRecord<$key, Number>,
            ctx: &mut FixedKeyProcessorContext<'_, $key, Number>,
            last: &mut TimestampedKeyValueStore<String, i64>,
        ) {
            let text: fn(&$key) -> Option<&str> = $text;
            let slot = slot(text(record.key()));
            let before = last.get(&slot);
            if let Some(value) = record.value {
                last.put(slot, value, record.timestamp);
            }
            let time = before.as_ref().map_or(0, |before| before.timestamp.as_millis());
            let value =
                record.value.map(|value| ordered(value, before.map_or(0, |b| b.value) + time));
            ctx.forward(record.with_value(value));
        }
    };
}

counting!(counts, last_values, Text, |key| key.as_deref());
counting!(counts_of_updates, last_values_of_updates, String, |key| Some(key));

/// Forwards records, and the number of records at each punctuation.
pub(crate) struct Ticks {
    wall_clock: bool,
    seen: i64,
}

impl Ticks {
    pub(crate) fn new(wall_clock: bool) -> Self {
        Self { wall_clock, seen: 0 }
    }
}

impl<K: AnyKey> Processor<K, Number, Text, Number> for Ticks {
    fn init(&mut self, ctx: &mut ProcessorContext<'_, Text, Number>) {
        let by = match self.wall_clock {
            true => PunctuationType::WallClockTime,
            false => PunctuationType::StreamTime,
        };
        ctx.schedule(Duration::from_millis(40), by, |ticks: &mut Self, ctx, time| {
            ctx.forward(Record::new(Some("tick".to_owned()), Some(ticks.seen), time));
        });
    }

    fn process(
        &mut self,
        record: Record<K, Number>,
        ctx: &mut ProcessorContext<'_, Text, Number>,
    ) -> Result<(), UserError> {
        self.seen += 1;
        let key = record.key.text().map(str::to_owned);
        ctx.forward(record.with_key(key));
        Ok(())
    }
}

/// Adds a number, and what the key's length is.
pub(crate) struct Adds(pub(crate) i64);

impl ValueTransformerWithKey<String, i64, i64> for Adds {
    fn transform(
        &mut self,
        key: &String,
        value: Option<i64>,
        _: &ProcessingContext<'_>,
    ) -> Option<i64> {
        let length = i64::try_from(key.len()).unwrap_or(0);
        value.map(|value| value.wrapping_add(self.0 + length)).filter(|sum| sum % 6 != 0)
    }
}
