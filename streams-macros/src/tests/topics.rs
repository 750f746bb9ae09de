//! `#[topic]` and `#[derive(StreamSerde)]`.

use proc_macro2::TokenStream;

use crate::stream_serde::expand as derive_serde;
use crate::topic::expand as declare;

fn topic(attribute: &str, item: &str) -> String {
    let tokens = declare(attribute.parse().unwrap(), item.parse().unwrap());
    pretty(tokens)
}

fn pretty(tokens: TokenStream) -> String {
    let text = tokens.to_string();
    syn::parse2(tokens).map(|file| prettyplease::unparse(&file)).unwrap_or(text)
}

#[test]
fn declares_a_type() {
    let code = topic(
        "\"orders\", compact, partitions = 6",
        "/// Orders.\npub type Orders = Topic<Option<String>, Order>;",
    );
    assert_eq!(code, include_str!("../../tests/expand/topic.expanded.rs"));
}

#[test]
fn refuses_bad_declarations() {
    let good = "type T = Topic<String, i64>;";
    for (attribute, item, message) in [
        ("", good, "a topic needs its name"),
        ("\"a b\"", good, "this cannot be the name of a topic"),
        ("\"a\", partitions = 0", good, "at least one partition"),
        ("\"a\", small", good, "`small` is no option of a topic"),
        ("\"a\"", "type T = Map<String, i64>;", "a topic is declared as"),
        ("\"a\"", "type T = Topic<String>;", "a topic is declared as"),
        ("\"a\"", "type T<K> = Topic<K, i64>;", "one type of key and value"),
    ] {
        let code = topic(attribute, item);
        assert!(code.contains(message), "{attribute} {item}: {code}");
    }
}

#[test]
fn derives_a_serde() {
    let derive = |item: &str| pretty(derive_serde(item.parse().unwrap()));
    let code = derive("struct Order { id: u32 }");
    assert!(code.contains("impl ::streams_runtime::plumbing::HasSerde for Order"), "{code}");
    assert!(code.contains("type Serde = ::streams_runtime::plumbing::JsonSerde<Self>;"), "{code}");
    assert!(code.contains("impl ::streams_runtime::plumbing::Nullable for Order"), "{code}");
    let code = derive("#[serde_format(json, crate = my::path)] enum Kind { A }");
    assert!(code.contains("impl my::path::plumbing::HasSerde for Kind"), "{code}");
    assert!(
        derive("#[serde_format(xml)] struct A;").contains("`xml` is no format; there is `json`")
    );
}
