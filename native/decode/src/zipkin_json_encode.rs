//! Columns to Zipkin's JSON, version 2: a list of spans for each trace. The inverse of `zipkin_rows`.

use crate::json_object::{put_comma, put_hex_member, put_integer, put_integer_member, put_name};
use crate::json_object::{put_text_member, put_text_unless_empty};
use crate::json_reader::Result;
use crate::json_writer::{put_hex, put_string};
use crate::plain::PlainSink;
use crate::row_attributes::each_attribute;
use crate::rows::Rows;
use crate::schema::MISSING_SERVICE_NAME;
use crate::text_reader::{BagValue, each_pair};
use crate::value::ValueSink;
use crate::zipkin_keys::{
    DEBUG, HOST_IP, HOST_PORT, LINK_PREFIX, PEER_IP, PEER_PORT, PEER_SERVICE, SHARED, START_ABSENT,
};
use arrow_array::RecordBatch;
use std::ops::Range;

const OK: i32 = 1;
const ERROR: i32 = 2;

/// Encode a batch in which the rows of a trace stand together. An error says which attribute text is broken.
pub fn encode(batch: &RecordBatch) -> std::result::Result<Vec<Vec<u8>>, String> {
    let rows = Rows::of(batch)?;
    let mut traces = Vec::new();
    let mut start = 0;
    while start < rows.count {
        let end = rows.run(start, rows.count, |one, other| {
            rows.trace_id.value(one) == rows.trace_id.value(other)
        });
        let trace = put_trace(&rows, start..end)
            .map_err(|broken| format!("attribute text is broken: {broken}"))?;
        traces.push(trace);
        start = end;
    }
    Ok(traces)
}

/// What attributes say that Zipkin has fields for; the others are tags.
#[derive(Default)]
struct Fields<'a> {
    local: Endpoint<'a>,
    remote: Endpoint<'a>,
    is_shared: bool,
    is_debug: bool,
    has_no_start: bool,
    tags: Vec<(String, BagValue<'a>)>,
}

#[derive(Default)]
struct Endpoint<'a> {
    service_name: String,
    addresses: Vec<BagValue<'a>>,
    port: i64,
}

fn put_trace(rows: &Rows<'_>, range: Range<usize>) -> Result<Vec<u8>> {
    let mut out = Vec::with_capacity(range.len() * 512 + 2);
    out.push(b'[');
    for row in range {
        put_span(&mut out, rows, row)?;
    }
    out.push(b']');
    Ok(out)
}

fn put_span(out: &mut Vec<u8>, rows: &Rows<'_>, row: usize) -> Result<()> {
    let fields = read_fields(rows, row)?;
    put_comma(out);
    out.push(b'{');
    let trace_id = rows.trace_id.value(row);
    put_hex_member(
        out,
        "traceId",
        trace_id.strip_prefix(&[0; 8]).unwrap_or(trace_id),
    );
    if let Some(parent) = rows.parent(row) {
        put_hex_member(out, "parentId", parent);
    }
    put_hex_member(out, "id", rows.span_id.value(row));
    if let Some(kind) = kind_name(rows.kind[row]) {
        put_text_member(out, "kind", kind);
    }
    put_text_unless_empty(out, "name", rows.name.get(row));
    put_times(out, rows, row, &fields);
    put_endpoint(out, "localEndpoint", &fields.local);
    put_endpoint(out, "remoteEndpoint", &fields.remote);
    put_annotations(out, rows, row);
    put_tags(out, rows, row, &fields)?;
    for (name, is_set) in [("debug", fields.is_debug), ("shared", fields.is_shared)] {
        if is_set {
            put_name(out, name);
            out.extend_from_slice(b"true");
        }
    }
    out.push(b'}');
    Ok(())
}

fn read_fields<'a>(rows: &Rows<'a>, row: usize) -> Result<Fields<'a>> {
    let mut found = Fields::default();
    let service_name = rows.service_name.get(row);
    if service_name != MISSING_SERVICE_NAME {
        service_name.clone_into(&mut found.local.service_name);
    }
    each_attribute(rows, row, |key, value| match (key, value) {
        (HOST_IP, value @ BagValue::String(_)) => found.local.addresses.push(value),
        (PEER_IP, value @ BagValue::String(_)) => found.remote.addresses.push(value),
        (PEER_SERVICE, BagValue::String(name)) => {
            found.remote.service_name = name.into_owned();
        }
        (HOST_PORT, BagValue::Int(port)) if is_port(port) => found.local.port = port,
        (PEER_PORT, BagValue::Int(port)) if is_port(port) => found.remote.port = port,
        (SHARED, BagValue::Bool(true)) => found.is_shared = true,
        (DEBUG, BagValue::Bool(true)) => found.is_debug = true,
        (START_ABSENT, BagValue::Bool(true)) => found.has_no_start = true,
        (key, value) => {
            found.tags.push((key.to_owned(), value));
        }
    })?;
    Ok(found)
}

fn is_port(port: i64) -> bool {
    (1..=65535).contains(&port)
}

fn kind_name(kind: i32) -> Option<&'static str> {
    match kind {
        2 => Some("SERVER"),
        3 => Some("CLIENT"),
        4 => Some("PRODUCER"),
        5 => Some("CONSUMER"),
        _ => None,
    }
}

/// Zipkin has no time zero and no shorter duration than a microsecond.
fn put_times(out: &mut Vec<u8>, rows: &Rows<'_>, row: usize, fields: &Fields<'_>) {
    let start = rows.start_time_unix_nano[row];
    if start > 0 && !fields.has_no_start {
        put_integer_member(out, "timestamp", start / 1000);
    }
    let duration = rows.duration_nano[row];
    if duration > 0 {
        put_integer_member(out, "duration", (duration / 1000).max(1));
    }
}

