//! Zipkin's JSON, version 1, to columns: a list of spans.

use crate::jaeger_span::refused;
use crate::json_reader::{JsonReader, Result, Token};
use crate::otlp_decode::{DecodeError, Decoded};
use crate::refusal::Refusal;
use crate::utf8::repaired;
use crate::zipkin_json_values::{
    UNKNOWN_DEPTH_MAX, annotation, boolean, bytes, each_object, endpoint, id, integer, text,
};
use crate::zipkin_rows::ZipkinRows;
use crate::zipkin_span::{TagValue, Text};
use crate::zipkin_v1::{BinaryAnnotation, V1Span};
use crate::zipkin_v1_convert::convert;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::borrow::Cow;

/// Decode a list of spans. What is not UTF-8 is repaired first.
pub fn decode(payload: &[u8]) -> std::result::Result<Decoded, DecodeError> {
    let text = repaired(payload);
    let mut rows = ZipkinRows::default();
    read_list(&text, &mut rows).map_err(|broken| refused(&broken))?;
    if matches!(text, Cow::Owned(_)) {
        rows.columns.mark_repaired(0); // Which spans had it is not known any more.
    }
    rows.finish()
}

fn read_list(text: &str, rows: &mut ZipkinRows) -> Result<()> {
    let mut reader = JsonReader::lenient(text);
    each_object(&mut reader, |reader| {
        for span in convert(read_span(reader)?) {
            rows.push(&span);
        }
        if rows.fits() {
            return Ok(());
        }
        Err(reader.broken("more text than one batch can hold"))
    })?;
    reader.end()
}

fn read_span<'a>(reader: &mut JsonReader<'a>) -> Result<V1Span<'a>> {
    let mut span = V1Span::default();
    let mut first = true;
    while let Some(key) = reader.next_key(first)? {
        first = false;
        match &*key {
            "traceId" => span.trace_id = id(reader, Refusal::TraceId, &mut span.refusal)?,
            "id" => span.id = id(reader, Refusal::SpanId, &mut span.refusal)?,
            "parentId" => {
                span.parent_id = id(reader, Refusal::ParentSpanId, &mut span.refusal)?;
            }
            "name" => span.name = text(reader)?,
            "timestamp" => span.timestamp_micros = integer(reader)?,
            "duration" => span.duration_micros = integer(reader)?,
            "annotations" => each_object(reader, |reader| {
                let (annotation, endpoint) = annotation(reader)?;
                span.annotate(annotation, endpoint);
                Ok(())
            })?,
            "binaryAnnotations" => each_object(reader, |reader| {
                span.annotate_binary(binary_annotation(reader)?);
                Ok(())
            })?,
            "debug" => span.debug = boolean(reader)?,
            _ => reader.skip(UNKNOWN_DEPTH_MAX)?,
        }
    }
    Ok(span)
}

fn binary_annotation<'a>(reader: &mut JsonReader<'a>) -> Result<BinaryAnnotation<'a>> {
    let mut found = BinaryAnnotation {
        key: Text::default(),
        value: TagValue::Text(Text::default()),
        endpoint: None,
    };
    let mut kind = Text::default();
    let mut first = true;
    while let Some(key) = reader.next_key(first)? {
        first = false;
        match &*key {
            "key" => found.key = text(reader)?,
            "value" => found.value = value(reader)?,
            "type" => kind = text(reader)?,
            "endpoint" => found.endpoint = endpoint(reader)?,
            _ => reader.skip(UNKNOWN_DEPTH_MAX)?,
        }
    }
    found.value = typed(found.value, &kind);
    Ok(found)
}

fn value<'a>(reader: &mut JsonReader<'a>) -> Result<TagValue<'a>> {
    Ok(match reader.value()? {
        Token::String(text) => TagValue::Text(bytes(text)),
        Token::Bool(value) => TagValue::Bool(value),
        Token::Null => TagValue::Text(Text::default()),
        Token::Number(spelled) => match (spelled.parse(), spelled.parse()) {
            (Ok(value), _) => TagValue::Int(value),
            (_, Ok(value)) => TagValue::Double(value),
            _ => return Err(reader.broken("number out of range")),
        },
        _ => return Err(reader.broken("a string, a number or a bool is wanted")),
    })
}

/// The value as its type says: numbers of 64 bits come as texts, bytes as base64, and a double may look whole.
fn typed<'a>(value: TagValue<'a>, kind: &[u8]) -> TagValue<'a> {
    let parsed = match (&value, kind) {
        (TagValue::Text(text), b"I16" | b"I32" | b"I64") => parse(text).map(TagValue::Int),
        (TagValue::Text(text), b"DOUBLE") => parse(text).map(TagValue::Double),
        (TagValue::Text(text), b"BOOL") => parse(text).map(TagValue::Bool),
        (TagValue::Text(text), b"BYTES") => {
            let bytes = STANDARD.decode(text).ok();
            bytes.map(|bytes| TagValue::Bytes(bytes.into()))
        }
        (TagValue::Int(number), b"DOUBLE") => Some(TagValue::Double(*number as f64)),
        _ => None,
    };
    parsed.unwrap_or(value)
}

fn parse<T: std::str::FromStr>(text: &[u8]) -> Option<T> {
    std::str::from_utf8(text).ok()?.parse().ok()
}
