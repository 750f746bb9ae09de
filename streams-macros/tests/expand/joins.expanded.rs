/// One join of each kind.
pub fn joins() -> Topology {
    let mut builder = ::streams_runtime::plumbing::StreamsBuilder::new();
    let (people_0, source_0, table_0) = builder
        .table(People, ::streams_runtime::plumbing::Unset);
    let (people, filter_1) = people_0
        .filter(
            &mut builder,
            |_, person| person.active,
            ::streams_runtime::plumbing::Unset,
        );
    let (cities, source_2, table_2) = builder
        .table(Cities, ::streams_runtime::plumbing::Unset);
    let (located, join_3, join_4, subscribe_5, join_5) = people
        .join_on_foreign_key(
            &mut builder,
            cities,
            |person| person.city.clone(),
            |p, c| (p, c),
            "located",
        );
    let subscriptions_5 = subscribe_5.source();
    let responses_5 = join_5.source();
    let (scores_6, source_6, table_6) = builder
        .table(Scores, ::streams_runtime::plumbing::Unset);
    ::streams_runtime::plumbing::same_partitions(&Scores, &People);
    let (scores, left_join_7, left_join_8, left_join_9) = ::streams_runtime::plumbing::same_key(
            scores_6,
            located,
        )
        .left_join(
            &mut builder,
            located,
            |score, place| (score, place),
            ::streams_runtime::plumbing::Unset,
        );
    let (clicks_10, source_10) = builder
        .stream(Clicks, ::streams_runtime::plumbing::Unset);
    let (clicks, select_key_11) = clicks_10
        .select_key(
            &mut builder,
            |_, click| click.user.clone(),
            ::streams_runtime::plumbing::Unset,
        );
    let (views, source_12) = builder.stream(Views, ::streams_runtime::plumbing::Unset);
    let (joined_15, left_join_13, left_join_14) = ::streams_runtime::plumbing::same_key(
            clicks,
            views,
        )
        .left_join(
            &mut builder,
            views,
            |click, view| (click, view),
            within,
            ::streams_runtime::plumbing::Unset,
        );
    let repartition_13 = left_join_13.repartition();
    let repartition_source_13 = repartition_13.source();
    let to_16 = joined_15.to(&mut builder, Pairs, ::streams_runtime::plumbing::Unset);
    let (joined_17, join_17) = ::streams_runtime::plumbing::same_key(clicks, scores)
        .join_table_with_key(
            &mut builder,
            scores,
            |user, click, score| rate(user, click, score),
            ::streams_runtime::plumbing::Unset,
        );
    let repartition_17 = join_17.repartition();
    let repartition_source_17 = repartition_17.source();
    let to_18 = joined_17.to(&mut builder, Rated, ::streams_runtime::plumbing::Unset);
    let pages_19 = builder.global_table(Pages, ::streams_runtime::plumbing::Unset);
    let (joined_20, join_20) = clicks
        .join_global_table(
            &mut builder,
            pages_19,
            |_, click| click.page,
            |click, page| (click, page),
            ::streams_runtime::plumbing::Unset,
        );
    let to_21 = joined_20.to(&mut builder, Named, ::streams_runtime::plumbing::Unset);
    let view_0 = ::streams_runtime::plumbing::store_view(&table_0);
    let filter_1 = ::streams_runtime::plumbing::share(filter_1);
    let view_1 = ::streams_runtime::plumbing::derived_view(&filter_1, view_0.clone());
    let view_2 = ::streams_runtime::plumbing::store_view(&table_2);
    let join_5 = join_5.with_view(view_1.clone());
    let subscribe_5 = subscribe_5.with_view(view_2.clone());
    let view_5 = ::streams_runtime::plumbing::store_view(&join_5);
    let view_6 = ::streams_runtime::plumbing::store_view(&table_6);
    let left_join_7 = left_join_7.with_view(view_5.clone());
    let left_join_8 = left_join_8.with_view(view_6.clone());
    let view_9 = left_join_9.view(view_6.clone(), view_5.clone());
    let join_17 = join_17.with_view(view_9.clone());
    let after_joined_15 = ::streams_runtime::plumbing::seam(
        joined_15,
        move |cx, record| {
            to_16.run(cx, record)?;
            ::core::result::Result::Ok(())
        },
    );
    let after_scores_6 = ::streams_runtime::plumbing::seam(
        scores_6,
        move |cx, record| {
            left_join_7.run(cx, record)?;
            ::core::result::Result::Ok(())
        },
    );
    builder
        .on_flush(
            &table_6,
            scores_6,
            ::streams_runtime::plumbing::enter(&after_scores_6),
        );
    let after_located = ::streams_runtime::plumbing::seam(
        located,
        move |cx, record| {
            left_join_8.run(cx, record)?;
            ::core::result::Result::Ok(())
        },
    );
    builder
        .on_flush(&join_5, located, ::streams_runtime::plumbing::enter(&after_located));
    let after_cities = ::streams_runtime::plumbing::seam(
        cities,
        move |cx, record| {
            join_4.run(cx, record)?;
            ::core::result::Result::Ok(())
        },
    );
    builder
        .on_flush(&table_2, cities, ::streams_runtime::plumbing::enter(&after_cities));
    let after_people_0 = ::streams_runtime::plumbing::seam(
        people_0,
        move |cx, record| {
            let Some(record) = filter_1.run(cx, record)? else {
                return ::core::result::Result::Ok(());
            };
            join_3.run(cx, record)?;
            ::core::result::Result::Ok(())
        },
    );
    builder
        .on_flush(
            &table_0,
            people_0,
            ::streams_runtime::plumbing::enter(&after_people_0),
        );
    builder
        .source(
            source_0,
            {
                let after_people_0 = after_people_0.clone();
                move |cx, record| {
                    let Some(record) = table_0.run(cx, record)? else {
                        return ::core::result::Result::Ok(());
                    };
                    after_people_0(cx, record)?;
                    ::core::result::Result::Ok(())
                }
            },
        );
    builder
        .source(
            source_2,
            {
                let after_cities = after_cities.clone();
                move |cx, record| {
                    let Some(record) = table_2.run(cx, record)? else {
                        return ::core::result::Result::Ok(());
                    };
                    after_cities(cx, record)?;
                    ::core::result::Result::Ok(())
                }
            },
        );
    builder
        .source(
            subscriptions_5,
            move |cx, record| {
                subscribe_5.run(cx, record)?;
                ::core::result::Result::Ok(())
            },
        );
    builder
        .source(
            responses_5,
            {
                let after_located = after_located.clone();
                move |cx, record| {
                    let Some(record) = join_5.run(cx, record)? else {
                        return ::core::result::Result::Ok(());
                    };
                    after_located(cx, record)?;
                    ::core::result::Result::Ok(())
                }
            },
        );
    builder
        .source(
            source_6,
            {
                let after_scores_6 = after_scores_6.clone();
                move |cx, record| {
                    let Some(record) = table_6.run(cx, record)? else {
                        return ::core::result::Result::Ok(());
                    };
                    after_scores_6(cx, record)?;
                    ::core::result::Result::Ok(())
                }
            },
        );
    builder
        .source(
            source_10,
            move |cx, record| {
                let record = select_key_11.run(cx, record);
                {
                    let record = record.clone();
                    repartition_13.run(cx, record)?;
                }
                {
                    let record = record.clone();
                    repartition_17.run(cx, record)?;
                }
                let Some(record) = join_20.run(cx, record)? else {
                    return ::core::result::Result::Ok(());
                };
                to_21.run(cx, record)?;
                ::core::result::Result::Ok(())
            },
        );
    builder
        .source(
            source_12,
            {
                let after_joined_15 = after_joined_15.clone();
                move |cx, record| {
                    for record in left_join_14.run(cx, record)? {
                        after_joined_15(cx, record)?;
                    }
                    ::core::result::Result::Ok(())
                }
            },
        );
    builder
        .source(
            repartition_source_13,
            {
                let after_joined_15 = after_joined_15.clone();
                move |cx, record| {
                    for record in left_join_13.run(cx, record)? {
                        after_joined_15(cx, record)?;
                    }
                    ::core::result::Result::Ok(())
                }
            },
        );
    builder
        .source(
            repartition_source_17,
            move |cx, record| {
                join_17
                    .run(
                        cx,
                        record,
                        |cx, record| {
                            to_18.run(cx, record)?;
                            ::core::result::Result::Ok(())
                        },
                    )?;
                ::core::result::Result::Ok(())
            },
        );
    builder.finish()
}
