//! Records out: topics by handle, bytes copied once.

use std::ffi::{CString, c_void};
use std::ptr::{self, NonNull};
use std::sync::Arc;

use rdkafka::error::RDKafkaErrorCode;
use rdkafka::producer::{BaseProducer, Producer};
use rdkafka_sys as sys;
use sys::rd_kafka_resp_err_t as Code;
use sys::rd_kafka_vtype_t as Kind;

use super::super::events::ProducerEvents;
use crate::record::Headers;

/// What became of a record.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in super::super) enum Outcome {
    /// It is in the producer's queue.
    Queued,
    /// The queue is full: serve the producer and try again.
    Full,
    /// It cannot be produced.
    Refused(RDKafkaErrorCode),
}

/// A producer with the topics it has written to.
pub(in super::super) struct Sender {
    // declared before the producer, so dropped before it: invariant 1
    topics: Vec<(Arc<str>, TopicHandle)>,
    producer: Arc<BaseProducer<ProducerEvents>>,
}

struct TopicHandle(NonNull<sys::rd_kafka_topic_t>);

impl Drop for TopicHandle {
    fn drop(&mut self) {
        // SAFETY: made by `rd_kafka_topic_new`, destroyed only here, while `Sender` keeps the
        // client (invariant 1).
        unsafe { sys::rd_kafka_topic_destroy(self.0.as_ptr()) }
    }
}

/// One record to produce.
pub(in super::super) struct ToSend<'a> {
    pub(in super::super) partition: Option<i32>,
    pub(in super::super) key: Option<&'a [u8]>,
    pub(in super::super) value: Option<&'a [u8]>,
    pub(in super::super) timestamp: Option<i64>,
    pub(in super::super) headers: &'a Headers,
}

/// A topic of a [`Sender`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in super::super) struct TopicNumber(usize);

impl Sender {
    pub(in super::super) fn new(producer: Arc<BaseProducer<ProducerEvents>>) -> Self {
        Self { topics: Vec::new(), producer }
    }

    pub(in super::super) fn producer(&self) -> &Arc<BaseProducer<ProducerEvents>> {
        &self.producer
    }

    /// The number of a topic, known or new; `None` when librdkafka does not take the name.
    pub(in super::super) fn topic(&mut self, name: &Arc<str>) -> Option<TopicNumber> {
        if let Some(ix) = self.topics.iter().position(|(known, _)| known == name) {
            return Some(TopicNumber(ix));
        }
        let c_name = CString::new(&**name).ok()?;
        let client = self.producer.client().native_ptr();
        // SAFETY: a live client and a C string; no configuration means the client's defaults.
        let handle = NonNull::new(unsafe {
            sys::rd_kafka_topic_new(client, c_name.as_ptr(), ptr::null_mut())
        })?;
        self.topics.push((Arc::clone(name), TopicHandle(handle)));
        Some(TopicNumber(self.topics.len() - 1))
    }

