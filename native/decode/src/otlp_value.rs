//! OTLP's KeyValue and AnyValue: reading them, with protobuf's rules for merging and for the last of a oneof.

use crate::ahead::Ahead;
use crate::lists::Attributes;
use crate::otlp_fields::{VALUES, any_value, key_value};
use crate::protobuf::{Parts, Reader, Result, deeper};
use crate::schema::AttributeType;
use crate::text::TextSink;
use crate::utf8::repaired;
use crate::value::ValueSink;

const KEY_TAG: u8 = key_value::KEY as u8;
const VALUE_TAG: u8 = key_value::VALUE as u8;

/// A KeyValue, its value not yet read.
pub struct KeyValue<'a> {
    /// As it came.
    pub key: &'a [u8],
    /// AnyValue; no part when it is absent.
    pub value: Parts<'a>,
}

/// An AnyValue, nested ones not yet read.
enum AnyValue<'a> {
    Empty,
    String(&'a [u8]),
    Bool(bool),
    Int(i64),
    Double(u64),
    Bytes(&'a [u8]),
    Array(Parts<'a>),
    Map(Parts<'a>),
}

/// Read a KeyValue.
#[inline]
pub fn read_key_value(data: &[u8], depth: u32) -> Result<KeyValue<'_>> {
    let mut reader = Reader::new(data);
    let mut found = KeyValue {
        key: b"",
        value: Parts::default(),
    };
    while let Some(tag) = reader.tag()? {
        match tag {
            key_value::KEY => found.key = reader.bytes()?,
            key_value::VALUE => found.value.push(reader.bytes()?),
            _ => reader.skip(tag, depth)?,
        }
    }
    Ok(found)
}

/// Read the KeyValue ahead as an attribute of the span under construction.
#[inline(always)]
pub fn read_attribute(
    reader: &mut Reader<'_>,
    depth: u32,
    attributes: &mut Attributes,
) -> Result<()> {
    if let Some(length) = read_usual_attribute(reader.rest(), attributes) {
        reader.advance(length);
        return Ok(());
    }
    read_any_attribute(reader.bytes()?, depth, attributes)
}

/// Nearly every attribute: a length, a key, a value that is one plain field, all short, nothing else. Where it ends; None
/// when it is otherwise, and then nothing has been appended.
#[inline(always)]
fn read_usual_attribute(rest: &[u8], attributes: &mut Attributes) -> Option<usize> {
    let [length, KEY_TAG, key_length, ..] = *rest else {
        return None;
    };
    let value_at = 3 + usize::from(key_length);
    let [VALUE_TAG, value_length, tag, first, ..] = *rest.get(value_at..)? else {
        return None;
    };
    let end = value_at + 2 + usize::from(value_length);
    let is_short = (length | key_length | value_length) < 0x80;
    if !is_short || value_length < 2 || end != 1 + usize::from(length) || end > rest.len() {
        return None;
    }
    let key = Ahead {
        bytes: &rest[3..],
        len: usize::from(key_length),
    };
    let is_byte = value_length == 2 && first < 0x80;
    match u32::from(tag) {
        any_value::STRING if usize::from(first) + 2 == usize::from(value_length) => {
            let value = Ahead {
                bytes: &rest[value_at + 4..],
                len: usize::from(first),
            };
            attributes.push_string_ahead(key, value);
        }
        any_value::INT => {
            let mut value = Reader::new(&rest[value_at + 3..end]);
            let number = value.varint().ok().filter(|_| value.is_at_end())?;
            attributes.push_number_ahead(key, AttributeType::Int, number as i64);
        }
        any_value::BOOL if is_byte => {
            attributes.push_number_ahead(key, AttributeType::Bool, i64::from(first != 0));
        }
        _ => return None,
    }
    Some(end)
}

fn read_any_attribute(data: &[u8], depth: u32, attributes: &mut Attributes) -> Result<()> {
    let KeyValue { key, value } = read_key_value(data, depth)?;
    match read_any_value(&value, depth)? {
        AnyValue::Empty => attributes.push_number(key, AttributeType::Empty, 0),
        AnyValue::String(text) => attributes.push_string(key, text),
        AnyValue::Bool(value) => attributes.push_number(key, AttributeType::Bool, i64::from(value)),
        AnyValue::Int(value) => attributes.push_number(key, AttributeType::Int, value),
        AnyValue::Double(bits) => attributes.push_number(key, AttributeType::Double, bits as i64),
        AnyValue::Bytes(value) => attributes.push_bytes(key, AttributeType::Bytes, value),
        AnyValue::Array(parts) => {
            write_array(
                &parts,
                below_value(depth, data)?,
                &mut TextSink::new(&mut attributes.text),
            )?;
            attributes.push_written(key, AttributeType::Array);
        }
        AnyValue::Map(parts) => {
            write_map(
                &parts,
                below_value(depth, data)?,
                &mut TextSink::new(&mut attributes.text),
            )?;
            attributes.push_written(key, AttributeType::Map);
        }
    }
    Ok(())
}

/// Hand a KeyValue on as a pair of a bag.
pub fn write_key_value(data: &[u8], depth: u32, sink: &mut impl ValueSink) -> Result<()> {
    let KeyValue { key, value } = read_key_value(data, depth)?;
    sink.key(&repaired(key));
    write_value(&value, depth, sink)
}

/// Hand an AnyValue on; `depth` is what may still lie below the message that has it as a field.
pub fn write_value(value: &Parts<'_>, depth: u32, sink: &mut impl ValueSink) -> Result<()> {
    match read_any_value(value, depth)? {
        AnyValue::Empty => sink.empty(),
        AnyValue::String(text) => sink.string(&repaired(text)),
        AnyValue::Bool(value) => sink.boolean(value),
        AnyValue::Int(value) => sink.integer(value),
        AnyValue::Double(bits) => sink.double(f64::from_bits(bits)),
        AnyValue::Bytes(value) => sink.bytes(value),
        AnyValue::Array(parts) => write_array(&parts, depth_of(&parts, depth)?, sink)?,
        AnyValue::Map(parts) => write_map(&parts, depth_of(&parts, depth)?, sink)?,
    }
    Ok(())
}

fn write_array(parts: &Parts<'_>, depth: u32, sink: &mut impl ValueSink) -> Result<()> {
    sink.begin_array();
    for part in parts.iter() {
        let mut reader = Reader::new(part);
        while let Some(tag) = reader.tag()? {
            match tag {
                VALUES => write_value(&Parts::from(reader.bytes()?), depth, sink)?,
                _ => reader.skip(tag, depth)?,
            }
        }
    }
    sink.end_array();
    Ok(())
}

fn write_map(parts: &Parts<'_>, depth: u32, sink: &mut impl ValueSink) -> Result<()> {
    sink.begin_map();
    for part in parts.iter() {
        let mut reader = Reader::new(part);
        while let Some(tag) = reader.tag()? {
            match tag {
                VALUES => {
                    let pair = reader.bytes()?;
                    write_key_value(pair, deeper(depth, pair)?, sink)?;
                }
                _ => reader.skip(tag, depth)?,
            }
        }
    }
    sink.end_map();
    Ok(())
}

/// What may lie below the ArrayValue or KeyValueList inside an AnyValue that is a field at this depth.
fn below_value(depth: u32, data: &[u8]) -> Result<u32> {
    deeper(deeper(depth, data)?, data)
}

fn depth_of(parts: &Parts<'_>, depth: u32) -> Result<u32> {
    below_value(depth, parts.iter().next().unwrap_or_default())
}

#[inline]
fn read_any_value<'a>(value: &Parts<'a>, depth: u32) -> Result<AnyValue<'a>> {
    let mut found = AnyValue::Empty;
    for part in value.iter() {
        let depth = deeper(depth, part)?;
        let mut reader = Reader::new(part);
        while let Some(tag) = reader.tag()? {
            let next = match tag {
                any_value::STRING => AnyValue::String(reader.bytes()?),
                any_value::BOOL => AnyValue::Bool(reader.varint()? != 0),
                any_value::INT => AnyValue::Int(reader.varint()? as i64),
                any_value::DOUBLE => AnyValue::Double(reader.fixed64()?),
                any_value::BYTES => AnyValue::Bytes(reader.bytes()?),
                any_value::ARRAY | any_value::MAP => {
                    merge_nested(&mut found, tag, reader.bytes()?, depth)?;
                    continue;
                }
                any_value::STRING_INDEX => {
                    reader.varint()?;
                    AnyValue::Empty
                }
                _ => {
                    reader.skip(tag, depth)?;
                    continue;
                }
            };
            replace(&mut found, next, depth)?;
        }
    }
    Ok(found)
}

