//! Reading attribute text: the inverse of `text`.

use crate::json_reader::{JsonReader, Result, Token};
use crate::text::is_marker;
use crate::value::ValueSink;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::borrow::Cow;

/// How deep values may nest; what OTLP allows lies below it.
const DEPTH_MAX: u32 = 200;

/// A value of a bag, nested ones left as they are.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum BagValue<'a> {
    Empty,
    String(Cow<'a, str>),
    Bool(bool),
    Int(i64),
    Double(f64),
    Bytes(Vec<u8>),
    /// An array or a map, as attribute text.
    Nested(&'a str),
}

/// Visit the pairs of a bag without looking into nested values.
pub fn each_pair<'a>(text: &'a str, mut visit: impl FnMut(&str, BagValue<'a>)) -> Result<()> {
    read_members(text, |reader, key| {
        let value = read_shallow(reader)?;
        visit(key, value);
        Ok(())
    })
}

/// Hand on the pairs of a bag.
pub fn read_bag(text: &str, sink: &mut impl ValueSink) -> Result<()> {
    read_members(text, |reader, key| {
        sink.key(key);
        read(reader, DEPTH_MAX, sink)
    })
}

/// Hand on one value.
pub fn read_value(text: &str, sink: &mut impl ValueSink) -> Result<()> {
    let mut reader = JsonReader::new(text);
    read(&mut reader, DEPTH_MAX, sink)?;
    reader.end()
}

/// The keys of a bag; `member` reads the value.
fn read_members<'a>(
    text: &'a str,
    mut member: impl FnMut(&mut JsonReader<'a>, &str) -> Result<()>,
) -> Result<()> {
    if text.is_empty() {
        return Ok(());
    }
    let mut reader = JsonReader::new(text);
    if reader.value()? != Token::BeginObject {
        return Err(reader.broken("a bag must be an object"));
    }
    let mut first = true;
    while let Some(key) = reader.next_key(first)? {
        let is_marked = first && is_marker(&key) && is_sole(reader)?;
        first = false;
        let key = if is_marked {
            unescaped(&reader, &key)?
        } else {
            &key
        };
        member(&mut reader, key)?;
    }
    reader.end()
}

fn read(reader: &mut JsonReader<'_>, depth: u32, sink: &mut impl ValueSink) -> Result<()> {
    match reader.value()? {
        Token::Null => sink.empty(),
        Token::Bool(value) => sink.boolean(value),
        Token::Number(text) => put_scalar(parse_number(reader, text)?, sink),
        Token::String(value) => sink.string(&value),
        Token::BeginArray => {
            sink.begin_array();
            let depth = reader.deeper(depth)?;
            let mut first = true;
            while reader.next_item(first)? {
                first = false;
                read(reader, depth, sink)?;
            }
            sink.end_array();
        }
        Token::BeginObject => read_object(reader, reader.deeper(depth)?, sink)?,
    }
    Ok(())
}

fn read_object(reader: &mut JsonReader<'_>, depth: u32, sink: &mut impl ValueSink) -> Result<()> {
    if let Some(scalar) = read_marked(reader)? {
        put_scalar(scalar, sink);
        return Ok(());
    }
    sink.begin_map();
    let mut first = true;
    while let Some(key) = reader.next_key(first)? {
        let is_escaped = first && is_marker(&key) && is_sole(*reader)?;
        first = false;
        sink.key(if is_escaped { &key[1..] } else { &key });
        read(reader, depth, sink)?;
    }
    sink.end_map();
    Ok(())
}

fn read_shallow<'a>(reader: &mut JsonReader<'a>) -> Result<BagValue<'a>> {
    let before = *reader;
    let token = reader.value()?;
    match token {
        Token::Null => Ok(BagValue::Empty),
        Token::Bool(value) => Ok(BagValue::Bool(value)),
        Token::Number(text) => parse_number(reader, text),
        Token::String(text) => Ok(BagValue::String(text)),
        Token::BeginArray | Token::BeginObject => {
            if token == Token::BeginObject
                && let Some(scalar) = read_marked(reader)?
            {
                return Ok(scalar);
            }
            reader.skip_rest(&token, DEPTH_MAX)?;
            Ok(BagValue::Nested(reader.text_since(&before)))
        }
    }
}

/// The bytes or the double that an object that has begun stands for; None, and nothing read, when it stands for itself.
fn read_marked(reader: &mut JsonReader<'_>) -> Result<Option<BagValue<'static>>> {
    let mut ahead = *reader;
    let Some(key) = ahead
        .next_key(true)?
        .filter(|key| matches!(&**key, "$bytes" | "$double"))
    else {
        return Ok(None);
    };
    if !is_sole(ahead)? {
        return Ok(None);
    }
    let Token::String(text) = ahead.value()? else {
        return Err(ahead.broken("a marked value must be a string"));
    };
    let value = match (&*key, &*text) {
        ("$bytes", text) => BagValue::Bytes(
            STANDARD
                .decode(text)
                .map_err(|_| ahead.broken("not base64"))?,
        ),
        (_, "NaN") => BagValue::Double(f64::NAN),
        (_, "Infinity") => BagValue::Double(f64::INFINITY),
        (_, "-Infinity") => BagValue::Double(f64::NEG_INFINITY),
        _ => return Err(ahead.broken("not the name of a double")),
    };
    ahead.next_key(false)?;
    *reader = ahead;
    Ok(Some(value))
}

/// Whether the object ends after the value that comes next. Looks ahead, does not move.
fn is_sole(mut reader: JsonReader<'_>) -> Result<bool> {
    reader.skip(DEPTH_MAX)?;
    Ok(reader.next_key(false)?.is_none())
}

/// The sole key of a bag that is a marker has one `$` too many; with a single one the text is no bag but a value.
fn unescaped<'k>(reader: &JsonReader<'_>, key: &'k str) -> Result<&'k str> {
    if key.starts_with("$$") {
        Ok(&key[1..])
    } else {
        Err(reader.broken("a bag must be an object"))
    }
}

fn put_scalar(value: BagValue<'_>, sink: &mut impl ValueSink) {
    match value {
        BagValue::Int(value) => sink.integer(value),
        BagValue::Double(value) => sink.double(value),
        BagValue::Bytes(value) => sink.bytes(&value),
        BagValue::Bool(value) => sink.boolean(value),
        BagValue::String(value) => sink.string(&value),
        BagValue::Empty | BagValue::Nested(_) => sink.empty(),
    }
}

fn parse_number(reader: &JsonReader<'_>, text: &str) -> Result<BagValue<'static>> {
    let wrong = || reader.broken("number out of range");
    if text.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E')) {
        text.parse().map(BagValue::Double).map_err(|_| wrong())
    } else {
        text.parse().map(BagValue::Int).map_err(|_| wrong())
    }
}
