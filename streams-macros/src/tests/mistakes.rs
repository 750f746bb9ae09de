//! What is refused, with which words; and what is not.

use proc_macro2::TokenStream;

use crate::compile;

/// The messages for a body, in a function with a parameter `limit`.
#[track_caller]
fn check(body: &str, expected: &[&str]) {
    let source = format!("fn t(limit: usize) -> Topology {{ {body} }}");
    let tokens: TokenStream = source.parse().unwrap();
    assert_eq!(compile::mistakes(tokens), expected, "{body}");
}

/// Every message starts with these words.
#[track_caller]
fn starts(body: &str, expected: &[&str]) {
    let source = format!("fn t(limit: usize) -> Topology {{ {body} }}");
    let tokens: TokenStream = source.parse().unwrap();
    let found = compile::mistakes(tokens);
    let fits = found.len() == expected.len()
        && found.iter().zip(expected).all(|(found, start)| found.starts_with(start));
    assert!(fits, "{body}: {found:#?} instead of {expected:#?}");
}

#[test]
fn right_topologies_pass() {
    for body in [
        "stream(A).to(B);",
        "stream(A).peek(|_, v| println!(\"{v}\"))",
        "let a = stream(A); let a = a.filter(|_, v| v.len() > limit); a.to(B)",
        "let n = 3; let words: Vec<i32> = vec![n]; stream(A).filter(move |_, v| words[0] > *v).to(B);",
        "let words = stream(A); words.flat_map_values(|v| { let words = split(v); words }).to(B);",
        "stream(A).merge(stream(B).map_values(|v| v)).to(C);",
        "let [a, b] = stream(A).split().branch(|_, v| *v > 1).default_branch(); a.to(B); b.to(C);",
        "let [a] = stream(A).split().branch(|_, v| *v > 1, Branched::with_consumer(|s| s.to(B))).default_branch(); a.to(C);",
        "let [a, _] = stream(A).split().branch(|_, v| *v > 1).default_branch(); a.to(B);",
        "stream(A).split().branch(|_, v| *v > 1, Branched::with_consumer(|s| s.to(B))).no_default_branch();",
        "let [a, b] = stream(A).split().branch(p, Branched::as_(\"x\").with_function(|s| s.map_values(f))).default_branch(); a.merge(b).to(C)",
        "table(T, \"store\");",
        "stream(A).join(table(T), |v, t| v + t).to(B);",
        "let t = table(T).filter(|_, v| *v > 1); stream(A).left_join(t, |k, v, t| v + t).to(B);",
        "stream(A).join(global_table(T), |k, v| k, |v, t| v + t, \"name\").to(B);",
        "let a = stream(A); a.outer_join(a.map_values(f), |l, r| l + r, within).to(B);",
        "table(T).join(table(U), |l, r| l + r, Materialized::as_(\"joined\"));",
        "table(T).join(table(U), |v| v.clone(), |l, r| l + r).to_stream().to(B);",
        "global_table(T);",
        "let t = table(T); t.filter(p).to_stream().to(B);",
        "stream(A).group_by_key().count(\"counts\");",
        "let _unused = stream(A).group_by_key().count(\"counts\"); stream(B).to(C);",
        "stream(A).group_by_key(\"g\").aggregate(|| 0, |k, v, a| a + v, \"s\").to_stream(|k, v| k.len()).to(B);",
        "table(T).group_by(|k, v| (v, k)).reduce(|a, b| a + b, |a, b| a - b).to_stream().to(B);",
        "if limit > 3 { println!(\"many\"); } stream(A).to(B);",
        "stream(A).to(|k, v, c| format!(\"{k}\"), \"sink\");",
        "stream(A).try_map_values(|v| parse(v)).to(B);",
        "stream::<String, i64>(\"a\").to(\"b\");",
        "let names = [\"a\", \"b\"]; stream(names).to(\"b\"); let list = names.iter().map(|n| n.len()).filter(|n| *n > 2);",
    ] {
        check(body, &[]);
    }
}

