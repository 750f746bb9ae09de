//! Punctuation in stream time and by the wall clock.

use std::time::Duration;

use streams_runtime::prelude::*;

use super::ms;
use crate::support::lang::{Text, text};
use crate::support::registry::{Builder::Build, Entry};

pub(super) const BUILDERS: &[Entry] = &[
    ("punctuate-start", Build(|_| anchored())),
    ("punctuate-cancel", Build(|_| cancel())),
    ("punctuate-stream", Build(|p| stream_time(p.ms("every")))),
    ("punctuate-multi", Build(|_| two_schedules())),
    ("punctuate-wall", Build(|p| wall_clock(p.ms("every")))),
];

type Says<'a> = ProcessorContext<'a, Text, Text>;

fn say(ctx: &mut Says<'_>, who: &str, what: &str, time: Timestamp) {
    ctx.forward(Record::new(Some(who.to_owned()), Some(what.to_owned()), time));
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(ms).unwrap_or_default()
}

/// Tells the time by two anchored schedules.
struct Anchored;

impl Processor<Text, Text, Text, Text> for Anchored {
    fn init(&mut self, ctx: &mut Says<'_>) {
        let (wall, stream) = (PunctuationType::WallClockTime, PunctuationType::StreamTime);
        ctx.schedule_from(at(250), ms(100), wall, |_: &mut Self, ctx, time| {
            say(ctx, "wall", "w", time);
        });
        ctx.schedule_from(at(25), ms(10), stream, |_: &mut Self, ctx, time| {
            say(ctx, "stream", "s", time);
        });
    }

    fn process(&mut self, record: Record<Text, Text>, ctx: &mut Says<'_>) -> Result<(), UserError> {
        ctx.forward(record);
        Ok(())
    }
}

topology!(
    fn anchored() -> Topology {
        stream::<Text, Text>("in").process(|| Anchored).to("out");
    }
);

/// Ticks until it ticked twice, or is told to stop.
#[derive(Default)]
struct Ticks {
    schedule: Option<Cancellable>,
    count: u32,
}

impl Ticks {
    fn stop(&mut self) {
        if let Some(schedule) = self.schedule.take() {
            schedule.cancel();
        }
    }
}

impl Processor<Text, Text, String, String> for Ticks {
    fn init(&mut self, ctx: &mut ProcessorContext<'_, String, String>) {
        let by = PunctuationType::StreamTime;
        let tick = ctx.schedule(ms(10), by, |this: &mut Self, ctx, time| {
            ctx.forward(Record::new("tick".to_owned(), text!(time.as_millis()), time));
            this.count += 1;
            if this.count == 2 {
                this.stop();
            }
        });
        self.schedule = Some(tick);
    }

    fn process(
        &mut self,
        record: Record<Text, Text>,
        _: &mut ProcessorContext<'_, String, String>,
    ) -> Result<(), UserError> {
        if record.value.as_deref() == Some("stop") {
            self.stop();
        }
        Ok(())
    }
}

topology!(
    fn cancel() -> Topology {
        stream::<Text, Text>("in").process(Ticks::default).to("out");
    }
);

/// Counts keys, and tells the counts each time a schedule fires.
struct CountsOnSchedule {
    n: StoreHandle<KeyValueStore<'static, String, i64>>,
    every: Duration,
    by: PunctuationType,
    forget: bool,
}

impl Processor<String, Text, String, i64> for CountsOnSchedule {
    fn init(&mut self, ctx: &mut ProcessorContext<'_, String, i64>) {
        ctx.schedule(self.every, self.by, |this: &mut Self, ctx, time| {
            let mut n = ctx.store(this.n);
            for (key, count) in n.all() {
                if this.forget {
                    n.delete(&key);
                }
                ctx.forward(Record::new(key, count, time));
            }
        });
    }

    fn process(
        &mut self,
        record: Record<String, Text>,
        ctx: &mut ProcessorContext<'_, String, i64>,
    ) -> Result<(), UserError> {
        let mut n = ctx.store(self.n);
        let count = n.get(&record.key).unwrap_or(0).wrapping_add(1);
        n.put(record.key, count);
        Ok(())
    }
}

topology!(
    fn stream_time(every: Duration) -> Topology {
        let n = store(KeyValueStore::<String, i64>::persistent("n"));
        let by = PunctuationType::StreamTime;
        let counts = move || CountsOnSchedule { n, every, by, forget: true };
        stream::<String, Text>("in").process(counts, n).to("out");
    }
);

topology!(
    fn wall_clock(every: Duration) -> Topology {
        let n = store(KeyValueStore::<String, i64>::persistent("n"));
        let by = PunctuationType::WallClockTime;
        let counts = move || CountsOnSchedule { n, every, by, forget: false };
        stream::<String, Text>("in").process(counts, n).to("out");
    }
);

/// Two schedules that are often due together.
struct TenAndFive;

impl Processor<Text, Text, Text, Text> for TenAndFive {
    fn init(&mut self, ctx: &mut Says<'_>) {
        let by = PunctuationType::StreamTime;
        ctx.schedule(ms(10), by, |_: &mut Self, ctx, time| say(ctx, "ten", "x", time));
        ctx.schedule(ms(5), by, |_: &mut Self, ctx, time| say(ctx, "five", "y", time));
    }

    fn process(&mut self, record: Record<Text, Text>, ctx: &mut Says<'_>) -> Result<(), UserError> {
        ctx.forward(record);
        Ok(())
    }
}

topology!(
    fn two_schedules() -> Topology {
        stream::<Text, Text>("in").process(|| TenAndFive).to("out");
    }
);
