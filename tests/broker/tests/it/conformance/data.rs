//! What producers write comes back as it was.

use std::time::{Duration, Instant};

use rdkafka::message::{Header, Headers, OwnedHeaders};
use rdkafka::producer::BaseRecord;
use rdkafka::{Message, Offset, Timestamp};

use crate::client::{TestProducer, read, read_for, reader, topic, topic_with};

super::checks!(
    records_keep_everything_and_keys_go_where_java_puts_them,
    tombstones_and_empty_values_differ,
    every_codec_comes_back,
    an_idempotent_producer_keeps_its_order,
    append_time_replaces_the_producers,
    a_record_reaches_a_waiting_reader_at_once,
    records_from_the_future_are_refused,
    compacted_topics_refuse_null_keys,
);

const BASE_MS: i64 = 1_700_000_000_000;

/// Java's partition for a key, computed apart from the broker's own helper.
fn java_partition(key: &[u8], partitions: u32) -> u32 {
    let mix = |word: u32| {
        let word = word.wrapping_mul(0x5bd1_e995);
        (word ^ (word >> 24)).wrapping_mul(0x5bd1_e995)
    };
    let mut hash = 0x9747_b28c ^ u32::try_from(key.len()).unwrap();
    let (words, rest) = key.as_chunks::<4>();
    for [a, b, c, d] in words {
        hash = hash.wrapping_mul(0x5bd1_e995) ^ mix(u32::from_be_bytes([*d, *c, *b, *a]));
    }
    for (at, byte) in rest.iter().enumerate() {
        hash ^= u32::from(*byte) << (8 * at);
    }
    if !rest.is_empty() {
        hash = hash.wrapping_mul(0x5bd1_e995);
    }
    hash = (hash ^ (hash >> 13)).wrapping_mul(0x5bd1_e995);
    ((hash ^ (hash >> 15)) & 0x7fff_ffff) % partitions
}

fn records_keep_everything_and_keys_go_where_java_puts_them(bootstrap: &str) {
    const COUNT: usize = 40_000;
    let name = topic(bootstrap, "all", 4);
    let producer = TestProducer::new(bootstrap, &[("compression.type", "lz4")]);
    for i in 0..COUNT {
        let (key, number) = (format!("key{}", i % 1000), i.to_string());
        let headers = OwnedHeaders::new()
            .insert(Header { key: "n", value: Some(number.as_bytes()) })
            .insert(Header::<&[u8]> { key: "null", value: None });
        let record = BaseRecord::to(&name).key(key.as_bytes()).payload(&[7u8; 100][..]);
        let time = BASE_MS + i64::try_from(i).unwrap();
        producer.send(record.timestamp(time).headers(headers));
    }
    producer.flush_all(COUNT as u64);
    let consumer = reader(bootstrap, &name, 4, Offset::Beginning);
    let (mut seen, mut last) = (vec![false; COUNT], [None; 4]);
    read(&consumer, COUNT, |message| {
        let headers = message.headers().unwrap();
        assert_eq!((headers.count(), headers.get(1).value), (2, None));
        let number = std::str::from_utf8(headers.get(0).value.unwrap()).unwrap();
        let number: usize = number.parse().unwrap();
        let partition = u32::try_from(message.partition()).unwrap();
        assert_eq!(java_partition(message.key().unwrap(), 4), partition);
        let time = BASE_MS + i64::try_from(number).unwrap();
        assert_eq!(message.timestamp(), Timestamp::CreateTime(time));
        let before = last[partition as usize].replace(number);
        assert!(before < Some(number), "order of partition {partition}");
        seen[number] = true;
    });
    assert!(seen.iter().all(|seen| *seen), "each record comes once");
}

fn tombstones_and_empty_values_differ(bootstrap: &str) {
    let name = topic(bootstrap, "null", 1);
    let producer = TestProducer::new(bootstrap, &[]);
    producer.send(BaseRecord::to(&name).partition(0).key(&b"k"[..]).timestamp(5));
    producer.send(BaseRecord::to(&name).partition(0).payload(&b""[..]).timestamp(6));
    producer.flush_all(2);
    let mut seen = Vec::new();
    read(&reader(bootstrap, &name, 1, Offset::Beginning), 2, |message| {
        let lengths = (message.key().map(<[u8]>::len), message.payload().map(<[u8]>::len));
        seen.push((lengths, message.timestamp().to_millis()));
    });
    assert_eq!(seen, [((Some(1), None), Some(5)), ((None, Some(0)), Some(6))]);
}

