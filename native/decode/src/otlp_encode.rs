//! Columns to OTLP protobuf: TracesData, which has the form of an ExportTraceServiceRequest.
//!
//! Consecutive rows of one resource and scope stand together; their order is kept.

use crate::json_reader::Result;
use crate::otlp_fields::{
    event, link, request, resource, resource_spans, scope, scope_spans, span, status,
};
use crate::otlp_value_writer::KeyValueSink;
use crate::protobuf_writer::{
    close_message, close_message_unless_empty, open_message, put_bytes_field,
    put_bytes_unless_empty, put_fixed32_field, put_fixed64_field, put_varint_unless_zero,
};
use crate::row_attributes::write_attributes;
use crate::rows::Rows;
use crate::text_reader::read_bag;
use arrow_array::RecordBatch;
use std::ops::Range;

/// Encode a batch. An error says which attribute text is broken.
pub fn encode(batch: &RecordBatch) -> std::result::Result<Vec<u8>, String> {
    let rows = Rows::of(batch)?;
    let mut out = Vec::with_capacity(rows.count * 512);
    put_request(&mut out, &rows).map_err(|broken| format!("attribute text is broken: {broken}"))?;
    Ok(out)
}

fn put_request(out: &mut Vec<u8>, rows: &Rows<'_>) -> Result<()> {
    let mut start = 0;
    while start < rows.count {
        let end = rows.run(start, rows.count, |one, other| {
            rows.same_resource(one, other)
        });
        put_resource_spans(out, rows, start..end)?;
        start = end;
    }
    Ok(())
}

fn put_resource_spans(out: &mut Vec<u8>, rows: &Rows<'_>, range: Range<usize>) -> Result<()> {
    let message = open_message(out, request::RESOURCE_SPANS);
    put_resource(out, rows, range.start)?;
    let mut start = range.start;
    while start < range.end {
        let end = rows.run(start, range.end, |one, other| rows.same_scope(one, other));
        put_scope_spans(out, rows, start..end)?;
        start = end;
    }
    put_bytes_unless_empty(
        out,
        resource_spans::SCHEMA_URL,
        rows.resource_schema_url.get(range.start).as_bytes(),
    );
    close_message(out, message);
    Ok(())
}

fn put_resource(out: &mut Vec<u8>, rows: &Rows<'_>, row: usize) -> Result<()> {
    let message = open_message(out, resource_spans::RESOURCE);
    read_bag(
        rows.resource_attributes.get(row),
        &mut KeyValueSink::new(out, resource::ATTRIBUTES),
    )?;
    let dropped = rows.resource_dropped_attributes_count[row];
    put_varint_unless_zero(out, resource::DROPPED_ATTRIBUTES_COUNT, u64::from(dropped));
    out.extend_from_slice(rows.resource_entity_refs.get(row));
    close_message_unless_empty(out, message);
    Ok(())
}

fn put_scope_spans(out: &mut Vec<u8>, rows: &Rows<'_>, range: Range<usize>) -> Result<()> {
    let message = open_message(out, resource_spans::SCOPE_SPANS);
    put_scope(out, rows, range.start)?;
    for row in range.clone() {
        put_span(out, rows, row)?;
    }
    put_bytes_unless_empty(
        out,
        scope_spans::SCHEMA_URL,
        rows.scope_schema_url.get(range.start).as_bytes(),
    );
    close_message(out, message);
    Ok(())
}

fn put_scope(out: &mut Vec<u8>, rows: &Rows<'_>, row: usize) -> Result<()> {
    let message = open_message(out, scope_spans::SCOPE);
    put_bytes_unless_empty(out, scope::NAME, rows.scope_name.get(row).as_bytes());
    put_bytes_unless_empty(out, scope::VERSION, rows.scope_version.get(row).as_bytes());
    read_bag(
        rows.scope_attributes.get(row),
        &mut KeyValueSink::new(out, scope::ATTRIBUTES),
    )?;
    let dropped = rows.scope_dropped_attributes_count[row];
    put_varint_unless_zero(out, scope::DROPPED_ATTRIBUTES_COUNT, u64::from(dropped));
    close_message_unless_empty(out, message);
    Ok(())
}

