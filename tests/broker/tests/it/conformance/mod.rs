//! What a Kafka broker must do for a streams runtime. Each check runs on our broker, and on a real
//! one too when `STREAMS_TEST_BOOTSTRAP` names it: the real one is the judge.

mod data;
mod groups;
mod reading;
mod topics;
mod transactions;

use streams_test_broker::Broker;

fn run(check: fn(&str)) {
    let broker = Broker::builder().auto_create_topics(true).start().unwrap();
    check(&broker.bootstrap_servers());
    if let Ok(bootstrap) = std::env::var("STREAMS_TEST_BOOTSTRAP") {
        check(&bootstrap);
    }
}

/// Makes a test of each check.
macro_rules! checks {
    ($($check:ident),* $(,)?) => {
        mod on_brokers {
            $(#[test]
            fn $check() {
                crate::conformance::run(super::$check);
            })*
        }
    };
}
use checks;
