//! A Jaeger span on its way into the columns, whatever bytes it came in.

use crate::columns::{Columns, SpanRow};
use crate::jaeger_meaning::Meaning;
use crate::jaeger_tag::{TagValue, write_tag};
use crate::lists::{Events, Link};
use crate::origin_runs::{Origin, OriginRuns, ResourceText};
use crate::refusal::{Refusal, Refusals};
use crate::schema::AttributeType;
use crate::text::TextSink;
use arrow_array::RecordBatch;

use crate::json_reader::Broken;
use crate::otlp_decode::{DecodeError, Decoded};

/// Where rows go, and why some do not.
#[derive(Default)]
pub struct JaegerRows {
    /// The columns under construction.
    pub columns: Columns,
    /// Spans that cannot be kept.
    pub refusals: Refusals,
    /// Where rows come from.
    pub runs: OriginRuns,
    /// Attribute text at hand.
    pub text: Vec<u8>,
}

/// Flags that have no place in OTLP's: what is above the low byte.
const FLAGS_MAX: u32 = 0xff;

/// A span's fields; its tags and logs have gone into the columns already.
#[derive(Default)]
#[allow(missing_docs)]
pub struct JaegerSpan<'a> {
    pub trace_id: [u8; 16],
    pub span_id: [u8; 8],
    /// Zero when the span's references say it.
    pub parent_span_id: [u8; 8],
    pub name: &'a [u8],
    pub flags: u32,
    /// None when it is out of range.
    pub start_time_unix_nano: Option<i64>,
    pub duration_nano: Option<i64>,
    pub references: Vec<Reference>,
    pub meaning: Meaning<'a>,
    /// What else is wrong with the span, if something is.
    pub refusal: Option<Refusal>,
}

/// A reference to another span.
#[derive(Clone, Copy, PartialEq)]
#[allow(missing_docs)]
pub struct Reference {
    pub is_child_of: bool,
    pub trace_id: [u8; 16],
    pub span_id: [u8; 8],
}

impl JaegerRows {
    /// Complete the span's row, or take it back and count why.
    /// `resource` is the process that the span itself says.
    pub fn complete(&mut self, mut span: JaegerSpan<'_>, resource: Option<ResourceText<'_>>) {
        let parent = span.parent();
        span.push_links(parent, &mut self.columns);
        if span.flags > FLAGS_MAX {
            let flags = i64::from(span.flags);
            let attributes = &mut self.columns.attributes;
            attributes.push_number(b"jaeger.flags", AttributeType::Int, flags);
        }
        let (status_code, status_message) = span.meaning.status(&mut self.columns);
        let origin = Origin {
            resource,
            scope_name: span.meaning.scope_name,
            scope_version: span.meaning.scope_version,
        };
        match span.times() {
            Ok((start_time_unix_nano, duration_nano)) => {
                self.runs.begin_row(&mut self.columns, &origin);
                self.columns.push(&SpanRow {
                    trace_id: span.trace_id,
                    span_id: span.span_id,
                    parent_span_id: (parent != [0; 8]).then_some(parent),
                    trace_state: span.meaning.trace_state,
                    flags: span.flags & FLAGS_MAX,
                    name: span.name,
                    kind: span.meaning.kind,
                    start_time_unix_nano,
                    duration_nano,
                    status_code,
                    status_message,
                    ..SpanRow::default()
                });
            }
            Err(refusal) => {
                self.columns.abandon();
                self.refusals.count(refusal);
            }
        }
    }

    /// The batch.
    pub fn finish(self) -> Result<Decoded, DecodeError> {
        decoded((self.columns, self.refusals))
    }
}

