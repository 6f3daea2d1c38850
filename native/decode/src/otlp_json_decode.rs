//! OTLP JSON rewritten as OTLP protobuf, member by member, so that one decoder says what spans mean.
//!
//! Names in lowerCamelCase or as in the .proto file; 64-bit numbers as numbers or strings; enums as numbers or names;
//! unknown members and nulls are left out; of a member that comes twice both are written, and the last holds.

use crate::json_reader::{Broken, JsonReader, Result, Token};
use crate::otlp_json_messages::{Field, Kind, Message, REQUEST};
use crate::protobuf::DEPTH_MAX;
use crate::protobuf_writer::{
    close_message, open_message, put_bytes_field, put_fixed32_field, put_fixed64_field,
    put_varint_field,
};
use crate::utf8::repaired;
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// How deep members that nobody knows may nest.
const UNKNOWN_DEPTH_MAX: u32 = 200;

/// With or without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// What stands for an id that is not hex digits: one byte, which no id has, so that the decoder refuses that span alone.
const NOT_AN_ID: &[u8] = &[0xff];

/// Rewrite an ExportTraceServiceRequest or TracesData. What is not UTF-8 is repaired first.
pub fn to_protobuf(payload: &[u8]) -> Result<Vec<u8>> {
    let text = repaired(payload);
    let mut out = Vec::with_capacity(text.len() / 2);
    let mut reader = JsonReader::new(&text);
    if reader.value()? != Token::BeginObject {
        return Err(reader.broken("an object is wanted"));
    }
    put_message(&mut out, &mut reader, &REQUEST, DEPTH_MAX)?;
    reader.end()?;
    Ok(out)
}

/// The members of an object that has begun.
fn put_message(
    out: &mut Vec<u8>,
    reader: &mut JsonReader<'_>,
    message: &Message,
    depth: u32,
) -> Result<()> {
    let mut first = true;
    while let Some(key) = reader.next_key(first)? {
        first = false;
        match message.field(&key) {
            Some(field) => put_field(out, reader, field, depth)?,
            None => reader.skip(UNKNOWN_DEPTH_MAX)?,
        }
    }
    Ok(())
}

fn put_field(
    out: &mut Vec<u8>,
    reader: &mut JsonReader<'_>,
    field: &Field,
    depth: u32,
) -> Result<()> {
    let token = reader.value()?;
    if token == Token::Null {
        return Ok(());
    }
    match &field.kind {
        Kind::Message(message) => put_nested(out, reader, field.tag, message, token, depth),
        Kind::Messages(message) => each_item(reader, &token, |reader, item| {
            put_nested(out, reader, field.tag, message, item, depth)
        }),
        Kind::Strings => each_item(reader, &token, |reader, item| {
            put_bytes_field(out, field.tag, text(reader, &item)?.as_bytes());
            Ok(())
        }),
        _ => put_scalar(out, reader, field, &token),
    }
}

fn put_nested(
    out: &mut Vec<u8>,
    reader: &mut JsonReader<'_>,
    tag: u32,
    message: &Message,
    token: Token<'_>,
    depth: u32,
) -> Result<()> {
    let depth = reader.deeper(depth)?;
    let nested = open_message(out, tag);
    match token {
        Token::BeginObject => put_message(out, reader, message, depth)?,
        Token::Null => {}
        _ => return Err(reader.broken("an object is wanted")),
    }
    close_message(out, nested);
    Ok(())
}

fn each_item<'a>(
    reader: &mut JsonReader<'a>,
    token: &Token<'_>,
    mut item: impl FnMut(&mut JsonReader<'a>, Token<'a>) -> Result<()>,
) -> Result<()> {
    if *token != Token::BeginArray {
        return Err(reader.broken("an array is wanted"));
    }
    let mut first = true;
    while reader.next_item(first)? {
        first = false;
        let token = reader.value()?;
        item(reader, token)?;
    }
    Ok(())
}

