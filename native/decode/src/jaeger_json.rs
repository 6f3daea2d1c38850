//! Columns to Jaeger's v1 UI JSON: one object for each trace. Spans are mapped as Jaeger's OTLP translator maps them.

use crate::jaeger_tags::put_tag;
use crate::jaeger_view::{each_log_field, each_process_tag, each_reference, each_tag};
use crate::json_object::{put_comma, put_integer, put_integer_member, put_name, put_text_member};
use crate::json_reader::Result;
use crate::json_writer::{indented, put_hex};
use crate::rows::Rows;
use arrow_array::RecordBatch;
use hashbrown::HashMap;
use std::ops::Range;

/// Processes of a trace in order of appearance: what makes two the same, and the number.
type Processes = HashMap<(i32, i32), usize, foldhash::fast::RandomState>;

/// Encode a batch in which the rows of a trace stand together. An error says which attribute text is broken.
pub fn encode(batch: &RecordBatch, pretty: bool) -> std::result::Result<Vec<Vec<u8>>, String> {
    let rows = Rows::of(batch)?;
    let mut traces = Vec::new();
    let mut start = 0;
    while start < rows.count {
        let end = rows.run(start, rows.count, |one, other| {
            rows.trace_id.value(one) == rows.trace_id.value(other)
        });
        let trace = put_trace(&rows, start..end)
            .map_err(|broken| format!("attribute text is broken: {broken}"))?;
        traces.push(if pretty { indented(&trace) } else { trace });
        start = end;
    }
    Ok(traces)
}

fn put_trace(rows: &Rows<'_>, range: Range<usize>) -> Result<Vec<u8>> {
    let mut out = Vec::with_capacity(range.len() * 1024 + 256);
    let mut trace = Trace::begin(&mut out, rows, range.start);
    for row in range {
        trace.put_span(&mut out, rows, row)?;
    }
    trace.end(&mut out, rows)?;
    Ok(out)
}

/// The traces of a batch, with commas between them, as one text that is made piece by piece: a trace may be larger than
/// what should be in memory at once.
pub struct Pieces {
    batch: RecordBatch,
    next_row: usize,
    trace: Option<Trace>,
}

impl Pieces {
    /// The text of a batch in which the rows of a trace stand together.
    pub fn new(batch: RecordBatch) -> Self {
        Self {
            batch,
            next_row: 0,
            trace: None,
        }
    }

    /// So many spans more; None at the end. An error says which attribute text is broken.
    pub fn next(&mut self, span_count: usize) -> std::result::Result<Option<Vec<u8>>, String> {
        let rows = Rows::of(&self.batch)?;
        let range = self.next_row..rows.count.min(self.next_row + span_count.max(1));
        if range.is_empty() {
            return Ok(None);
        }
        self.next_row = range.end;
        put_rows(&rows, range, &mut self.trace)
            .map(Some)
            .map_err(|broken| format!("attribute text is broken: {broken}"))
    }
}

/// `trace` is the one that the rows go on with, and afterwards the one that goes on behind them.
fn put_rows(rows: &Rows<'_>, range: Range<usize>, trace: &mut Option<Trace>) -> Result<Vec<u8>> {
    let mut out = Vec::with_capacity(range.len() * 1024 + 256);
    for row in range {
        let mut current = match trace.take() {
            Some(current) => {
                if out.is_empty() {
                    out.push(b',');
                }
                current
            }
            None => {
                if row > 0 {
                    out.push(b',');
                }
                Trace::begin(&mut out, rows, row)
            }
        };
        current.put_span(&mut out, rows, row)?;
        let next = row + 1;
        if next < rows.count && rows.trace_id.value(next) == rows.trace_id.value(row) {
            *trace = Some(current);
        } else {
            current.end(&mut out, rows)?;
        }
    }
    Ok(out)
}

/// A trace that is being written.
#[derive(Default)]
struct Trace {
    processes: Processes,
    /// The first row of each process.
    firsts: Vec<usize>,
}

impl Trace {
    fn begin(out: &mut Vec<u8>, rows: &Rows<'_>, row: usize) -> Self {
        out.push(b'{');
        put_trace_id(out, "traceID", rows.trace_id.value(row));
        put_name(out, "spans");
        out.push(b'[');
        Self::default()
    }

    fn put_span(&mut self, out: &mut Vec<u8>, rows: &Rows<'_>, row: usize) -> Result<()> {
        let identity = (
            rows.service_name.codes[row],
            rows.resource_attributes.codes[row],
        );
        let firsts = &mut self.firsts;
        let number = *self.processes.entry(identity).or_insert_with(|| {
            firsts.push(row);
            firsts.len()
        });
        put_span(out, rows, row, number)
    }

