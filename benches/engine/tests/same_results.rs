//! Both sides of each comparison do the same: their results and changelogs are equal to the byte.

use streams_engine_bench::{CHANGELOG, Machine, Produced, Producer, RESULTS, WORKLOADS, Workload};

const POLLS: u64 = 250;
const POLLS_OF_A_COMMIT: u64 = 7;

fn run(workload: &Workload, machine: &mut dyn Machine) -> Producer {
    let mut producer = Producer::keeping();
    for poll in 0..POLLS {
        machine.process(workload.inputs.poll(poll), &mut producer).expect("runs");
        if (poll + 1) % POLLS_OF_A_COMMIT == 0 {
            machine.commit(&mut producer).expect("runs");
        }
    }
    machine.commit(&mut producer).expect("runs");
    producer
}

/// A changelog as compaction sees it: only the order of one key's records means something.
fn by_key(producer: &Producer, topic: usize) -> Vec<Produced> {
    let mut records = producer.kept(topic).to_vec();
    records.sort_by(|a, b| a.key.cmp(&b.key));
    records
}

#[track_caller]
fn equal(name: &str, topic: usize, engine: &[Produced], by_hand: &[Produced]) {
    let different = engine.iter().zip(by_hand).position(|(a, b)| a != b);
    if let Some(at) = different {
        panic!("{name}, topic {topic}, record {at}:\n{:?}\n{:?}", engine[at], by_hand[at]);
    }
    assert_eq!(engine.len(), by_hand.len(), "{name}, topic {topic}");
}

#[test]
fn the_loops_by_hand_produce_what_the_engine_produces() {
    for workload in &WORKLOADS {
        let engine = run(workload, &mut workload.engine().expect("plans"));
        let by_hand = run(workload, &mut *workload.by_hand());
        assert!(!engine.kept(0).is_empty(), "{} has results", workload.name);
        equal(workload.name, RESULTS, engine.kept(RESULTS), by_hand.kept(RESULTS));
        for topic in [CHANGELOG, CHANGELOG + 1] {
            equal(workload.name, topic, &by_key(&engine, topic), &by_key(&by_hand, topic));
        }
    }
}