fn put_endpoint(out: &mut Vec<u8>, name: &str, endpoint: &Endpoint<'_>) {
    if endpoint.service_name.is_empty() && endpoint.addresses.is_empty() && endpoint.port == 0 {
        return;
    }
    put_name(out, name);
    out.push(b'{');
    put_text_unless_empty(out, "serviceName", &endpoint.service_name);
    for address in &endpoint.addresses {
        if let BagValue::String(text) = address {
            let name = if text.contains(':') { "ipv6" } else { "ipv4" };
            put_text_member(out, name, text);
        }
    }
    if endpoint.port != 0 {
        put_integer_member(out, "port", endpoint.port);
    }
    out.push(b'}');
}

/// An event with attributes is `name|attributes|dropped`.
fn put_annotations(out: &mut Vec<u8>, rows: &Rows<'_>, row: usize) {
    let events = &rows.events;
    let range = events.of_row(row);
    if range.is_empty() {
        return;
    }
    put_name(out, "annotations");
    out.push(b'[');
    for item in range {
        put_comma(out);
        out.push(b'{');
        let micros = events.time_unix_nano[item] / 1000;
        put_integer_member(out, "timestamp", micros);
        let (name, attributes) = (events.name.value(item), events.attributes.value(item));
        let dropped = events.dropped_attributes_count[item];
        if attributes.is_empty() && dropped == 0 {
            put_text_member(out, "value", name);
        } else {
            let value = format!("{name}|{}|{dropped}", object_or_empty(attributes));
            put_text_member(out, "value", &value);
        }
        out.push(b'}');
    }
    out.push(b']');
}

fn object_or_empty(attributes: &str) -> &str {
    if attributes.is_empty() {
        "{}"
    } else {
        attributes
    }
}

/// The resource's attributes that the span has not itself, the scope, the span's attributes, what Zipkin has no
/// fields for, the links.
fn put_tags(out: &mut Vec<u8>, rows: &Rows<'_>, row: usize, fields: &Fields<'_>) -> Result<()> {
    let begin = out.len();
    put_name(out, "tags");
    out.push(b'{');
    let empty = out.len();
    each_pair(rows.resource_attributes.get(row), |key, value| {
        if key != "service.name" && fields.tags.iter().all(|(tag, _)| tag != key) {
            put_tag(out, key, &value);
        }
    })?;
    let scope = [
        ("otel.scope.name", rows.scope_name.get(row)),
        ("otel.scope.version", rows.scope_version.get(row)),
    ];
    for (key, value) in scope {
        put_text_tag(out, key, value);
    }
    for (key, value) in &fields.tags {
        put_tag(out, key, value);
    }
    if rows.kind[row] == 1 {
        put_text_tag(out, "span.kind", "internal");
    }
    put_status(out, rows, row, fields);
    put_text_tag(out, "w3c.tracestate", rows.trace_state.get(row));
    put_links(out, rows, row);
    if out.len() == empty {
        out.truncate(begin);
    } else {
        out.push(b'}');
    }
    Ok(())
}

/// A failed span has the tag `error`, which says all when there is no message.
fn put_status(out: &mut Vec<u8>, rows: &Rows<'_>, row: usize, fields: &Fields<'_>) {
    let message = rows.status_message.get(row);
    let has = |wanted: &str| fields.tags.iter().any(|(key, _)| key == wanted);
    let code = match rows.status_code[row] {
        OK => "OK",
        ERROR => {
            if !has("error") {
                put_text_tag(out, "error", "true");
            }
            let says_no =
                |value: &BagValue<'_>| matches!(value, BagValue::String(text) if text == "false");
            let is_denied = fields
                .tags
                .iter()
                .any(|(key, value)| key == "error" && says_no(value));
            if message.is_empty() && !is_denied {
                ""
            } else {
                "ERROR"
            }
        }
        _ => "",
    };
    if !has("otel.status_code") {
        put_text_tag(out, "otel.status_code", code);
    }
    put_text_tag(out, "otel.status_description", message);
}

fn put_links(out: &mut Vec<u8>, rows: &Rows<'_>, row: usize) {
    let links = &rows.links;
    for (number, item) in links.of_row(row).enumerate() {
        let mut value = Vec::new();
        put_hex(&mut value, links.trace_id.value(item));
        value.push(b'|');
        put_hex(&mut value, links.span_id.value(item));
        for part in [
            links.trace_state.value(item),
            object_or_empty(links.attributes.value(item)),
        ] {
            value.push(b'|');
            value.extend_from_slice(part.as_bytes());
        }
        value.push(b'|');
        put_integer(&mut value, links.dropped_attributes_count[item]);
        let value = String::from_utf8_lossy(&value);
        put_text_tag(out, &format!("{LINK_PREFIX}{number}"), &value);
    }
}

fn put_text_tag(out: &mut Vec<u8>, key: &str, text: &str) {
    if !text.is_empty() {
        put_tag(out, key, &BagValue::String(text.into()));
    }
}

/// Tags are texts: any value as a person would type it.
fn put_tag(out: &mut Vec<u8>, key: &str, value: &BagValue<'_>) {
    put_comma(out);
    put_string(out, key);
    out.push(b':');
    let mut plain = Vec::new();
    let mut sink = PlainSink::new(&mut plain);
    match value {
        BagValue::String(text) => return put_string(out, text),
        BagValue::Nested(text) => return put_string(out, text),
        BagValue::Empty => sink.empty(),
        BagValue::Bool(value) => sink.boolean(*value),
        BagValue::Int(value) => sink.integer(*value),
        BagValue::Double(value) => sink.double(*value),
        BagValue::Bytes(value) => sink.bytes(value),
    }
    put_string(out, &String::from_utf8_lossy(&plain));
}
