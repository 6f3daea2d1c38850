//! Reading attribute text: the inverse of `text`.

use crate::json_reader::{JsonReader, Result, Token};
use crate::text::is_marker;
use crate::value::ValueSink;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// How deep values may nest; what OTLP allows lies below it.
const DEPTH_MAX: u32 = 200;

/// Hand on the pairs of a bag.
pub fn read_bag(text: &str, sink: &mut impl ValueSink) -> Result<()> {
    if text.is_empty() {
        return Ok(());
    }
    let mut reader = JsonReader::new(text);
    if reader.value()? != Token::BeginObject {
        return Err(reader.broken("a bag must be an object"));
    }
    if let Some(key) = reader.next_key(true)? {
        let key = if is_marker(&key) && is_sole(reader)? {
            unescaped(&reader, &key)?
        } else {
            &key
        };
        read_pairs(&mut reader, key, DEPTH_MAX, sink)?;
    }
    reader.end()
}

/// Hand on one value.
pub fn read_value(text: &str, sink: &mut impl ValueSink) -> Result<()> {
    let mut reader = JsonReader::new(text);
    read(&mut reader, DEPTH_MAX, sink)?;
    reader.end()
}

fn read(reader: &mut JsonReader<'_>, depth: u32, sink: &mut impl ValueSink) -> Result<()> {
    match reader.value()? {
        Token::Null => sink.empty(),
        Token::Bool(value) => sink.boolean(value),
        Token::Number(text) => read_number(reader, text, sink)?,
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
    let Some(key) = reader.next_key(true)? else {
        sink.begin_map();
        sink.end_map();
        return Ok(());
    };
    let is_marked = is_marker(&key) && is_sole(*reader)?;
    if is_marked && !key.starts_with("$$") {
        return read_marked(reader, &key, sink);
    }
    sink.begin_map();
    read_pairs(
        reader,
        if is_marked { &key[1..] } else { &key },
        depth,
        sink,
    )?;
    sink.end_map();
    Ok(())
}

/// The pairs of an object whose first key has been read, and the object's end.
fn read_pairs(
    reader: &mut JsonReader<'_>,
    first_key: &str,
    depth: u32,
    sink: &mut impl ValueSink,
) -> Result<()> {
    sink.key(first_key);
    read(reader, depth, sink)?;
    while let Some(key) = reader.next_key(false)? {
        sink.key(&key);
        read(reader, depth, sink)?;
    }
    Ok(())
}

/// Whether the object ends after the value that comes next. Looks ahead, does not move.
fn is_sole(mut reader: JsonReader<'_>) -> Result<bool> {
    reader.skip(DEPTH_MAX)?;
    Ok(reader.next_key(false)?.is_none())
}

fn unescaped<'k>(reader: &JsonReader<'_>, key: &'k str) -> Result<&'k str> {
    if key.starts_with("$$") {
        Ok(&key[1..])
    } else {
        Err(reader.broken("a bag must be an object"))
    }
}

fn read_marked(reader: &mut JsonReader<'_>, key: &str, sink: &mut impl ValueSink) -> Result<()> {
    let Token::String(text) = reader.value()? else {
        return Err(reader.broken("a marked value must be a string"));
    };
    if key == "$bytes" {
        let bytes = STANDARD
            .decode(text.as_bytes())
            .map_err(|_| reader.broken("not base64"))?;
        sink.bytes(&bytes);
    } else {
        sink.double(match &*text {
            "NaN" => f64::NAN,
            "Infinity" => f64::INFINITY,
            "-Infinity" => f64::NEG_INFINITY,
            _ => return Err(reader.broken("not the name of a double")),
        });
    }
    reader.next_key(false).map(drop)
}

fn read_number(reader: &JsonReader<'_>, text: &str, sink: &mut impl ValueSink) -> Result<()> {
    let wrong = || reader.broken("number out of range");
    if text.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E')) {
        sink.double(text.parse().map_err(|_| wrong())?);
    } else {
        sink.integer(text.parse().map_err(|_| wrong())?);
    }
    Ok(())
}
