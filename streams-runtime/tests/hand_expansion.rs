//! The word count of the design, expanded by hand: what `topology!` writes must look and run like this.

use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
use streams_runtime::plumbing::{self, StreamsBuilder, Topology, Unset};

fn split_words(line: String) -> Vec<String> {
    line.split(' ').map(str::to_owned).collect()
}

fn word_count(min_len: usize) -> Topology {
    let mut builder = StreamsBuilder::new();
    // type pass
    let (shouts_0, source_0) = builder.stream::<Option<String>, String>("shouts", Unset);
    let (quiet, map_values_1) =
        shouts_0.map_values(&mut builder, |line| line.to_lowercase(), Unset);
    let (lines_2, source_2) = builder.stream::<Option<String>, String>("lines", Unset);
    let merge_3 = lines_2.merge(&mut builder, quiet, Unset);
    let (flat_map_values_4, flat_map_values_op_4) =
        merge_3.flat_map_values(&mut builder, split_words, Unset);
    let (words, filter_5) =
        flat_map_values_4.filter(&mut builder, move |_, word| word.len() >= min_len, Unset);
    let (n6, filter_6) = words.filter(&mut builder, |_, word| word.len() > 8, Unset);
    let to_7 = n6.to(&mut builder, "long-words", Unset);
    let (by_word_8, group_by_8) = words.group_by(&mut builder, |_, word| word.clone(), Unset);
    let (counts, count_9) = by_word_8.count(&mut builder, "counts");
    let repartition_9 = count_9.repartition();
    let (n10, to_stream_10) = counts.to_stream(&mut builder, Unset);
    let to_11 = n10.to(&mut builder, "word-counts", Unset);
    // run pass
    let after_counts = plumbing::seam(counts, move |cx, record| {
        let record = to_stream_10.run(cx, record);
        to_11.run(cx, record)?;
        Ok(())
    });
    builder.on_flush(&count_9, counts, {
        let after = after_counts.clone();
        move |cx, record| after(cx, record)
    });
    builder.source(repartition_9.source(), move |cx, record| {
        'counts: {
            let Some(record) = count_9.run(cx, record)? else {
                break 'counts;
            };
            after_counts(cx, record)?;
        }
        Ok(())
    });
    let after_merge = plumbing::seam(merge_3, move |cx, record| {
        for record in flat_map_values_op_4.run(cx, record)? {
            'n5: {
                let Some(record) = filter_5.run(cx, record)? else {
                    break 'n5;
                };
                'n6: {
                    let record = record.clone();
                    let Some(record) = filter_6.run(cx, record)? else {
                        break 'n6;
                    };
                    to_7.run(cx, record)?;
                }
                let record = group_by_8.run(cx, record);
                repartition_9.run(cx, record)?;
            }
        }
        Ok(())
    });
    builder.source(source_2, {
        let after_merge = after_merge.clone();
        move |cx, record| after_merge(cx, record)
    });
    builder.source(source_0, move |cx, record| {
        let record = map_values_1.run(cx, record);
        after_merge(cx, record)?;
        Ok(())
    });
    builder.finish()
}

mod written {
    use streams_runtime::prelude::*;

    use super::split_words;

    topology!(
        /// The same word count in the language of topologies.
        pub fn word_count(min_len: usize) -> Topology {
            let quiet =
                stream::<Option<String>, String>("shouts").map_values(|line| line.to_lowercase());
            let words = stream::<Option<String>, String>("lines")
                .merge(quiet)
                .flat_map_values(split_words)
                .filter(move |_, word| word.len() >= min_len);
            words.filter(|_, word| word.len() > 8).to("long-words");
            let counts = words.group_by(|_, word| word.clone()).count("counts");
            counts.to_stream().to("word-counts");
        }
    );
}

fn run(cache: &str) -> TopologyTestDriver {
    run_topology(&word_count(2), cache)
}

fn run_topology(topology: &Topology, cache: &str) -> TopologyTestDriver {
    let config =
        TestDriverConfig::from_map([("statestore.cache.max.bytes", cache)]).expect("a good config");
    let mut driver = TopologyTestDriver::new(topology, config).expect("a good topology");
    let mut lines = driver.input::<Option<String>, String>("lines");
    lines.pipe(None, "to be or not to be a", 10).expect("runs");
    driver.input::<Option<String>, String>("shouts").pipe("k", "TO BACKWARDS", 5).expect("runs");
    driver
}

#[test]
fn counts_go_on_for_every_record_that_a_flush_ends() {
    for cache in ["0", "1048576"] {
        let mut driver = run(cache);
        let counts = driver.output::<String, i64>("word-counts").read_all().expect("decodes");
        let counts: Vec<_> =
            counts.iter().map(|r| (&*r.key, r.value, r.timestamp.as_millis())).collect();
        let want = [
            ("to", 1, 10),
            ("be", 1, 10),
            ("or", 1, 10),
            ("not", 1, 10),
            ("to", 2, 10),
            ("be", 2, 10),
            ("to", 3, 10),
            ("backwards", 1, 5),
        ];
        assert_eq!(counts, want, "cache {cache}");
        let mut long = driver.output::<Option<String>, String>("long-words");
        assert_eq!(long.key_values().expect("decodes"), [(Some("k".into()), "backwards".into())]);
    }
}

#[test]
fn stores_hold_the_counts_and_survive_a_restart() {
    let mut driver = run("1048576");
    let config = streams_runtime::topology::TopologyConfig::new("app");
    let plan = word_count(2).plan(&config).expect("plans");
    assert_eq!(plan.sub_topologies.len(), 2);
    let mut names = driver.produced_topic_names();
    names.sort();
    let want = ["app-counts-changelog", "app-counts-repartition", "long-words", "word-counts"];
    assert_eq!(names, want);
    driver.restart().expect("restores");
    let mut counts = driver.key_value_store::<String, i64>("counts").expect("is there");
    assert_eq!(counts.get(&"to".to_owned()).expect("reads"), Some(3));
    assert_eq!(counts.all().expect("reads").len(), 5);
    driver.input::<Option<String>, String>("lines").pipe(None, "to", 1).expect("runs");
    let mut counts = driver.key_value_store::<String, i64>("counts").expect("is there");
    let row = counts.get_with_time(&"to".to_owned()).expect("reads");
    assert_eq!(row, Some((4, Some(10))));
}

#[test]
fn the_description_is_kafka_streams() {
    let text = word_count(2).describe();
    assert!(text.contains("Sub-topology: 1\n    Source: counts-repartition-source"), "{text}");
}

#[test]
fn the_macro_writes_the_same() {
    assert_eq!(written::word_count(2).describe(), word_count(2).describe());
    for cache in ["0", "1048576"] {
        let by_macro = run_topology(&written::word_count(2), cache).take_output();
        assert_eq!(by_macro, run(cache).take_output(), "cache {cache}");
    }
}
