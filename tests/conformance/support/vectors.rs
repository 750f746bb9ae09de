//! The group `serde`: bytes that the library must write and read.

use serde_json::{Map, Value};
use streams_runtime::outbox::TopicIx;
use streams_runtime::prelude::*;
use streams_runtime::serdes::foreign_key::{
    Instruction, Subscription, SubscriptionResponse, put_combined_key, read_combined_key,
};
use streams_runtime::serdes::windowed::{
    put_session_key, put_window_key, read_session_key, read_window_key,
};
use streams_runtime::serdes::{
    SessionWindowedSerde, TimeWindowedSerde, Window, Windowed, murmur2, murmur3_128,
    partition_for_key,
};
use streams_runtime::store::{ChangelogRecord, MemoryBytes, StoreSetup, table_store_maker};
use uuid::Uuid;

use super::case::Case;
use super::forms::{self, bytes_of, hex, unhex};

type Vector = Map<String, Value>;

/// Checks all vectors of a case and lists what differs.
pub(crate) fn check(case: &Case) -> Vec<String> {
    if case.vectors.is_empty() {
        return vec!["the case has neither a topology nor vectors".to_owned()];
    }
    let checked = case.vectors.iter().map(|vector| (vector, check_vector(&case.name, vector)));
    checked
        .filter_map(|(vector, result)| {
            Some(format!("{}: {}", Value::Object(vector.clone()), result.err()?))
        })
        .collect()
}

fn check_vector(case: &str, vector: &Vector) -> Result<(), String> {
    match (case, vector.get("serde"), vector.get("format")) {
        ("hashes", ..) => check_hash(vector),
        ("partitions", ..) => check_partitions(vector),
        (_, Some(_), _) => check_serde(text(vector, "serde")?, vector),
        (_, _, Some(_)) => check_format(text(vector, "format")?, vector),
        _ => Err("the harness does not know this kind of vector".to_owned()),
    }
}

fn check_serde(serde: &str, vector: &Vector) -> Result<(), String> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    match serde {
        "long" => both_ways(vector, Value::as_i64),
        "int" => both_ways(vector, int),
        "short" => both_ways(vector, |value| i16::try_from(value.as_i64()?).ok()),
        "double" => both_ways(vector, double),
        "float" => both_ways(vector, single),
        "boolean" => both_ways(vector, Value::as_bool),
        "string" => both_ways(vector, text),
        "uuid" => both_ways(vector, |value| value.as_str()?.parse::<Uuid>().ok()),
        "bytes" => both_ways(vector, |value| unhex(value.get("hex")?.as_str()?).ok()),
        "void" => both_ways(vector, |_| Some(())),
        "list(long)" => both_ways(vector, |value| list(value, Value::as_i64)),
        "list(int)" => both_ways(vector, |value| list(value, int)),
        "list(string)" => both_ways(vector, |value| list(value, text)),
        other => Err(format!("the harness knows no serde {other}")),
    }
}

/// Writes the value and compares, reads the bytes, writes again and compares (so NaN needs no
/// equality).
fn both_ways<T: HasSerde>(
    vector: &Vector,
    read: impl Fn(&Value) -> Option<T>,
) -> Result<(), String> {
    let expected = vector["hex"].as_str().map(unhex).transpose()?;
    let value: Option<T> = match &vector["value"] {
        Value::Null => None,
        value => Some(forms::typed(value, read)?),
    };
    same("written", bytes_of(&value)?, &expected)?;
    let serde = Option::<T>::serde();
    let back = serde.deserialize("a-topic", expected.as_deref()).map_err(|error| error.to_string());
    same("read and written again", bytes_of(&back?)?, &expected)
}

fn same(what: &str, ours: Option<Vec<u8>>, expected: &Option<Vec<u8>>) -> Result<(), String> {
    if ours == *expected {
        return Ok(());
    }
    Err(format!("{what}: {}", ours.map_or("null".to_owned(), |bytes| hex(&bytes))))
}

fn int(value: &Value) -> Option<i32> {
    i32::try_from(value.as_i64()?).ok()
}

