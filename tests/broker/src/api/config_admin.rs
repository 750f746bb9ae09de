//! DescribeConfigs, AlterConfigs (replaces all) and IncrementalAlterConfigs (changes some).

use kafka_protocol::ResponseError as ErrorCode;
use kafka_protocol::messages::alter_configs_response::AlterConfigsResourceResponse as Altered;
use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;
use kafka_protocol::messages::describe_configs_response::{
    DescribeConfigsResourceResult, DescribeConfigsResult,
};
use kafka_protocol::messages::incremental_alter_configs_request::AlterableConfig;
use kafka_protocol::messages::incremental_alter_configs_response::AlterConfigsResourceResponse as Changed;
use kafka_protocol::messages::{
    AlterConfigsRequest, AlterConfigsResponse, DescribeConfigsRequest, DescribeConfigsResponse,
    IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse,
};

use super::{Api, Call, Reply, code_of, text};
use crate::fault::Subjects;
use crate::shared::{NODE_ID, Settings};
use crate::topics::{ConfigKind, KNOWN_CONFIGS, KnownConfig, TopicConfigs, Topics, find_config};

const TOPIC: i8 = 2;
const BROKER: i8 = 4;
const SOURCE_TOPIC: i8 = 1;
const SOURCE_STATIC_BROKER: i8 = 4;
const SOURCE_DEFAULT: i8 = 5;
const TYPE_STRING: i8 = 2;

impl Api for DescribeConfigsRequest {
    type Response = DescribeConfigsResponse;

    fn subjects(&self) -> Subjects<'_> {
        let topics = self.resources.iter().filter(|resource| resource.resource_type == TOPIC);
        Subjects::topics(topics.map(|resource| resource.resource_name.as_str()))
    }

    fn handle(self, call: &Call<'_>) -> Reply<DescribeConfigsResponse> {
        let topics = call.shared.topics();
        let results = self.resources.iter().map(|resource| {
            describe_result(resource, describe(&topics, call.shared.settings, resource))
        });
        Reply::Send(DescribeConfigsResponse::default().with_results(results.collect()))
    }

    fn refuse(&self, error: ErrorCode) -> DescribeConfigsResponse {
        let results = self.resources.iter().map(|resource| describe_result(resource, Err(error)));
        DescribeConfigsResponse::default().with_results(results.collect())
    }
}

fn describe_result(
    resource: &DescribeConfigsResource,
    described: Result<Vec<DescribeConfigsResourceResult>, ErrorCode>,
) -> DescribeConfigsResult {
    DescribeConfigsResult::default()
        .with_resource_type(resource.resource_type)
        .with_resource_name(resource.resource_name.clone())
        .with_error_code(code_of(&described))
        .with_configs(described.unwrap_or_default())
}

fn describe(
    topics: &Topics,
    settings: Settings,
    resource: &DescribeConfigsResource,
) -> Result<Vec<DescribeConfigsResourceResult>, ErrorCode> {
    let mut entries = match resource.resource_type {
        TOPIC => topic_entries(&topics.get(&resource.resource_name)?.configs),
        BROKER if *resource.resource_name == *NODE_ID.to_string() => broker_entries(settings),
        _ => return Err(ErrorCode::InvalidRequest),
    };
    if let Some(wanted) = resource.configuration_keys.as_ref().filter(|wanted| !wanted.is_empty()) {
        entries.retain(|entry| wanted.contains(&entry.name));
    }
    Ok(entries)
}

fn topic_entries(configs: &TopicConfigs) -> Vec<DescribeConfigsResourceResult> {
    let entry = |known: &KnownConfig| {
        let source = if configs.is_set(known.name) { SOURCE_TOPIC } else { SOURCE_DEFAULT };
        entry(known.name, configs.get(known.name), source, known.kind.wire_type())
    };
    KNOWN_CONFIGS.iter().map(entry).collect()
}

fn broker_entries(settings: Settings) -> Vec<DescribeConfigsResourceResult> {
    let auto_create = settings.auto_create_topics.to_string();
    let partitions = settings.default_partitions.to_string();
    let session_min = settings.session_timeout_min.as_millis().to_string();
    let pairs = [
        ("auto.create.topics.enable", auto_create.as_str()),
        ("broker.id", "1"),
        ("default.replication.factor", "1"),
        ("group.initial.rebalance.delay.ms", "0"),
        ("group.min.session.timeout.ms", &session_min),
        ("node.id", "1"),
        ("num.partitions", &partitions),
    ];
    let entry = |(name, value)| entry(name, value, SOURCE_STATIC_BROKER, TYPE_STRING);
    pairs.into_iter().map(entry).map(|entry| entry.with_read_only(true)).collect()
}

