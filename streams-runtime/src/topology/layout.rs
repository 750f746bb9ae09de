//! From the laid-out nodes to the plan: numbers, prefixes, and what each recorded node became.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::config::TopologyConfig;
use super::copartition;
use super::graph::{Graph, NodeKind, OffsetReset};
use super::ids::{NodeId, StoreIx};
use super::optimize::{MergedTopic, Optimized};
use super::plan::{
    InternalTopic, InternalTopicKind, NodePlan, ProcessorKind, RepartitionRole, SourcePlan,
    StorePlan, SubTopologyPlan, TopologyPlan, unnamed_resources,
};
use super::write::Written;

/// Makes the plan.
pub(super) fn plan(
    optimized: &Optimized,
    mut written: Written,
    config: &TopologyConfig,
) -> TopologyPlan {
    let numbers = std::mem::take(&mut written.parts).numbers();
    for (processor, number) in written.processors.iter_mut().zip(numbers) {
        processor.sub_topology = number;
    }
    let layout = Layout { optimized, graph: &optimized.graph, written: &written, config };
    let nodes = layout.nodes();
    let stores = layout.stores();
    let sources = layout.sources();
    let sub_topologies = layout.sub_topologies(&stores);
    let copartitioned = optimized.graph.copartition_groups().to_vec();
    let mut plan = TopologyPlan {
        application_id: config.application_id.clone(),
        sources,
        nodes,
        stores,
        sub_topologies,
        copartition_groups: Vec::new(),
        unnamed: unnamed_resources(&optimized.graph),
        uncut: layout.uncut_node(),
        copartitioned,
        processors: written.processors,
    };
    plan.copartition_groups =
        copartition::groups(&plan.copartitioned, |name| plan.topics_of_source(name));
    plan
}

struct Layout<'a> {
    optimized: &'a Optimized,
    graph: &'a Graph,
    written: &'a Written,
    config: &'a TopologyConfig,
}

