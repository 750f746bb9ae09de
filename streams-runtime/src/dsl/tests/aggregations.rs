//! Aggregations: stores, repartitions, and the order of their numbers.

use super::super::{Grouped, Materialized, StreamsBuilder, Unset};
use super::{check, text};

#[test]
fn word_count() {
    check("apps", "word-count", |b| {
        let (words, _) = text(b, "lines").flat_map_values(b, |v| vec![v], Unset);
        let (grouped, _) = words.group_by(b, |_, w| w.clone(), Unset);
        let (counts, _) = grouped.count(b, "counts");
        counts.to_stream(b, Unset).0.to(b, "out", Unset);
    });
}

#[test]
fn a_count_without_a_name_burns_one_number_more_when_serdes_are_given() {
    check("aggregations", "count-group-by", |b| {
        let (grouped, _) = text(b, "in").group_by(b, |_, v| v.clone(), Unset);
        let (counts, _) = grouped.count(b, Materialized::default());
        counts.to_stream(b, Unset).0.to(b, "out", Unset);
    });
}

#[test]
fn one_named_grouping_has_one_topic() {
    check("aggregations", "named-group-reused", |b| {
        let (numbers, _) = b.stream::<String, i64>("in", Unset);
        let (keyed, _) = numbers.select_key(b, |_, v| format!("{}", v % 2), Unset);
        let grouped = keyed.group_by_key(b, Grouped::as_("grp"));
        let (counts, count) = grouped.count(b, "n");
        counts.to_stream(b, Unset).0.to(b, "counts", Unset);
        let (sums, sum) = grouped.reduce(b, |a, v| a + v, "s");
        sums.to_stream(b, Unset).0.to(b, "sums", Unset);
        assert_ne!(count.repartition().node(), sum.repartition().node());
    });
}

#[test]
fn two_aggregations_of_one_group() {
    check("aggregations", "two-aggregations-one-group", |b| {
        let (numbers, _) = b.stream::<String, i64>("in", Unset);
        let grouped = numbers.group_by_key(b, Unset);
        let (counts, _) = grouped.count(b, "n");
        counts.to_stream(b, Unset).0.to(b, "counts", Unset);
        let (sums, _) = grouped.reduce(b, |a, v| a + v, "s");
        sums.to_stream(b, Unset).0.to(b, "sums", Unset);
    });
}

fn users_by_region(b: &mut StreamsBuilder) -> super::super::KGroupedTable<String, String> {
    let (users, _, _) = b.table::<String, String>("users", Unset);
    users.group_by(b, |k, v| (v.clone(), k.clone()), Unset).0
}

#[test]
fn tables_grouped_anew() {
    for case in ["table-group-count", "table-group-count-same-group"] {
        check("aggregations", case, |b| {
            let (counts, _) = users_by_region(b).count(b, "byRegion");
            counts.to_stream(b, Unset).0.to(b, "out", Unset);
        });
    }
    check("aggregations", "table-group-reduce", |b| {
        let (accounts, _, _) = b.table::<String, i64>("accounts", Unset);
        let (grouped, _) = accounts.group_by(b, |k, v| (k.clone(), *v), Unset);
        let (totals, _) = grouped.reduce(b, |a, v| a + v, |a, v| a - v, "totals");
        totals.to_stream(b, Unset).0.to(b, "out", Unset);
    });
    check("aggregations", "table-group-aggregate", |b| {
        let (items, _, _) = b.table::<String, String>("items", "items");
        let (grouped, _) = items.group_by(b, |k, v| (k.clone(), v.clone()), "by-cat");
        let (cats, _) = grouped.aggregate(
            b,
            String::new,
            |_, v: String, a: String| a + &v,
            |_, _, a| a,
            "cats",
        );
        cats.to_stream(b, Unset).0.to(b, "out", Unset);
    });
    check("aggregations", "table-group-null-key", |b| {
        let (t, _, _) = b.table::<String, String>("t", Unset);
        let (grouped, _) = t.group_by(b, |_, v| (Some(v.clone()), v.clone()), Unset);
        let (all, _) = grouped.aggregate(b, String::new, |_, v, a| a + &v, |_, _, a| a, "g");
        all.to_stream(b, Unset).0.to(b, "out", Unset);
    });
}

#[test]
fn an_aggregation_of_an_aggregation() {
    check("aggregations", "count-of-counts", |b| {
        let (grouped, _) = text(b, "in").group_by(b, |_, v| v.clone(), Unset);
        let (counts, _) = grouped.count(b, "perWord");
        let (by_length, _) = counts.group_by(b, |k, v| (format!("len{}", k.len()), *v), Unset);
        let (sums, _) = by_length.reduce(b, |a, v| a + v, |a, v| a - v, "perLen");
        sums.to_stream(b, Unset).0.to(b, "out", Unset);
    });
}
