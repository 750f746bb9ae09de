use streams_runtime::prelude::*;

fn by_length(key: &String, _: &Option<i64>) -> Result<i64, std::num::TryFromIntError> {
    i64::try_from(key.len())
}

topology!(
    fn nothing_can_fail() -> Topology {
        let rows = table::<String, i64>("in");
        rows.try_to_stream(by_length).to("out");
        stream::<String, i64>("more").try_to("out");
    }
);

fn main() {}
