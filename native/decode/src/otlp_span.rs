//! One OTLP span to a row.

use crate::columns::{Columns, SpanRow};
use crate::lists::{Events, Link, Links};
use crate::otlp_decode::SPAN_DEPTH;
use crate::otlp_fields::{event, link, span, status};
use crate::otlp_value::{read_attribute, write_key_value};
use crate::protobuf::{Reader, Result};
use crate::refusal::Refusal;
use crate::text::TextSink;

/// What may lie below an attribute, an event, a link or a status of a span.
const DEPTH: u32 = SPAN_DEPTH - 1;

/// Reads spans. Keeps the memory that it needs from span to span.
#[derive(Default)]
pub struct SpanReader {
    text: Vec<u8>,
}

/// A span's plain fields as they came.
#[derive(Default)]
struct Fields<'a> {
    trace_id: &'a [u8],
    span_id: &'a [u8],
    parent_span_id: &'a [u8],
    end_time_unix_nano: u64,
    start_time_unix_nano: u64,
    row: SpanRow<'a>,
    /// What an event or a link did wrong, if one did.
    refusal: Option<Refusal>,
}

impl SpanReader {
    /// Append the span to the columns, or say why it cannot be kept; then the caller abandons the row.
    #[inline]
    pub fn read(
        &mut self,
        data: &[u8],
        columns: &mut Columns,
    ) -> Result<std::result::Result<(), Refusal>> {
        let fields = self.fields(data, columns)?;
        Ok(fields.row().map(|row| columns.push(&row)))
    }

    #[inline]
    fn fields<'a>(&mut self, data: &'a [u8], columns: &mut Columns) -> Result<Fields<'a>> {
        let mut found = Fields::default();
        let mut reader = Reader::new(data);
        while let Some(tag) = reader.tag()? {
            match tag {
                span::ATTRIBUTES => read_attribute(&mut reader, DEPTH, &mut columns.attributes)?,
                span::TRACE_ID => found.trace_id = reader.bytes()?,
                span::SPAN_ID => found.span_id = reader.bytes()?,
                span::TRACE_STATE => found.row.trace_state = reader.bytes()?,
                span::PARENT_SPAN_ID => found.parent_span_id = reader.bytes()?,
                span::NAME => found.row.name = reader.bytes()?,
                span::KIND => found.row.kind = reader.varint()? as i32,
                span::START_TIME_UNIX_NANO => found.start_time_unix_nano = reader.fixed64()?,
                span::END_TIME_UNIX_NANO => found.end_time_unix_nano = reader.fixed64()?,
                span::DROPPED_ATTRIBUTES_COUNT => {
                    found.row.dropped_attributes_count = reader.varint()? as u32
                }
                span::EVENTS => {
                    self.event(reader.bytes()?, &mut columns.events, &mut found.refusal)?
                }
                span::DROPPED_EVENTS_COUNT => {
                    found.row.dropped_events_count = reader.varint()? as u32
                }
                span::LINKS => {
                    self.link(reader.bytes()?, &mut columns.links, &mut found.refusal)?
                }
                span::DROPPED_LINKS_COUNT => {
                    found.row.dropped_links_count = reader.varint()? as u32
                }
                span::STATUS => read_status(reader.bytes()?, &mut found.row)?,
                span::FLAGS => found.row.flags = reader.fixed32()?,
                _ => reader.skip(tag, SPAN_DEPTH)?,
            }
        }
        Ok(found)
    }

    fn event(
        &mut self,
        data: &[u8],
        events: &mut Events,
        refusal: &mut Option<Refusal>,
    ) -> Result<()> {
        let mut time_unix_nano = 0;
        let mut name: &[u8] = b"";
        let mut dropped_attributes_count = 0;
        self.text.clear();
        let mut bag = TextSink::begin_bag(&mut self.text);
        let mut reader = Reader::new(data);
        while let Some(tag) = reader.tag()? {
            match tag {
                event::TIME_UNIX_NANO => time_unix_nano = reader.fixed64()?,
                event::NAME => name = reader.bytes()?,
                event::ATTRIBUTES => write_key_value(reader.bytes()?, DEPTH - 1, &mut bag)?,
                event::DROPPED_ATTRIBUTES_COUNT => {
                    dropped_attributes_count = reader.varint()? as u32
                }
                _ => reader.skip(tag, DEPTH)?,
            }
        }
        bag.end_bag();
        match i64::try_from(time_unix_nano) {
            Ok(time_unix_nano) => {
                events.push(time_unix_nano, name, &self.text, dropped_attributes_count)
            }
            Err(_) => *refusal = Some(Refusal::EventTime),
        }
        Ok(())
    }

    fn link(
        &mut self,
        data: &[u8],
        links: &mut Links,
        refusal: &mut Option<Refusal>,
    ) -> Result<()> {
        let mut found = Link::default();
        let mut trace_id: &[u8] = b"";
        let mut span_id: &[u8] = b"";
        self.text.clear();
        let mut bag = TextSink::begin_bag(&mut self.text);
        let mut reader = Reader::new(data);
        while let Some(tag) = reader.tag()? {
            match tag {
                link::TRACE_ID => trace_id = reader.bytes()?,
                link::SPAN_ID => span_id = reader.bytes()?,
                link::TRACE_STATE => found.trace_state = reader.bytes()?,
                link::ATTRIBUTES => write_key_value(reader.bytes()?, DEPTH - 1, &mut bag)?,
                link::DROPPED_ATTRIBUTES_COUNT => {
                    found.dropped_attributes_count = reader.varint()? as u32
                }
                link::FLAGS => found.flags = reader.fixed32()?,
                _ => reader.skip(tag, DEPTH)?,
            }
        }
        bag.end_bag();
        found.attributes = &self.text;
        match (id_or_zero(trace_id), id_or_zero(span_id)) {
            (None, _) => *refusal = Some(Refusal::LinkTraceId),
            (_, None) => *refusal = Some(Refusal::LinkSpanId),
            (Some(trace_id), Some(span_id)) => links.push(&Link {
                trace_id,
                span_id,
                ..found
            }),
        }
        Ok(())
    }
}

