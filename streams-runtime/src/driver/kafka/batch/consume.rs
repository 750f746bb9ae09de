//! Records in: one queue per partition, many records per call.

use std::ffi::CString;
use std::ptr::{self, NonNull};
use std::sync::Arc;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::topic_partition_list::Offset;
use rdkafka_sys as sys;
use sys::rd_kafka_resp_err_t as Code;

use super::super::events::ConsumerEvents;
use super::super::wake::{Waker, wake_thread};
use crate::record::{Header, Headers};
use crate::task::RecordBatch;

/// Room for the message pointers of one call; each stream thread has one.
pub(in super::super) struct Scratch {
    messages: Vec<*mut sys::rd_kafka_message_t>,
}

impl Scratch {
    pub(in super::super) fn new(max_records: usize) -> Self {
        Self { messages: vec![ptr::null_mut(); max_records.max(1)] }
    }
}

/// What one read brought besides the records.
#[derive(Debug, Default)]
pub(in super::super) struct Arrived {
    /// How many messages were taken, errors included.
    pub(in super::super) taken: usize,
    /// The offset at the end of the partition, when the reader stands there.
    pub(in super::super) end: Option<i64>,
    /// The first error of the partition.
    pub(in super::super) error: Option<RDKafkaErrorCode>,
}

/// The queue of one assigned partition.
///
/// Make it before the partition is assigned: from then on its records come here and not through
/// the consumer's own queue. Dropping it does not unassign the partition.
pub(in super::super) struct PartitionReader {
    queue: NonNull<sys::rd_kafka_queue_t>,
    topic: CString,
    partition: i32,
    // both are kept for the queue: invariants 1 and 3
    consumer: Arc<BaseConsumer<ConsumerEvents>>,
    _waker: Arc<Waker>,
}

impl PartitionReader {
    /// The queue of a partition; the waker's thread is woken when records arrive in an empty queue.
    ///
    /// `None` when the topic's name is none.
    pub(in super::super) fn new(
        consumer: &Arc<BaseConsumer<ConsumerEvents>>,
        topic: &str,
        partition: i32,
        waker: &Arc<Waker>,
    ) -> Option<Self> {
        let topic = CString::new(topic).ok()?;
        let client = consumer.client().native_ptr();
        // SAFETY: the client lives (invariant 1), the name is a C string that outlives the call.
        let queue = NonNull::new(unsafe {
            sys::rd_kafka_queue_get_partition(client, topic.as_ptr(), partition)
        })?;
        let opaque = Arc::as_ptr(waker).cast_mut().cast();
        // SAFETY: the queue is live (invariant 1); the opaque pointer stays valid (invariant 3).
        unsafe {
            sys::rd_kafka_queue_forward(queue.as_ptr(), ptr::null_mut());
            sys::rd_kafka_queue_cb_event_enable(queue.as_ptr(), Some(wake_up), opaque);
        }
        let (consumer, waker) = (Arc::clone(consumer), Arc::clone(waker));
        Some(Self { queue, topic, partition, consumer, _waker: waker })
    }

    /// Takes up to `max` records that are here; never waits.
    pub(in super::super) fn read(
        &self,
        scratch: &mut Scratch,
        max: usize,
    ) -> (Arrived, RecordBatch) {
        let room = max.min(scratch.messages.len());
        // SAFETY: `messages` has room for `room` pointers; the queue is live (invariants 1 and 4).
        let taken = unsafe {
            sys::rd_kafka_consume_batch_queue(
                self.queue.as_ptr(),
                0,
                scratch.messages.as_mut_ptr(),
                room,
            )
        };
        let taken = usize::try_from(taken).unwrap_or(0);
        let mut arrived = Arrived { taken, ..Arrived::default() };
        let messages = &mut scratch.messages[..taken];
        // SAFETY: librdkafka filled in `taken` messages, none of which is destroyed yet (invariant
        // 2).
        let size = messages.iter().map(|message| unsafe { size_of(*message) }).sum();
        let mut batch = RecordBatch::with_capacity(taken, size);
        for message in messages {
            let message = std::mem::replace(message, ptr::null_mut());
            // SAFETY: each message is read and destroyed once here (invariant 2).
            unsafe {
                take(message, &mut batch, &mut arrived);
                sys::rd_kafka_message_destroy(message);
            }
        }
        (arrived, batch)
    }

    /// The offset that the next record of the partition will get, as the last fetch said; does not
    /// ask the broker. `None` before the first fetch.
    pub(in super::super) fn known_end(&self) -> Option<i64> {
        let client = self.consumer.client().native_ptr();
        let (mut low, mut high) = (-1, -1);
        // SAFETY: a live client (invariant 1), a C string, and two places for the offsets.
        let code = unsafe {
            sys::rd_kafka_get_watermark_offsets(
                client,
                self.topic.as_ptr(),
                self.partition,
                &raw mut low,
                &raw mut high,
            )
        };
        (code == Code::RD_KAFKA_RESP_ERR_NO_ERROR && high >= 0).then_some(high)
    }
}

