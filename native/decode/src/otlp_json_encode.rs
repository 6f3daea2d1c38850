//! Columns to OTLP JSON: `{"resourceSpans":[...]}`. 64-bit numbers are strings, enums are numbers, ids are hex.

use crate::json_object::{
    put_comma, put_hex_member, put_integer, put_integer_member, put_name, put_text_member,
    put_text_unless_empty,
};
use crate::json_reader::Result;
use crate::json_writer::put_string;
use crate::otlp_fields::{entity_ref, resource};
use crate::otlp_json_values::KeyValueJsonSink;
use crate::protobuf::Reader;
use crate::row_attributes::write_attributes;
use crate::rows::Rows;
use crate::text_reader::read_bag;
use arrow_array::RecordBatch;
use std::ops::Range;

/// Encode a batch. An error says which attribute text is broken.
pub fn encode(batch: &RecordBatch) -> std::result::Result<Vec<u8>, String> {
    let rows = Rows::of(batch)?;
    let mut out = Vec::with_capacity(rows.count * 1024 + 32);
    put_request(&mut out, &rows).map_err(|broken| format!("attribute text is broken: {broken}"))?;
    Ok(out)
}

fn put_request(out: &mut Vec<u8>, rows: &Rows<'_>) -> Result<()> {
    out.extend_from_slice(b"{\"resourceSpans\":[");
    let mut start = 0;
    while start < rows.count {
        let end = rows.run(start, rows.count, |one, other| {
            rows.same_resource(one, other)
        });
        put_resource_spans(out, rows, start..end)?;
        start = end;
    }
    out.extend_from_slice(b"]}");
    Ok(())
}

fn put_resource_spans(out: &mut Vec<u8>, rows: &Rows<'_>, range: Range<usize>) -> Result<()> {
    begin_item(out);
    put_name(out, "resource");
    put_resource(out, rows, range.start)?;
    put_name(out, "scopeSpans");
    out.push(b'[');
    let mut start = range.start;
    while start < range.end {
        let end = rows.run(start, range.end, |one, other| rows.same_scope(one, other));
        put_scope_spans(out, rows, start..end)?;
        start = end;
    }
    out.push(b']');
    put_text_unless_empty(out, "schemaUrl", rows.resource_schema_url.get(range.start));
    out.push(b'}');
    Ok(())
}

fn put_resource(out: &mut Vec<u8>, rows: &Rows<'_>, row: usize) -> Result<()> {
    out.push(b'{');
    put_bag(out, rows.resource_attributes.get(row))?;
    put_count(
        out,
        "droppedAttributesCount",
        rows.resource_dropped_attributes_count[row],
    );
    put_entity_refs(out, rows.resource_entity_refs.get(row));
    out.push(b'}');
    Ok(())
}

fn put_scope_spans(out: &mut Vec<u8>, rows: &Rows<'_>, range: Range<usize>) -> Result<()> {
    begin_item(out);
    put_name(out, "scope");
    put_scope(out, rows, range.start)?;
    put_name(out, "spans");
    out.push(b'[');
    for row in range.clone() {
        put_span(out, rows, row)?;
    }
    out.push(b']');
    put_text_unless_empty(out, "schemaUrl", rows.scope_schema_url.get(range.start));
    out.push(b'}');
    Ok(())
}

fn put_scope(out: &mut Vec<u8>, rows: &Rows<'_>, row: usize) -> Result<()> {
    out.push(b'{');
    put_text_unless_empty(out, "name", rows.scope_name.get(row));
    put_text_unless_empty(out, "version", rows.scope_version.get(row));
    put_bag(out, rows.scope_attributes.get(row))?;
    put_count(
        out,
        "droppedAttributesCount",
        rows.scope_dropped_attributes_count[row],
    );
    out.push(b'}');
    Ok(())
}

fn put_span(out: &mut Vec<u8>, rows: &Rows<'_>, row: usize) -> Result<()> {
    begin_item(out);
    put_hex_member(out, "traceId", rows.trace_id.value(row));
    put_hex_member(out, "spanId", rows.span_id.value(row));
    put_text_unless_empty(out, "traceState", rows.trace_state.get(row));
    if let Some(parent) = rows.parent(row) {
        put_hex_member(out, "parentSpanId", parent);
    }
    put_count(out, "flags", rows.flags[row]);
    put_text_unless_empty(out, "name", rows.name.get(row));
    put_enum(out, "kind", rows.kind[row]);
    put_time(out, "startTimeUnixNano", rows.start_time_unix_nano[row]);
    put_time(out, "endTimeUnixNano", rows.end_time_unix_nano(row));
    if !rows.attributes.of_row(row).is_empty() {
        put_name(out, "attributes");
        let mut sink = KeyValueJsonSink::begin(out);
        write_attributes(rows, row, &mut sink)?;
        sink.end();
    }
    put_count(
        out,
        "droppedAttributesCount",
        rows.dropped_attributes_count[row],
    );
    put_list(out, "events", rows.events.of_row(row), |out, item| {
        put_event(out, rows, item)
    })?;
    put_count(out, "droppedEventsCount", rows.dropped_events_count[row]);
    put_list(out, "links", rows.links.of_row(row), |out, item| {
        put_link(out, rows, item)
    })?;
    put_count(out, "droppedLinksCount", rows.dropped_links_count[row]);
    put_status(out, rows, row);
    out.push(b'}');
    Ok(())
}

