//! Replays the byte vectors that Kafka Streams 4.3.1 wrote (`tests/conformance/cases/serde`).

use std::path::Path;

use serde_json::Value;
use uuid::Uuid;

use super::foreign_key::{
    Instruction, Subscription, SubscriptionResponse, put_combined_key, read_combined_key,
};
use super::windowed::{put_session_key, put_window_key, read_session_key, read_window_key};
use super::*;

fn vectors(name: &str) -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/conformance/cases/serde");
    let path = folder.join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|_| panic!("no {}", path.display()));
    let file: Value = serde_json::from_str(&text).expect("a vector file is JSON");
    file["vectors"].as_array().expect("vectors").clone()
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> =
        text.chars().map(|digit| digit.to_digit(16).expect("a hex digit") as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

fn bytes_of(vector: &Value) -> Option<Vec<u8>> {
    vector["hex"].as_str().map(unhex)
}

fn text<'a>(vector: &'a Value, field: &str) -> &'a str {
    vector[field].as_str().expect("a text")
}

fn int(vector: &Value, field: &str) -> i64 {
    vector[field].as_i64().expect("an integer")
}

#[track_caller]
fn check<T, S: Serde<T>>(serde: &S, value: &T, bytes: Option<&[u8]>)
where
    T: PartialEq + std::fmt::Debug,
{
    let mut out = Vec::new();
    let encoded = serde.serialize("topic", value, &mut out).expect("serializes");
    let written = (encoded == Encoded::Bytes).then_some(out.as_slice());
    assert_eq!(written, bytes, "{value:?}");
    assert_eq!(serde.deserialize("topic", bytes).as_ref(), Ok(value));
}

fn check_type<T: HasSerde + PartialEq + std::fmt::Debug>(
    vector: &Value,
    read: impl Fn(&Value) -> T,
) {
    let value = Some(&vector["value"]).filter(|value| !value.is_null()).map(read);
    check(&OptionSerde(T::Serde::default()), &value, bytes_of(vector).as_deref());
    if let Some(value) = value {
        check(&T::Serde::default(), &value, bytes_of(vector).as_deref());
    }
}

fn double(value: &Value) -> f64 {
    match value.as_str() {
        Some("Infinity") => f64::INFINITY,
        Some("-Infinity") => f64::NEG_INFINITY,
        Some(text) => text.parse().expect("a number"),
        None => value.as_f64().expect("a number"),
    }
}

/// NaN is not equal to itself: compare bytes both ways.
fn check_nan(vector: &Value) {
    let bytes = bytes_of(vector).expect("bytes");
    let mut out = Vec::new();
    if vector["serde"] == "double" {
        assert!(F64Serde.deserialize("t", Some(&bytes)).expect("reads").is_nan());
        F64Serde.serialize("t", &f64::NAN, &mut out).expect("writes");
    } else {
        assert!(F32Serde.deserialize("t", Some(&bytes)).expect("reads").is_nan());
        F32Serde.serialize("t", &f32::NAN, &mut out).expect("writes");
    }
    assert_eq!(out, bytes);
}

#[test]
fn primitives() {
    for vector in vectors("primitives.json") {
        let owned = |value: &Value| value.as_str().expect("a text").to_owned();
        if vector["value"] == "NaN" {
            check_nan(&vector);
            continue;
        }
        match text(&vector, "serde") {
            "long" => check_type::<i64>(&vector, |value| value.as_i64().expect("long")),
            "int" => check_type::<i32>(&vector, |value| value.as_i64().expect("int") as i32),
            "short" => check_type::<i16>(&vector, |value| value.as_i64().expect("short") as i16),
            "double" => check_type::<f64>(&vector, double),
            "float" => check_type::<f32>(&vector, |value| double(value) as f32),
            "boolean" => check_type::<bool>(&vector, |value| value.as_bool().expect("boolean")),
            "string" => check_type::<String>(&vector, owned),
            "uuid" => check_type::<Uuid>(&vector, |value| owned(value).parse().expect("uuid")),
            "bytes" => check_type::<Vec<u8>>(&vector, |value| unhex(text(value, "hex"))),
            "void" => check(&VoidSerde, &(), None),
            other => panic!("no serde {other}"),
        }
    }
}

