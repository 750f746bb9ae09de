//! Names, given and generated.

use super::super::{Branched, Consumed, Grouped, Named, Produced, Repartitioned, Unset};
use super::{check, text};

#[test]
fn branches_are_numbered_from_the_split() {
    check("naming", "names-branches", |b| {
        let mut split = text(b, "in").split(b, Unset);
        let (x, _) = split.branch(b, |_, v| v == "x", Unset);
        let (y, _) = split.branch(b, |_, v| v == "y", Unset);
        let rest = split.default_branch(b, Unset);
        x.to(b, "o1", Unset);
        y.to(b, "o2", Unset);
        rest.to(b, "o0", Unset);
    });
}

#[test]
fn an_explicit_repartition_has_its_own_name() {
    check("naming", "names-explicit-repartition", |b| {
        let (keyed, _) = text(b, "in").select_key(b, |_, v| v.clone(), Unset);
        let options = Repartitioned::as_("mine").with_number_of_partitions(2);
        let (cut, _) = keyed.repartition(b, options);
        let (louder, _) = cut.map_values(b, |v| v + "!", Unset);
        let (counts, _) = louder.group_by_key(b, Unset).count(b, "n");
        counts.to_stream(b, Unset).0.to(b, "out", Unset);
    });
}

#[test]
fn given_names_are_taken() {
    check("naming", "names-given", |b| {
        let (lines, _) = b.stream::<String, String>("in", Consumed::as_("Source"));
        let (kept, _) = lines.filter(b, |_, _| true, "Keep");
        let (same, _) = kept.map_values(b, |v| v, "Same");
        let (keyed, _) = same.select_key(b, |_, v| v.clone(), Named::as_("ByValue"));
        let grouped = keyed.group_by_key(b, Grouped::as_("Grouping"));
        let (counts, _) = grouped.count(b, (Named::as_("Counting"), "Counts"));
        let (out, _) = counts.to_stream(b, "Out");
        out.to(b, "out", Produced::as_("Sink"));
    });
}

#[test]
fn a_merge_with_a_changed_key_needs_a_repartition() {
    check("naming", "names-merge-repartition", |b| {
        let a = text(b, "a");
        let (keyed, _) = text(b, "b").select_key(b, |_, v| v.clone(), Unset);
        let merged = a.merge(b, keyed, Unset);
        let (counts, _) = merged.group_by_key(b, Unset).count(b, "n");
        counts.to_stream(b, Unset).0.to(b, "out", Unset);
    });
}

#[test]
fn some_names_are_given_and_numbers_burn_all_the_same() {
    check("naming", "names-partly", |b| {
        let (same, _) = text(b, "in").map_values(b, |v| v, "m");
        let (grouped, _) = same.group_by(b, |_, v| v.clone(), Unset);
        let serdes = super::super::Materialized::default();
        let (counts, _) = grouped.count(b, (Named::as_("cnt"), serdes));
        let (positive, _) = counts.filter(b, |_, v| *v > 0, "pos");
        positive.to_stream(b, Unset).0.to(b, "out", Unset);
    });
}

#[test]
fn topics_between_make_three_sub_topologies() {
    check("naming", "names-three-sub-topologies", |b| {
        text(b, "a").to(b, "b", Unset);
        let (counts, _) = text(b, "b").group_by_key(b, Unset).count(b, "n");
        counts.to_stream(b, Unset).0.to(b, "c", Unset);
        let (numbers, _) = b.stream::<String, i64>("c", Unset);
        numbers.filter(b, |_, v| *v > 1, Unset).0.to(b, "d", Unset);
    });
}

#[test]
fn operators_of_values_keep_the_partition() {
    let plan = super::topology(|b| {
        let (mapped, _) = text(b, "in").map_values(b, |v| v, Unset);
        let (kept, _) = mapped.filter(b, |_, _| true, Unset);
        let (flat, _) = kept.flat_map_values(b, |v| [v.clone(), v], Unset);
        let (seen, _) = flat.peek(b, |_, _| {}, Unset);
        let (counts, _) = seen.group_by_key(b, Unset).count(b, "n");
        counts.to_stream(b, Unset).0.to(b, "out", Unset);
    })
    .describe();
    assert!(
        plan.contains(
            "KSTREAM-PEEK-0000000004 (stores: [])\n      --> KSTREAM-AGGREGATE-0000000005"
        )
    );
    assert!(!plan.contains("repartition"));
}