#[test]
fn kinds() {
    check(
        "stream(A).fliter(p).to(B);",
        &["`fliter` is no operator of a stream; did you mean `filter`?"],
    );
    check(
        "stream(A).mapValues(p).to(B);",
        &["`mapValues` is no operator of a stream; did you mean `map_values`?"],
    );
    starts(
        "table(A).frobnicate(p).to(B);",
        &["`frobnicate` is no operator of a table; it has `filter`, "],
    );
    check(
        "table(A).to(B);",
        &["`to` stands on a stream, and this is a table: put `.to_stream()` before it"],
    );
    starts(
        "stream(A).count().to_stream().to(B);",
        &[
            "`count` stands on a grouped stream or a grouped table, and this is a stream: put `.group_by_key()`",
        ],
    );
    starts(
        "stream(A).to_stream().to(B);",
        &["`to_stream` stands on a table, and this is a stream"],
    );
    starts(
        "stream(A).branch(p).default_branch();",
        &["`branch` stands on a split, and this is a stream: put `.split()`"],
    );
    starts("stream(A).to(B).to(C);", &["`to` has nothing to stand on"]);
    check(
        "let t = table(T); stream(A).merge(t).to(B);",
        &["`merge` takes a stream, and this is a table; give it `.to_stream()`"],
    );
    check("stream(A).merge(limit).to(B);", &["`merge` takes a stream here, and this is none"]);
}

#[test]
fn one_mistake_brings_no_others() {
    starts("let a = stream(A).fliter(p); let b = a.map(q); b.merge(a).to(C);", &["`fliter`"]);
    starts("let a = b.filter(p); let b = stream(B); a.to(C); b.to(C);", &["`b` is used before"]);
    starts("let a = Some(stream(A)); a.to(C);", &["a stream cannot be given to a function"]);
}

#[test]
fn all_mistakes_are_told() {
    starts(
        "let a = stream(A).fliter(p); let b = table(B).to(C); stream(C).to(); let unused = stream(D);",
        &["`fliter`", "`to` stands on a stream", "`to` needs a topic", "`unused` is never used"],
    );
}

#[test]
fn arguments() {
    starts("stream(A).to();", &["`to` needs a topic"]);
    check("stream(A).filter().to(B);", &["`filter` needs a predicate: `.filter(|key, value| ..)`"]);
    starts(
        "stream(A).filter(p, \"n\", \"m\").to(B);",
        &["`filter` takes at most 2 arguments, and here are 3"],
    );
    starts("stream().to(B);", &["`stream` needs a topic"]);
    check("stream(A).filter(|v| true).to(B);", &["a predicate of `filter` takes `|key, value|`"]);
    check(
        "stream(A).map_values(|a, b, c| a).to(B);",
        &["a mapper of `map_values` takes `|value|` or `|key, value|`"],
    );
    starts(
        "stream(A).group_by_key().reduce(|a| a).to_stream().to(B);",
        &["a reducer of `reduce` takes `|aggregate, value|`"],
    );
    check(
        "stream(A).group_by_key().aggregate(|| 0).to_stream().to(B);",
        &["`aggregate` needs an aggregator: `.aggregate(|| .., |key, value, aggregate| ..)`"],
    );
}