/// Two array values, or two maps, in a row are one; any other value between them starts anew.
fn merge_nested<'a>(found: &mut AnyValue<'a>, tag: u32, part: &'a [u8], depth: u32) -> Result<()> {
    match (&mut *found, tag) {
        (AnyValue::Array(parts), any_value::ARRAY) | (AnyValue::Map(parts), any_value::MAP) => {
            parts.push(part);
            Ok(())
        }
        (_, any_value::ARRAY) => replace(found, AnyValue::Array(part.into()), depth),
        _ => replace(found, AnyValue::Map(part.into()), depth),
    }
}

/// The last of a oneof holds. A nested value that it replaces must have been well-formed all the same.
#[inline]
fn replace<'a>(found: &mut AnyValue<'a>, next: AnyValue<'a>, depth: u32) -> Result<()> {
    let replaced = std::mem::replace(found, next);
    match replaced {
        AnyValue::Array(parts) => write_array(&parts, deeper(depth, &[])?, &mut Nowhere),
        AnyValue::Map(parts) => write_map(&parts, deeper(depth, &[])?, &mut Nowhere),
        _ => Ok(()),
    }
}

/// Takes values and forgets them.
struct Nowhere;

impl ValueSink for Nowhere {
    fn empty(&mut self) {}
    fn string(&mut self, _: &str) {}
    fn boolean(&mut self, _: bool) {}
    fn integer(&mut self, _: i64) {}
    fn double(&mut self, _: f64) {}
    fn bytes(&mut self, _: &[u8]) {}
    fn begin_array(&mut self) {}
    fn end_array(&mut self) {}
    fn begin_map(&mut self) {}
    fn key(&mut self, _: &str) {}
    fn end_map(&mut self) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protobuf_writer::put_bytes_field;
    use arrow_array::ArrayRef;