#[test]
fn splits_with_and_without_names() {
    check("stateless", "split-named-and-unnamed", |b| {
        let (numbers, _) = b.stream::<String, i64>("in", Unset);
        let mut split = numbers.split(b, "b-");
        let (neg, _) = split.branch(b, |_, v| *v < 0, "neg");
        let (zero, _) = split.branch(b, |_, v| *v == 0, Unset);
        let (big, _) = split.branch(b, |_, v| *v > 100, Branched::as_("big"));
        let rest = split.default_branch(b, "rest");
        neg.to(b, "neg", Unset);
        zero.to(b, "zero", Unset);
        big.to(b, "big", Unset);
        rest.to(b, "rest", Unset);
    });
    check("stateless", "split-functions", |b| {
        let (numbers, _) = b.stream::<String, i64>("in", Unset);
        let mut split = numbers.split(b, Unset);
        let (half, _) = split.branch(b, |_, v| v % 2 == 0, "half");
        half.map_values(b, |v| v / 2, Unset);
        let (thirds, _) = split.branch(b, |_, v| v % 3 == 0, Unset);
        thirds.to(b, "thirds", Unset);
        split.default_branch(b, Unset).to(b, "others", Unset);
    });
}

#[test]
fn fan_out_merge_and_several_sources() {
    check("stateless", "fan-out-order", |b| {
        let s = text(b, "in");
        s.map_values(b, |v| v, Unset).0.to(b, "o1", Unset);
        let (t, _) = s.filter(b, |_, v| v.len() > 1, Unset);
        t.map_values(b, |v| v, Unset).0.to(b, "o2", Unset);
        let (flat, _) = t.flat_map_values(b, |v| [v.clone(), v], Unset);
        flat.map_values(b, |v| v, Unset).0.to(b, "o3", Unset);
        s.map_values(b, |v| v, Unset).0.to(b, "o4", Unset);
    });
    check("stateless", "merge-same-source", |b| {
        let a = text(b, "in");
        let (one, _) = a.filter(b, |_, v| v.len() > 1, Unset);
        let (two, _) = a.filter(b, |_, v| v.len() > 2, Unset);
        one.merge(b, two, Unset).to(b, "out", Unset);
    });
    check("stateless", "merge-two", |b| {
        let (a, z) = (text(b, "left"), text(b, "right"));
        let (left, _) = a.map_values(b, |v| v, Unset);
        let (right, _) = z.map_values(b, |v| v, Unset);
        left.merge(b, right, Unset).to(b, "out", Unset);
    });
    check("stateless", "multi-topic-source", |b| {
        let (all, _) = b.stream::<String, String>(["t1", "t2", "t3"], Unset);
        all.map_values_with_key(b, |k, v| format!("{k}{v}"), Unset).0.to(b, "out", Unset);
    });
    check("stateless", "topic-extractor-context", |b| {
        let (all, _) = b.stream::<String, String>(["in-x", "in-y"], Unset);
        all.to_with(b, |_, _, context| format!("copy.{}", context.topic), Unset);
    });
}

#[test]
fn repartitions_named_and_not() {
    check("stateless", "repartition-basic", |b| {
        let (keyed, _) = text(b, "in").select_key(b, |_, v| v.clone(), Unset);
        let options = Repartitioned::as_("rp").with_number_of_partitions(3);
        let (cut, _) = keyed.repartition(b, options);
        cut.map_values_with_key(b, |k, v| format!("{k}|{v}"), Unset).0.to(b, "out", Unset);
    });
    check("stateless", "repartition-unnamed", |b| {
        let (numbers, _) = b.stream::<String, i64>("in", Unset);
        let (mapped, _) = numbers.map(b, |_, v| (format!("k{}", v % 2), v), Unset);
        mapped.repartition(b, Unset).0.to(b, "out", Unset);
    });
}
