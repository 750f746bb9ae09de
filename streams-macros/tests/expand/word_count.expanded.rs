/// Counts how often each word was seen.
pub fn word_count(min_len: usize) -> Topology {
    let mut builder = ::streams_runtime::plumbing::StreamsBuilder::new();
    let (shouts_0, source_0) = builder
        .stream(Shouts, ::streams_runtime::plumbing::Unset);
    let (quiet, map_values_1) = shouts_0
        .map_values(
            &mut builder,
            |line| line.to_lowercase(),
            ::streams_runtime::plumbing::Unset,
        );
    let (lines_2, source_2) = builder.stream(Lines, ::streams_runtime::plumbing::Unset);
    let merged_3 = ::streams_runtime::plumbing::same_types(lines_2, quiet)
        .merge(&mut builder, quiet, ::streams_runtime::plumbing::Unset);
    let (flattened_4, flat_map_values_4) = merged_3
        .flat_map_values(
            &mut builder,
            move |value| split_words(value),
            ::streams_runtime::plumbing::Unset,
        );
    let (words, filter_5) = flattened_4
        .filter(
            &mut builder,
            move |_, word| word.len() >= min_len,
            ::streams_runtime::plumbing::Unset,
        );
    let (filtered_6, filter_6) = words
        .filter(
            &mut builder,
            |_, word| word.len() > 8,
            ::streams_runtime::plumbing::Unset,
        );
    let to_7 = filtered_6
        .to(&mut builder, LongWords, ::streams_runtime::plumbing::Unset);
    let (grouped_8, group_by_8) = words
        .group_by(
            &mut builder,
            |_, word| word.clone(),
            ::streams_runtime::plumbing::Unset,
        );
    let (counts, count_9) = grouped_8.count(&mut builder, "counts");
    let repartition_9 = count_9.repartition();
    let repartition_source_9 = repartition_9.source();
    let (updates_10, to_stream_10) = counts
        .to_stream(&mut builder, ::streams_runtime::plumbing::Unset);
    let to_11 = updates_10
        .to(&mut builder, WordCounts, ::streams_runtime::plumbing::Unset);
    let after_counts = ::streams_runtime::plumbing::seam(
        counts,
        move |cx, record| {
            let record = to_stream_10.run(cx, record);
            to_11.run(cx, record)?;
            ::core::result::Result::Ok(())
        },
    );
    builder
        .on_flush(&count_9, counts, ::streams_runtime::plumbing::enter(&after_counts));
    let after_merged_3 = ::streams_runtime::plumbing::seam(
        merged_3,
        move |cx, record| {
            'flat_map_values_4: for record in flat_map_values_4.run(cx, record)? {
                let Some(record) = filter_5.run(cx, record)? else {
                    continue 'flat_map_values_4;
                };
                'filter_6: {
                    let record = record.clone();
                    let Some(record) = filter_6.run(cx, record)? else {
                        break 'filter_6;
                    };
                    to_7.run(cx, record)?;
                }
                let record = group_by_8.run(cx, record);
                repartition_9.run(cx, record)?;
            }
            ::core::result::Result::Ok(())
        },
    );
    builder
        .source(
            source_0,
            {
                let after_merged_3 = after_merged_3.clone();
                move |cx, record| {
                    let record = map_values_1.run(cx, record);
                    after_merged_3(cx, record)?;
                    ::core::result::Result::Ok(())
                }
            },
        );
    builder
        .source(
            source_2,
            {
                let after_merged_3 = after_merged_3.clone();
                move |cx, record| {
                    after_merged_3(cx, record)?;
                    ::core::result::Result::Ok(())
                }
            },
        );
    builder
        .source(
            repartition_source_9,
            {
                let after_counts = after_counts.clone();
                move |cx, record| {
                    let Some(record) = count_9.run(cx, record)? else {
                        return ::core::result::Result::Ok(());
                    };
                    after_counts(cx, record)?;
                    ::core::result::Result::Ok(())
                }
            },
        );
    builder.finish()
}