    fn end(self, out: &mut Vec<u8>, rows: &Rows<'_>) -> Result<()> {
        out.push(b']');
        put_processes(out, rows, &self.firsts)?;
        out.extend_from_slice(b",\"warnings\":null}");
        Ok(())
    }
}

fn put_span(out: &mut Vec<u8>, rows: &Rows<'_>, row: usize, process: usize) -> Result<()> {
    if out.last() == Some(&b'}') {
        out.push(b',');
    }
    out.push(b'{');
    put_trace_id(out, "traceID", rows.trace_id.value(row));
    put_id(out, "spanID", rows.span_id.value(row));
    if rows.flags[row] & 0xff != 0 {
        put_integer_member(out, "flags", rows.flags[row] & 0xff);
    }
    put_text_member(out, "operationName", rows.name.get(row));
    put_references(out, rows, row)?;
    put_integer_member(out, "startTime", micros(rows.start_time_unix_nano[row]));
    put_integer_member(out, "duration", micros(rows.duration_nano[row]));
    let warnings = put_span_tags(out, rows, row)?;
    put_logs(out, rows, row)?;
    put_name(out, "processID");
    out.extend_from_slice(b"\"p");
    put_integer(out, process);
    out.extend_from_slice(b"\",\"warnings\":");
    out.extend_from_slice(warnings.unwrap_or("null").as_bytes());
    out.push(b'}');
    Ok(())
}

fn put_references(out: &mut Vec<u8>, rows: &Rows<'_>, row: usize) -> Result<()> {
    put_name(out, "references");
    out.push(b'[');
    each_reference(rows, row, |is_child_of, trace_id, span_id| {
        put_comma(out);
        out.push(b'{');
        let kind = if is_child_of {
            "CHILD_OF"
        } else {
            "FOLLOWS_FROM"
        };
        put_text_member(out, "refType", kind);
        put_trace_id(out, "traceID", trace_id);
        put_id(out, "spanID", span_id);
        out.push(b'}');
    })?;
    out.push(b']');
    Ok(())
}

/// Returns the warnings, which are no tag.
fn put_span_tags<'a>(out: &mut Vec<u8>, rows: &Rows<'a>, row: usize) -> Result<Option<&'a str>> {
    put_name(out, "tags");
    out.push(b'[');
    let warnings = each_tag(rows, row, |key, value| put_tag(out, key, value))?;
    out.push(b']');
    Ok(warnings)
}

fn put_logs(out: &mut Vec<u8>, rows: &Rows<'_>, row: usize) -> Result<()> {
    let events = &rows.events;
    put_name(out, "logs");
    out.push(b'[');
    for item in events.of_row(row) {
        put_comma(out);
        out.push(b'{');
        put_integer_member(out, "timestamp", micros(events.time_unix_nano[item]));
        put_name(out, "fields");
        out.push(b'[');
        each_log_field(rows, item, |key, value| put_tag(out, key, value))?;
        out.extend_from_slice(b"]}");
    }
    out.push(b']');
    Ok(())
}

fn put_processes(out: &mut Vec<u8>, rows: &Rows<'_>, firsts: &[usize]) -> Result<()> {
    put_name(out, "processes");
    out.push(b'{');
    for (position, &row) in firsts.iter().enumerate() {
        put_comma(out);
        out.extend_from_slice(b"\"p");
        put_integer(out, position + 1);
        out.extend_from_slice(b"\":{");
        put_text_member(out, "serviceName", rows.service_name.get(row));
        put_name(out, "tags");
        out.push(b'[');
        each_process_tag(rows, row, |key, value| put_tag(out, key, value))?;
        out.extend_from_slice(b"]}");
    }
    out.push(b'}');
    Ok(())
}

/// 16 digits when the upper half is zero, else 32.
fn put_trace_id(out: &mut Vec<u8>, name: &str, trace_id: &[u8]) {
    let short = trace_id.strip_prefix(&[0; 8]).unwrap_or(trace_id);
    put_id(out, name, short);
}

fn put_id(out: &mut Vec<u8>, name: &str, id: &[u8]) {
    put_name(out, name);
    out.push(b'"');
    put_hex(out, id);
    out.push(b'"');
}

/// Whole microseconds. Jaeger's numbers are unsigned; what is negative becomes 0.
fn micros(nanos: i64) -> i64 {
    nanos.max(0) / 1000
}