impl JaegerSpan<'_> {
    /// Take a reference in. One to nothing says nothing.
    pub fn refer(&mut self, reference: Reference) {
        if reference.span_id != [0; 8] || reference.trace_id != [0; 16] {
            self.references.push(reference);
        }
    }

    /// The parent: what the span says, else the first reference of its trace that it is a child of, else follows from.
    fn parent(&self) -> [u8; 8] {
        if self.parent_span_id != [0; 8] {
            return self.parent_span_id;
        }
        let in_trace = |reference: &&Reference| {
            reference.trace_id == self.trace_id && reference.span_id != [0; 8]
        };
        let references = || self.references.iter().filter(in_trace);
        references()
            .find(|reference| reference.is_child_of)
            .or_else(|| references().next())
            .map_or([0; 8], |reference| reference.span_id)
    }

    /// Every reference but the one that says no more than the parent's id.
    fn push_links(&self, parent: [u8; 8], columns: &mut Columns) {
        let said = Reference {
            is_child_of: true,
            trace_id: self.trace_id,
            span_id: parent,
        };
        for reference in self
            .references
            .iter()
            .filter(|&reference| *reference != said)
        {
            columns.links.push(&Link {
                trace_id: reference.trace_id,
                span_id: reference.span_id,
                attributes: if reference.is_child_of {
                    br#"{"opentracing.ref_type":"child_of"}"#
                } else {
                    br#"{"opentracing.ref_type":"follows_from"}"#
                },
                ..Link::default()
            });
        }
    }

    /// Start and duration, or why the span cannot be kept.
    fn times(&self) -> Result<(i64, i64), Refusal> {
        if self.trace_id == [0; 16] {
            return Err(Refusal::TraceId);
        }
        if self.span_id == [0; 8] {
            return Err(Refusal::SpanId);
        }
        let start = self.start_time_unix_nano.ok_or(Refusal::StartTime)?;
        let duration = self.duration_nano.ok_or(Refusal::EndTime)?;
        start.checked_add(duration).ok_or(Refusal::EndTime)?;
        self.refusal.map_or(Ok((start, duration)), Err)
    }
}

/// A log on its way into the events.
pub struct LogFields<'t, 'a> {
    bag: TextSink<'t>,
    name: &'a [u8],
}

impl<'t, 'a> LogFields<'t, 'a> {
    /// The fields of a log; their attribute text goes to `text`.
    pub fn begin(text: &'t mut Vec<u8>) -> Self {
        text.clear();
        Self {
            bag: TextSink::begin_bag(text),
            name: b"",
        }
    }

    /// The first text called `event` is the event's name; all else are attributes.
    pub fn field(&mut self, key: &[u8], value: &TagValue<'a>) {
        match value.text() {
            Some(text) if key == b"event" && self.name.is_empty() && !text.is_empty() => {
                self.name = text;
            }
            _ => write_tag(key, value, &mut self.bag),
        }
    }

    /// The log has no more fields; its name.
    pub fn end(self) -> &'a [u8] {
        self.bag.end_bag();
        self.name
    }
}

/// Append an event whose attributes are `text`, or say why the span cannot be kept.
pub fn push_event(
    events: &mut Events,
    time_unix_nano: Option<i64>,
    name: &[u8],
    text: &[u8],
    refusal: &mut Option<Refusal>,
) {
    match time_unix_nano {
        Some(time) => events.push(time, name, text, 0),
        None => *refusal = Some(Refusal::EventTime),
    }
}

/// Microseconds as nanoseconds; None when they do not fit.
pub fn nanos_of_micros(micros: i64) -> Option<i64> {
    micros.checked_mul(1000)
}

/// The batch of these columns, and how many spans are not in it.
pub fn decoded((mut columns, refusals): (Columns, Refusals)) -> Result<Decoded, DecodeError> {
    let repaired_rows = columns.take_repaired_rows();
    let columns: RecordBatch = columns.finish().map_err(|error| DecodeError {
        reason: error.to_string(),
    })?;
    Ok(Decoded {
        columns,
        refused: refusals.counts(),
        repaired_rows,
    })
}

/// Why a payload is refused as a whole.
pub fn refused(broken: &Broken) -> DecodeError {
    DecodeError {
        reason: broken.to_string(),
    }
}
