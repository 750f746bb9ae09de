topology!(
    pub fn branches() -> Topology {
        let [big, named, rest] = stream::<String, Order>("orders")
            .split("by-")
            .branch(|_, order| order.amount > 9.0)
            .branch(is_named, Branched::as_("named").with_function(|all| all.map_values(name)))
            .branch(is_bad, Branched::with_consumer(|bad| bad.try_filter(check).to("bad")))
            .default_branch();
        let amount = limit();
        big.flat_map(|key, order| order.split(key))
            .filter(move |_, part| part.amount > amount)
            .repartition(Repartitioned::as_("parts"))
            .to("parts", "sink");
        let named = named.merge(rest.map_values(text));
        named.print();
        let customers: KTable<String, Customer> = table("customers", "customers-store");
        customers
            .filter(is_known, Materialized::as_("known"))
            .group_by(|key, customer| (customer.city, key.clone()))
            .reduce(|all, one| all + one, |all, one| all - one)
            .to_stream(|city, count| city.to_lowercase())
            .foreach(|city, count| println!("{city} {count}"));
    }
);
