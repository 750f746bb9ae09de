//! The rules a topology must keep. Each rule is one function with one UI test of the same name
//! (`tests/ui/<rule>.rs`); it says what is wrong at the user's token, then how to mend it.

mod arguments;
mod durations;
mod kinds;
mod names;
mod options;
mod parts;
mod patterns;
mod shape;
mod signature;
mod stores;
mod types;
mod windows;

use crate::diag::Diagnostics;
use crate::model::Graph;

pub(crate) use signature::signature;

/// Reads the graph and reports every breach of itself.
pub(crate) type Rule = fn(&Graph, &mut Diagnostics);

/// All rules, in the order of their messages.
pub(crate) const RULES: &[Rule] = &[
    kinds::unknown_operator,
    kinds::operator_of_another_kind,
    kinds::operator_after_the_end,
    kinds::merge_of_a_table,
    kinds::join_of_another_kind,
    kinds::argument_is_not_a_stream,
    arguments::to_needs_a_topic,
    arguments::try_without_a_function,
    arguments::argument_count,
    arguments::closure_parameters,
    options::argument_of_another_kind,
    options::option_of_another_operator,
    parts::part_argument_count,
    parts::part_argument_of_another_kind,
    parts::part_result_of_another_kind,
    parts::part_result_count,
    parts::part_is_given_one_stream_twice,
    shape::used_before_definition,
    shape::unknown_stream,
    shape::control_flow_around_operators,
    shape::stream_in_a_function,
    shape::stream_in_a_closure,
    shape::stream_as_a_value,
    shape::pattern_does_not_fit,
    shape::branch_count,
    shape::split_is_not_closed,
    shape::split_is_closed_twice,
    shape::branch_function_gives_nothing,
    shape::attribute_on_a_stream,
    shape::grouped_but_not_aggregated,
    shape::name_is_never_used,
    shape::result_is_never_used,
    shape::topology_does_nothing,
    names::topic_name_is_invalid,
    patterns::topic_pattern_is_invalid,
    names::store_name_is_invalid,
    names::node_name_is_invalid,
    names::store_name_used_twice,
    names::node_name_used_twice,
    names::sink_topic_is_internal,
    names::topic_read_in_two_ways,
    names::topic_read_as_two_types,
    types::stream_of_unwritten_types,
    stores::store_is_never_used,
    stores::store_is_declared_wrong,
    windows::window_size_is_zero,
    windows::window_advance_does_not_fit,
    windows::retention_is_too_short,
];

/// Applies all rules.
pub(crate) fn run(graph: &Graph, diagnostics: &mut Diagnostics) {
    for rule in RULES {
        rule(graph, diagnostics);
    }
}
