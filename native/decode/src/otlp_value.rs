//! OTLP's KeyValue and AnyValue: reading them, with protobuf's rules for merging and for the last of a oneof.

use crate::lists::Attributes;
use crate::otlp_fields::{VALUES, any_value, key_value};
use crate::protobuf::{Parts, Reader, Result, deeper};
use crate::schema::AttributeType;
use crate::text::TextSink;
use crate::utf8::repaired;
use crate::value::ValueSink;

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

/// Read a KeyValue as an attribute of the span under construction.
#[inline]
pub fn read_attribute(data: &[u8], depth: u32, attributes: &mut Attributes) -> Result<()> {
    if !read_usual_attribute(data, attributes)? {
        read_any_attribute(data, depth, attributes)?;
    }
    Ok(())
}

/// Nearly every attribute: a key, then a value that is one plain field, nothing else. False when it is otherwise; then
/// nothing has been appended.
#[inline]
fn read_usual_attribute(data: &[u8], attributes: &mut Attributes) -> Result<bool> {
    let mut pair = Reader::new(data);
    if pair.tag()? != Some(key_value::KEY) {
        return Ok(false);
    }
    let key = pair.bytes()?;
    if pair.tag()? != Some(key_value::VALUE) {
        return Ok(false);
    }
    let mut value = Reader::new(pair.bytes()?);
    if !pair.is_at_end() {
        return Ok(false);
    }
    match value.tag()? {
        Some(any_value::STRING) => {
            let text = value.bytes()?;
            if value.is_at_end() {
                attributes.push_string(key, text);
                return Ok(true);
            }
        }
        Some(any_value::INT) => {
            let number = value.varint()?;
            if value.is_at_end() {
                attributes.push_number(key, AttributeType::Int, number as i64);
                return Ok(true);
            }
        }
        _ => {}
    }
    Ok(false)
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
