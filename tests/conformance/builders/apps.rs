//! Small applications.

use serde_json::json;
use streams_runtime::prelude::*;

use super::ms;
use crate::support::lang::{Doc, Text, len, text, trim, upper, words};
use crate::support::registry::{Builder::Build, Entry};

pub(crate) const BUILDERS: &[Entry] = &[
    ("dedup", Build(|_| dedup())),
    ("page-view-region", Build(|_| page_view_region())),
    ("orders-payments", Build(|_| orders_payments())),
    ("change-log-of-inventory", Build(|_| inventory())),
    ("product-sales", Build(|_| product_sales())),
    ("string-processing", Build(|_| string_processing())),
    ("top-n", Build(|_| top_n())),
    ("word-count", Build(|_| word_count())),
];

/// The totals of a product with one more sale in them.
fn with_sale(_: &String, sale: Doc, totals: Doc) -> Doc {
    let revenue = sale.get("quantity") * sale.get("price");
    Doc(json!({
        "quantity": totals.get("quantity") + sale.get("quantity"),
        "revenue": totals.get("revenue") + revenue,
        "orders": totals.get("orders") + 1,
    }))
}

topology!(
    fn product_sales() -> Topology {
        stream::<Text, Doc>("sales")
            .filter(|_, v| v.get("quantity") > 0)
            .group_by(|_, v| v.get("product").text(), "by-product")
            .aggregate(
                || Doc(json!({ "quantity": 0, "revenue": 0.0, "orders": 0 })),
                with_sale,
                "sales",
            )
            .to_stream()
            .to("out");
    }
);

topology!(
    fn string_processing() -> Topology {
        stream::<Text, Text>("in")
            .filter(|_, v| v.as_ref().is_some_and(|v| len(trim(v)) > 0))
            .map_values(|v| upper(trim(v.as_deref().unwrap_or_default())))
            .filter_not(|_, v| v.contains("SPAM"))
            .to("out");
    }
);

/// The three best of a list of scores.
fn best_three(_: &String, score: Doc, scores: Doc) -> Doc {
    scores.append(score).sort_by(|x| x.get("score")).reverse().take(3)
}

fn without_player(_: &String, score: Doc, scores: Doc) -> Doc {
    scores.keep(|x| x.get("player") != score.get("player"))
}

topology!(
    fn top_n() -> Topology {
        table::<String, Doc>("scores")
            .group_by(|k, v| {
                let score = json!({ "player": k, "score": v.get("score") });
                (v.get("game").text(), Doc(score))
            })
            .aggregate(Doc::list, best_three, without_player, "top")
            .to_stream()
            .to("out");
    }
);

topology!(
    fn word_count() -> Topology {
        stream::<Text, String>("lines")
            .flat_map_values(|v| words(&v))
            .group_by(|_, word| word.clone())
            .count("counts")
            .to_stream()
            .to("out");
    }
);

topology!(
    fn inventory() -> Topology {
        let stock = stream::<Text, Option<i64>>("moves")
            .group_by_key()
            .reduce(|a, b| a.wrapping_add(b), "stock");
        let limits = table::<String, i64>("limits");
        stock
            .join(limits, |s, l| Doc(json!({ "stock": s, "limit": l, "low": s < l })))
            .filter(|_, v| v.get("low").is_true())
            .to_stream()
            .to("alerts");
    }
);

fn paid_order(id: &Text, order: Doc, payment: Option<Doc>) -> Doc {
    let status = match &payment {
        None => "unpaid",
        Some(payment) if payment.get("amount") >= order.get("amount") => "paid",
        Some(_) => "partial",
    };
    let paid = payment.map_or(Doc::from(0), |payment| payment.get("amount"));
    let amount = order.get("amount");
    Doc(json!({ "order": id, "amount": amount, "paid": paid, "status": status }))
}

topology!(
    fn orders_payments() -> Topology {
        let orders = stream::<Text, Option<Doc>>("orders");
        let payments = stream::<Text, Option<Doc>>("payments");
        orders
            .left_join_with_key(
                payments,
                paid_order,
                JoinWindows::of_time_difference_and_grace(ms(1000), ms(200)),
                Named::as_("order-payment"),
            )
            .to("out");
    }
);

topology!(
    fn page_view_region() -> Topology {
        let users = table::<String, Doc>("users");
        stream::<Text, Text>("views")
            .left_join(users, |page, user: Option<Doc>| {
                let region = user.map_or(Doc::from("unknown"), |user| user.get("region"));
                Doc(json!({ "page": page, "region": region }))
            })
            .map(|_, v| (v.get("region").text(), v))
            .group_by_key()
            .windowed_by(TimeWindows::of_size_with_no_grace(ms(10_000)).advance_by(ms(5000)))
            .count("views")
            .to_stream(|wk, _| text!(wk.key, "[", wk.start, "]"))
            .to("out");
    }
);

/// Lets a value through that was not seen within a second.
#[processor]
fn first_of_a_second(
    record: Record<Text, String>,
    ctx: &mut ProcessorContext<'_, Text, String>,
    seen: &mut WindowStore<String, i64>,
) {
    let time = record.timestamp.as_millis();
    if seen.fetch(&record.value, time - 1000, time + 1000).next().is_none() {
        seen.put(record.value.clone(), time, record.timestamp);
        ctx.forward(record);
    }
}

topology!(
    fn dedup() -> Topology {
        let seen = store(WindowStore::<String, i64>::persistent("seen", ms(1000), ms(1000)));
        stream::<Text, String>("in").process(first_of_a_second, seen).to("out");
    }
);
