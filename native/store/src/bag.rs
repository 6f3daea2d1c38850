//! Attribute text, read in place: the members of a bag's JSON object, one after the other, without a tree.
//!
//! `model/attributes.py` has the rules. Text that breaks them ends the members where it breaks; it never panics.

use crate::value::Value;
use std::borrow::Cow;

/// The value of a member: as it compares, and its `AttributeType`.
#[derive(Clone, Debug, PartialEq)]
pub struct BagValue<'a> {
    /// An `AttributeType` as number.
    pub value_type: u8,
    kind: Kind<'a>,
}

#[derive(Clone, Debug, PartialEq)]
enum Kind<'a> {
    Empty,
    Text(Cow<'a, str>),
    Bool(bool),
    Int(i64),
    Double(f64),
    Encoded(&'a str),
}

impl BagValue<'_> {
    /// The value to compare.
    pub fn value(&self) -> Value<'_> {
        match &self.kind {
            Kind::Empty => Value::Empty,
            Kind::Text(text) => Value::Text(text),
            Kind::Bool(value) => Value::Bool(*value),
            Kind::Int(value) => Value::Int(*value),
            Kind::Double(value) => Value::Double(*value),
            Kind::Encoded(text) => Value::Encoded(text),
        }
    }
}

/// The members of a bag, in order, duplicates kept.
pub struct Members<'a> {
    text: &'a str,
    at: usize,
}

/// The members of a bag's attribute text.
pub fn members(text: &str) -> Members<'_> {
    Members {
        text,
        at: usize::from(text.starts_with('{')),
    }
}

/// The values of one key in a bag.
pub fn values_of<'a>(text: &'a str, key: &'a str) -> impl Iterator<Item = BagValue<'a>> {
    members(text)
        .filter(move |(found, _)| found == key)
        .map(|(_, value)| value)
}

impl<'a> Iterator for Members<'a> {
    type Item = (Cow<'a, str>, BagValue<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let key_end = string_end(self.text, self.at)?;
        let key = unescape(self.text.get(self.at + 1..key_end - 1)?)?;
        if self.text.as_bytes().get(key_end) != Some(&b':') {
            return None;
        }
        let value_end = value_end(self.text, key_end + 1)?;
        let value = read_value(self.text.get(key_end + 1..value_end)?)?;
        self.at = value_end + usize::from(self.text.as_bytes().get(value_end) == Some(&b','));
        Some((key, value))
    }
}

/// One value from its attribute text.
fn read_value(text: &str) -> Option<BagValue<'_>> {
    let (value_type, kind) = match text.as_bytes().first()? {
        b'"' => (1, Kind::Text(unescape(text.get(1..text.len() - 1)?)?)),
        b't' => (2, Kind::Bool(true)),
        b'f' => (2, Kind::Bool(false)),
        b'n' => (0, Kind::Empty),
        b'[' => (6, Kind::Encoded(text)),
        b'{' => read_object(text),
        _ => read_number(text)?,
    };
    Some(BagValue { value_type, kind })
}

fn read_number(text: &str) -> Option<(u8, Kind<'_>)> {
    if text.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E')) {
        return Some((4, Kind::Double(text.parse().ok()?)));
    }
    Some((3, Kind::Int(text.parse().ok()?)))
}

/// A map, or one of the two marked values.
fn read_object(text: &str) -> (u8, Kind<'_>) {
    let marked = |marker| text.strip_prefix(marker)?.strip_suffix("\"}");
    if let Some(base64) = marked("{\"$bytes\":\"") {
        return (5, Kind::Encoded(base64));
    }
    match marked("{\"$double\":\"") {
        Some("NaN") => (4, Kind::Double(f64::NAN)),
        Some("Infinity") => (4, Kind::Double(f64::INFINITY)),
        Some("-Infinity") => (4, Kind::Double(f64::NEG_INFINITY)),
        _ => (7, Kind::Encoded(text)),
    }
}

/// Where the string that opens at `at` ends (behind its closing quote).
fn string_end(text: &str, at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    if bytes.get(at) != Some(&b'"') {
        return None;
    }
    let mut position = at + 1;
    loop {
        position += memchr::memchr2(b'"', b'\\', bytes.get(position..)?)?;
        if bytes[position] == b'"' {
            return Some(position + 1);
        }
        position += 2;
    }
}

