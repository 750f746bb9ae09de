//! The topology as text, exactly as Kafka Streams prints it.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::fmt::Write;

use super::java_order::{TreeOrder, compare_text, hash_order, hash_order_of_copy};
use super::plan::{ProcessorKind, ProcessorPlan, TopologyPlan};

impl TopologyPlan {
    /// The topology as text: Kafka Streams' `Topology.describe()`, byte for byte.
    ///
    /// The class of a topic name extractor has no counterpart; it reads `<extractor>`.
    pub fn describe(&self) -> String {
        let mut text = String::from("Topologies:\n ");
        let (mut locals, mut globals): (Vec<u32>, Vec<u32>) = (Vec::new(), Vec::new());
        for part in &self.sub_topologies {
            if part.global { globals.push(part.id) } else { locals.push(part.id) }
        }
        for id in java_merge(&locals, &globals) {
            text.push_str("  ");
            let members: Vec<&ProcessorPlan> =
                self.processors.iter().filter(|p| p.sub_topology == id).collect();
            if globals.contains(&id) {
                describe_global(id, &members, &mut text);
            } else {
                Part::new(members).describe(id, &mut text);
            }
        }
        text
    }
}

/// The order in which Kafka Streams prints: it counts up and takes a global store wherever the next
/// sub-topology does not have the number.
fn java_merge(locals: &[u32], globals: &[u32]) -> Vec<u32> {
    let (mut locals, mut globals) = (locals.iter().peekable(), globals.iter().peekable());
    let mut order = Vec::new();
    let mut expected = 0;
    while let (Some(local), Some(global)) = (locals.peek(), globals.peek()) {
        if **local == expected {
            order.push(**local);
            locals.next();
        } else {
            order.push(**global);
            globals.next();
        }
        expected += 1;
    }
    order.extend(locals.chain(globals));
    order
}

fn describe_global(id: u32, members: &[&ProcessorPlan], text: &mut String) {
    let _ = writeln!(text, "Sub-topology: {id} for global store (will not generate tasks)");
    for member in members {
        let _ = match &member.kind {
            ProcessorKind::Source { topics, .. } => {
                let next = members.iter().find(|other| other.parents.contains(&member.name));
                let next = next.map_or("none", |next| next.name.as_str());
                let topics = topics.join(", ");
                writeln!(text, "    Source: {} (topics: [{topics}])\n      --> {next}", member.name)
            }
            ProcessorKind::Processor | ProcessorKind::Sink(_) => writeln!(
                text,
                "    Processor: {} (stores: [{}])\n      --> none\n      <-- {}",
                member.name,
                member.stores.join(", "),
                member.parents.join(", ")
            ),
        };
    }
}

/// The nodes of one sub-topology with their neighbours, linked up as Kafka Streams does it: the order
/// of neighbours depends on the sizes that nodes have while they are linked.
struct Part<'a> {
    nodes: Vec<&'a ProcessorPlan>,
    size: Vec<i32>,
    above: Vec<TreeOrder>,
    below: Vec<TreeOrder>,
}

impl<'a> Part<'a> {
    fn new(members: Vec<&'a ProcessorPlan>) -> Self {
        let nodes = hash_order(members, |node| &node.name);
        let count = nodes.len();
        let places: HashMap<&str, usize> =
            nodes.iter().enumerate().map(|(at, node)| (node.name.as_str(), at)).collect();
        let mut part = Self {
            nodes,
            size: vec![1; count],
            above: vec![TreeOrder::default(); count],
            below: vec![TreeOrder::default(); count],
        };
        for at in 0..count {
            for parent in &part.nodes[at].parents {
                if let Some(parent) = places.get(parent.as_str()) {
                    part.link(*parent, at);
                }
            }
        }
        part
    }

    fn link(&mut self, parent: usize, child: usize) {
        let (nodes, size) = (&self.nodes, &self.size);
        let compare = |a: usize, b: usize| order(nodes, size, a, b);
        self.above[child].insert(parent, compare);
        self.below[parent].insert(child, compare);
        self.grow(parent, self.size[child]);
    }

    /// Adds to the size of a node and of all above it, once for every way that leads there.
    fn grow(&mut self, at: usize, by: i32) {
        let mut ways: HashMap<usize, i32> = HashMap::from([(at, 1)]);
        for node in self.upwards(at) {
            let here = ways.get(&node).copied().unwrap_or(0);
            self.size[node] = self.size[node].wrapping_add(here.wrapping_mul(by));
            for parent in self.above[node].items() {
                let to_parent = ways.entry(parent).or_insert(0);
                *to_parent = to_parent.wrapping_add(here);
            }
        }
    }

    /// A node and all above it, each before its parents.
    fn upwards(&self, at: usize) -> Vec<usize> {
        let mut seen = vec![false; self.nodes.len()];
        let mut order = Vec::new();
        let mut open = vec![(at, false)];
        while let Some((node, parents_done)) = open.pop() {
            if parents_done {
                order.push(node);
            } else if !std::mem::replace(&mut seen[node], true) {
                open.push((node, true));
                open.extend(self.above[node].items().into_iter().map(|parent| (parent, false)));
            }
        }
        order.reverse();
        order
    }

