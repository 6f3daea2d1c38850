//! Zipkin's JSON, version 2, to columns: a list of spans.

use crate::jaeger_span::refused;
use crate::json_reader::{JsonReader, Result, Token};
use crate::otlp_decode::{DecodeError, Decoded};
use crate::refusal::Refusal;
use crate::utf8::repaired;
use crate::zipkin_json_values::{
    UNKNOWN_DEPTH_MAX, annotation, boolean, bytes, each_object, endpoint, id, integer, text,
};
use crate::zipkin_rows::ZipkinRows;
use crate::zipkin_span::{Kind, TagValue, Text, ZipkinSpan};
use std::borrow::Cow;

/// A span as most clients send them; a wrong guess costs a move.
const USUAL_SPAN_BYTES: usize = 500;

/// Decode a list of spans. What is not UTF-8 is repaired first.
pub fn decode(payload: &[u8]) -> std::result::Result<Decoded, DecodeError> {
    let text = repaired(payload);
    let mut rows = ZipkinRows::default();
    rows.columns.reserve(payload.len() / USUAL_SPAN_BYTES);
    read_list(&text, &mut rows).map_err(|broken| refused(&broken))?;
    if matches!(text, Cow::Owned(_)) {
        rows.columns.mark_repaired(0); // Which spans had it is not known any more.
    }
    rows.finish()
}

fn read_list(text: &str, rows: &mut ZipkinRows) -> Result<()> {
    let mut reader = JsonReader::lenient(text);
    let mut span = ZipkinSpan::default();
    each_object(&mut reader, |reader| {
        read_span(reader, &mut span)?;
        rows.push(&span);
        if rows.fits() {
            return Ok(());
        }
        Err(reader.broken("more text than one batch can hold"))
    })?;
    reader.end()
}

/// The members of a span that has begun, into the memory of the one before.
fn read_span<'a>(reader: &mut JsonReader<'a>, span: &mut ZipkinSpan<'a>) -> Result<()> {
    span.clear();
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
            "kind" => span.kind = Kind::named(&text(reader)?),
            "timestamp" => span.timestamp_micros = integer(reader)?,
            "duration" => span.duration_micros = integer(reader)?,
            "localEndpoint" => span.local = endpoint(reader)?.unwrap_or_default(),
            "remoteEndpoint" => span.remote = endpoint(reader)?.unwrap_or_default(),
            "annotations" => each_object(reader, |reader| {
                span.annotations.push(annotation(reader)?.0);
                Ok(())
            })?,
            "tags" => read_tags(reader, span)?,
            "debug" => span.debug = boolean(reader)?,
            "shared" => span.shared = boolean(reader)?,
            _ => reader.skip(UNKNOWN_DEPTH_MAX)?,
        }
    }
    Ok(())
}

fn read_tags<'a>(reader: &mut JsonReader<'a>, span: &mut ZipkinSpan<'a>) -> Result<()> {
    match reader.value()? {
        Token::BeginObject => {}
        Token::Null => return Ok(()),
        _ => return Err(reader.broken("an object is wanted")),
    }
    let mut first = true;
    while let Some(key) = reader.next_key(first)? {
        first = false;
        let value = tag_text(reader)?;
        span.tags.push((bytes(key), TagValue::Text(value)));
    }
    Ok(())
}

/// Tags are texts; a number or a bool is taken as it is spelled.
fn tag_text<'a>(reader: &mut JsonReader<'a>) -> Result<Text<'a>> {
    match reader.value()? {
        Token::String(text) => Ok(bytes(text)),
        Token::Number(text) => Ok(Cow::Borrowed(text.as_bytes())),
        Token::Bool(true) => Ok(Cow::Borrowed(b"true")),
        Token::Bool(false) => Ok(Cow::Borrowed(b"false")),
        Token::Null => Ok(Cow::default()),
        _ => Err(reader.broken("a string is wanted")),
    }
}