    /// A length, then a KeyValue with this AnyValue.
    fn attribute(key: &[u8], value: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut pair = Vec::new();
        put_bytes_field(&mut pair, key_value::KEY, key);
        put_bytes_field(&mut pair, key_value::VALUE, value);
        put_bytes_field(&mut out, 0x0a, &pair);
        out.split_off(1)
    }

    fn values() -> Vec<Vec<u8>> {
        let text = |len: usize| {
            let mut value = Vec::new();
            put_bytes_field(
                &mut value,
                any_value::STRING,
                &b"0123456789".repeat(13)[..len],
            );
            value
        };
        let mut values: Vec<Vec<u8>> = [
            0, 1, 7, 8, 31, 32, 33, 80, 123, 124, 125, 126, 127, 128, 130,
        ]
        .map(text)
        .into();
        let numbers: [&[u8]; 14] = [
            b"",
            b"\x18",
            b"\x18\x00",
            b"\x18\x7f",
            b"\x18\xc8\x01",
            b"\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
            b"\x18\x80",
            b"\x18\x01\x18\x02",
            b"\x10\x01",
            b"\x10\x00",
            b"\x10\x81\x00",
            b"\x21\x00\x00\x00\x00\x00\x00\xf8\x3f",
            b"\x0a\x01a\x0a\x01b",
            b"\x0a\xfe",
        ];
        values.extend(numbers.map(<[u8]>::to_vec));
        values
    }

    /// What `read` makes of the attribute ahead, twice so that the key is known: the attributes, and what is left.
    fn read(
        bytes: &[u8],
        read: impl Fn(&mut Reader<'_>, &mut Attributes) -> Result<()>,
    ) -> (Result<usize>, ArrayRef) {
        let mut attributes = Attributes::default();
        let mut once = || {
            let mut reader = Reader::new(bytes);
            read(&mut reader, &mut attributes).map(|()| reader.rest().len())
        };
        let left = once().and_then(|_| once());
        match left {
            Ok(_) => attributes.end_row(),
            Err(_) => {
                attributes.abandon_row();
            }
        }
        (left, attributes.finish().unwrap())
    }

    #[test]
    fn the_usual_attribute_is_read_as_any_is() {
        let rest = [b"\x4a\x07".repeat(30), Vec::new()];
        for (key_len, value) in
            (0..40).flat_map(|len| values().into_iter().map(move |value| (len, value)))
        {
            let key: Vec<u8> = (b'a'..=b'z').cycle().take(key_len).collect();
            for rest in &rest {
                let bytes = [attribute(&key, &value), rest.clone()].concat();
                for cut in [bytes.len(), bytes.len().min(3 + key_len + value.len())] {
                    let usual = read(&bytes[..cut], |reader, attributes| {
                        read_attribute(reader, 50, attributes)
                    });
                    let any = read(&bytes[..cut], |reader, attributes| {
                        read_any_attribute(reader.bytes()?, 50, attributes)
                    });
                    assert_eq!(usual.0, any.0, "{key_len} {value:?}");
                    assert_eq!(&usual.1, &any.1, "{key_len} {value:?}");
                }
            }
        }
    }
}