impl PartitionReader {
    /// The offset behind all that was taken, transaction markers included; does not ask the broker.
    pub(in super::super) fn position(&self) -> Option<i64> {
        let topic = self.topic.to_str().ok()?;
        let positions = self.consumer.position().ok()?;
        match positions.find_partition(topic, self.partition)?.offset() {
            Offset::Offset(position) => Some(position),
            _ => None,
        }
    }
}

impl Drop for PartitionReader {
    fn drop(&mut self) {
        // SAFETY: the queue is live and destroyed only here (invariant 1); the callback ends first
        // (invariant 3).
        unsafe {
            sys::rd_kafka_queue_cb_event_enable(self.queue.as_ptr(), None, ptr::null_mut());
            sys::rd_kafka_queue_destroy(self.queue.as_ptr());
        }
    }
}

unsafe extern "C" fn wake_up(_: *mut sys::rd_kafka_t, opaque: *mut std::ffi::c_void) {
    // SAFETY: `opaque` came from an `Arc<Waker>` that lives as long as this callback is on
    // (invariant 3).
    wake_thread(unsafe { &*opaque.cast::<Waker>() });
}

/// How many bytes the key and the value have.
///
/// # Safety
/// `message` is a live message of librdkafka.
#[inline]
unsafe fn size_of(message: *const sys::rd_kafka_message_t) -> usize {
    // SAFETY: as the caller promises.
    unsafe { (*message).len + (*message).key_len }
}

/// Copies a message into the batch, or notes what it says.
///
/// # Safety
/// `message` is a live message of librdkafka.
#[inline]
unsafe fn take(
    message: *mut sys::rd_kafka_message_t,
    batch: &mut RecordBatch,
    arrived: &mut Arrived,
) {
    // SAFETY: the caller hands over a live message; nothing else refers to it.
    let fields = unsafe { &*message };
    match fields.err {
        Code::RD_KAFKA_RESP_ERR_NO_ERROR => {}
        Code::RD_KAFKA_RESP_ERR__PARTITION_EOF => {
            arrived.end = Some(fields.offset);
            return;
        }
        error => {
            arrived.error.get_or_insert(error.into());
            return;
        }
    }
    // SAFETY: key and payload are null or point to that many bytes inside the live message.
    let (key, value) =
        unsafe { (bytes(fields.key, fields.key_len), bytes(fields.payload, fields.len)) };
    let mut kind = sys::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
    // SAFETY: a live message, and a place for the kind of timestamp.
    let timestamp = unsafe { sys::rd_kafka_message_timestamp(message, &raw mut kind) };
    // SAFETY: a live message.
    let headers = unsafe { headers(message) };
    batch.push(fields.offset, timestamp, key, value, headers);
}

/// # Safety
/// `start` is null or points to `len` bytes that live as long as the result is used.
#[inline]
unsafe fn bytes<'a>(start: *const std::ffi::c_void, len: usize) -> Option<&'a [u8]> {
    if start.is_null() {
        return None;
    }
    // SAFETY: as the caller promises.
    Some(unsafe { std::slice::from_raw_parts(start.cast(), len) })
}

/// # Safety
/// `message` is a live message of librdkafka.
#[inline]
unsafe fn headers(message: *mut sys::rd_kafka_message_t) -> Headers {
    let mut list = ptr::null_mut();
    // SAFETY: a live message; the list belongs to it.
    let code = unsafe { sys::rd_kafka_message_headers(message, &raw mut list) };
    if code != Code::RD_KAFKA_RESP_ERR_NO_ERROR {
        return Headers::default();
    }
    (0..)
        .map_while(|ix| {
            let (mut name, mut value, mut size) = (ptr::null(), ptr::null(), 0);
            // SAFETY: the list is live; it fills in the three places or says that there is no more.
            let code = unsafe {
                sys::rd_kafka_header_get_all(list, ix, &raw mut name, &raw mut value, &raw mut size)
            };
            (code == Code::RD_KAFKA_RESP_ERR_NO_ERROR).then(|| {
                // SAFETY: name is a C string, value null or `size` bytes, both inside the message.
                let (name, value) = unsafe { (std::ffi::CStr::from_ptr(name), bytes(value, size)) };
                Header {
                    key: name.to_string_lossy().into_owned(),
                    value: value.map(<[u8]>::to_vec),
                }
            })
        })
        .collect()
}
