use std::time::{Duration, Instant};

use kafka_protocol::ResponseError as ErrorCode;

use super::{Ended, Identity, Outcome, Transactions};
use crate::clock;

const TIMEOUT: Duration = Duration::from_secs(60);

fn init(transactions: &mut Transactions, id: &str) -> (Identity, Option<Ended>) {
    transactions.init(id, TIMEOUT, None, || 7).unwrap()
}

/// A transaction of id `t` with partition 0 of topic `a` and group `g`.
fn ongoing(now: Instant) -> (Transactions, Identity) {
    let mut transactions = Transactions::default();
    let (by, _) = init(&mut transactions, "t");
    transactions.add_partitions("t", by, [("a".to_owned(), 0)], now).unwrap();
    transactions.add_group("t", by, "g", now).unwrap();
    (transactions, by)
}

#[test]
fn an_ended_transaction_hands_out_once_what_it_has_touched() {
    let (mut transactions, by) = ongoing(clock::now());
    assert_eq!(transactions.may_append(by, "a", 0), Ok(()));
    assert_eq!(transactions.may_append(by, "a", 1), Err(ErrorCode::InvalidTxnState));
    assert_eq!(transactions.may_commit("t", by, "g"), Ok(()));
    assert_eq!(transactions.may_commit("t", by, "h"), Err(ErrorCode::InvalidTxnState));
    let ended = transactions.end("t", by, Outcome::Commit).unwrap().unwrap();
    assert_eq!((ended.by, ended.outcome), (by, Outcome::Commit));
    assert!(ended.partitions.contains(&("a".to_owned(), 0)) && ended.groups.contains("g"));
    assert_eq!(transactions.end("t", by, Outcome::Commit), Ok(None), "asked again");
    assert_eq!(transactions.end("t", by, Outcome::Abort), Err(ErrorCode::InvalidTxnState));
    assert_eq!(transactions.may_append(by, "a", 0), Err(ErrorCode::InvalidTxnState));
}

#[test]
fn a_newer_producer_aborts_and_fences_the_older() {
    let (mut transactions, old) = ongoing(clock::now());
    let (new, ended) = init(&mut transactions, "t");
    let ended = ended.unwrap();
    assert_eq!((ended.outcome, ended.by.epoch), (Outcome::Abort, 1));
    assert_eq!((new.producer_id, new.epoch), (old.producer_id, 2));
    let fenced = Err(ErrorCode::InvalidProducerEpoch);
    assert_eq!(transactions.end("t", old, Outcome::Commit).map(drop), fenced);
    assert_eq!(transactions.may_append(old, "a", 0), fenced);
    assert_eq!(transactions.add_group("t", old, "g", clock::now()), fenced);
    let known = transactions.init("t", TIMEOUT, Some(old), || 8);
    assert_eq!(known.map(drop), Err(ErrorCode::ProducerFenced));
}

#[test]
fn nothing_can_be_ended_before_it_has_begun() {
    let mut transactions = Transactions::default();
    let (by, _) = init(&mut transactions, "t");
    let end = transactions.end("t", by, Outcome::Commit).map(drop);
    assert_eq!(end, Err(ErrorCode::InvalidTxnState));
    let stranger = Identity { producer_id: 99, ..by };
    let end = transactions.end("t", stranger, Outcome::Commit).map(drop);
    assert_eq!(end, Err(ErrorCode::InvalidProducerIdMapping));
    let end = transactions.end("u", by, Outcome::Commit).map(drop);
    assert_eq!(end, Err(ErrorCode::InvalidProducerIdMapping));
}

#[test]
fn a_transaction_that_takes_too_long_is_aborted_and_its_producer_fenced() {
    let start = clock::now();
    let (mut transactions, by) = ongoing(start);
    assert_eq!(transactions.next_deadline(), Some(start + TIMEOUT));
    assert_eq!(transactions.expire(start + TIMEOUT / 2), []);
    let ended = transactions.expire(start + TIMEOUT);
    assert_eq!(ended.iter().map(|ended| ended.outcome).collect::<Vec<_>>(), [Outcome::Abort]);
    let end = transactions.end("t", by, Outcome::Commit).map(drop);
    assert_eq!(end, Err(ErrorCode::InvalidProducerEpoch));
    assert_eq!(transactions.next_deadline(), None);
}

#[test]
fn epochs_never_run_out() {
    let mut transactions = Transactions::default();
    let mut last = init(&mut transactions, "t").0;
    for _ in 0..40_000 {
        let next = transactions.init("t", TIMEOUT, Some(last), || 8).unwrap().0;
        assert!(next.epoch == last.epoch + 1 || next == Identity { producer_id: 8, epoch: 0 });
        last = next;
    }
    assert_eq!(last.producer_id, 8, "the first id has run out of epochs");
}

#[test]
fn timeouts_beyond_the_limit_are_refused() {
    let mut transactions = Transactions::default();
    let mut init = |seconds| {
        let asked = transactions.init("t", Duration::from_secs(seconds), None, || 7);
        asked.map(drop)
    };
    assert_eq!(init(0), Err(ErrorCode::InvalidTransactionTimeout));
    assert_eq!(init(901), Err(ErrorCode::InvalidTransactionTimeout));
    assert_eq!(init(900), Ok(()));
}