#[test]
fn shapes() {
    starts("if limit > 3 { stream(A).to(B); }", &["operators cannot stand inside `if`"]);
    starts(
        "let a = stream(A); for t in topics { a.to(t); }",
        &["operators cannot stand inside `for`"],
    );
    starts(
        "let a = if x { stream(A) } else { stream(B) }; a.to(C);",
        &["operators cannot stand inside `if`"],
    );
    starts("let a = stream(A); drop(a);", &["a stream cannot be given to a function"]);
    starts(
        "let a = stream(A); let f = || a.to(B);",
        &["a closure sees one record, not the stream `a`"],
    );
    starts(
        "let a = stream(A); a.filter(|k, v| a.count() > 1).to(B);",
        &["a closure sees one record"],
    );
    starts("let a = stream(A); let pair = (a, 1);", &["a stream is no value of ordinary Rust"]);
    starts(
        "let wrods = stream(A); words.filter(p).to(B); wrods.to(C);",
        &["no stream is called `words`; did you mean `wrods`?"],
    );
    starts(
        "let a = stream(A); a.merge(nowhere).to(B);",
        &["no stream is called `nowhere`; there are `a`"],
    );
    starts("let (a, b) = stream(A); a.to(b);", &["a stream is bound by a plain name"]);
    starts("let a = stream(A).to(B);", &["nothing comes out of this chain"]);
    starts("stream(A).split().branch(p);", &["`split` is not closed"]);
    starts("let x = stream(A).split().branch(p);", &["`split` is not closed"]);
    check(
        "let [a, b] = stream(A).split().branch(p).branch(q).default_branch(); a.to(B); b.to(B);",
        &["this split has 3 branches, and the pattern names 2: `let [.., .., ..] = ..`"],
    );
    starts(
        "let a = stream(A).split().branch(p).default_branch(); a.to(B);",
        &["this split has 2 branches, and the pattern names 1"],
    );
    starts("stream(A).split().branch(p).default_branch();", &["the branches are never used"]);
    starts(
        "let s = stream(A).split(); let [a] = s.branch(p).no_default_branch(); s.branch(q); a.to(B);",
        &["`branch` stands behind the end of its split"],
    );
    starts(
        "let [a] = stream(A).split().branch(p, Branched::with_function(|s| s.to(B))).no_default_branch(); a.to(C);",
        &["the closure of `with_function` gives back a stream"],
    );
    starts(
        "#[cfg(test)] let a = stream(A); a.to(B);",
        &["this attribute cannot stand on a stream"],
    );
}

#[test]
fn unused() {
    starts(
        "stream(A).group_by_key(); stream(B).to(C);",
        &["`group_by_key` groups records that nothing aggregates"],
    );
    starts("let a = stream(A); stream(B).to(C);", &["`a` is never used: send it on"]);
    starts(
        "let a = stream(A).group_by_key().count(\"c\");",
        &[
            "`a` is never used: if it is wanted for its effect alone, write the chain without `let a =`",
        ],
    );
    starts("stream(A).map(f); stream(B).to(C);", &["what comes out of `map` is never used"]);
    starts("stream(A).map(f);", &["this topology does nothing"]);
    starts("let n = 1;", &["this topology does nothing"]);
    starts(
        "let [a, b] = stream(A).split().branch(p).default_branch(); a.to(B);",
        &["`b` is never used"],
    );
}

#[test]
fn literals() {
    starts(
        "stream::<A, B>(\"a b\").to(\"\");",
        &[
            "this cannot be the name of a topic: ` `",
            "this cannot be the name of a topic: it is empty",
        ],
    );
    starts("stream(A).group_by_key().count(\"a/b\");", &["this cannot be the name of a store"]);
    starts(
        "stream(A).filter(p, \"a/b\").to(B, Produced::as_(\"..\"));",
        &["this cannot be the name of a part", "this cannot be the name of a part"],
    );
    starts(
        "let a = stream(A).group_by_key(); a.count(\"s\"); a.reduce(r, Materialized::as_(\"s\"));",
        &["the store `s` stands here a second time"],
    );
    starts(
        "stream(A).filter(p, \"n\").map(q, Named::as_(\"n\")).to(B);",
        &["the processor, source or sink `n` stands here"],
    );
    starts("stream(A).to(\"app-counts-changelog\");", &["names that end in"]);
    starts(
        "let a = stream(A); let t = table(A); a.to(B); t.to_stream().to(B);",
        &["the topic `A` is already read by `stream`"],
    );
    starts(
        "stream::<A, B>(\"t\").to(X); stream::<A, C>(\"t\").to(X);",
        &["the topic `t` is read as other types above"],
    );
    check("stream::<A, B>(\"t\").to(X); stream::<A, B>(\"t\").to(Y);", &[]);
}