fn list<T>(value: &Value, read: impl Fn(&Value) -> T) -> Vec<Option<T>> {
    let elements = value.as_array().expect("a list").iter();
    elements.map(|element| (!element.is_null()).then(|| read(element))).collect()
}

#[test]
fn lists() {
    for vector in vectors("lists.json") {
        match text(&vector, "serde") {
            "list(string)" => check_type::<Vec<Option<String>>>(&vector, |value| {
                list(value, |text| text.as_str().expect("text").to_owned())
            }),
            "list(long)" => check_type::<Vec<Option<i64>>>(&vector, |value| {
                list(value, |long| long.as_i64().expect("long"))
            }),
            "list(int)" => check_type::<Vec<Option<i32>>>(&vector, |value| {
                list(value, |int| int.as_i64().expect("int") as i32)
            }),
            other => panic!("no serde {other}"),
        }
    }
}

#[test]
fn windowed_keys() {
    for vector in vectors("windowed-keys.json") {
        let bytes = bytes_of(&vector).expect("bytes");
        let key = text(&vector, "key").to_owned();
        let start = int(&vector, "start");
        let end = vector["end"].as_i64().unwrap_or_default();
        let window = Window { start, end };
        let mut out = Vec::new();
        match text(&vector, "format") {
            "time_windowed_serde" => {
                let serde = TimeWindowedSerde::new(String::serde(), end - start);
                check(&serde, &Windowed { key, window }, Some(&bytes));
            }
            "session_windowed_serde" => {
                let serde = SessionWindowedSerde::new(String::serde());
                check(&serde, &Windowed { key, window }, Some(&bytes));
            }
            "window_store_key" => {
                let sequence = int(&vector, "seq") as i32;
                put_window_key(key.as_bytes(), start, sequence, &mut out);
                assert_eq!(out, bytes);
                assert_eq!(read_window_key(&bytes), Ok((key.as_bytes(), start, sequence)));
            }
            "session_store_key" => {
                put_session_key(key.as_bytes(), window, &mut out);
                assert_eq!(out, bytes);
                assert_eq!(read_session_key(&bytes), Ok((key.as_bytes(), window)));
            }
            other => panic!("no format {other}"),
        }
    }
}

fn value_hash(vector: &Value) -> Option<[i64; 2]> {
    vector["hash_of"].as_str().map(|value| murmur3_128(value.as_bytes()))
}

fn check_subscription(vector: &Value, bytes: &[u8]) {
    let instruction = match int(vector, "instruction_byte") {
        0 => Instruction::DeleteKeyNoPropagate,
        1 => Instruction::DeleteKeyAndPropagate,
        2 => Instruction::PropagateNullIfNoValue,
        _ => Instruction::PropagateOnlyIfValue,
    };
    let subscription = Subscription {
        instruction,
        hash: value_hash(vector),
        primary_key: text(vector, "primary_key").as_bytes(),
        primary_partition: vector["primary_partition"].as_i64().map(|number| number as i32),
    };
    let mut out = Vec::new();
    subscription.write(&mut out);
    assert_eq!(out, bytes);
    assert_eq!(Subscription::read(bytes), Ok(subscription));
}

