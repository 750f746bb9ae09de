pub fn by_customer() -> Topology {
    let mut builder = ::streams_runtime::plumbing::StreamsBuilder::new();
    let (orders_0, source_0) = builder
        .stream(Orders, ::streams_runtime::plumbing::Unset);
    let (orders, map_1) = orders_0
        .map(
            &mut builder,
            move |key, value| by_customer(key, value),
            ::streams_runtime::plumbing::Unset,
        );
    let (filtered_2, filter_2) = orders
        .filter(
            &mut builder,
            move |key, value| is_big(key, value),
            ::streams_runtime::plumbing::Unset,
        );
    let grouped_3 = filtered_2
        .group_by_key(&mut builder, ::streams_runtime::plumbing::Unset);
    let (counted_4, count_4) = grouped_3.count(&mut builder, "big");
    let repartition_4 = count_4.repartition();
    let repartition_source_4 = repartition_4.source();
    let grouped_5 = orders
        .group_by_key(&mut builder, ::streams_runtime::plumbing::Unset);
    let (counted_6, count_6) = grouped_5.count(&mut builder, "all");
    let repartition_6 = count_6.repartition();
    let repartition_source_6 = repartition_6.source();
    let to_7 = orders.to(&mut builder, ByCustomer, ::streams_runtime::plumbing::Unset);
    let (payments_8, source_8) = builder
        .stream(Payments, ::streams_runtime::plumbing::Unset);
    let (keyed, select_key_9) = payments_8
        .select_key(
            &mut builder,
            move |key, value| customer(key, value),
            ::streams_runtime::plumbing::Unset,
        );
    let (peeked_10, peek_10) = keyed
        .peek(
            &mut builder,
            move |key, value| log(key, value),
            ::streams_runtime::plumbing::Unset,
        );
    let (table_11, to_table_11) = peeked_10.to_table(&mut builder, "payments");
    let repartition_11 = to_table_11.repartition();
    let repartition_source_11 = repartition_11.source();
    let (updates_12, to_stream_12) = table_11
        .to_stream(&mut builder, ::streams_runtime::plumbing::Unset);
    let to_13 = updates_12.to(&mut builder, Paid, ::streams_runtime::plumbing::Unset);
    let cut_1 = orders.cut(&mut builder);
    let cut_source_1 = cut_1.source();
    let cut_9 = keyed.cut(&mut builder);
    let cut_source_9 = cut_9.source();
    let after_table_11 = ::streams_runtime::plumbing::seam(
        table_11,
        move |cx, record| {
            let record = to_stream_12.run(cx, record);
            to_13.run(cx, record)?;
            ::core::result::Result::Ok(())
        },
    );
    builder
        .on_flush(
            &to_table_11,
            table_11,
            ::streams_runtime::plumbing::enter(&after_table_11),
        );
    let into_table_11 = ::streams_runtime::plumbing::seam(
        peeked_10,
        {
            let after_table_11 = after_table_11.clone();
            move |cx, record| {
                let Some(record) = to_table_11.run(cx, record)? else {
                    return ::core::result::Result::Ok(());
                };
                after_table_11(cx, record)?;
                ::core::result::Result::Ok(())
            }
        },
    );
    let behind_keyed = ::streams_runtime::plumbing::seam(
        keyed,
        {
            let into_table_11 = into_table_11.clone();
            move |cx, record| {
                let record = peek_10.run(cx, record);
                let Some(record) = repartition_11.run(cx, record)? else {
                    return ::core::result::Result::Ok(());
                };
                into_table_11(cx, record)?;
                ::core::result::Result::Ok(())
            }
        },
    );
    builder.on_flush(&count_6, counted_6, |_, _| ::core::result::Result::Ok(()));
    let into_counted_6 = ::streams_runtime::plumbing::seam(
        grouped_5,
        move |cx, record| {
            count_6.run(cx, record)?;
            ::core::result::Result::Ok(())
        },
    );
    builder.on_flush(&count_4, counted_4, |_, _| ::core::result::Result::Ok(()));
    let into_counted_4 = ::streams_runtime::plumbing::seam(
        grouped_3,
        move |cx, record| {
            count_4.run(cx, record)?;
            ::core::result::Result::Ok(())
        },
    );
    let behind_orders = ::streams_runtime::plumbing::seam(
        orders,
        {
            let into_counted_4 = into_counted_4.clone();
            move |cx, record| {
                let Some(record) = filter_2.run(cx, record)? else {
                    return ::core::result::Result::Ok(());
                };
                let Some(record) = repartition_4.run(cx, record)? else {
                    return ::core::result::Result::Ok(());
                };
                into_counted_4(cx, record)?;
                ::core::result::Result::Ok(())
            }
        },
    );
    let behind_orders_1 = ::streams_runtime::plumbing::seam(
        orders,
        {
            let into_counted_6 = into_counted_6.clone();
            move |cx, record| {
                let Some(record) = repartition_6.run(cx, record)? else {
                    return ::core::result::Result::Ok(());
                };
                into_counted_6(cx, record)?;
                ::core::result::Result::Ok(())
            }
        },
    );
    builder
        .source(
            source_0,
            {
                let behind_orders = behind_orders.clone();
                let behind_orders_1 = behind_orders_1.clone();
                move |cx, record| {
                    let record = map_1.run(cx, record);
                    let moved_1 = cut_1.run(cx, record.clone())?;
                    if let Some(record) = moved_1.clone() {
                        behind_orders(cx, record)?;
                    }
                    if let Some(record) = moved_1.clone() {
                        behind_orders_1(cx, record)?;
                    }
                    {
                        let record = record.clone();
                        to_7.run(cx, record)?;
                    }
                    ::core::result::Result::Ok(())
                }
            },
        );
    builder
        .source(
            cut_source_1,
            {
                let behind_orders = behind_orders.clone();
                let behind_orders_1 = behind_orders_1.clone();
                move |cx, record| {
                    {
                        let record = record.clone();
                        behind_orders(cx, record)?;
                    }
                    behind_orders_1(cx, record)?;
                    ::core::result::Result::Ok(())
                }
            },
        );
    builder
        .source(
            repartition_source_4,
            ::streams_runtime::plumbing::enter(&into_counted_4),
        );
    builder
        .source(
            repartition_source_6,
            ::streams_runtime::plumbing::enter(&into_counted_6),
        );
    builder
        .source(
            source_8,
            {
                let behind_keyed = behind_keyed.clone();
                move |cx, record| {
                    let record = select_key_9.run(cx, record);
                    let Some(record) = cut_9.run(cx, record)? else {
                        return ::core::result::Result::Ok(());
                    };
                    behind_keyed(cx, record)?;
                    ::core::result::Result::Ok(())
                }
            },
        );
    builder
        .source(
            cut_source_9,
            {
                let behind_keyed = behind_keyed.clone();
                move |cx, record| {
                    behind_keyed(cx, record)?;
                    ::core::result::Result::Ok(())
                }
            },
        );
    builder
        .source(
            repartition_source_11,
            ::streams_runtime::plumbing::enter(&into_table_11),
        );
    builder.finish()
}
