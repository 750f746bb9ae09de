use streams_runtime::prelude::*;

#[topic("in")]
type In = Topic<String, String>;

topology!(
    fn topology() -> Topology {
        let gap = std::time::Duration::from_millis(10);
        stream(In)
            .group_by_key()
            .windowed_by(SessionWindows::of_inactivity_gap_with_no_grace(gap))
            .aggregate(|| 0_i64, |_, word, letters| letters + word.len() as i64)
            .to_stream()
            .foreach(|_, _| ());
    }
);

fn main() {}