#[test]
fn store_values() {
    for vector in vectors("store-values.json") {
        let bytes = bytes_of(&vector).expect("bytes");
        let mut out = Vec::new();
        match text(&vector, "format") {
            // the layout of `TableStore`, see there
            "timestamped_value" => {
                let time = int(&vector, "ts").to_be_bytes();
                assert_eq!(bytes, [time, int(&vector, "value").to_be_bytes()].concat());
            }
            "fk_combined_key" => {
                let foreign = text(&vector, "foreign_key").as_bytes();
                let primary = text(&vector, "primary_key").as_bytes();
                put_combined_key(foreign, primary, &mut out).expect("small");
                assert_eq!(out, bytes);
                assert_eq!(read_combined_key(&bytes), Ok((foreign, primary)));
            }
            "fk_subscription" => check_subscription(&vector, &bytes),
            "fk_response" => {
                let foreign_value = vector["foreign_value"].as_str().map(str::as_bytes);
                let response = SubscriptionResponse { hash: value_hash(&vector), foreign_value };
                response.write(&mut out);
                assert_eq!(out, bytes);
                assert_eq!(SubscriptionResponse::read(&bytes), Ok(response));
            }
            other => panic!("no format {other}"),
        }
    }
}

#[test]
fn partitions() {
    for vector in vectors("partitions.json") {
        let key = unhex(text(&vector, "key_hex"));
        assert_eq!(i64::from(murmur2(&key)), int(&vector, "murmur2"));
        for (count, partition) in vector["partition"].as_object().expect("an object") {
            let count = count.parse().expect("a number");
            assert_eq!(Some(i64::from(partition_for_key(&key, count))), partition.as_i64());
        }
    }
}

#[test]
fn hashes() {
    for vector in vectors("hashes.json") {
        let expected: [i64; 2] =
            ["h1", "h2"].map(|part| text(&vector, part).parse().expect("a number"));
        assert_eq!(murmur3_128(&unhex(text(&vector, "hex"))), expected);
    }
}

#[test]
fn wrong_sizes_and_nulls_are_errors() {
    assert!(I64Serde.deserialize("t", Some(&[0; 7])).is_err());
    assert!(I32Serde.deserialize("t", Some(&[0; 8])).is_err());
    assert!(I16Serde.deserialize("t", Some(&[])).is_err());
    assert!(BoolSerde.deserialize("t", Some(&[2])).is_err());
    assert!(BoolSerde.deserialize("t", Some(&[0, 0])).is_err());
    assert!(VoidSerde.deserialize("t", Some(&[])).is_err());
    assert!(UuidSerde.deserialize("t", Some(b"b82f16599b5936d0b4adebfefe07b0c8")).is_err());
    assert!(I64Serde.deserialize("t", None).is_err());
    assert!(StringSerde::default().deserialize("t", None).is_err());
    let message = I64Serde.deserialize("t", None).expect_err("null").to_string();
    assert!(message.contains("Option<i64>"), "{message}");
}

#[test]
fn broken_text_is_replaced_as_in_java_unless_strict() {
    let bytes = Some(&b"a\xffb"[..]);
    assert_eq!(StringSerde::default().deserialize("t", bytes).as_deref(), Ok("a\u{fffd}b"));
    assert!(StringSerde::strict().deserialize("t", bytes).is_err());
}

#[test]
fn damaged_lists_are_errors() {
    let serde = <Vec<i64> as HasSerde>::Serde::default();
    for bytes in ["", "02", "0100000000", "00000000000000000200000000", "0000000000ffffffff"] {
        let read: Result<Vec<i64>, _> = serde.deserialize("t", Some(&unhex(bytes)));
        if bytes == "0100000000" {
            assert_eq!(read, Ok(vec![]));
        } else {
            assert!(read.is_err(), "{bytes}");
        }
    }
    let texts = <Vec<String> as HasSerde>::Serde::default();
    for bytes in ["017fffffff", "0100000001fffffffe", "010000000100000002ff", "0000000000"] {
        assert!(texts.deserialize("t", Some(&unhex(bytes))).is_err(), "{bytes}");
    }
    // a null where the element has none
    assert!(texts.deserialize("t", Some(&unhex("0100000001ffffffff"))).is_err());
}
