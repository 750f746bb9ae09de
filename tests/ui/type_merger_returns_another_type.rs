use std::time::Duration;

use streams_runtime::prelude::*;

topology!(
    fn merged_into_text() -> Topology {
        let gap = Duration::from_secs(1);
        stream::<String, i64>("in")
            .group_by_key()
            .try_cogroup(|_, n, sum: i64| sum.checked_add(n).ok_or("too much"))
            .windowed_by(SessionWindows::of_inactivity_gap_with_no_grace(gap))
            .try_aggregate(|| 0, |_, a, b| format!("{a}{b}"), "sums");
    }
);

fn main() {}
