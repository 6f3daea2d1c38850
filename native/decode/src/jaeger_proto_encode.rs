//! Columns to Jaeger's protobuf: spans, each with its process. A SpansResponseChunk, and a Batch, have this form.

use crate::jaeger_proto_fields::{batch, key_value, log, process, reference, span, time};
use crate::jaeger_view::{each_log_field, each_process_tag, each_reference, each_tag};
use crate::json_reader::Result;
use crate::protobuf_writer::{
    close_message, open_long_message, open_message, put_bytes_field, put_bytes_unless_empty,
    put_fixed64_field, put_varint_unless_zero,
};
use crate::rows::Rows;
use crate::text_reader::{BagValue, read_value};
use crate::value::ValueSink;
use arrow_array::RecordBatch;

/// A span with its process; a wrong guess costs a move.
const USUAL_SPAN_BYTES: usize = 768;

const NANOS: i64 = 1_000_000_000;

/// Encode a batch. An error says which attribute text is broken.
pub fn encode(columns: &RecordBatch) -> std::result::Result<Vec<u8>, String> {
    let rows = Rows::of(columns)?;
    let mut out = Vec::with_capacity(rows.count * USUAL_SPAN_BYTES);
    let mut process = ProcessBytes::default();
    for row in 0..rows.count {
        put_span(&mut out, &rows, row, &mut process)
            .map_err(|broken| format!("attribute text is broken: {broken}"))?;
    }
    Ok(out)
}

/// The process of the row before: the next one mostly has the same.
#[derive(Default)]
struct ProcessBytes {
    identity: Option<(i32, i32)>,
    bytes: Vec<u8>,
}

impl ProcessBytes {
    fn of(&mut self, rows: &Rows<'_>, row: usize) -> Result<&[u8]> {
        let identity = (
            rows.service_name.codes[row],
            rows.resource_attributes.codes[row],
        );
        if self.identity != Some(identity) {
            self.bytes.clear();
            let out = &mut self.bytes;
            put_bytes_field(
                out,
                process::SERVICE_NAME,
                rows.service_name.get(row).as_bytes(),
            );
            each_process_tag(rows, row, |key, value| {
                put_tag(out, process::TAGS, key, value)
            })?;
            self.identity = Some(identity);
        }
        Ok(&self.bytes)
    }
}

fn put_span(
    out: &mut Vec<u8>,
    rows: &Rows<'_>,
    row: usize,
    process: &mut ProcessBytes,
) -> Result<()> {
    let message = open_long_message(out, batch::SPANS);
    put_bytes_field(out, span::TRACE_ID, rows.trace_id.value(row));
    put_bytes_field(out, span::SPAN_ID, rows.span_id.value(row));
    put_bytes_unless_empty(out, span::OPERATION_NAME, rows.name.get(row).as_bytes());
    each_reference(rows, row, |is_child_of, trace_id, span_id| {
        put_reference(out, is_child_of, trace_id, span_id);
    })?;
    put_varint_unless_zero(out, span::FLAGS, u64::from(rows.flags[row] & 0xff));
    let start = rows.start_time_unix_nano[row];
    put_time(
        out,
        span::START_TIME,
        start.div_euclid(NANOS),
        start.rem_euclid(NANOS),
    );
    let duration = rows.duration_nano[row];
    put_time(out, span::DURATION, duration / NANOS, duration % NANOS);
    let warnings = each_tag(rows, row, |key, value| put_tag(out, span::TAGS, key, value))?;
    for item in rows.events.of_row(row) {
        put_log(out, rows, item)?;
    }
    put_bytes_field(out, span::PROCESS, process.of(rows, row)?);
    if let Some(text) = warnings {
        read_value(text, &mut Warnings(out))?;
    }
    close_message(out, message);
    Ok(())
}

fn put_reference(out: &mut Vec<u8>, is_child_of: bool, trace_id: &[u8], span_id: &[u8]) {
    let message = open_message(out, span::REFERENCES);
    put_bytes_field(out, reference::TRACE_ID, trace_id);
    put_bytes_field(out, reference::SPAN_ID, span_id);
    put_varint_unless_zero(out, reference::REF_TYPE, u64::from(!is_child_of));
    close_message(out, message);
}