/// zstd is not among the codecs of our librdkafka build.
fn every_codec_comes_back(bootstrap: &str) {
    for codec in ["none", "lz4", "gzip", "snappy"] {
        let name = topic(bootstrap, codec, 1);
        let producer = TestProducer::new(bootstrap, &[("compression.type", codec)]);
        producer.send_values(&name, 0..1000);
        producer.flush_all(1000);
        let mut next = 0u32;
        read(&reader(bootstrap, &name, 1, Offset::Beginning), 1000, |message| {
            assert_eq!(message.payload().unwrap(), next.to_be_bytes(), "{codec}");
            next += 1;
        });
    }
}

fn an_idempotent_producer_keeps_its_order(bootstrap: &str) {
    let name = topic(bootstrap, "idempotent", 1);
    let settings = [("enable.idempotence", "true"), ("batch.num.messages", "100")];
    let producer = TestProducer::new(bootstrap, &settings);
    producer.send_values(&name, 0..20_000);
    producer.flush_all(20_000);
    let mut next = 0u32;
    read(&reader(bootstrap, &name, 1, Offset::Beginning), 20_000, |message| {
        assert_eq!(message.payload().unwrap(), next.to_be_bytes());
        assert_eq!(message.offset(), i64::from(next));
        next += 1;
    });
}

fn append_time_replaces_the_producers(bootstrap: &str) {
    let configs = [("message.timestamp.type", "LogAppendTime")];
    let name = topic_with(bootstrap, "append-time", 1, &configs);
    let producer = TestProducer::new(bootstrap, &[]);
    producer.send(BaseRecord::to(&name).partition(0).payload(&b"v"[..]).timestamp(5));
    producer.flush_all(1);
    // The reader checks the CRC, which the broker has to renew.
    let (consumer, _) = crate::client::consumer(
        bootstrap,
        &crate::client::unique("crc"),
        &[("check.crcs", "true")],
    );
    rdkafka::consumer::Consumer::assign(
        &consumer,
        &crate::client::list(&name, 1, Offset::Beginning),
    )
    .unwrap();
    read(&consumer, 1, |message| {
        let Timestamp::LogAppendTime(time) = message.timestamp() else {
            panic!("{:?}", message.timestamp())
        };
        assert!(time > BASE_MS);
    });
}

fn a_record_reaches_a_waiting_reader_at_once(bootstrap: &str) {
    let name = topic(bootstrap, "latency", 1);
    let producer = TestProducer::new(bootstrap, &[("linger.ms", "0")]);
    let consumer = reader(bootstrap, &name, 1, Offset::Beginning);
    read_for(&consumer, 1, Duration::from_millis(500), |_| {});
    let mut times: Vec<Duration> = (0..50)
        .map(|number| {
            let start = Instant::now();
            producer.send_values(&name, [number]);
            read(&consumer, 1, |_| {});
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    // Fakes that poll for records need 50 to 100 ms (the reader's fetch waits 100 ms).
    assert!(times[25] < Duration::from_millis(25), "median {:?}", times[25]);
}

fn records_from_the_future_are_refused(bootstrap: &str) {
    let name = topic_with(bootstrap, "future", 1, &[("message.timestamp.after.max.ms", "1000")]);
    let producer = TestProducer::new(bootstrap, &[]);
    let record = BaseRecord::to(&name).partition(0).payload(&b"v"[..]);
    producer.send(record.timestamp(4_000_000_000_000));
    producer.flush();
    let failed = producer.events.failed();
    assert_eq!(failed, [rdkafka::error::RDKafkaErrorCode::InvalidTimestamp]);
}

fn compacted_topics_refuse_null_keys(bootstrap: &str) {
    for codec in ["none", "lz4"] {
        let name = topic_with(bootstrap, "keys", 1, &[("cleanup.policy", "compact")]);
        let producer = TestProducer::new(bootstrap, &[("compression.type", codec)]);
        producer.send(BaseRecord::to(&name).partition(0).key(&b"k"[..]));
        producer.flush_all(1);
        producer.send(BaseRecord::to(&name).partition(0).payload(&[7; 500][..]));
        producer.flush();
        let failed = producer.events.failed();
        assert_eq!(failed, [rdkafka::error::RDKafkaErrorCode::InvalidRecord], "{codec}");
    }
}
