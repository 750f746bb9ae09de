pub fn branches() -> Topology {
    let mut builder = ::streams_runtime::plumbing::StreamsBuilder::new();
    let (orders_0, source_0) = builder
        .stream::<String, Order>("orders", ::streams_runtime::plumbing::Unset);
    let mut split_1 = orders_0.split(&mut builder, "by-");
    let (big, branch_2) = split_1
        .branch(
            &mut builder,
            |_, order| order.amount > 9.0,
            ::streams_runtime::plumbing::Unset,
        );
    let (all, branch_3) = split_1
        .branch(
            &mut builder,
            move |key, value| is_named(key, value),
            Branched::as_("named"),
        );
    let (named, map_values_4) = all
        .map_values(
            &mut builder,
            move |value| name(value),
            ::streams_runtime::plumbing::Unset,
        );
    let (bad, branch_5) = split_1
        .branch(
            &mut builder,
            move |key, value| is_bad(key, value),
            ::streams_runtime::plumbing::Unset,
        );
    let (filtered_6, try_filter_6) = bad
        .try_filter(
            &mut builder,
            move |key, value| check(key, value),
            ::streams_runtime::plumbing::Unset,
        );
    let to_7 = filtered_6.to(&mut builder, "bad", ::streams_runtime::plumbing::Unset);
    let rest = split_1.default_branch(&mut builder, ::streams_runtime::plumbing::Unset);
    let amount = limit();
    let (flattened_9, flat_map_9) = big
        .flat_map(
            &mut builder,
            |key, order| order.split(key),
            ::streams_runtime::plumbing::Unset,
        );
    let (filtered_10, filter_10) = flattened_9
        .filter(
            &mut builder,
            move |_, part| part.amount > amount,
            ::streams_runtime::plumbing::Unset,
        );
    let (repartitioned_11, repartition_11) = filtered_10
        .repartition(&mut builder, Repartitioned::as_("parts"));
    let repartition_source_11 = repartition_11.source();
    let to_12 = repartitioned_11.to(&mut builder, "parts", "sink");
    let (mapped_13, map_values_13) = rest
        .map_values(
            &mut builder,
            move |value| text(value),
            ::streams_runtime::plumbing::Unset,
        );
    let named_14 = ::streams_runtime::plumbing::same_types(named, mapped_13)
        .merge(&mut builder, mapped_13, ::streams_runtime::plumbing::Unset);
    let print_15 = named_14.print(&mut builder, ::streams_runtime::plumbing::Unset);
    let (customers, source_16, table_16): (KTable<String, Customer>, _, _) = builder
        .table("customers", "customers-store");
    let (filtered_17, filter_17) = customers
        .filter(
            &mut builder,
            move |key, value| is_known(key, value),
            Materialized::as_("known"),
        );
    let (grouped_18, group_by_18) = filtered_17
        .group_by(
            &mut builder,
            |key, customer| (customer.city, key.clone()),
            ::streams_runtime::plumbing::Unset,
        );
    let (reduced_19, reduce_19) = grouped_18
        .reduce(
            &mut builder,
            |all, one| all + one,
            |all, one| all - one,
            ::streams_runtime::plumbing::Unset,
        );
    let repartition_19 = reduce_19.repartition();
    let repartition_source_19 = repartition_19.source();
    let (updates_20, to_stream_20) = reduced_19
        .to_stream_with_key(
            &mut builder,
            |city, count| city.to_lowercase(),
            ::streams_runtime::plumbing::Unset,
        );
    let foreach_21 = updates_20
        .foreach(
            &mut builder,
            |city, count| println!("{city} {count}"),
            ::streams_runtime::plumbing::Unset,
        );
    let after_reduced_19 = ::streams_runtime::plumbing::seam(
        reduced_19,
        move |cx, record| {
            let record = to_stream_20.run(cx, record);
            foreach_21.run(cx, record)?;
            ::core::result::Result::Ok(())
        },
    );
    builder
        .on_flush(
            &reduce_19,
            reduced_19,
            ::streams_runtime::plumbing::enter(&after_reduced_19),
        );
    let after_filtered_17 = ::streams_runtime::plumbing::seam(
        filtered_17,
        move |cx, record| {
            for record in group_by_18.run(cx, record)? {
                repartition_19.run(cx, record)?;
            }
            ::core::result::Result::Ok(())
        },
    );
    builder
        .on_flush(
            &filter_17,
            filtered_17,
            ::streams_runtime::plumbing::enter(&after_filtered_17),
        );
    let after_customers = ::streams_runtime::plumbing::seam(
        customers,
        {
            let after_filtered_17 = after_filtered_17.clone();
            move |cx, record| {
                let Some(record) = filter_17.run(cx, record)? else {
                    return ::core::result::Result::Ok(());
                };
                after_filtered_17(cx, record)?;
                ::core::result::Result::Ok(())
            }
        },
    );
    builder
        .on_flush(
            &table_16,
            customers,
            ::streams_runtime::plumbing::enter(&after_customers),
        );
    let after_named_14 = ::streams_runtime::plumbing::seam(
        named_14,
        move |cx, record| {
            print_15.run(cx, record)?;
            ::core::result::Result::Ok(())
        },
    );
    builder
        .source(
            source_0,
            {
                let after_named_14 = after_named_14.clone();
                move |cx, record| {
                    if branch_2.matches(cx, &record)? {
                        'flat_map_9: for record in flat_map_9.run(cx, record)? {
                            let Some(record) = filter_10.run(cx, record)? else {
                                continue 'flat_map_9;
                            };
                            repartition_11.run(cx, record)?;
                        }
                    } else if branch_3.matches(cx, &record)? {
                        let record = map_values_4.run(cx, record);
                        after_named_14(cx, record)?;
                    } else if branch_5.matches(cx, &record)? {
                        let Some(record) = try_filter_6.run(cx, record)? else {
                            return ::core::result::Result::Ok(());
                        };
                        to_7.run(cx, record)?;
                    } else {
                        let record = map_values_13.run(cx, record);
                        after_named_14(cx, record)?;
                    }
                    ::core::result::Result::Ok(())
                }
            },
        );
    builder
        .source(
            repartition_source_11,
            move |cx, record| {
                to_12.run(cx, record)?;
                ::core::result::Result::Ok(())
            },
        );
    builder
        .source(
            source_16,
            {
                let after_customers = after_customers.clone();
                move |cx, record| {
                    let Some(record) = table_16.run(cx, record)? else {
                        return ::core::result::Result::Ok(());
                    };
                    after_customers(cx, record)?;
                    ::core::result::Result::Ok(())
                }
            },
        );
    builder
        .source(
            repartition_source_19,
            {
                let after_reduced_19 = after_reduced_19.clone();
                move |cx, record| {
                    let Some(record) = reduce_19.run(cx, record)? else {
                        return ::core::result::Result::Ok(());
                    };
                    after_reduced_19(cx, record)?;
                    ::core::result::Result::Ok(())
                }
            },
        );
    builder.finish()
}
