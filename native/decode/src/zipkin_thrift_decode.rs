//! Zipkin's Thrift, version 1, to columns: a list of spans, bare or as the argument of a call.

use crate::jaeger_span::refused;
use crate::json_reader::Result;
use crate::otlp_decode::{DecodeError, Decoded};
use crate::thrift::{Cursor, DEPTH_MAX, Kind, Reader, each_struct, skip};
use crate::thrift_binary::Binary;
use crate::zipkin_rows::ZipkinRows;
use crate::zipkin_span::{Annotation, Endpoint, TagValue, Text, address_text};
use crate::zipkin_v1::{BinaryAnnotation, V1Span};
use crate::zipkin_v1_convert::convert;
use std::borrow::Cow;

/// Decode a bare list of spans in the binary protocol, as `POST /api/v1/spans` has it.
pub fn decode(payload: &[u8]) -> std::result::Result<Decoded, DecodeError> {
    let mut reader = Binary(Cursor::new(payload));
    let mut rows = ZipkinRows::default();
    read_list(&mut reader, &mut rows).map_err(|broken| refused(&broken))?;
    rows.finish()
}

/// Read the arguments of `emitZipkinBatch`, of which the first is a list of spans.
pub fn read_arguments<'a, R: Reader<'a>>(reader: &mut R, rows: &mut ZipkinRows) -> Result<()> {
    let mut last = 0;
    while let Some(field) = reader.field(&mut last)? {
        match field {
            (1, Kind::List) => read_list(reader, rows)?,
            (_, kind) => skip(reader, kind, DEPTH_MAX)?,
        }
    }
    Ok(())
}

fn read_list<'a, R: Reader<'a>>(reader: &mut R, rows: &mut ZipkinRows) -> Result<()> {
    each_struct(reader, |reader| {
        for span in convert(read_span(reader)?) {
            rows.push(&span);
        }
        if rows.fits() {
            return Ok(());
        }
        Err(reader.cursor().broken("more text than one batch can hold"))
    })
}

fn read_span<'a, R: Reader<'a>>(reader: &mut R) -> Result<V1Span<'a>> {
    let mut span = V1Span::default();
    let (mut low, mut high) = (0, 0);
    let mut last = 0;
    while let Some(field) = reader.field(&mut last)? {
        match field {
            (1, Kind::I64) => low = reader.i64()?,
            (3, Kind::Binary) => span.name = Cow::Borrowed(reader.binary()?),
            (4, Kind::I64) => span.id = reader.i64()?.to_be_bytes(),
            (5, Kind::I64) => span.parent_id = reader.i64()?.to_be_bytes(),
            (6, Kind::List) => each_struct(reader, |reader| {
                let (annotation, endpoint) = read_annotation(reader)?;
                span.annotate(annotation, endpoint);
                Ok(())
            })?,
            (8, Kind::List) => each_struct(reader, |reader| {
                span.annotate_binary(read_binary_annotation(reader)?);
                Ok(())
            })?,
            (9, Kind::Bool) => span.debug = reader.boolean()?,
            (10, Kind::I64) => span.timestamp_micros = reader.i64()?,
            (11, Kind::I64) => span.duration_micros = reader.i64()?,
            (12, Kind::I64) => high = reader.i64()?,
            (_, kind) => skip(reader, kind, DEPTH_MAX)?,
        }
    }
    let trace_id = u128::from(high as u64) << 64 | u128::from(low as u64);
    span.trace_id = trace_id.to_be_bytes();
    Ok(span)
}

fn read_annotation<'a, R: Reader<'a>>(
    reader: &mut R,
) -> Result<(Annotation<'a>, Option<Endpoint<'a>>)> {
    let mut found = Annotation::default();
    let mut host = None;
    let mut last = 0;
    while let Some(field) = reader.field(&mut last)? {
        match field {
            (1, Kind::I64) => found.timestamp_micros = reader.i64()?,
            (2, Kind::Binary) => found.value = Cow::Borrowed(reader.binary()?),
            (3, Kind::Struct) => host = Some(read_endpoint(reader)?),
            (_, kind) => skip(reader, kind, DEPTH_MAX)?,
        }
    }
    Ok((found, host))
}

fn read_binary_annotation<'a, R: Reader<'a>>(reader: &mut R) -> Result<BinaryAnnotation<'a>> {
    let (mut key, mut value): (&[u8], &[u8]) = (b"", b"");
    let mut kind = 0;
    let mut host = None;
    let mut last = 0;
    while let Some(field) = reader.field(&mut last)? {
        match field {
            (1, Kind::Binary) => key = reader.binary()?,
            (2, Kind::Binary) => value = reader.binary()?,
            (3, Kind::I32) => kind = reader.i32()?,
            (4, Kind::Struct) => host = Some(read_endpoint(reader)?),
            (_, kind) => skip(reader, kind, DEPTH_MAX)?,
        }
    }
    Ok(BinaryAnnotation {
        key: Cow::Borrowed(key),
        value: typed(value, kind),
        endpoint: host,
    })
}

fn read_endpoint<'a, R: Reader<'a>>(reader: &mut R) -> Result<Endpoint<'a>> {
    let mut found = Endpoint::default();
    let mut last = 0;
    while let Some(field) = reader.field(&mut last)? {
        match field {
            (1, Kind::I32) => found.ipv4 = address(&reader.i32()?.to_be_bytes()),
            (2, Kind::I16) => found.port = reader.i16()? as u16,
            (3, Kind::Binary) => found.service_name = Cow::Borrowed(reader.binary()?),
            (4, Kind::Binary) => found.ipv6 = address(reader.binary()?),
            (_, kind) => skip(reader, kind, DEPTH_MAX)?,
        }
    }
    Ok(found)
}

/// An address that is all zeros is absent.
fn address<'a>(bytes: &[u8]) -> Text<'a> {
    if bytes.iter().all(|&byte| byte == 0) {
        return Text::default();
    }
    Cow::Owned(address_text(bytes).unwrap_or_default().into_bytes())
}

/// The value as its AnnotationType says, numbers big end first; bytes when it has not the size of its type.
fn typed(value: &[u8], kind: i32) -> TagValue<'_> {
    let number = match (kind, value) {
        (0, [byte]) => return TagValue::Bool(*byte != 0),
        (6, text) => return TagValue::Text(Cow::Borrowed(text)),
        (2, &[a, b]) => Some(i64::from(i16::from_be_bytes([a, b]))),
        (3, &[a, b, c, d]) => Some(i64::from(i32::from_be_bytes([a, b, c, d]))),
        (4, bytes) => bytes.try_into().ok().map(i64::from_be_bytes),
        (5, bytes) => {
            let double = bytes.try_into().ok().map(f64::from_be_bytes);
            return double.map_or(TagValue::Bytes(Cow::Borrowed(bytes)), TagValue::Double);
        }
        _ => None,
    };
    number.map_or(TagValue::Bytes(Cow::Borrowed(value)), TagValue::Int)
}
