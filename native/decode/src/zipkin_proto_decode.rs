//! Zipkin's protobuf, version 2, to columns: a ListOfSpans (zipkin-api, zipkin.proto).

use crate::otlp_decode::{DecodeError, Decoded};
use crate::protobuf::{DEPTH_MAX, Malformed, Reader, Result, fixed64_tag, length_tag, varint_tag};
use crate::refusal::Refusal;
use crate::zipkin_rows::ZipkinRows;
use crate::zipkin_span::{Annotation, Endpoint, Kind, TagValue, ZipkinSpan, address_text};
use std::borrow::Cow;

const USUAL_SPAN_BYTES: usize = 300;
const SPAN_DEPTH: u32 = DEPTH_MAX - 1;
const FIELD_DEPTH: u32 = SPAN_DEPTH - 1;

const SPANS: u32 = length_tag(1);

#[allow(missing_docs)]
mod span {
    use super::*;
    pub const TRACE_ID: u32 = length_tag(1);
    pub const PARENT_ID: u32 = length_tag(2);
    pub const ID: u32 = length_tag(3);
    pub const KIND: u32 = varint_tag(4);
    pub const NAME: u32 = length_tag(5);
    pub const TIMESTAMP: u32 = fixed64_tag(6);
    pub const DURATION: u32 = varint_tag(7);
    pub const LOCAL_ENDPOINT: u32 = length_tag(8);
    pub const REMOTE_ENDPOINT: u32 = length_tag(9);
    pub const ANNOTATIONS: u32 = length_tag(10);
    pub const TAGS: u32 = length_tag(11);
    pub const DEBUG: u32 = varint_tag(12);
    pub const SHARED: u32 = varint_tag(13);
}

#[allow(missing_docs)]
mod endpoint {
    use super::*;
    pub const SERVICE_NAME: u32 = length_tag(1);
    pub const IPV4: u32 = length_tag(2);
    pub const IPV6: u32 = length_tag(3);
    pub const PORT: u32 = varint_tag(4);
}

#[allow(missing_docs)]
mod annotation {
    use super::*;
    pub const TIMESTAMP: u32 = fixed64_tag(1);
    pub const VALUE: u32 = length_tag(2);
}

/// Decode a ListOfSpans.
pub fn decode(payload: &[u8]) -> std::result::Result<Decoded, DecodeError> {
    let mut rows = ZipkinRows::default();
    rows.columns.reserve(payload.len() / USUAL_SPAN_BYTES);
    read_list(payload, &mut rows).map_err(|malformed| DecodeError {
        reason: format!(
            "{} at byte {}",
            malformed.reason,
            malformed.at.saturating_sub(payload.as_ptr() as usize)
        ),
    })?;
    rows.finish()
}

fn read_list(payload: &[u8], rows: &mut ZipkinRows) -> Result<()> {
    let mut found = ZipkinSpan::default();
    let mut reader = Reader::new(payload);
    while let Some(tag) = reader.tag()? {
        match tag {
            SPANS => {
                let data = reader.bytes()?;
                read_span(data, &mut found)?;
                rows.push(&found);
                if !rows.fits() {
                    return Err(Malformed {
                        reason: "more text than one batch can hold",
                        at: data.as_ptr() as usize,
                    });
                }
            }
            _ => reader.skip(tag, DEPTH_MAX)?,
        }
    }
    Ok(())
}

fn read_span<'a>(data: &'a [u8], found: &mut ZipkinSpan<'a>) -> Result<()> {
    found.clear();
    let mut reader = Reader::new(data);
    while let Some(tag) = reader.tag()? {
        match tag {
            span::TRACE_ID => found.trace_id = id(reader.bytes()?, Refusal::TraceId, found),
            span::PARENT_ID => found.parent_id = id(reader.bytes()?, Refusal::ParentSpanId, found),
            span::ID => found.id = id(reader.bytes()?, Refusal::SpanId, found),
            span::KIND => found.kind = kind(reader.varint()?),
            span::NAME => found.name = Cow::Borrowed(reader.bytes()?),
            span::TIMESTAMP => found.timestamp_micros = time(reader.fixed64()?),
            span::DURATION => found.duration_micros = time(reader.varint()?),
            span::LOCAL_ENDPOINT => read_endpoint(reader.bytes()?, &mut found.local)?,
            span::REMOTE_ENDPOINT => read_endpoint(reader.bytes()?, &mut found.remote)?,
            span::ANNOTATIONS => found.annotations.push(read_annotation(reader.bytes()?)?),
            span::TAGS => {
                let (key, value) = read_tag(reader.bytes()?)?;
                let value = TagValue::Text(Cow::Borrowed(value));
                found.tags.push((Cow::Borrowed(key), value));
            }
            span::DEBUG => found.debug = reader.varint()? != 0,
            span::SHARED => found.shared = reader.varint()? != 0,
            _ => reader.skip(tag, SPAN_DEPTH)?,
        }
    }
    Ok(())
}

fn read_endpoint<'a>(data: &'a [u8], found: &mut Endpoint<'a>) -> Result<()> {
    let address = |bytes| Cow::Owned(address_text(bytes).unwrap_or_default().into_bytes());
    let mut reader = Reader::new(data);
    while let Some(tag) = reader.tag()? {
        match tag {
            endpoint::SERVICE_NAME => found.service_name = Cow::Borrowed(reader.bytes()?),
            endpoint::IPV4 => found.ipv4 = address(reader.bytes()?),
            endpoint::IPV6 => found.ipv6 = address(reader.bytes()?),
            endpoint::PORT => found.port = reader.varint()? as u16,
            _ => reader.skip(tag, FIELD_DEPTH)?,
        }
    }
    Ok(())
}

fn read_annotation(data: &[u8]) -> Result<Annotation<'_>> {
    let mut found = Annotation::default();
    let mut reader = Reader::new(data);
    while let Some(tag) = reader.tag()? {
        match tag {
            annotation::TIMESTAMP => found.timestamp_micros = time(reader.fixed64()?),
            annotation::VALUE => found.value = Cow::Borrowed(reader.bytes()?),
            _ => reader.skip(tag, FIELD_DEPTH)?,
        }
    }
    Ok(found)
}

/// An entry of a map of texts.
fn read_tag(data: &[u8]) -> Result<(&[u8], &[u8])> {
    let (mut key, mut value): (&[u8], &[u8]) = (b"", b"");
    let mut reader = Reader::new(data);
    while let Some(tag) = reader.tag()? {
        match tag >> 3 {
            1 if tag == length_tag(1) => key = reader.bytes()?,
            2 if tag == length_tag(2) => value = reader.bytes()?,
            _ => reader.skip(tag, FIELD_DEPTH)?,
        }
    }
    Ok((key, value))
}

fn kind(number: u64) -> Kind {
    match number {
        1 => Kind::Client,
        2 => Kind::Server,
        3 => Kind::Producer,
        4 => Kind::Consumer,
        _ => Kind::Unspecified,
    }
}

/// What is beyond 63 bits is beyond every time that we can keep.
fn time(micros: u64) -> i64 {
    i64::try_from(micros).unwrap_or(i64::MAX)
}

/// An id of at most its size, padded with zeros; zero, and the refusal, when it is longer.
fn id<const N: usize>(bytes: &[u8], otherwise: Refusal, span: &mut ZipkinSpan<'_>) -> [u8; N] {
    let mut found = [0; N];
    if bytes.len() > N {
        span.refusal = Some(otherwise);
    } else {
        found[N - bytes.len()..].copy_from_slice(bytes);
    }
    found
}