    fn describe(&self, id: u32, text: &mut String) {
        let _ = writeln!(text, "Sub-topology: {id}");
        let mut order: Vec<usize> = (0..self.nodes.len()).collect();
        order.sort_by(|a, b| self::order(&self.nodes, &self.size, *a, *b));
        for at in order {
            self.describe_node(at, text);
        }
        text.push('\n');
    }

    fn describe_node(&self, at: usize, text: &mut String) {
        let node = self.nodes[at];
        let name = &node.name;
        let _ = match &node.kind {
            ProcessorKind::Source { pattern: Some(pattern), .. } => {
                write!(text, "    Source: {name} (topics: {pattern})")
            }
            ProcessorKind::Source { topics, .. } => {
                write!(text, "    Source: {name} (topics: [{}])", source_topics(topics))
            }
            ProcessorKind::Processor => {
                let stores = hash_order(node.stores.clone(), |store| store);
                write!(text, "    Processor: {name} (stores: [{}])", stores.join(", "))
            }
            ProcessorKind::Sink(Some(topic)) => write!(text, "    Sink: {name} (topic: {topic})"),
            ProcessorKind::Sink(None) => {
                write!(text, "    Sink: {name} (extractor class: <extractor>)")
            }
        };
        if !matches!(node.kind, ProcessorKind::Sink(_)) {
            let _ = write!(text, "\n      --> {}", self.names(&self.below[at]));
        }
        if !matches!(node.kind, ProcessorKind::Source { .. }) {
            let _ = write!(text, "\n      <-- {}", self.names(&self.above[at]));
        }
        text.push('\n');
    }

    fn names(&self, of: &TreeOrder) -> String {
        let names: Vec<&str> =
            of.items().into_iter().map(|at| self.nodes[at].name.as_str()).collect();
        if names.is_empty() { "none".to_owned() } else { names.join(", ") }
    }
}

fn order(nodes: &[&ProcessorPlan], size: &[i32], a: usize, b: usize) -> Ordering {
    if a == b {
        return Ordering::Equal;
    }
    size[b].cmp(&size[a]).then_with(|| compare_text(&nodes[a].name, &nodes[b].name))
}

/// A source's topics in the order of the hash set that holds them.
fn source_topics(topics: &[String]) -> String {
    let held = hash_order_of_copy(topics.to_vec(), |topic| topic);
    hash_order_of_copy(held, |topic| topic).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::config::TopologyConfig;
    use crate::topology::graph::Graph;
    use crate::topology::ids::NodeId;

    /// Reads a description back into nodes, the order of neighbours as far as it tells.
    fn parse(text: &str) -> TopologyPlan {
        let mut plan =
            TopologyPlan::new(&Graph::default(), &TopologyConfig::default()).expect("it is empty");
        let mut kinds: Vec<bool> = Vec::new();
        for line in text.lines() {
            let line = line.trim_start();
            if let Some(rest) = line.strip_prefix("Sub-topology: ") {
                kinds.push(rest.contains("for global store"));
            } else if let Some((kind, rest)) = line.split_once(": ").filter(|(k, _)| k.len() < 10) {
                let (name, details) = rest.split_once(" (").expect("a node has details");
                let details = details.trim_end_matches(')');
                plan.processors.push(node(
                    kind,
                    name,
                    details,
                    kinds.len() - 1,
                    kinds[kinds.len() - 1],
                ));
            } else if let Some(parents) = line.strip_prefix("<-- ").filter(|text| *text != "none") {
                let last = plan.processors.last_mut().expect("a node comes first");
                last.parents = list(parents);
            }
        }
        let part = |(id, global): (usize, &bool)| crate::topology::SubTopologyPlan {
            id: u32::try_from(id).expect("small"),
            global: *global,
            ..Default::default()
        };
        plan.sub_topologies = kinds.iter().enumerate().map(part).collect();
        plan
    }

    fn list(text: &str) -> Vec<String> {
        text.split(", ").filter(|item| !item.is_empty()).map(str::to_owned).collect()
    }

    fn node(kind: &str, name: &str, details: &str, part: usize, global: bool) -> ProcessorPlan {
        let (_, value) = details.split_once(": ").expect("a detail has a value");
        let inner = value.trim_start_matches('[').trim_end_matches(']');
        let kind = match kind {
            "Source" => ProcessorKind::Source { topics: list(inner), pattern: None, global },
            "Processor" => ProcessorKind::Processor,
            _ if details.starts_with("topic: ") => ProcessorKind::Sink(Some(value.to_owned())),
            _ => ProcessorKind::Sink(None),
        };
        let stores = if kind == ProcessorKind::Processor { list(inner) } else { Vec::new() };
        ProcessorPlan {
            name: name.to_owned(),
            kind,
            parents: Vec::new(),
            stores,
            node: NodeId(0),
            sub_topology: u32::try_from(part).expect("small"),
        }
    }

    #[test]
    fn the_descriptions_of_all_cases_come_out_again() {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/conformance/cases");
        let mut checked = 0;
        for group in std::fs::read_dir(root).unwrap() {
            for file in std::fs::read_dir(group.unwrap().path()).unwrap() {
                let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
                let case: serde_json::Value = serde_json::from_str(&text).unwrap();
                let Some(described) = case["describe"].as_str() else { continue };
                let ours = parse(described).describe();
                assert!(ours == described, "{}\n{ours}\n{described}", case["name"]);
                checked += 1;
            }
        }
        assert!(checked > 150, "only {checked} cases were found");
    }
}