fn put_span(out: &mut Vec<u8>, rows: &Rows<'_>, row: usize) -> Result<()> {
    let message = open_message(out, scope_spans::SPANS);
    put_bytes_field(out, span::TRACE_ID, rows.trace_id.value(row));
    put_bytes_field(out, span::SPAN_ID, rows.span_id.value(row));
    put_bytes_unless_empty(out, span::TRACE_STATE, rows.trace_state.get(row).as_bytes());
    put_bytes_unless_empty(
        out,
        span::PARENT_SPAN_ID,
        rows.parent(row).unwrap_or_default(),
    );
    put_bytes_unless_empty(out, span::NAME, rows.name.get(row).as_bytes());
    // Enums are sign-extended to 64 bits.
    put_varint_unless_zero(out, span::KIND, i64::from(rows.kind[row]) as u64);
    put_time(
        out,
        span::START_TIME_UNIX_NANO,
        rows.start_time_unix_nano[row],
    );
    put_time(out, span::END_TIME_UNIX_NANO, rows.end_time_unix_nano(row));
    write_attributes(rows, row, &mut KeyValueSink::new(out, span::ATTRIBUTES))?;
    put_varint_unless_zero(
        out,
        span::DROPPED_ATTRIBUTES_COUNT,
        u64::from(rows.dropped_attributes_count[row]),
    );
    for item in rows.events.of_row(row) {
        put_event(out, rows, item)?;
    }
    put_varint_unless_zero(
        out,
        span::DROPPED_EVENTS_COUNT,
        u64::from(rows.dropped_events_count[row]),
    );
    for item in rows.links.of_row(row) {
        put_link(out, rows, item)?;
    }
    put_varint_unless_zero(
        out,
        span::DROPPED_LINKS_COUNT,
        u64::from(rows.dropped_links_count[row]),
    );
    put_status(out, rows, row);
    put_flags(out, span::FLAGS, rows.flags[row]);
    close_message(out, message);
    Ok(())
}

fn put_event(out: &mut Vec<u8>, rows: &Rows<'_>, item: usize) -> Result<()> {
    let events = &rows.events;
    let message = open_message(out, span::EVENTS);
    put_time(out, event::TIME_UNIX_NANO, events.time_unix_nano[item]);
    put_bytes_unless_empty(out, event::NAME, events.name.value(item).as_bytes());
    read_bag(
        events.attributes.value(item),
        &mut KeyValueSink::new(out, event::ATTRIBUTES),
    )?;
    put_varint_unless_zero(
        out,
        event::DROPPED_ATTRIBUTES_COUNT,
        u64::from(events.dropped_attributes_count[item]),
    );
    close_message(out, message);
    Ok(())
}

fn put_link(out: &mut Vec<u8>, rows: &Rows<'_>, item: usize) -> Result<()> {
    let links = &rows.links;
    let message = open_message(out, span::LINKS);
    put_bytes_unless_empty(out, link::TRACE_ID, nonzero(links.trace_id.value(item)));
    put_bytes_unless_empty(out, link::SPAN_ID, nonzero(links.span_id.value(item)));
    put_bytes_unless_empty(
        out,
        link::TRACE_STATE,
        links.trace_state.value(item).as_bytes(),
    );
    read_bag(
        links.attributes.value(item),
        &mut KeyValueSink::new(out, link::ATTRIBUTES),
    )?;
    put_varint_unless_zero(
        out,
        link::DROPPED_ATTRIBUTES_COUNT,
        u64::from(links.dropped_attributes_count[item]),
    );
    put_flags(out, link::FLAGS, links.flags[item]);
    close_message(out, message);
    Ok(())
}

fn put_status(out: &mut Vec<u8>, rows: &Rows<'_>, row: usize) {
    let (text, code) = (rows.status_message.get(row), rows.status_code[row]);
    if text.is_empty() && code == 0 {
        return;
    }
    let message = open_message(out, span::STATUS);
    put_bytes_unless_empty(out, status::MESSAGE, text.as_bytes());
    put_varint_unless_zero(out, status::CODE, i64::from(code) as u64);
    close_message(out, message);
}

/// OTLP has no times before 1970.
fn put_time(out: &mut Vec<u8>, tag: u32, time_unix_nano: i64) {
    if time_unix_nano > 0 {
        put_fixed64_field(out, tag, time_unix_nano as u64);
    }
}

fn put_flags(out: &mut Vec<u8>, tag: u32, flags: u32) {
    if flags != 0 {
        put_fixed32_field(out, tag, flags);
    }
}

/// An absent id is zeros in the columns and nothing on the wire.
fn nonzero(id: &[u8]) -> &[u8] {
    if id.iter().all(|&byte| byte == 0) {
        b""
    } else {
        id
    }
}