fn double(value: &Value) -> Option<f64> {
    match value.as_str() {
        Some(text) => text.parse().ok(),
        None => value.as_f64(),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the form of a float is its shortest decimal")]
fn single(value: &Value) -> Option<f32> {
    double(value).map(|double| double as f32)
}

fn list<T>(value: &Value, read: impl Fn(&Value) -> Option<T>) -> Option<Vec<Option<T>>> {
    let item = |item: &Value| if item.is_null() { Some(None) } else { read(item).map(Some) };
    value.as_array()?.iter().map(item).collect()
}

fn check_format(format: &str, vector: &Vector) -> Result<(), String> {
    let bytes = unhex(text(vector, "hex")?)?;
    match format {
        "time_windowed_serde" | "session_windowed_serde" => check_windowed(format, vector, &bytes),
        "window_store_key" => {
            let (key, start) = (text(vector, "key")?.as_bytes(), long(vector, "start")?);
            let sequence =
                i32::try_from(long(vector, "seq")?).map_err(|error| error.to_string())?;
            written(&bytes, |out| put_window_key(key, start, sequence, out))?;
            read_back(read_window_key(&bytes), (key, start, sequence))
        }
        "session_store_key" => {
            let (key, window) = (text(vector, "key")?.as_bytes(), window(vector)?);
            written(&bytes, |out| put_session_key(key, window, out))?;
            read_back(read_session_key(&bytes), (key, window))
        }
        "timestamped_value" => check_timestamped(vector, &bytes),
        "fk_combined_key" => {
            let foreign = text(vector, "foreign_key")?.as_bytes();
            let primary = text(vector, "primary_key")?.as_bytes();
            written(&bytes, |out| {
                put_combined_key(foreign, primary, out).expect("a short key");
            })?;
            read_back(read_combined_key(&bytes), (foreign, primary))
        }
        "fk_subscription" => check_subscription(vector, &bytes),
        "fk_response" => {
            let foreign_value = vector["foreign_value"].as_str().map(str::as_bytes);
            let response = SubscriptionResponse { hash: value_hash(vector), foreign_value };
            written(&bytes, |out| response.write(out))?;
            read_back(SubscriptionResponse::read(&bytes), response)
        }
        other => Err(format!("the harness knows no format {other}")),
    }
}

fn check_windowed(format: &str, vector: &Vector, bytes: &[u8]) -> Result<(), String> {
    let window = window(vector)?;
    let key = Windowed { key: text(vector, "key")?.to_owned(), window };
    if format == "time_windowed_serde" {
        let serde = TimeWindowedSerde::new(String::serde(), window.end - window.start);
        return serde_both_ways(&serde, &key, bytes);
    }
    serde_both_ways(&SessionWindowedSerde::new(String::serde()), &key, bytes)
}

fn serde_both_ways<T: PartialEq + std::fmt::Debug>(
    serde: &impl Serde<T>,
    value: &T,
    bytes: &[u8],
) -> Result<(), String> {
    let mut result = Ok(());
    written(bytes, |out| {
        let encoded = serde.serialize("a-topic", value, out);
        result = encoded.map(|_| ()).map_err(|error| error.to_string());
    })?;
    result?;
    match serde.deserialize("a-topic", Some(bytes)) {
        Ok(back) if back == *value => Ok(()),
        other => Err(format!("reads as {other:?}")),
    }
}

/// The row of a table's store: what restoring a changelog record leaves in the backend.
fn check_timestamped(vector: &Vector, bytes: &[u8]) -> Result<(), String> {
    let value = long(vector, "value")?.to_be_bytes();
    let mut store = table_store_maker(String::serde(), i64::serde())(StoreSetup {
        name: "s",
        backend: Box::new(MemoryBytes::new()),
        changelog: Some(TopicIx(0)),
        changelog_topic: "app-s-changelog",
        partition: 0,
        caching: false,
        max_entries: None,
    })
    .map_err(|error| error.to_string())?;
    let record = ChangelogRecord {
        key: b"k",
        value: Some(&value),
        timestamp: long(vector, "ts")?,
        headers: &Headers::default(),
        offset: 0,
    };
    store.restore(&mut std::iter::once(record)).map_err(|error| error.to_string())?;
    let mut rows = Vec::new();
    let visited = store.visit_rows(&mut |_, row| rows.push(row.to_vec()));
    visited.map_err(|error| error.to_string())?;
    same("the store's row", rows.pop(), &Some(bytes.to_vec()))
}

fn check_subscription(vector: &Vector, bytes: &[u8]) -> Result<(), String> {
    let instruction = match long(vector, "instruction_byte")? {
        0 => Instruction::DeleteKeyNoPropagate,
        1 => Instruction::DeleteKeyAndPropagate,
        2 => Instruction::PropagateNullIfNoValue,
        3 => Instruction::PropagateOnlyIfValue,
        other => return Err(format!("no instruction {other}")),
    };
    let subscription = Subscription {
        instruction,
        hash: value_hash(vector),
        primary_key: text(vector, "primary_key")?.as_bytes(),
        primary_partition: int(&vector["primary_partition"]),
    };
    written(bytes, |out| subscription.write(out))?;
    read_back(Subscription::read(bytes), subscription)
}

fn check_hash(vector: &Vector) -> Result<(), String> {
    let ours = murmur3_128(&unhex(text(vector, "hex")?)?);
    let [h1, h2] = ours.map(|half| half.to_string());
    let expected = [text(vector, "h1")?, text(vector, "h2")?];
    if expected == [&h1, &h2] { Ok(()) } else { Err(format!("hashes to {h1} {h2}")) }
}

fn check_partitions(vector: &Vector) -> Result<(), String> {
    let key = unhex(text(vector, "key_hex")?)?;
    if i64::from(murmur2(&key)) != long(vector, "murmur2")? {
        return Err(format!("murmur2 is {}", murmur2(&key)));
    }
    let counts = forms::typed(&vector["partition"], |all| all.as_object().cloned())?;
    for (count, partition) in &counts {
        let ours = count.parse().map(|count| partition_for_key(&key, count));
        if ours.clone().ok().map(i64::from) != partition.as_i64() {
            return Err(format!("partition {ours:?} of {count}"));
        }
    }
    Ok(())
}

fn written(bytes: &[u8], write: impl FnOnce(&mut Vec<u8>)) -> Result<(), String> {
    let mut out = Vec::new();
    write(&mut out);
    same("written", Some(out), &Some(bytes.to_vec()))
}

fn read_back<T: PartialEq + std::fmt::Debug>(
    read: Result<T, SerdeError>,
    expected: T,
) -> Result<(), String> {
    match read {
        Ok(ours) if ours == expected => Ok(()),
        other => Err(format!("reads as {other:?}")),
    }
}

fn value_hash(vector: &Vector) -> Option<[i64; 2]> {
    vector["hash_of"].as_str().map(|value| murmur3_128(value.as_bytes()))
}

fn window(vector: &Vector) -> Result<Window, String> {
    Ok(Window { start: long(vector, "start")?, end: long(vector, "end")? })
}

fn text<'a>(vector: &'a Vector, field: &str) -> Result<&'a str, String> {
    vector.get(field).and_then(Value::as_str).ok_or_else(|| format!("no text `{field}`"))
}

fn long(vector: &Vector, field: &str) -> Result<i64, String> {
    vector.get(field).and_then(Value::as_i64).ok_or_else(|| format!("no integer `{field}`"))
}
