//! Processes that die in the middle: what is left behind is taken up, and the results become right.

use std::collections::BTreeMap;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use streams_runtime::client::KafkaStreams;
use streams_runtime::config::StreamsConfig;

use crate::joins::foreign;
use crate::script::under_both_guarantees;
use crate::world::{PATIENCE, World};

const CHILD: &str = "STREAMS_TEST_CRASHING_CHILD";
const CITIES: usize = 20;

/// Not a test of its own: the process that is killed.
#[test]
fn child_joins_until_it_is_killed() {
    let Ok(arguments) = std::env::var(CHILD) else { return };
    let [bootstrap, application, guarantee, state, people, cities, output] =
        arguments.split(' ').collect::<Vec<_>>()[..]
    else {
        panic!("seven words: {arguments}")
    };
    let config = StreamsConfig::new(application)
        .bootstrap_servers(bootstrap)
        .state_dir(state)
        .num_stream_threads(2)
        .set("processing.guarantee", guarantee)
        .commit_interval(Duration::from_millis(200))
        // as in Kafka Streams, a cache swallows a row that came and went between two commits, also when
        // a subscription has seen it meanwhile
        .cache_max_bytes(0)
        // who comes back under the same name need not wait until the dead one is given up
        .set("consumer.group.instance.id", "only")
        .set("consumer.session.timeout.ms", "30000");
    let topology = foreign(people.into(), cities.into(), output.into());
    KafkaStreams::new(&topology, config).unwrap().run_until_signal().unwrap();
    std::process::exit(0);
}

fn child(arguments: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "crash::child_joins_until_it_is_killed", "--nocapture"])
        .env(CHILD, arguments)
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

/// The tables that are joined, as they should be in the end.
#[derive(Default)]
struct Tables {
    people: BTreeMap<String, String>,
    cities: BTreeMap<String, String>,
}

impl Tables {
    /// The updates of a round, in the order in which they are produced.
    fn update(&mut self, round: usize) -> [Vec<(String, Option<String>)>; 2] {
        let people = (0..1_500).map(|n| {
            let city = (n * 7 + round * 3) % (CITIES + 2);
            let gone = (n + round).is_multiple_of(11);
            (format!("p{n}"), (!gone).then(|| format!("{round}:c{city}")))
        });
        let cities = (0..CITIES).map(|n| {
            let gone = (n + round).is_multiple_of(7);
            (format!("c{n}"), (!gone).then(|| format!("size{}", n * round)))
        });
        let updates = [people.collect::<Vec<_>>(), cities.collect()];
        for (table, updates) in [&mut self.people, &mut self.cities].into_iter().zip(&updates) {
            for (key, value) in updates {
                match value {
                    Some(value) => drop(table.insert(key.clone(), value.clone())),
                    None => drop(table.remove(key)),
                }
            }
        }
        updates
    }

    /// The left join, by hand.
    fn joined(&self) -> BTreeMap<String, String> {
        let row = |(name, person): (&String, &String)| {
            let city = person.split_once(':').and_then(|(_, city)| self.cities.get(city));
            (name.clone(), format!("{person}+{}", city.map_or("none", String::as_str)))
        };
        self.people.iter().map(row).collect()
    }
}

/// The rows that the results amount to.
fn results(world: &World, output: &str) -> BTreeMap<String, String> {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let mut rows = BTreeMap::new();
    for record in world.records(output) {
        let key = text(record.key.unwrap());
        match record.value {
            Some(value) => drop(rows.insert(key, text(value))),
            None => drop(rows.remove(&key)),
        }
    }
    rows
}

#[test]
fn a_join_comes_right_although_its_process_is_killed_again_and_again() {
    under_both_guarantees("killed", kill_again_and_again);
}

fn kill_again_and_again(world: &World) {
    let (people, cities) = (world.create_topic("p", 3), world.create_topic("c", 2));
    let output = world.create_topic("out", 3);
    let state = world.state_dir("a");
    let (id, state) = (world.application_id(), state.to_string_lossy());
    let place = [world.bootstrap(), &id, world.guarantee(), &state];
    let arguments = [&place[..], &[&*people, &*cities, &*output]].concat().join(" ");
    let mut tables = Tables::default();
    let mut process = child(&arguments);
    for round in 0..6 {
        let updates = tables.update(round);
        for (topic, updates) in [&people, &cities].into_iter().zip(&updates) {
            world.produce(topic, updates.iter().map(|(k, v)| (k.as_str(), v.as_deref())));
        }
        // at another moment of its work each time, the first time while it starts
        std::thread::sleep(Duration::from_millis(300 * u64::try_from(round).unwrap()));
        if round < 5 {
            process.kill().unwrap();
            process.wait().unwrap();
            process = child(&arguments);
        }
    }
    let expected = tables.joined();
    let start = Instant::now();
    loop {
        let found = results(world, &output);
        if found == expected {
            break;
        }
        if start.elapsed() > PATIENCE {
            process.kill().unwrap();
            let wrong = expected.iter().filter(|(key, row)| found.get(*key) != Some(row));
            let wrong: Vec<_> =
                wrong.map(|(key, row)| (key, row, found.get(key))).take(5).collect();
            panic!("{} rows for {}; wrong: {wrong:?}", found.len(), expected.len());
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    process.kill().unwrap();
    process.wait().unwrap();
}