    /// Hands a record over; never waits.
    ///
    /// A time of 0 is sent as 1 ms, because librdkafka takes 0 for "now".
    #[inline]
    pub(in super::super) fn send(&self, topic: TopicNumber, record: &ToSend<'_>) -> Outcome {
        let topic = self.topics[topic.0].1.0;
        let (key, key_len) = parts(record.key);
        let (value, value_len) = parts(record.value);
        let headers = c_headers(record.headers);
        // -1 leaves the choice to the partitioner
        let partition = record.partition.unwrap_or(-1);
        // SAFETY: all-zero bytes are a valid `rd_kafka_vu_t`.
        let mut fields: [sys::rd_kafka_vu_t; 7] = unsafe { std::mem::zeroed() };
        fields[0].vtype = Kind::RD_KAFKA_VTYPE_RKT;
        fields[0].u.rkt = topic.as_ptr();
        fields[1].vtype = Kind::RD_KAFKA_VTYPE_PARTITION;
        fields[1].u.i32_ = partition;
        fields[2].vtype = Kind::RD_KAFKA_VTYPE_MSGFLAGS;
        fields[2].u.i = sys::RD_KAFKA_MSG_F_COPY;
        fields[3].vtype = Kind::RD_KAFKA_VTYPE_VALUE;
        fields[3].u.mem = memory(value, value_len);
        fields[4].vtype = Kind::RD_KAFKA_VTYPE_KEY;
        fields[4].u.mem = memory(key, key_len);
        let mut used = 5;
        if let Some(timestamp) = record.timestamp {
            fields[used].vtype = Kind::RD_KAFKA_VTYPE_TIMESTAMP;
            fields[used].u.i64_ = timestamp.max(1);
            used += 1;
        }
        if !headers.is_null() {
            fields[used].vtype = Kind::RD_KAFKA_VTYPE_HEADERS;
            fields[used].u.headers = headers;
            used += 1;
        }
        let client = self.producer.client().native_ptr();
        // SAFETY: client and topic are live (invariant 1); key and value are copied by the call
        // (invariant 5); `used` fields are set.
        let error = unsafe { sys::rd_kafka_produceva(client, fields.as_ptr(), used) };
        if error.is_null() {
            return Outcome::Queued;
        }
        refused(error, headers)
    }
}

/// Reads and frees an error of `rd_kafka_produceva`, and the headers that it did not take.
#[cold]
fn refused(error: *mut sys::rd_kafka_error_t, headers: *mut sys::rd_kafka_headers_t) -> Outcome {
    // SAFETY: a live error, destroyed once; the headers are ours again on failure (invariant 5).
    let code = unsafe {
        let code = sys::rd_kafka_error_code(error);
        sys::rd_kafka_error_destroy(error);
        if !headers.is_null() {
            sys::rd_kafka_headers_destroy(headers);
        }
        code
    };
    match code {
        Code::RD_KAFKA_RESP_ERR__QUEUE_FULL => Outcome::Full,
        code => Outcome::Refused(code.into()),
    }
}

fn memory(ptr: *mut c_void, size: usize) -> sys::rd_kafka_vu_s__bindgen_ty_1__bindgen_ty_1 {
    sys::rd_kafka_vu_s__bindgen_ty_1__bindgen_ty_1 { ptr, size }
}

/// Where bytes lie; the pointer of an empty slice is not null, so it stays apart from `None`.
#[inline]
fn parts(bytes: Option<&[u8]>) -> (*mut c_void, usize) {
    match bytes {
        None => (ptr::null_mut(), 0),
        Some(bytes) => (bytes.as_ptr().cast_mut().cast(), bytes.len()),
    }
}

/// The headers as librdkafka wants them; null when there are none. They must be given to it or
/// freed.
#[inline]
fn c_headers(headers: &Headers) -> *mut sys::rd_kafka_headers_t {
    if headers.is_empty() {
        return ptr::null_mut();
    }
    // SAFETY: makes a new list.
    let list = unsafe { sys::rd_kafka_headers_new(headers.len()) };
    for header in headers.iter() {
        let name_len = isize::try_from(header.key.len()).unwrap_or(0);
        let (value, value_len) = parts(header.value.as_deref());
        let value_len = isize::try_from(value_len).unwrap_or(0);
        // SAFETY: a live list; name and value are copied, their lengths are given.
        unsafe {
            sys::rd_kafka_header_add(list, header.key.as_ptr().cast(), name_len, value, value_len);
        }
    }
    list
}

/// Waits up to `timeout_ms` until all is delivered, without lingering; true when it is.
///
/// librdkafka wakes this up at once when its count reaches zero, as successes make no events
/// (`delivery.report.only.error`). Failures do make events, so poll the producer between two steps.
pub(in super::super) fn flush_step(
    producer: &BaseProducer<ProducerEvents>,
    timeout_ms: i32,
) -> bool {
    // SAFETY: the producer is borrowed, so its client lives.
    let code = unsafe { sys::rd_kafka_flush(producer.client().native_ptr(), timeout_ms) };
    code == Code::RD_KAFKA_RESP_ERR_NO_ERROR
}
