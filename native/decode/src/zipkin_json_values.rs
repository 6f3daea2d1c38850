//! The values that both versions of Zipkin's JSON have: ids, whole numbers, endpoints, annotations.

use crate::json_reader::{JsonReader, Result, Token};
use crate::refusal::Refusal;
use crate::zipkin_span::{Annotation, Endpoint, Text, hex_id};
use std::borrow::Cow;

/// How deep members that nobody knows may nest.
pub const UNKNOWN_DEPTH_MAX: u32 = 200;

/// The items of a list, each an object that has begun; nulls are stepped over, and null is an empty list.
pub fn each_object<'a>(
    reader: &mut JsonReader<'a>,
    mut visit: impl FnMut(&mut JsonReader<'a>) -> Result<()>,
) -> Result<()> {
    match reader.value()? {
        Token::Null => return Ok(()),
        Token::BeginArray => {}
        _ => return Err(reader.broken("an array is wanted")),
    }
    let mut first = true;
    while reader.next_item(first)? {
        first = false;
        match reader.value()? {
            Token::BeginObject => visit(reader)?,
            Token::Null => {}
            _ => return Err(reader.broken("an object is wanted")),
        }
    }
    Ok(())
}

/// A text; null is empty.
pub fn text<'a>(reader: &mut JsonReader<'a>) -> Result<Text<'a>> {
    match reader.value()? {
        Token::String(text) => Ok(bytes(text)),
        Token::Null => Ok(Cow::default()),
        _ => Err(reader.broken("a string is wanted")),
    }
}

/// The same, as bytes.
pub fn bytes(text: Cow<'_, str>) -> Text<'_> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    }
}

/// An id of hex digits; zero, and the refusal, when it is none. Null and the empty text are absent.
pub fn id<const N: usize>(
    reader: &mut JsonReader<'_>,
    otherwise: Refusal,
    refusal: &mut Option<Refusal>,
) -> Result<[u8; N]> {
    let digits = text(reader)?;
    if digits.is_empty() {
        return Ok([0; N]);
    }
    Ok(hex_id(&digits).unwrap_or_else(|| {
        *refusal = Some(otherwise);
        [0; N]
    }))
}

/// A whole number, bare or in quotes; null is 0.
pub fn integer(reader: &mut JsonReader<'_>) -> Result<i64> {
    let token = reader.value()?;
    let spelled: &str = match &token {
        Token::Number(text) => text,
        Token::String(text) => text,
        Token::Null => return Ok(0),
        _ => return Err(reader.broken("a whole number is wanted")),
    };
    match spelled.parse() {
        Ok(number) => Ok(number),
        Err(_) => whole(spelled).ok_or_else(|| reader.broken("a whole number is wanted")),
    }
}

/// Some clients spell large whole numbers with an exponent.
fn whole(spelled: &str) -> Option<i64> {
    let number: f64 = spelled.parse().ok()?;
    (number.fract() == 0.0 && number.abs() < 9.2e18).then_some(number as i64)
}

/// True or false; null is false.
pub fn boolean(reader: &mut JsonReader<'_>) -> Result<bool> {
    match reader.value()? {
        Token::Bool(value) => Ok(value),
        Token::Null => Ok(false),
        _ => Err(reader.broken("true or false is wanted")),
    }
}

/// An endpoint; null is none.
pub fn endpoint<'a>(reader: &mut JsonReader<'a>) -> Result<Option<Endpoint<'a>>> {
    match reader.value()? {
        Token::BeginObject => {}
        Token::Null => return Ok(None),
        _ => return Err(reader.broken("an object is wanted")),
    }
    let mut found = Endpoint::default();
    let mut first = true;
    while let Some(key) = reader.next_key(first)? {
        first = false;
        match &*key {
            "serviceName" => found.service_name = text(reader)?,
            "ipv4" => found.ipv4 = text(reader)?,
            "ipv6" => found.ipv6 = text(reader)?,
            "port" => found.port = port(reader)?,
            _ => reader.skip(UNKNOWN_DEPTH_MAX)?,
        }
    }
    Ok(Some(found))
}

/// Version 1 wrote ports as signed numbers of 16 bits.
fn port(reader: &mut JsonReader<'_>) -> Result<u16> {
    let number = integer(reader)?;
    match number {
        -32768..=65535 => Ok(number as u16),
        _ => Err(reader.broken("port out of range")),
    }
}

/// An annotation of version 1 or 2 that has begun, and the endpoint that version 1 gives it.
pub fn annotation<'a>(
    reader: &mut JsonReader<'a>,
) -> Result<(Annotation<'a>, Option<Endpoint<'a>>)> {
    let mut found = Annotation::default();
    let mut place = None;
    let mut first = true;
    while let Some(key) = reader.next_key(first)? {
        first = false;
        match &*key {
            "timestamp" => found.timestamp_micros = integer(reader)?,
            "value" => found.value = text(reader)?,
            "endpoint" => place = endpoint(reader)?,
            _ => reader.skip(UNKNOWN_DEPTH_MAX)?,
        }
    }
    Ok((found, place))
}