/// Where the value that begins at `at` ends.
fn value_end(text: &str, at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    match bytes.get(at)? {
        b'"' => string_end(text, at),
        b'{' | b'[' => brackets_end(text, at),
        _ => {
            let length = bytes[at..]
                .iter()
                .position(|byte| matches!(byte, b',' | b'}' | b']'))?;
            Some(at + length)
        }
    }
}

fn brackets_end(text: &str, at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut depth = 0usize;
    let mut position = at;
    loop {
        match bytes.get(position)? {
            b'"' => {
                position = string_end(text, position)?;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        position += 1;
        if depth == 0 {
            return Some(position);
        }
    }
}

/// The inside of a JSON string without its escapes.
fn unescape(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('\\') {
        return Some(Cow::Borrowed(text));
    }
    let quoted = format!("\"{text}\"");
    serde_json::from_str::<String>(&quoted).ok().map(Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value as Json;

    #[test]
    fn members_come_in_order_with_their_types() {
        let text = r#"{"a":"x","b\n":true,"a":42,"d":1.5,"e":{"$bytes":"AQI="},"f":[1,"]"],"g":{"h":{}},"i":null,"j":{"$double":"-Infinity"}}"#;
        let found: Vec<_> = members(text)
            .map(|(key, value)| (key.into_owned(), value.value_type))
            .collect();
        let expected = [
            ("a", 1),
            ("b\n", 2),
            ("a", 3),
            ("d", 4),
            ("e", 5),
            ("f", 6),
            ("g", 7),
            ("i", 0),
            ("j", 4),
        ];
        assert_eq!(found, expected.map(|(key, kind)| (key.to_owned(), kind)));
        let values: Vec<_> = values_of(text, "a").collect();
        assert_eq!(values[0].value(), Value::Text("x"));
        assert_eq!(values[1].value(), Value::Int(42));
    }

    #[test]
    fn broken_text_ends_quietly() {
        for text in [
            "",
            "{}",
            "{",
            "{\"a",
            "{\"a\"",
            "{\"a\":",
            "{\"a\":[",
            "{\"a\":\"\\",
            "nonsense",
            "{\"a\":1",
        ] {
            assert_eq!(members(text).count(), 0, "{text}");
        }
    }

    fn json() -> impl Strategy<Value = Json> {
        let leaf = prop_oneof![
            Just(Json::Null),
            any::<bool>().prop_map(Json::from),
            any::<i64>().prop_map(Json::from),
            "[a\"\\\\é\n{}\\[\\],:]{0,6}".prop_map(Json::from),
        ];
        leaf.prop_recursive(3, 20, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
                prop::collection::btree_map("[k\"\\\\,]{0,3}", inner, 0..4)
                    .prop_map(|map| Json::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn members_are_those_that_a_parser_finds(
            bag in prop::collection::btree_map("[k\"\\\\é,:]{0,4}", json(), 0..6)
        ) {
            let text = Json::Object(bag.clone().into_iter().collect()).to_string();
            let found: Vec<_> = members(&text).collect();
            prop_assert_eq!(found.len(), bag.len());
            for ((key, value), (expected_key, expected)) in found.iter().zip(&bag) {
                prop_assert_eq!(key.as_ref(), expected_key);
                match expected {
                    Json::String(text) => prop_assert_eq!(value.value(), Value::Text(text)),
                    Json::Number(number) => prop_assert_eq!(Some(value.value()), number.as_i64().map(Value::Int)),
                    Json::Bool(bool) => prop_assert_eq!(value.value(), Value::Bool(*bool)),
                    Json::Null => prop_assert_eq!(value.value(), Value::Empty),
                    other => prop_assert_eq!(value.value(), Value::Encoded(&other.to_string())),
                }
            }
        }

        #[test]
        fn no_text_is_too_odd(text in "[{}\"\\\\:,\\[\\]ékn1t.-]{0,40}") {
            members(&text).for_each(|(key, value)| drop((key.into_owned(), value.value_type)));
        }
    }
}
