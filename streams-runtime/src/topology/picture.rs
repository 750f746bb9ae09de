//! The topology as a picture: Mermaid and DOT, with the types of keys and values on the edges.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::graph::Graph;
use super::plan::{ProcessorKind, ProcessorPlan, TopologyPlan};

impl TopologyPlan {
    /// A Mermaid flowchart: one box per sub-topology, topics between them.
    pub fn to_mermaid(&self, graph: &Graph) -> String {
        let mut text = String::from("flowchart TD\n");
        for part in &self.sub_topologies {
            let title = if part.global { "global store" } else { "sub-topology" };
            let _ = writeln!(text, "  subgraph s{0}[\"{title} {0}\"]", part.id);
            for (at, node) in self.members(part.id) {
                let _ = writeln!(text, "    n{at}{}", mermaid_shape(node));
            }
            text.push_str("  end\n");
        }
        for edge in self.edges(graph) {
            let _ = match &edge.label {
                Some(label) => {
                    writeln!(text, "  {} -->|\"{}\"| {}", edge.from, html(label), edge.to)
                }
                None => writeln!(text, "  {} --> {}", edge.from, edge.to),
            };
        }
        for (topic, id) in self.topic_ids() {
            let _ = writeln!(text, "  {id}[/\"{}\"/]", html(&topic));
        }
        text
    }

    /// A DOT digraph for Graphviz: one cluster per sub-topology, topics between them.
    pub fn to_dot(&self, graph: &Graph) -> String {
        let mut text = String::from("digraph topology {\n  node [shape=box];\n");
        for part in &self.sub_topologies {
            let title = if part.global { "global store" } else { "sub-topology" };
            let _ =
                writeln!(text, "  subgraph cluster_{0} {{\n    label=\"{title} {0}\";", part.id);
            for (at, node) in self.members(part.id) {
                let _ = writeln!(text, "    n{at} [label=\"{}\"];", dot(&label(node)));
            }
            text.push_str("  }\n");
        }
        for (topic, id) in self.topic_ids() {
            let _ = writeln!(text, "  {id} [shape=cds, label=\"{}\"];", dot(&topic));
        }
        for edge in self.edges(graph) {
            let label = edge.label.map(|label| format!(" [label=\"{}\"]", dot(&label)));
            let _ = writeln!(text, "  {} -> {}{};", edge.from, edge.to, label.unwrap_or_default());
        }
        text.push_str("}\n");
        text
    }

    fn members(&self, part: u32) -> impl Iterator<Item = (usize, &ProcessorPlan)> {
        self.processors.iter().enumerate().filter(move |(_, node)| node.sub_topology == part)
    }

    fn topic_ids(&self) -> BTreeMap<String, String> {
        let mut ids = BTreeMap::new();
        for node in &self.processors {
            for topic in topics(node) {
                let id = format!("t{}", ids.len());
                ids.entry(topic).or_insert(id);
            }
        }
        ids
    }

    fn edges(&self, graph: &Graph) -> Vec<Edge> {
        let topic_ids = self.topic_ids();
        let places: BTreeMap<&str, usize> =
            self.processors.iter().enumerate().map(|(at, node)| (node.name.as_str(), at)).collect();
        let mut edges = Vec::new();
        for (at, node) in self.processors.iter().enumerate() {
            let here = format!("n{at}");
            for parent in node.parents.iter().filter_map(|parent| places.get(parent.as_str())) {
                let label = types(graph, &self.processors[*parent]);
                edges.push(Edge { from: format!("n{parent}"), to: here.clone(), label });
            }
            for topic in topics(node) {
                let there = topic_ids[&topic].clone();
                edges.push(match node.kind {
                    ProcessorKind::Source { .. } => {
                        Edge { from: there, to: here.clone(), label: None }
                    }
                    ProcessorKind::Processor | ProcessorKind::Sink(_) => {
                        Edge { from: here.clone(), to: there, label: None }
                    }
                });
            }
        }
        edges
    }
}

struct Edge {
    from: String,
    to: String,
    label: Option<String>,
}

fn topics(node: &ProcessorPlan) -> Vec<String> {
    match &node.kind {
        ProcessorKind::Source { pattern: Some(pattern), .. } => vec![pattern.to_string()],
        ProcessorKind::Source { topics, .. } => topics.clone(),
        ProcessorKind::Sink(topic) => topic.iter().cloned().collect(),
        ProcessorKind::Processor => Vec::new(),
    }
}

fn label(node: &ProcessorPlan) -> String {
    match node.stores.is_empty() {
        true => node.name.clone(),
        false => format!("{}\nstores: {}", node.name, node.stores.join(", ")),
    }
}

fn mermaid_shape(node: &ProcessorPlan) -> String {
    let label = html(&label(node)).replace('\n', "<br/>");
    match node.kind {
        ProcessorKind::Source { .. } => format!("([\"{label}\"])"),
        ProcessorKind::Processor => format!("[\"{label}\"]"),
        ProcessorKind::Sink(_) => format!("[[\"{label}\"]]"),
    }
}

/// Key and value behind a node, in the short form of their types.
fn types(graph: &Graph, node: &ProcessorPlan) -> Option<String> {
    let (key, value) = graph.node(node.node).types;
    (!key.is_empty()).then(|| format!("{}, {}", short(key), short(value)))
}

/// A type's name without the paths of its parts.
fn short(name: &str) -> String {
    let mut short = String::with_capacity(name.len());
    let mut word = String::new();
    let mut rest = name.chars().peekable();
    while let Some(c) = rest.next() {
        if c == ':' && rest.peek() == Some(&':') {
            rest.next();
            word.clear();
        } else if c.is_alphanumeric() || c == '_' {
            word.push(c);
        } else {
            short.push_str(&std::mem::take(&mut word));
            short.push(c);
        }
    }
    short + &word
}

fn html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn dot(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_lose_their_paths() {
        assert_eq!(short("core::option::Option<alloc::string::String>"), "Option<String>");
        assert_eq!(short("(i64, my_app::Order)"), "(i64, Order)");
    }
}