fn put_event(out: &mut Vec<u8>, rows: &Rows<'_>, item: usize) -> Result<()> {
    let events = &rows.events;
    begin_item(out);
    put_time(out, "timeUnixNano", events.time_unix_nano[item]);
    put_text_unless_empty(out, "name", events.name.value(item));
    put_bag(out, events.attributes.value(item))?;
    put_count(
        out,
        "droppedAttributesCount",
        events.dropped_attributes_count[item],
    );
    out.push(b'}');
    Ok(())
}

fn put_link(out: &mut Vec<u8>, rows: &Rows<'_>, item: usize) -> Result<()> {
    let links = &rows.links;
    begin_item(out);
    for (name, id) in [
        ("traceId", links.trace_id.value(item)),
        ("spanId", links.span_id.value(item)),
    ] {
        if id.iter().any(|&byte| byte != 0) {
            put_hex_member(out, name, id);
        }
    }
    put_text_unless_empty(out, "traceState", links.trace_state.value(item));
    put_bag(out, links.attributes.value(item))?;
    put_count(
        out,
        "droppedAttributesCount",
        links.dropped_attributes_count[item],
    );
    put_count(out, "flags", links.flags[item]);
    out.push(b'}');
    Ok(())
}

fn put_status(out: &mut Vec<u8>, rows: &Rows<'_>, row: usize) {
    let (text, code) = (rows.status_message.get(row), rows.status_code[row]);
    if text.is_empty() && code == 0 {
        return;
    }
    put_name(out, "status");
    out.push(b'{');
    put_text_unless_empty(out, "message", text);
    put_enum(out, "code", code);
    out.push(b'}');
}

/// EntityRefs are kept as protobuf; the known fields are written, in the order of the .proto file.
fn put_entity_refs(out: &mut Vec<u8>, data: &[u8]) {
    if data.is_empty() {
        return;
    }
    put_name(out, "entityRefs");
    out.push(b'[');
    for (_, entity) in texts(data).filter(|(tag, _)| *tag == resource::ENTITY_REFS) {
        begin_item(out);
        for (name, wanted) in [
            ("schemaUrl", entity_ref::SCHEMA_URL),
            ("type", entity_ref::TYPE),
        ] {
            if let Some((_, text)) = texts(entity).filter(|(tag, _)| *tag == wanted).last() {
                put_text_member(out, name, &String::from_utf8_lossy(text));
            }
        }
        for (name, wanted) in [
            ("idKeys", entity_ref::ID_KEYS),
            ("descriptionKeys", entity_ref::DESCRIPTION_KEYS),
        ] {
            put_keys(
                out,
                name,
                texts(entity)
                    .filter(|(tag, _)| *tag == wanted)
                    .map(|(_, text)| text),
            );
        }
        out.push(b'}');
    }
    out.push(b']');
}

fn put_keys<'a>(out: &mut Vec<u8>, name: &str, keys: impl Iterator<Item = &'a [u8]>) {
    let mut keys = keys.peekable();
    if keys.peek().is_none() {
        return;
    }
    put_name(out, name);
    out.push(b'[');
    for key in keys {
        put_comma(out);
        put_string(out, &String::from_utf8_lossy(key));
    }
    out.push(b']');
}

/// The length-delimited fields of a message that the decoder wrote; it has no others.
fn texts(data: &[u8]) -> impl Iterator<Item = (u32, &[u8])> {
    let mut reader = Reader::new(data);
    std::iter::from_fn(move || {
        let tag = reader.tag().ok()??;
        Some((tag, reader.bytes().ok()?))
    })
}

fn put_bag(out: &mut Vec<u8>, text: &str) -> Result<()> {
    if text.is_empty() {
        return Ok(());
    }
    put_name(out, "attributes");
    let mut sink = KeyValueJsonSink::begin(out);
    read_bag(text, &mut sink)?;
    sink.end();
    Ok(())
}

fn put_list(
    out: &mut Vec<u8>,
    name: &str,
    items: Range<usize>,
    mut item: impl FnMut(&mut Vec<u8>, usize) -> Result<()>,
) -> Result<()> {
    if items.is_empty() {
        return Ok(());
    }
    put_name(out, name);
    out.push(b'[');
    for position in items {
        item(out, position)?;
    }
    out.push(b']');
    Ok(())
}

fn begin_item(out: &mut Vec<u8>) {
    put_comma(out);
    out.push(b'{');
}

fn put_count(out: &mut Vec<u8>, name: &str, count: u32) {
    if count != 0 {
        put_integer_member(out, name, count);
    }
}

fn put_enum(out: &mut Vec<u8>, name: &str, value: i32) {
    if value != 0 {
        put_integer_member(out, name, value);
    }
}

/// OTLP has no times before 1970.
fn put_time(out: &mut Vec<u8>, name: &str, time_unix_nano: i64) {
    if time_unix_nano > 0 {
        put_name(out, name);
        out.push(b'"');
        put_integer(out, time_unix_nano);
        out.push(b'"');
    }
}
