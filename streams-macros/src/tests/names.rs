//! Kafka's rules for names, and what a misspelt word meant.

use crate::names::{flaw, is_internal, nearest};

#[test]
fn flaws() {
    for good in ["a", "word-counts", "A.b_c-1", &"x".repeat(249)] {
        assert_eq!(flaw(good), None, "{good}");
    }
    for bad in ["", ".", "..", "a b", "ä", "a/b", &"x".repeat(250)] {
        assert!(flaw(bad).is_some(), "{bad}");
    }
}

#[test]
fn internal() {
    assert!(is_internal("app-counts-changelog") && is_internal("app-x-repartition"));
    assert!(!is_internal("changelog") && !is_internal("counts"));
}

#[test]
fn meant() {
    let words = ["filter", "filter_not", "map", "map_values", "flat_map"];
    let meant = |word| nearest(word, words.into_iter());
    assert_eq!(meant("fliter"), Some("filter"));
    assert_eq!(meant("mapvalues"), Some("map_values"));
    assert_eq!(meant("mpa"), Some("map"));
    assert_eq!(meant("window"), None);
}