fn put_log(out: &mut Vec<u8>, rows: &Rows<'_>, item: usize) -> Result<()> {
    let message = open_message(out, span::LOGS);
    let moment = rows.events.time_unix_nano[item];
    put_time(
        out,
        log::TIMESTAMP,
        moment.div_euclid(NANOS),
        moment.rem_euclid(NANOS),
    );
    each_log_field(rows, item, |key, value| {
        put_tag(out, log::FIELDS, key, value)
    })?;
    close_message(out, message);
    Ok(())
}

fn put_time(out: &mut Vec<u8>, tag: u32, seconds: i64, nanos: i64) {
    let message = open_message(out, tag);
    put_varint_unless_zero(out, time::SECONDS, seconds as u64);
    put_varint_unless_zero(out, time::NANOS, nanos as u64);
    close_message(out, message);
}

/// Arrays and maps become their attribute text.
fn put_tag(out: &mut Vec<u8>, tag: u32, key: &str, value: &BagValue<'_>) {
    if let BagValue::String(text) = value
        && put_short_tag(out, tag, key.as_bytes(), text.as_bytes())
    {
        return;
    }
    let message = open_message(out, tag);
    put_bytes_unless_empty(out, key_value::KEY, key.as_bytes());
    let kind = match value {
        BagValue::Empty | BagValue::String(_) | BagValue::Nested(_) => 0,
        BagValue::Bool(_) => 1,
        BagValue::Int(_) => 2,
        BagValue::Double(_) => 3,
        BagValue::Bytes(_) => 4,
    };
    put_varint_unless_zero(out, key_value::V_TYPE, kind);
    match value {
        BagValue::Empty => {}
        BagValue::String(text) => put_bytes_unless_empty(out, key_value::V_STR, text.as_bytes()),
        BagValue::Nested(text) => put_bytes_field(out, key_value::V_STR, text.as_bytes()),
        BagValue::Bool(value) => {
            put_varint_unless_zero(out, key_value::V_BOOL, u64::from(*value));
        }
        BagValue::Int(value) => put_varint_unless_zero(out, key_value::V_INT64, *value as u64),
        BagValue::Double(value) => put_fixed64_field(out, key_value::V_FLOAT64, value.to_bits()),
        BagValue::Bytes(value) => put_bytes_unless_empty(out, key_value::V_BINARY, value),
    }
    close_message(out, message);
}

/// Append a tag of text whose lengths are a byte each, as most are; false when they are not.
#[inline]
fn put_short_tag(out: &mut Vec<u8>, tag: u32, key: &[u8], text: &[u8]) -> bool {
    let length = key.len() + text.len() + 4;
    if key.is_empty() || text.is_empty() || length >= 0x80 || tag >= 0x80 {
        return false;
    }
    out.reserve(length + 2);
    out.extend_from_slice(&[
        tag as u8,
        length as u8,
        key_value::KEY as u8,
        key.len() as u8,
    ]);
    out.extend_from_slice(key);
    out.extend_from_slice(&[key_value::V_STR as u8, text.len() as u8]);
    out.extend_from_slice(text);
    true
}

/// Takes the strings of an array as warnings; what else there is has no place in Jaeger's model.
struct Warnings<'o>(&'o mut Vec<u8>);

impl ValueSink for Warnings<'_> {
    fn string(&mut self, value: &str) {
        put_bytes_field(self.0, span::WARNINGS, value.as_bytes());
    }
    fn empty(&mut self) {}
    fn boolean(&mut self, _: bool) {}
    fn integer(&mut self, _: i64) {}
    fn double(&mut self, _: f64) {}
    fn bytes(&mut self, _: &[u8]) {}
    fn begin_array(&mut self) {}
    fn end_array(&mut self) {}
    fn begin_map(&mut self) {}
    fn key(&mut self, _: &str) {}
    fn end_map(&mut self) {}
}