impl<'a> Fields<'a> {
    #[inline]
    fn row(self) -> std::result::Result<SpanRow<'a>, Refusal> {
        let start = i64::try_from(self.start_time_unix_nano).map_err(|_| Refusal::StartTime);
        let end = i64::try_from(self.end_time_unix_nano).map_err(|_| Refusal::EndTime);
        let row = SpanRow {
            trace_id: id(self.trace_id).ok_or(Refusal::TraceId)?,
            span_id: id(self.span_id).ok_or(Refusal::SpanId)?,
            parent_span_id: Some(id_or_zero(self.parent_span_id).ok_or(Refusal::ParentSpanId)?)
                .filter(|id| *id != [0; 8]),
            start_time_unix_nano: start?,
            duration_nano: end? - start?,
            ..self.row
        };
        self.refusal.map_or(Ok(row), Err)
    }
}

/// Two statuses are merged: the last of each field holds.
fn read_status<'a>(data: &'a [u8], row: &mut SpanRow<'a>) -> Result<()> {
    let mut reader = Reader::new(data);
    while let Some(tag) = reader.tag()? {
        match tag {
            status::MESSAGE => row.status_message = reader.bytes()?,
            status::CODE => row.status_code = reader.varint()? as i32,
            _ => reader.skip(tag, DEPTH)?,
        }
    }
    Ok(())
}

/// An id of the right size that is not zero.
#[inline]
fn id<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    bytes.try_into().ok().filter(|id| *id != [0; N])
}

/// An id of the right size; absent is zero.
#[inline]
fn id_or_zero<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    if bytes.is_empty() {
        Some([0; N])
    } else {
        bytes.try_into().ok()
    }
}
