//! Input that no client would send ends the connection, never the broker.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use streams_test_broker::{Broker, NewRecord};

use crate::client::{TestProducer, read, reader};

const NOTHING: [u8; 0] = [];

fn connect(broker: &Broker) -> TcpStream {
    let stream = TcpStream::connect(broker.bootstrap_servers()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream
}

fn frame(body: &[u8]) -> Vec<u8> {
    let length = i32::try_from(body.len()).unwrap();
    [&length.to_be_bytes()[..], body].concat()
}

/// A header of the older kind: key, version, correlation id 7, no client id.
fn request(key: i16, version: i16, body: &[u8]) -> Vec<u8> {
    let header = [&key.to_be_bytes()[..], &version.to_be_bytes(), &[0, 0, 0, 7], &[0xff, 0xff]];
    frame(&[&header.concat(), body].concat())
}

/// What the broker answers before it closes; the sender closes its half first.
fn answer(broker: &Broker, bytes: &[u8]) -> Vec<u8> {
    let mut stream = connect(broker);
    // The broker may have closed already.
    let _ = stream.write_all(bytes);
    let _ = stream.shutdown(std::net::Shutdown::Write);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    answer
}

fn assert_alive(broker: &Broker) {
    let api_versions = answer(broker, &request(18, 0, &[]));
    assert_eq!(api_versions.get(4..10), Some(&[0, 0, 0, 7, 0, 0][..]), "correlation id, no error");
}

#[test]
fn frames_that_are_no_requests_close_the_connection() {
    let broker = Broker::start().unwrap();
    let cases: [&[u8]; 9] = [
        b"GET / HTTP/1.1\r\n\r\n",
        &[0xff, 0xff, 0xff, 0xff],
        &0x7fff_ffff_i32.to_be_bytes(),
        &[0, 0, 0, 0],
        &[0, 0, 0, 1, 9],
        &request(999, 0, &[]),
        &request(-1, 0, &[]),
        &request(1, 99, &[]),
        &request(0, 2, &[]),
    ];
    for case in cases {
        assert_eq!(answer(&broker, case), NOTHING, "{case:?}");
        assert_alive(&broker);
    }
}

#[test]
fn lengths_beyond_the_frame_close_the_connection() {
    let broker = Broker::start().unwrap();
    let huge = 0x7fff_ffff_i32.to_be_bytes();
    // Metadata: topics; DeleteGroups and DescribeGroups: groups; ListOffsets: topics.
    for (key, version, before) in [(3, 1, 0), (42, 0, 0), (15, 0, 0), (2, 1, 4)] {
        let body = [&vec![0; before][..], &huge].concat();
        assert_eq!(answer(&broker, &request(key, version, &body)), NOTHING, "API {key}");
    }
    assert_alive(&broker);
}

#[test]
fn a_version_from_the_future_is_answered_with_those_that_are_served() {
    let broker = Broker::start().unwrap();
    let answer = answer(&broker, &request(18, 77, &[]));
    assert_eq!(answer.get(4..10), Some(&[0, 0, 0, 7, 0, 35][..]));
    assert!(answer.len() > 100);
}

#[test]
fn random_bodies_for_every_api_never_end_the_broker() {
    let broker = Broker::start().unwrap();
    broker.create_topic("t", 1).unwrap();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    for _ in 0..3000 {
        let (key, version) = ((random() % 50) as i16, (random() % 10) as i16);
        let length = random() % 40;
        // Small numbers make lengths that fit now and then.
        let mut body: Vec<u8> = (0..length).map(|_| (random() % 4) as u8).collect();
        if random() % 3 == 0 {
            body = (0..length).map(|_| (random() % 256) as u8).collect();
        }
        // JoinGroup, SyncGroup and Fetch may rightly wait; a closed half ends no wait.
        if !matches!(key, 1 | 11 | 14) {
            answer(&broker, &request(key, version, &body));
        }
    }
    assert_alive(&broker);
    let producer = TestProducer::new(&broker.bootstrap_servers(), &[]);
    producer.send_values("t", [1]);
    producer.flush_all(1);
}

#[test]
fn batches_that_are_not_what_they_say_are_refused() {
    let broker = Broker::start().unwrap();
    broker.create_topic("t", 1).unwrap();
    let produce = |records: &[u8]| {
        let length = i32::try_from(records.len()).unwrap().to_be_bytes();
        let head: [&[u8]; 9] = [
            &[0xff, 0xff],
            &[0xff, 0xff],
            &[0, 0, 0, 9],
            &[0, 0, 0, 1],
            &[0, 1, b't'],
            &[0, 0, 0, 1],
            &[0, 0, 0, 0],
            &length,
            records,
        ];
        let answer = answer(&broker, &request(0, 3, &head.concat()));
        // Correlation id, one topic "t", one partition 0, then the code.
        i16::from_be_bytes([answer[23], answer[24]])
    };
    assert_eq!(produce(&[]), 2);
    assert_eq!(produce(&[0; 61]), 43, "magic 0");
    let mut v2 = vec![0; 61];
    v2[8..12].copy_from_slice(&49i32.to_be_bytes());
    v2[16] = 2;
    assert_eq!(produce(&v2), 2, "the CRC is wrong");
    v2[8..12].copy_from_slice(&(-1i32).to_be_bytes());
    assert_eq!(produce(&v2), 2, "negative length");
    assert_eq!(broker.end_offset("t", 0), Some(0));
}

#[test]
fn a_broker_ends_at_once_though_clients_wait() {
    let broker = Broker::start().unwrap();
    broker.create_topic("t", 1).unwrap();
    let bootstrap = broker.bootstrap_servers();
    broker.produce("t", [NewRecord::new("k", "v")]).unwrap();
    let consumer = reader(&bootstrap, "t", 1, rdkafka::Offset::Beginning);
    read(&consumer, 1, |_| {});
    let mut idle = connect(&broker);
    let start = Instant::now();
    drop(broker);
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    assert_eq!(idle.read(&mut [0; 1]).unwrap_or(0), 0, "the connection is closed");
    assert!(TcpStream::connect(&bootstrap).is_err(), "nobody listens any more");
}
