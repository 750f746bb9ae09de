topology!(
    pub fn by_customer() -> Topology {
        let orders = stream(Orders).map(by_customer);
        orders.filter(is_big).group_by_key().count("big");
        orders.group_by_key().count("all");
        orders.to(ByCustomer);
        let keyed = stream(Payments).select_key(customer);
        keyed.peek(log).to_table("payments").to_stream().to(Paid);
    }
);