impl Layout<'_> {
    /// The topic's name on the broker: internal ones carry the application's prefix.
    fn full_name(&self, topic: &str) -> String {
        match self.written.internal_topics.contains_key(topic) {
            true => format!("{}-{topic}", self.config.application_id),
            false => topic.to_owned(),
        }
    }

    fn sub_topology(&self, name: &str) -> Option<u32> {
        let place = self.written.places.get(name)?;
        Some(self.written.processors[*place].sub_topology)
    }

    fn nodes(&self) -> Vec<NodePlan> {
        let mut nodes: Vec<NodePlan> = self.graph.nodes().iter().map(|_| unused_node()).collect();
        for (ix, node) in self.graph.nodes().iter().enumerate() {
            nodes[ix] = self.node(NodeId(u32::try_from(ix).unwrap_or(u32::MAX)), node);
        }
        for (main, others) in &self.optimized.merged_sources {
            for other in others {
                nodes[other.index()] = nodes[main.index()].clone();
            }
        }
        for merged in &self.optimized.merged_topics {
            self.merge(&mut nodes, merged);
        }
        for (ix, node) in self.graph.nodes().iter().enumerate() {
            if let NodeKind::Alias(shared) = node.kind {
                nodes[ix] = alias_of(&nodes[shared.index()]);
            }
        }
        for child in &self.written.processors {
            for parent in &child.parents {
                let at = self.written.places.get(parent).map(|at| &self.written.processors[*at]);
                let above = at.map(|at| &mut nodes[at.node.index()]);
                if let Some(above) = above.filter(|above| *above.name == **parent) {
                    above.children.push((Arc::from(child.name.as_str()), child.node));
                }
            }
        }
        nodes
    }

    fn node(&self, id: NodeId, node: &super::graph::GraphNode) -> NodePlan {
        let mut plan = NodePlan {
            name: Arc::from(node.name.as_str()),
            sub_topology: self.sub_topology(&node.name),
            sends_old: node.table.is_some_and(|table| table.sends_old),
            active: true,
            versioned: self.graph.reads_versions(id),
            ..unused_node()
        };
        let materialized = node.table.is_some_and(|table| table.materialized);
        match &node.kind {
            NodeKind::TableSource(source) => plan.store = materialized.then_some(source.store),
            NodeKind::Processor { stores } if materialized => plan.store = stores.first().copied(),
            NodeKind::Sink(super::graph::SinkTarget::Topic(topic)) => {
                plan.topic = Some(self.full_name(topic));
            }
            NodeKind::Repartition(repartition) => {
                plan.topic = Some(self.full_name(&repartition.topic));
                plan.filters_null_keys =
                    repartition.filter.is_some() && !self.graph.is_relaxed_below(id);
                plan.repartition = RepartitionRole::Writes;
            }
            NodeKind::TableJoin(join) => plan.store = join.result,
            NodeKind::StreamJoin(join) => plan.active = !join.single_store,
            NodeKind::Cut => plan.active = false,
            NodeKind::Source(_)
            | NodeKind::Processor { .. }
            | NodeKind::Sink(super::graph::SinkTarget::Computed)
            | NodeKind::Part(_)
            | NodeKind::Alias(_) => {}
        }
        plan
    }

    /// Says which recorded node writes a merged topic, and what the replaced ones do.
    ///
    /// A declared cut writes, and the run behind its source goes through the replaced repartitions.
    /// Without one all of them hang directly behind the change of the key: the first writes for all,
    /// and what is behind each reads the common topic.
    fn merge(&self, nodes: &mut [NodePlan], merged: &MergedTopic) {
        let plan = nodes[merged.node.index()].clone();
        let cut = self.graph.cut_at(merged.after);
        let role = match cut {
            Some(_) => RepartitionRole::PassesThrough,
            None => RepartitionRole::Joined,
        };
        for replaced in merged.direct.iter().chain(&merged.further) {
            nodes[replaced.index()] = NodePlan { active: false, repartition: role, ..plan.clone() };
        }
        if let Some(writer) = cut.or(merged.direct.first().copied()) {
            nodes[writer.index()] = plan;
        }
    }

    /// A node where repartitions further below are merged, but no cut is declared; or one whose cut cannot
    /// see what is behind the door of a part.
    fn uncut_node(&self) -> Option<NodeId> {
        let uncut = |merged: &&MergedTopic| match self.graph.cut_at(merged.after) {
            Some(_) => merged.behind_a_door,
            None => !merged.further.is_empty(),
        };
        self.optimized.merged_topics.iter().find(uncut).map(|merged| merged.after)
    }

    fn sources(&self) -> Vec<SourcePlan> {
        let mut sources = Vec::new();
        for processor in &self.written.processors {
            let ProcessorKind::Source { topics, pattern, global } = &processor.kind else {
                continue;
            };
            let internal = topics.iter().any(|t| self.written.internal_topics.contains_key(t));
            sources.push(SourcePlan {
                name: processor.name.clone(),
                nodes: self.entries_of(processor.node),
                topics: topics.iter().map(|topic| self.full_name(topic)).collect(),
                pattern: pattern.clone(),
                sub_topology: processor.sub_topology,
                internal,
                global: *global,
                offset_reset: self.offset_reset(processor.node),
            });
        }
        sources
    }

    fn offset_reset(&self, node: NodeId) -> Option<OffsetReset> {
        match &self.graph.node(node).kind {
            NodeKind::Source(source) => source.offset_reset,
            NodeKind::TableSource(source) => source.offset_reset,
            _ => None,
        }
    }

    /// The recorded nodes that a source's records enter, in order.
    fn entries_of(&self, node: NodeId) -> Vec<NodeId> {
        if let Some(merged) = self.optimized.merged_topics.iter().find(|m| m.node == node) {
            return self.entries_of_merged(merged);
        }
        let mut entries = vec![node];
        entries.extend(self.optimized.merged_sources.get(&node).into_iter().flatten());
        entries.extend(self.aliases_of(node));
        entries
    }

    fn aliases_of(&self, shared: NodeId) -> Vec<NodeId> {
        let nodes = self.graph.nodes().iter().enumerate();
        let of_shared =
            nodes.filter(|(_, node)| matches!(node.kind, NodeKind::Alias(of) if of == shared));
        of_shared.map(|(ix, _)| NodeId(u32::try_from(ix).unwrap_or(u32::MAX))).collect()
    }

    /// The declared cut, or else the reading sides of all that was merged, in the user's order.
    fn entries_of_merged(&self, merged: &MergedTopic) -> Vec<NodeId> {
        if let Some(cut) = self.graph.cut_at(merged.after) {
            return vec![cut];
        }
        let mut entries = merged.direct.clone();
        entries.extend(merged.direct.iter().flat_map(|replaced| self.aliases_of(*replaced)));
        entries.sort();
        entries
    }

    fn stores(&self) -> Vec<StorePlan> {
        let reuse = self.config.optimization.reuse_ktable_source_topics;
        let mut source_topics: BTreeMap<StoreIx, &str> = BTreeMap::new();
        for node in self.graph.nodes() {
            if let NodeKind::TableSource(source) = &node.kind
                && (source.global || reuse)
            {
                source_topics.insert(source.store, &source.topic);
            }
        }
        let filled = &self.graph.sources_of_stores;
        source_topics.extend(filled.iter().map(|(store, topic)| (*store, topic.as_str())));
        let stores = self.graph.stores().iter().enumerate();
        stores
            .map(|(ix, store)| {
                let ix = StoreIx(u32::try_from(ix).unwrap_or(u32::MAX));
                let first_user = self.written.store_users.get(&ix).and_then(|users| users.first());
                let used = first_user.is_some();
                let source_topic = source_topics.get(&ix).map(|topic| (*topic).to_owned());
                let logging = used && store.logging && source_topic.is_none();
                let own = format!("{}-{}-changelog", self.config.application_id, store.name);
                StorePlan {
                    name: store.name.clone(),
                    sub_topology: first_user.map(|at| self.written.processors[*at].sub_topology),
                    used,
                    logging,
                    caching: store.caching && !store.global && self.config.cache_max_bytes > 0,
                    source_changelog: source_topic.is_some(),
                    changelog: source_topic.or(logging.then_some(own)),
                    global: store.global,
                    topic_config: self.changelog_config(store),
                    store_type: store
                        .store_type
                        .as_ref()
                        .unwrap_or(&self.config.default_store_type)
                        .clone(),
                }
            })
            .collect()
    }

    fn sub_topologies(&self, stores: &[StorePlan]) -> Vec<SubTopologyPlan> {
        let count = self.written.processors.iter().map(|p| p.sub_topology + 1).max().unwrap_or(0);
        let mut parts: Vec<SubTopologyPlan> =
            (0..count).map(|id| SubTopologyPlan { id, ..SubTopologyPlan::default() }).collect();
        for processor in &self.written.processors {
            let part = &mut parts[processor.sub_topology as usize];
            match &processor.kind {
                ProcessorKind::Source { topics, global, .. } => {
                    part.global |= *global;
                    part.source_topics.extend(topics.iter().map(|topic| self.full_name(topic)));
                    part.repartition_sources.extend(topics.iter().filter_map(|t| self.internal(t)));
                }
                ProcessorKind::Sink(Some(topic)) => {
                    part.sink_topics.insert(self.full_name(topic));
                }
                ProcessorKind::Sink(None) | ProcessorKind::Processor => {}
            }
        }
        for (ix, store) in stores.iter().enumerate() {
            let Some(part) = store.sub_topology.map(|id| &mut parts[id as usize]) else { continue };
            part.stores.push(StoreIx(u32::try_from(ix).unwrap_or(u32::MAX)));
            if let (true, Some(name)) = (store.logging, &store.changelog) {
                part.changelogs.push(InternalTopic {
                    name: name.clone(),
                    kind: InternalTopicKind::Changelog,
                    partitions: None,
                    config: store.topic_config.clone(),
                    overrides: self.overrides(StoreIx(u32::try_from(ix).unwrap_or(u32::MAX))),
                });
            }
        }
        parts
    }

    fn changelog_config(&self, store: &super::graph::StoreNode) -> BTreeMap<String, String> {
        let mut config =
            owned(&[("cleanup.policy", "compact"), ("message.timestamp.type", "CreateTime")]);
        if let Some(retention) = store.retention_ms {
            let kept =
                retention.saturating_add(self.config.window_changelog_additional_retention_ms);
            config.insert("cleanup.policy".to_owned(), "compact,delete".to_owned());
            config.insert("retention.ms".to_owned(), kept.to_string());
        }
        config.extend(store.topic_config.clone());
        config
    }

    /// The settings of a changelog that stand above those for all internal topics.
    fn overrides(&self, store: StoreIx) -> BTreeMap<String, String> {
        let mut given = self.graph.stores()[store.index()].topic_config.clone();
        if let Some(history) = self.graph.history_of(store) {
            let lag = history.saturating_add(ADDITIONAL_LAG_MS);
            given.entry("min.compaction.lag.ms".to_owned()).or_insert_with(|| lag.to_string());
        }
        given
    }

    fn internal(&self, topic: &str) -> Option<InternalTopic> {
        let partitions = *self.written.internal_topics.get(topic)?;
        let settings = [
            ("cleanup.policy", "delete"),
            ("message.timestamp.type", "CreateTime"),
            ("retention.ms", "-1"),
            ("segment.bytes", "52428800"),
        ];
        Some(InternalTopic {
            name: self.full_name(topic),
            kind: InternalTopicKind::Repartition,
            partitions,
            config: owned(&settings),
            overrides: BTreeMap::new(),
        })
    }
}

/// How long beyond its history a changelog of versions is not compacted: a day.
const ADDITIONAL_LAG_MS: i64 = 24 * 60 * 60 * 1000;

fn owned(settings: &[(&str, &str)]) -> BTreeMap<String, String> {
    settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn unused_node() -> NodePlan {
    NodePlan {
        name: Arc::from(""),
        sub_topology: None,
        sends_old: false,
        active: false,
        repartition: RepartitionRole::None,
        store: None,
        topic: None,
        filters_null_keys: false,
        versioned: false,
        children: Vec::new(),
    }
}

/// A further reading side does what its repartition does, but never writes.
fn alias_of(shared: &NodePlan) -> NodePlan {
    let role = match shared.repartition {
        RepartitionRole::PassesThrough => RepartitionRole::PassesThrough,
        RepartitionRole::Writes | RepartitionRole::Joined => RepartitionRole::Joined,
        RepartitionRole::None => RepartitionRole::None,
    };
    NodePlan { active: false, repartition: role, ..shared.clone() }
}