fn entry(name: &str, value: &str, source: i8, kind: i8) -> DescribeConfigsResourceResult {
    DescribeConfigsResourceResult::default()
        .with_name(text(name))
        .with_value(Some(text(value)))
        .with_config_source(source)
        .with_config_type(kind)
}

impl Api for AlterConfigsRequest {
    type Response = AlterConfigsResponse;

    fn subjects(&self) -> Subjects<'_> {
        let topics = self.resources.iter().filter(|resource| resource.resource_type == TOPIC);
        Subjects::topics(topics.map(|resource| resource.resource_name.as_str()))
    }

    fn handle(self, call: &Call<'_>) -> Reply<AlterConfigsResponse> {
        let mut topics = call.shared.topics();
        let results = self.resources.iter().map(|resource| {
            let replaced = alter(
                &mut topics,
                resource.resource_type,
                &resource.resource_name,
                |now| {
                    *now = TopicConfigs::default();
                    resource.configs.iter().try_for_each(|config| match &config.value {
                        Some(value) => now.set(&config.name, value),
                        None => now.reset(&config.name),
                    })
                },
                self.validate_only,
            );
            Altered::default()
                .with_resource_type(resource.resource_type)
                .with_resource_name(resource.resource_name.clone())
                .with_error_code(code_of(&replaced))
        });
        Reply::Send(AlterConfigsResponse::default().with_responses(results.collect()))
    }

    fn refuse(&self, error: ErrorCode) -> AlterConfigsResponse {
        let results = self.resources.iter().map(|resource| {
            Altered::default()
                .with_resource_type(resource.resource_type)
                .with_resource_name(resource.resource_name.clone())
                .with_error_code(error.code())
        });
        AlterConfigsResponse::default().with_responses(results.collect())
    }
}

impl Api for IncrementalAlterConfigsRequest {
    type Response = IncrementalAlterConfigsResponse;

    fn subjects(&self) -> Subjects<'_> {
        let topics = self.resources.iter().filter(|resource| resource.resource_type == TOPIC);
        Subjects::topics(topics.map(|resource| resource.resource_name.as_str()))
    }

    fn handle(self, call: &Call<'_>) -> Reply<IncrementalAlterConfigsResponse> {
        let mut topics = call.shared.topics();
        let results = self.resources.iter().map(|resource| {
            let changed = alter(
                &mut topics,
                resource.resource_type,
                &resource.resource_name,
                |now| resource.configs.iter().try_for_each(|config| change(now, config)),
                self.validate_only,
            );
            Changed::default()
                .with_resource_type(resource.resource_type)
                .with_resource_name(resource.resource_name.clone())
                .with_error_code(code_of(&changed))
        });
        Reply::Send(IncrementalAlterConfigsResponse::default().with_responses(results.collect()))
    }

    fn refuse(&self, error: ErrorCode) -> IncrementalAlterConfigsResponse {
        let results = self.resources.iter().map(|resource| {
            Changed::default()
                .with_resource_type(resource.resource_type)
                .with_resource_name(resource.resource_name.clone())
                .with_error_code(error.code())
        });
        IncrementalAlterConfigsResponse::default().with_responses(results.collect())
    }
}

/// Changes a topic's configs altogether or not at all.
fn alter(
    topics: &mut Topics,
    resource_type: i8,
    name: &str,
    change: impl FnOnce(&mut TopicConfigs) -> Result<(), ErrorCode>,
    validate_only: bool,
) -> Result<(), ErrorCode> {
    if resource_type != TOPIC {
        return Err(ErrorCode::InvalidRequest);
    }
    let topic = topics.get_mut(name)?;
    let mut configs = topic.configs.clone();
    change(&mut configs)?;
    if !validate_only {
        topic.configs = configs;
    }
    Ok(())
}

fn change(configs: &mut TopicConfigs, config: &AlterableConfig) -> Result<(), ErrorCode> {
    const SET: i8 = 0;
    const DELETE: i8 = 1;
    const APPEND: i8 = 2;
    const SUBTRACT: i8 = 3;
    if config.config_operation == DELETE {
        return configs.reset(&config.name);
    }
    let value = config.value.as_deref().ok_or(ErrorCode::InvalidConfig)?;
    if config.config_operation == SET {
        return configs.set(&config.name, value);
    }
    let kind: ConfigKind = find_config(&config.name)?.kind;
    if !kind.is_list() {
        return Err(ErrorCode::InvalidConfig);
    }
    let given: Vec<&str> = value.split(',').collect();
    let mut list: Vec<&str> = configs.get(&config.name).split(',').collect();
    list.retain(|part| !part.is_empty() && !given.contains(part));
    match config.config_operation {
        APPEND => list.extend(given),
        SUBTRACT => {}
        _ => return Err(ErrorCode::InvalidRequest),
    }
    let list = list.join(",");
    configs.set(&config.name, &list)
}