#[test]
fn signatures() {
    let messages = |source: &str| compile::mistakes(source.parse().unwrap());
    assert_eq!(
        messages("fn t() { stream(A).to(B); }"),
        ["the function returns the topology: add `-> Topology`"]
    );
    assert_eq!(
        messages("async fn t() -> Topology { stream(A).to(B); }"),
        ["a topology is built at once: remove `async`"]
    );
    assert_eq!(
        messages("fn t() -> u32 { stream(A).to(B); }"),
        ["a topology's function returns `Topology`"]
    );
    assert!(messages("pub(crate) fn t<K: Clone>(a: K) -> streams_runtime::dsl::Topology where K: Send { stream(A).to(B); }").is_empty());
    assert!(messages("crate = my::path, { stream(A).to(B) }").is_empty());
    assert!(messages("")[0].starts_with("unexpected end of input, a topology is missing"));
}

#[test]
fn joins_of_what_cannot_be_joined() {
    check(
        "table(T).join(stream(A), |l, r| l + r).to_stream().to(B);",
        &[
            "`join` of a table does not take a stream: give it `.to_table()`, or join from the stream's side",
        ],
    );
    check(
        "stream(A).join(stream(B).group_by_key(), |l, r| l + r, w).to(C);",
        &["`join` of a stream does not take a grouped stream: aggregate it first"],
    );
    starts(
        "stream(A).outer_join(table(T), |l, r| l + r).to(C);",
        &["`outer_join` of a stream does not take a table"],
    );
    starts("stream(A).join(table(T)).to(C);", &["`join` needs a joiner"]);
    starts("stream(A).join(stream(B), |l, r| l + r).to(C);", &["`join` needs join windows"]);
    starts(
        "stream(A).join(table(T), |l| l).to(C);",
        &["a joiner of `join` takes `|left, right|` or"],
    );
}

#[track_caller]
fn part(source: &str, expected: &[&str]) {
    let found = compile::mistakes_of_part(source.parse().unwrap());
    assert_eq!(found, expected, "{source}");
}

#[test]
fn right_parts_pass() {
    for source in [
        "fn p(s: KStream<String, String>) -> KStream<String, String> { s }",
        "fn p(s: KStream<K, V>, t: KTable<K, V>, g: GlobalKTable<K, V>) { s.join(t, f).join(g, h, i).to(T); }",
        "fn p(s: dsl::KStream<K, V>) -> (KTable<K, V>, KGroupedStream<K, V>,) { (s.to_table(), s.group_by_key()) }",
        "fn p<K, V>(s: KStream<K, V>, n: usize) -> KTable<K, V> { let n = n + 1; s.filter(move |_, _| n > 1).to_table() }",
        "fn p(g: GlobalKTable<K, V>) -> GlobalKTable<K, V> { g }",
    ] {
        part(source, &[]);
    }
}

#[test]
fn wrong_parts() {
    part(
        "fn p(s: KStream<K, V>) -> KTable<K, V> { s.filter(f) }",
        &[
            "the part gives back a table, as its signature says, and this is a stream; give it `.to_table()`",
        ],
    );
    part(
        "fn p(s: KStream<K, V>, t: KTable<K, V>) { s.to(T); }",
        &["`t` is never used: send it on, for example with `.to(topic)`, or remove it"],
    );
    part("fn p(s: KStream<K, V>) -> KStream<K, V> { s.filter(f) } ", &[]);
    part(
        "fn p((a, b): KStream<K, V>, s: KStream<K, V>) { s.to(T); }",
        &["a stream is a parameter with a plain name"],
    );
}