fn put_scalar(
    out: &mut Vec<u8>,
    reader: &JsonReader<'_>,
    field: &Field,
    token: &Token<'_>,
) -> Result<()> {
    let tag = field.tag;
    match field.kind {
        Kind::Id => put_bytes_field(out, tag, &id(text(reader, token)?)),
        Kind::Bytes => put_bytes_field(out, tag, &bytes(reader, text(reader, token)?)?),
        Kind::Fixed64 => put_fixed64_field(out, tag, unsigned(reader, token)?),
        Kind::Fixed32 => put_fixed32_field(out, tag, unsigned32(reader, token)?),
        Kind::Uint32 => put_varint_field(out, tag, u64::from(unsigned32(reader, token)?)),
        Kind::Int64 => put_varint_field(out, tag, signed(reader, token)? as u64),
        Kind::Enum(names) => put_varint_field(out, tag, enumerator(reader, token, names)? as u64),
        Kind::Double => put_fixed64_field(out, tag, double(reader, token)?.to_bits()),
        Kind::Bool => match token {
            Token::Bool(value) => put_varint_field(out, tag, u64::from(*value)),
            _ => return Err(reader.broken("true or false is wanted")),
        },
        _ => put_bytes_field(out, tag, text(reader, token)?.as_bytes()),
    }
    Ok(())
}

fn text<'t>(reader: &JsonReader<'_>, token: &'t Token<'_>) -> Result<&'t str> {
    match token {
        Token::String(text) => Ok(text),
        _ => Err(reader.broken("a string is wanted")),
    }
}

fn id(text: &str) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    let pairs = text.as_bytes().chunks(2);
    let id = pairs.map(|pair| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    });
    id.collect::<Option<Vec<u8>>>()
        .unwrap_or_else(|| NOT_AN_ID.to_vec())
}

fn bytes(reader: &JsonReader<'_>, text: &str) -> Result<Vec<u8>> {
    let standard: Vec<u8> = text
        .bytes()
        .map(|byte| match byte {
            b'-' => b'+',
            b'_' => b'/',
            byte => byte,
        })
        .collect();
    BASE64
        .decode(standard)
        .map_err(|_| reader.broken("base64 is wanted"))
}

/// A number as it is spelled, bare or in quotes.
fn spelled<'t>(reader: &JsonReader<'_>, token: &'t Token<'_>) -> Result<&'t str> {
    match token {
        Token::Number(text) => Ok(text),
        Token::String(text) => Ok(text),
        _ => Err(reader.broken("a number is wanted")),
    }
}

fn unsigned(reader: &JsonReader<'_>, token: &Token<'_>) -> Result<u64> {
    let text = spelled(reader, token)?;
    text.parse().or_else(|_| match whole(text) {
        Some(value) if (0.0..18_446_744_073_709_551_616.0).contains(&value) => Ok(value as u64),
        _ => Err(reader.broken("a number from 0 to 2^64-1 is wanted")),
    })
}

fn unsigned32(reader: &JsonReader<'_>, token: &Token<'_>) -> Result<u32> {
    u32::try_from(unsigned(reader, token)?)
        .map_err(|_| reader.broken("a number from 0 to 2^32-1 is wanted"))
}

fn signed(reader: &JsonReader<'_>, token: &Token<'_>) -> Result<i64> {
    let text = spelled(reader, token)?;
    text.parse().or_else(|_| match whole(text) {
        Some(value)
            if (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&value) =>
        {
            Ok(value as i64)
        }
        _ => Err(reader.broken("a number from -2^63 to 2^63-1 is wanted")),
    })
}

/// A number without a fraction, though spelled with a point or an exponent.
fn whole(text: &str) -> Option<f64> {
    text.parse::<f64>()
        .ok()
        .filter(|value| value.fract() == 0.0)
}

fn enumerator(reader: &JsonReader<'_>, token: &Token<'_>, names: &[&str]) -> Result<i64> {
    if let Token::String(text) = token
        && let Some(value) = names.iter().position(|name| *name == text)
    {
        return Ok(value as i64);
    }
    let wrong = |_: Broken| reader.broken("a number or a name of the enumeration is wanted");
    let value = signed(reader, token).map_err(wrong)?;
    i32::try_from(value)
        .map(i64::from)
        .map_err(|_| reader.broken("a number from -2^31 to 2^31-1 is wanted"))
}

fn double(reader: &JsonReader<'_>, token: &Token<'_>) -> Result<f64> {
    match spelled(reader, token)? {
        "NaN" => Ok(f64::NAN),
        "Infinity" => Ok(f64::INFINITY),
        "-Infinity" => Ok(f64::NEG_INFINITY),
        text => match text.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(value),
            _ => Err(reader.broken("a double is wanted")),
        },
    }
}
