use streams_runtime::prelude::*;

#[topic("in")]
type In = Topic<String, String>;

topology!(
    fn topology() -> Topology {
        let lines = stream(In);
        let rows = table::<String, String>("other");
        rows.join(lines, |row, line| row + &line).to_stream().to("out");
        lines.join(lines.group_by_key(), |a, b| a + &b).to("more");
        let names = global_table::<String, String>("names");
        rows.join(names, |row, name| row + &name).to_stream().to("named");
        lines.outer_join(rows, |line, row| format!("{line:?}{row:?}")).to("outer");
        lines.outer_join(names, |_, line| line.clone(), |line, name| format!("{line:?}{name:?}")).to("all");
    }
);

fn main() {}
