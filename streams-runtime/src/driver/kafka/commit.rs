//! The commit of a thread: results first, then positions, then stores.
//!
//! Order: flush the caches (results for downstream and for changelogs), wait until the broker has
//! all results, ask where the changelogs end, commit the positions, and write each store's rows
//! together with the changelog offset they stand for. A crash between two steps repeats work and
//! loses none.
//!
//! The changelog offset of a store is the end of its changelog partition after the flush: its task
//! is the only writer, so whatever lies there came from this store. One request per broker tells it
//! for all stores. Success reports of each record would tell it too, but double the cost of
//! producing.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rdkafka::consumer::{CommitMode, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::errors;
use super::interrupt::Interrupt;
use super::offsets::{self, Which};
use super::thread::StreamThread;
use super::time::now;
use crate::error::{StreamsError, StreamsErrorKind};
use crate::record::TopicPartition;

const TIMEOUT: Duration = Duration::from_secs(10);

type Positions = Vec<(TopicPartition, i64, String)>;

impl StreamThread {
    /// Commits what all tasks have done since the last commit.
    pub(super) fn commit(&mut self, deadline: Instant) -> Result<(), Interrupt> {
        if !self.running.values().any(|running| running.dirty) {
            return Ok(());
        }
        for running in self.running.values_mut().filter(|running| running.dirty) {
            running.flush_caches()?;
            self.outlet.send_all(running, &self.member)?;
        }
        self.outlet.flush(deadline, &self.member)?;
        let last = self.last_changelog_offsets()?;
        let dirty = self.running.values().filter(|running| running.dirty);
        let positions: Positions = dirty.flat_map(|running| running.task.input_offsets()).collect();
        self.commit_positions(&positions, deadline)?;
        for running in self.running.values_mut().filter(|running| running.dirty) {
            running.task.commit_stores(&last)?;
            running.dirty = false;
            for output in running.outputs.iter_mut().flatten() {
                output.touched = false;
            }
        }
        for (place, next, _) in &positions {
            if self.app.repartitions.contains(&*place.topic) {
                self.purge.note(place, *next);
            }
        }
        Ok(())
    }

    /// The offset of the last record of each changelog partition that was written since the last
    /// commit.
    fn last_changelog_offsets(&mut self) -> Result<BTreeMap<TopicPartition, i64>, Interrupt> {
        let mut places = Vec::new();
        for running in self.running.values_mut().filter(|running| running.dirty) {
            let partition = running.task.id().partition;
            let outputs = running.outputs.iter().enumerate();
            let touched: Vec<u32> = outputs
                .filter(|(_, output)| output.is_some_and(|o| o.changelog && o.touched))
                .filter_map(|(ix, _)| u32::try_from(ix).ok())
                .collect();
            let outbox = running.task.outbox();
            let names = touched.into_iter().map(|ix| outbox.topic_name(crate::outbox::TopicIx(ix)));
            places.extend(names.map(|name| TopicPartition::new(name.clone(), partition)));
        }
        let ends = self.retry("tell where the changelogs end", |thread| {
            offsets::ends(&thread.app.log_ends, &places, Which::End, TIMEOUT)
        })?;
        Ok(ends.into_iter().map(|(place, end)| (place, end - 1)).collect())
    }

    fn commit_positions(
        &mut self,
        positions: &Positions,
        deadline: Instant,
    ) -> Result<(), Interrupt> {
        let list = offset_list(positions).map_err(|error| refused(&error))?;
        if let Some(transactions) = self.outlet.transactions() {
            let group = self.member.consumer.group_metadata();
            let group = group.ok_or_else(|| Interrupt::Migrated("the group was left".into()))?;
            return transactions.commit(&list, &group, deadline, &self.member);
        }
        if positions.is_empty() {
            return Ok(());
        }
        loop {
            let error = match self.member.consumer.commit(&list, CommitMode::Sync) {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            match error.rdkafka_error_code() {
                Some(code) if errors::is_migrated(code) => {
                    return Err(Interrupt::Migrated(format!("the commit was refused: {code}")));
                }
                Some(code) if errors::is_denied(code) => {
                    let group = self.app.config.application_id();
                    let what = format!("commit offsets of the group `{group}`");
                    let mend = "give the principal READ on the group and on the source topics";
                    return Err(Interrupt::Fail(errors::denied(&what, mend, code)));
                }
                Some(code)
                    if errors::is_retriable(code)
                        && now() < deadline
                        && !self.handle.out_of_patience() =>
                {
                    tracing::warn!("the commit failed ({code}), trying again");
                    self.member.poll();
                    std::thread::sleep(Duration::from_millis(50));
                }
                _ => return Err(refused(&error)),
            }
        }
    }
}

fn offset_list(positions: &Positions) -> Result<TopicPartitionList, KafkaError> {
    let mut list = TopicPartitionList::with_capacity(positions.len());
    for (place, next, metadata) in positions {
        list.add_partition_offset(&place.topic, place.partition, Offset::Offset(*next))?;
        if let Some(mut element) = list.find_partition(&place.topic, place.partition) {
            element.set_metadata(metadata);
        }
    }
    Ok(list)
}

fn refused(error: &KafkaError) -> Interrupt {
    let message = format!("the broker does not take the commit of the positions: {error}");
    Interrupt::Fail(StreamsError::new(StreamsErrorKind::Broker, message))
}
