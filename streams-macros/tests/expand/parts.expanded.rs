#[macro_export]
#[doc(hidden)]
#[allow(unused_macros, non_local_definitions, reason = "callers in topologies ask it")]
macro_rules! __topology_part_clean_8d7c1b66628ab56f {
    ([[$($next:tt)*] $($others:tt)*] $($state:tt)*) => {
        $($next)* ! { [$($others)*] $($state)* [clean(lines stream) (min value) => one
        stream] }
    };
    ($($other:tt)*) => {
        ::core::compile_error! {
        "`clean` is a part of a topology and no macro: call it like a function inside a `topology!`"
        }
    };
}
#[doc(hidden)]
#[allow(unused_imports, unreachable_pub, reason = "callers in topologies ask it")]
pub use __topology_part_clean_8d7c1b66628ab56f as clean;
#[allow(
    unused_mut,
    clippy::type_complexity,
    clippy::too_many_arguments,
    reason = "its caller takes all that it gives apart at once"
)]
pub fn clean(
    mut builder: ::streams_runtime::plumbing::StreamsBuilder,
    lines: KStream<String, String>,
    min: usize,
    exit_3: ::streams_runtime::plumbing::Exit<
        KStream<String, String>,
        impl ::streams_runtime::plumbing::Run<
            ::streams_runtime::plumbing::RecordOf<KStream<String, String>>,
        >,
    >,
) -> (
    KStream<String, String>,
    ::streams_runtime::plumbing::Door<
        KStream<String, String>,
        impl ::streams_runtime::plumbing::Run<
            ::streams_runtime::plumbing::RecordOf<KStream<String, String>>,
        > + 'static,
    >,
    ::streams_runtime::plumbing::StreamsBuilder,
) {
    builder.enter_part();
    let (filtered_1, filter_1) = lines
        .filter(
            &mut builder,
            move |_, line| line.len() >= min,
            ::streams_runtime::plumbing::Unset,
        );
    let (mapped_2, map_values_2) = filtered_1
        .map_values(
            &mut builder,
            |line| line.to_lowercase(),
            ::streams_runtime::plumbing::Unset,
        );
    builder.leave_part();
    let exit_3 = ::streams_runtime::plumbing::leaves(mapped_2, exit_3);
    let door_0 = ::streams_runtime::plumbing::door(
        lines,
        move |cx, record| {
            let Some(record) = filter_1.run(cx, record)? else {
                return ::core::result::Result::Ok(());
            };
            let record = map_values_2.run(cx, record);
            exit_3.run(cx, record)?;
            ::core::result::Result::Ok(())
        },
    );
    (::streams_runtime::plumbing::pass(mapped_2), door_0, builder)
}
#[doc(hidden)]
#[allow(unused_macros, non_local_definitions, reason = "callers in topologies ask it")]
macro_rules! __topology_part_counted_29e83fe17745695e {
    ([[$($next:tt)*] $($others:tt)*] $($state:tt)*) => {
        $($next)* ! { [$($others)*] $($state)* [counted(words stream) (names table) =>
        several table stream] }
    };
    ($($other:tt)*) => {
        ::core::compile_error! {
        "`counted` is a part of a topology and no macro: call it like a function inside a `topology!`"
        }
    };
}
#[doc(hidden)]
#[allow(unused_imports, unreachable_pub, reason = "callers in topologies ask it")]
use __topology_part_counted_29e83fe17745695e as counted;
#[allow(
    unused_mut,
    clippy::type_complexity,
    clippy::too_many_arguments,
    reason = "its caller takes all that it gives apart at once"
)]
fn counted(
    mut builder: ::streams_runtime::plumbing::StreamsBuilder,
    words: KStream<String, String>,
    names: KTable<String, String>,
    view_1: ::streams_runtime::plumbing::RowsOf<KTable<String, String>>,
    exit_6: ::streams_runtime::plumbing::Exit<
        KTable<String, i64>,
        impl ::streams_runtime::plumbing::Run<
            ::streams_runtime::plumbing::RecordOf<KTable<String, i64>>,
        >,
    >,
    exit_7: ::streams_runtime::plumbing::Exit<
        KStream<String, String>,
        impl ::streams_runtime::plumbing::Run<
            ::streams_runtime::plumbing::RecordOf<KStream<String, String>>,
        >,
    >,
) -> (
    KTable<String, i64>,
    KStream<String, String>,
    ::streams_runtime::plumbing::RowsOf<KTable<String, i64>>,
    ::streams_runtime::plumbing::Door<
        KStream<String, String>,
        impl ::streams_runtime::plumbing::Run<
            ::streams_runtime::plumbing::RecordOf<KStream<String, String>>,
        > + 'static,
    >,
    ::streams_runtime::plumbing::Door<
        KTable<String, String>,
        impl ::streams_runtime::plumbing::Run<
            ::streams_runtime::plumbing::RecordOf<KTable<String, String>>,
        > + 'static,
    >,
    ::streams_runtime::plumbing::StreamsBuilder,
) {
    builder.enter_part();
    let grouped_2 = words.group_by_key(&mut builder, ::streams_runtime::plumbing::Unset);
    let (counts, count_3) = grouped_2.count(&mut builder, "counts");
    let repartition_3 = ::streams_runtime::plumbing::perhaps_repartition(&count_3);
    let repartition_source_3 = repartition_3.source();
    let (updates_4, to_stream_4) = counts
        .to_stream(&mut builder, ::streams_runtime::plumbing::Unset);
    let (known, join_5) = ::streams_runtime::plumbing::same_key(updates_4, names)
        .join_table(
            &mut builder,
            names,
            |count, name| format!("{name} {count:?}"),
            ::streams_runtime::plumbing::Unset,
        );
    builder.leave_part();
    let exit_6 = ::streams_runtime::plumbing::leaves(counts, exit_6);
    let exit_7 = ::streams_runtime::plumbing::leaves(known, exit_7);
    let view_3 = ::streams_runtime::plumbing::store_view(&count_3);
    let join_5 = join_5.with_view(view_1.clone());
    let after_counts = ::streams_runtime::plumbing::seam(
        counts,
        move |cx, record| {
            {
                let record = record.clone();
                let record = to_stream_4.run(cx, record);
                join_5
                    .run(
                        cx,
                        record,
                        |cx, record| {
                            exit_7.run(cx, record)?;
                            ::core::result::Result::Ok(())
                        },
                    )?;
            }
            exit_6.run(cx, record)?;
            ::core::result::Result::Ok(())
        },
    );
    builder
        .on_flush(&count_3, counts, ::streams_runtime::plumbing::enter(&after_counts));
    let into_counts = ::streams_runtime::plumbing::seam(
        grouped_2,
        {
            let after_counts = after_counts.clone();
            move |cx, record| {
                let Some(record) = count_3.run(cx, record)? else {
                    return ::core::result::Result::Ok(());
                };
                after_counts(cx, record)?;
                ::core::result::Result::Ok(())
            }
        },
    );
    let door_0 = ::streams_runtime::plumbing::door(
        words,
        {
            let into_counts = into_counts.clone();
            move |cx, record| {
                let Some(record) = repartition_3.run(cx, record)? else {
                    return ::core::result::Result::Ok(());
                };
                into_counts(cx, record)?;
                ::core::result::Result::Ok(())
            }
        },
    );
    let door_1 = ::streams_runtime::plumbing::door(
        names,
        |_, _| ::core::result::Result::Ok(()),
    );
    builder
        .perhaps_source(
            repartition_source_3,
            ::streams_runtime::plumbing::enter(&into_counts),
        );
    (
        ::streams_runtime::plumbing::pass(counts),
        ::streams_runtime::plumbing::pass(known),
        ::streams_runtime::plumbing::door_view(view_3),
        door_0,
        door_1,
        builder,
    )
}
pub fn word_count(min: usize) -> Topology {
    let mut builder = ::streams_runtime::plumbing::StreamsBuilder::new();
    let (lines_0, source_0) = builder.stream(Lines, ::streams_runtime::plumbing::Unset);
    let exit_2 = ::streams_runtime::plumbing::exit();
    let (returned_2, clean_1, mut builder) = parts::clean(
        builder,
        ::streams_runtime::plumbing::pass(lines_0),
        min,
        exit_2.clone(),
    );
    let clean_1 = ::streams_runtime::plumbing::enters(lines_0, clean_1);
    let (words, flat_map_values_3) = returned_2
        .flat_map_values(
            &mut builder,
            move |value| split(value),
            ::streams_runtime::plumbing::Unset,
        );
    let (names_4, source_4, table_4) = builder
        .table(Names, ::streams_runtime::plumbing::Unset);
    let view_4 = ::streams_runtime::plumbing::store_view(&table_4);
    let exit_7 = ::streams_runtime::plumbing::exit();
    let exit_8 = ::streams_runtime::plumbing::exit();
    let (counts, known, _, counted_5, counted_6, mut builder) = counted(
        builder,
        ::streams_runtime::plumbing::pass(words),
        ::streams_runtime::plumbing::pass(names_4),
        ::streams_runtime::plumbing::door_view(view_4.clone()),
        exit_7.clone(),
        exit_8.clone(),
    );
    let counted_5 = ::streams_runtime::plumbing::enters(words, counted_5);
    let counted_6 = ::streams_runtime::plumbing::enters(names_4, counted_6);
    let (updates_9, to_stream_9) = counts
        .to_stream(&mut builder, ::streams_runtime::plumbing::Unset);
    let to_10 = updates_9.to(&mut builder, Counts, ::streams_runtime::plumbing::Unset);
    let to_11 = known.to(&mut builder, Known, ::streams_runtime::plumbing::Unset);
    let after_names_4 = ::streams_runtime::plumbing::seam(
        names_4,
        move |cx, record| {
            counted_6.run(cx, record)?;
            ::core::result::Result::Ok(())
        },
    );
    builder
        .on_flush(&table_4, names_4, ::streams_runtime::plumbing::enter(&after_names_4));
    builder
        .source(
            source_0,
            move |cx, record| {
                clean_1.run(cx, record)?;
                ::core::result::Result::Ok(())
            },
        );
    exit_2
        .goes_to(
            returned_2,
            move |cx, record| {
                for record in flat_map_values_3.run(cx, record)? {
                    counted_5.run(cx, record)?;
                }
                ::core::result::Result::Ok(())
            },
        );
    builder
        .source(
            source_4,
            {
                let after_names_4 = after_names_4.clone();
                move |cx, record| {
                    let Some(record) = table_4.run(cx, record)? else {
                        return ::core::result::Result::Ok(());
                    };
                    after_names_4(cx, record)?;
                    ::core::result::Result::Ok(())
                }
            },
        );
    exit_7
        .goes_to(
            counts,
            move |cx, record| {
                let record = to_stream_9.run(cx, record);
                to_10.run(cx, record)?;
                ::core::result::Result::Ok(())
            },
        );
    exit_8
        .goes_to(
            known,
            move |cx, record| {
                to_11.run(cx, record)?;
                ::core::result::Result::Ok(())
            },
        );
    builder.finish()
}
