//! Positions: watermarks, times, ends, seeks, queues per partition.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::consumer::Consumer;
use rdkafka::error::KafkaError;
use rdkafka::producer::BaseRecord;
use rdkafka::{Message, Offset};

use crate::client::{SOON, TestProducer, consumer, list, read, read_for, reader, topic, unique};

super::checks!(
    watermarks_count_records,
    a_time_gives_the_first_record_at_or_after_it,
    the_end_is_told_and_positions_can_move,
    partition_queues_work_within_a_group,
    an_offset_beyond_the_log_follows_the_reset_policy,
);

const BASE_MS: i64 = 1_600_000_000_000;

/// A topic of 1000 records, 10 ms apart.
fn thousand(bootstrap: &str, codec: &str) -> String {
    let name = topic(bootstrap, "thousand", 1);
    let producer = TestProducer::new(bootstrap, &[("compression.type", codec)]);
    for i in 0..1000 {
        let record = BaseRecord::to(&name).partition(0).key(&b"k"[..]).payload(&b"v"[..]);
        producer.send(record.timestamp(BASE_MS + 10 * i));
    }
    producer.flush_all(1000);
    name
}

fn watermarks_count_records(bootstrap: &str) {
    let name = thousand(bootstrap, "none");
    let consumer = reader(bootstrap, &name, 1, Offset::Beginning);
    assert_eq!(consumer.fetch_watermarks(&name, 0, SOON).unwrap(), (0, 1000));
}

fn a_time_gives_the_first_record_at_or_after_it(bootstrap: &str) {
    for codec in ["none", "lz4", "snappy", "gzip"] {
        let name = thousand(bootstrap, codec);
        let consumer = reader(bootstrap, &name, 1, Offset::Beginning);
        let offset_of = |time| {
            let found = consumer.offsets_for_times(list(&name, 1, Offset::Offset(time)), SOON);
            found.unwrap().elements()[0].offset()
        };
        assert_eq!(offset_of(0), Offset::Offset(0), "{codec}");
        assert_eq!(offset_of(BASE_MS + 5000), Offset::Offset(500), "{codec}");
        assert_eq!(offset_of(BASE_MS + 5001), Offset::Offset(501), "{codec}");
        assert_eq!(offset_of(BASE_MS + 900_000), Offset::End, "{codec}");
    }
}

fn the_end_is_told_and_positions_can_move(bootstrap: &str) {
    let name = thousand(bootstrap, "none");
    let (consumer, _) = consumer(bootstrap, &unique("eof"), &[("enable.partition.eof", "true")]);
    consumer.assign(&list(&name, 1, Offset::Beginning)).unwrap();
    let (start, mut count) = (Instant::now(), 0);
    loop {
        assert!(start.elapsed() < SOON, "no end after {count} records");
        match consumer.poll(Duration::from_millis(50)) {
            Some(Ok(_)) => count += 1,
            Some(Err(KafkaError::PartitionEOF(0))) => break,
            Some(Err(error)) => panic!("{error}"),
            None => {}
        }
    }
    assert_eq!(count, 1000);
    let next = || {
        let mut offset = -1;
        read(&consumer, 1, |message| offset = message.offset());
        offset
    };
    consumer.seek(&name, 0, Offset::Offset(900), SOON).unwrap();
    assert_eq!(next(), 900);
    let all = list(&name, 1, Offset::Invalid);
    consumer.pause(&all).unwrap();
    assert_eq!(read_for(&consumer, 1, Duration::from_millis(400), |_| {}), 0, "paused");
    consumer.resume(&all).unwrap();
    assert_eq!(next(), 901);
}

fn partition_queues_work_within_a_group(bootstrap: &str) {
    let name = topic(bootstrap, "queues", 2);
    let producer = TestProducer::new(bootstrap, &[]);
    for i in 0..2000 {
        producer.send(BaseRecord::to(&name).partition(i % 2).payload(&b"v"[..]));
    }
    producer.flush_all(2000);
    let (consumer, _) = consumer(bootstrap, &unique("queues"), &[]);
    let consumer = Arc::new(consumer);
    consumer.subscribe(&[&name]).unwrap();
    let queues = [0, 1].map(|at| consumer.split_partition_queue(&name, at).unwrap());
    let (start, mut counts) = (Instant::now(), [0, 0]);
    while counts != [1000, 1000] {
        assert!(start.elapsed() < SOON, "{counts:?}");
        assert!(consumer.poll(Duration::ZERO).is_none(), "records only in their queues");
        for (at, queue) in queues.iter().enumerate() {
            while let Some(message) = queue.poll(Duration::from_millis(1)) {
                assert_eq!(message.unwrap().partition(), i32::try_from(at).unwrap());
                counts[at] += 1;
            }
        }
    }
}

fn an_offset_beyond_the_log_follows_the_reset_policy(bootstrap: &str) {
    let name = thousand(bootstrap, "none");
    let consumer = reader(bootstrap, &name, 1, Offset::Offset(5000));
    read(&consumer, 1, |message| assert_eq!(message.offset(), 0));
}
