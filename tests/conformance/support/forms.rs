//! JSON forms of keys and values, to bytes and back, by the serde names of the cases.

use serde_json::Value;
use streams_runtime::prelude::*;
use streams_runtime::serdes::Encoded;
use uuid::Uuid;

use super::lang::Doc;

/// The bytes of a key or value, or `None` for a null.
///
/// # Errors
/// When the JSON form does not fit the serde.
pub(crate) fn encode(serde: &str, form: &Value) -> Result<Option<Vec<u8>>, String> {
    if form.is_null() {
        return Ok(None);
    }
    if let Some(raw) = form.get("raw_hex").and_then(Value::as_str) {
        return unhex(raw).map(Some);
    }
    if let Some(element) = parameter(serde, "list") {
        return encode_list(element, form);
    }
    match serde {
        "string" => bytes_of(&typed(form, |form| form.as_str().map(str::to_owned))?),
        "long" => bytes_of(&typed(form, Value::as_i64)?),
        "int" => bytes_of(&integer::<i32>(form)?),
        "short" => bytes_of(&integer::<i16>(form)?),
        "double" => bytes_of(&typed(form, Value::as_f64)?),
        "float" => bytes_of(&typed(form, float)?),
        "boolean" => bytes_of(&typed(form, Value::as_bool)?),
        "uuid" => bytes_of(&typed(form, |form| form.as_str()?.parse::<Uuid>().ok())?),
        "bytes" => unhex(form["hex"].as_str().unwrap_or("not given")).map(Some),
        "json" => bytes_of(&Doc(form.clone())),
        other => encode_window(other, form),
    }
}

/// `x` of `kind(x)`.
pub(crate) fn parameter<'a>(serde: &'a str, kind: &str) -> Option<&'a str> {
    serde.strip_prefix(kind)?.strip_prefix('(')?.strip_suffix(')')
}

/// The value that a JSON form stands for.
///
/// # Errors
/// When it has another type.
pub(crate) fn typed<T>(form: &Value, read: impl Fn(&Value) -> Option<T>) -> Result<T, String> {
    read(form).ok_or_else(|| format!("{form} is no {}", std::any::type_name::<T>()))
}

/// An integer of a narrower type.
///
/// # Errors
/// When the form is no integer of that width.
pub(crate) fn integer<T: TryFrom<i64>>(form: &Value) -> Result<T, String> {
    typed(form, |form| T::try_from(form.as_i64()?).ok())
}

/// A number of single precision.
#[expect(clippy::cast_possible_truncation, reason = "the form of a float is its shortest decimal")]
pub(crate) fn float(form: &Value) -> Option<f32> {
    form.as_f64().map(|double| double as f32)
}

/// The bytes that the type's own serde writes.
///
/// # Errors
/// What the serde says.
pub(crate) fn bytes_of<T: HasSerde>(value: &T) -> Result<Option<Vec<u8>>, String> {
    let mut bytes = Vec::new();
    let encoded = T::serde().serialize("a-topic", value, &mut bytes);
    let encoded = encoded.map_err(|error| error.to_string())?;
    Ok((encoded == Encoded::Bytes).then_some(bytes))
}

fn encode_list(element: &str, form: &Value) -> Result<Option<Vec<u8>>, String> {
    let items = typed(form, |form| form.as_array().cloned())?;
    match element {
        "long" => bytes_of(&list(&items, Value::as_i64)?),
        "int" => bytes_of(&list(&items, |form| i32::try_from(form.as_i64()?).ok())?),
        "string" => bytes_of(&list(&items, |form| form.as_str().map(str::to_owned))?),
        other => Err(format!("the harness knows no list({other})")),
    }
}

fn list<T>(items: &[Value], read: impl Fn(&Value) -> Option<T>) -> Result<Vec<T>, String> {
    items.iter().map(|item| typed(item, &read)).collect()
}

/// `windowed(x,size)` is key and start, `session(x)` is key, end and start.
fn encode_window(serde: &str, form: &Value) -> Result<Option<Vec<u8>>, String> {
    let time = |name: &str| typed(&form[name], Value::as_i64).map(i64::to_be_bytes);
    let windowed = parameter(serde, "windowed").and_then(|inner| inner.rsplit_once(','));
    let (inner, times) = match (windowed, parameter(serde, "session")) {
        (Some((inner, _size)), _) => (inner, vec![time("start")?]),
        (None, Some(inner)) => (inner, vec![time("end")?, time("start")?]),
        (None, None) => return Err(format!("the harness knows no serde {serde}")),
    };
    let mut bytes = encode(inner, &form["key"])?.unwrap_or_default();
    bytes.extend(times.concat());
    Ok(Some(bytes))
}

/// True when some serde of the cases writes these bytes for this JSON form.
///
/// The recordings say what a store holds without naming the store's serdes.
pub(crate) fn may_be(bytes: &[u8], form: &Value) -> bool {
    const SERDES: [&str; 12] = [
        "string",
        "long",
        "int",
        "short",
        "double",
        "float",
        "boolean",
        "uuid",
        "json",
        "list(long)",
        "list(int)",
        "list(string)",
    ];
    let raw = form.get("hex").and_then(Value::as_str);
    raw.is_some_and(|hex| unhex(hex).as_deref() == Ok(bytes))
        || SERDES
            .iter()
            .any(|serde| encode(serde, form).is_ok_and(|ours| ours.as_deref() == Some(bytes)))
}

/// Bytes as text, for messages.
pub(crate) fn show(bytes: Option<&[u8]>) -> String {
    let Some(bytes) = bytes else { return "null".to_owned() };
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.chars().any(char::is_control) => format!("{text:?}"),
        _ => format!("0x{}", hex(bytes)),
    }
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes of hexadecimal digits.
///
/// # Errors
/// When the text is something else.
pub(crate) fn unhex(text: &str) -> Result<Vec<u8>, String> {
    let digit = |at: usize| text.get(at..at + 2).and_then(|two| u8::from_str_radix(two, 16).ok());
    (0..text.len())
        .step_by(2)
        .map(digit)
        .collect::<Option<_>>()
        .ok_or_else(|| format!("{text} is no hex"))
}
