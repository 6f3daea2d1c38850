//! Jaeger's protobuf to columns: a PostSpansRequest, field by field, in any order.
//!
//! A message that comes in parts is merged where the last part holds as a whole: nobody sends such, and upb's finer
//! merging of a time or a process from two halves would say nothing sensible.

use crate::jaeger_process::{Process, TAGS_MAX};
use crate::jaeger_proto_fields::{
    batch, key_value, log, post_spans, process, reference, span, time,
};
use crate::jaeger_span::{JaegerRows, JaegerSpan, LogFields, Reference, push_event};
use crate::jaeger_tag::TagValue;
use crate::jaeger_view::WARNINGS_KEY;
use crate::origin_runs::ResourceText;
use crate::otlp_decode::{DecodeError, Decoded};
use crate::protobuf::{DEPTH_MAX, Malformed, Reader, Result};
use crate::refusal::Refusal;
use crate::schema::AttributeType;
use crate::text::TextSink;
use crate::utf8::{repaired, repairs};
use crate::value::ValueSink;

const USUAL_SPAN_BYTES: usize = 300;
/// What may lie below a batch, and so on inwards.
const BATCH_DEPTH: u32 = DEPTH_MAX - 1;
const SPAN_DEPTH: u32 = BATCH_DEPTH - 1;
const FIELD_DEPTH: u32 = SPAN_DEPTH - 1;
const TAG_DEPTH: u32 = FIELD_DEPTH - 1;

/// Decode a PostSpansRequest.
pub fn decode(payload: &[u8]) -> std::result::Result<Decoded, DecodeError> {
    let mut decoder = Decoder::default();
    let columns = &mut decoder.rows.columns;
    columns.reserve(payload.len() / USUAL_SPAN_BYTES);
    decoder.request(payload).map_err(|malformed| DecodeError {
        reason: format!(
            "{} at byte {}",
            malformed.reason,
            malformed.at.saturating_sub(payload.as_ptr() as usize)
        ),
    })?;
    decoder.rows.finish()
}

#[derive(Default)]
struct Decoder<'a> {
    rows: JaegerRows,
    /// The process that a span said last, as it came and as a resource: the next one mostly says the same.
    said: Option<(&'a [u8], Process<'a>)>,
    said_text: Vec<u8>,
    /// Whether that text had to be repaired.
    said_is_repaired: bool,
}

impl<'a> Decoder<'a> {
    fn request(&mut self, data: &'a [u8]) -> Result<()> {
        let mut reader = Reader::new(data);
        while let Some(tag) = reader.tag()? {
            match tag {
                post_spans::BATCH => self.batch(reader.bytes()?)?,
                _ => reader.skip(tag, DEPTH_MAX)?,
            }
        }
        Ok(())
    }

    fn batch(&mut self, data: &'a [u8]) -> Result<()> {
        let start = self.rows.columns.rows();
        let mut process = Process::default();
        let mut reader = Reader::new(data);
        while let Some(tag) = reader.tag()? {
            match tag {
                batch::SPANS => self.span(reader.bytes()?)?,
                batch::PROCESS => process = read_process(reader.bytes()?)?,
                _ => reader.skip(tag, BATCH_DEPTH)?,
            }
        }
        let rows = &mut self.rows;
        process.write_attributes(&mut rows.text);
        let resource = ResourceText {
            service_name: process.service_name,
            attributes: &rows.text,
        };
        rows.runs.finish(&mut rows.columns, &resource);
        rows.columns.note_repairs(start);
        Ok(())
    }

    fn span(&mut self, data: &'a [u8]) -> Result<()> {
        let mut found = JaegerSpan {
            start_time_unix_nano: Some(0),
            duration_nano: Some(0),
            ..JaegerSpan::default()
        };
        let (mut trace_id, mut span_id): (&[u8], &[u8]) = (b"", b"");
        let mut process = None;
        let mut warnings = Vec::new();
        let mut reader = Reader::new(data);
        while let Some(tag) = reader.tag()? {
            match tag {
                span::TAGS => {
                    let (key, value) = read_tag(reader.bytes()?, FIELD_DEPTH)?;
                    found.meaning.tag(key, &value, &mut self.rows.columns);
                }
                span::TRACE_ID => trace_id = reader.bytes()?,
                span::SPAN_ID => span_id = reader.bytes()?,
                span::OPERATION_NAME => found.name = reader.bytes()?,
                span::REFERENCES => read_reference(reader.bytes()?, &mut found)?,
                span::FLAGS => found.flags = reader.varint()? as u32,
                span::START_TIME => found.start_time_unix_nano = read_time(reader.bytes()?)?,
                span::DURATION => found.duration_nano = read_time(reader.bytes()?)?,
                span::LOGS => self.log(reader.bytes()?, &mut found)?,
                span::PROCESS => process = Some(reader.bytes()?),
                span::WARNINGS => warnings.push(reader.bytes()?),
                _ => reader.skip(tag, SPAN_DEPTH)?,
            }
        }
        self.push_warnings(&warnings);
        // What is no id is zero, and refused as that.
        found.trace_id = id(trace_id).unwrap_or_default();
        found.span_id = id(span_id).unwrap_or_default();
        self.complete(found, process)?;
        if self.rows.columns.fits() {
            return Ok(());
        }
        Err(Malformed {
            reason: "more text than one batch can hold",
            at: data.as_ptr() as usize,
        })
    }

    fn complete(&mut self, span: JaegerSpan<'_>, process: Option<&'a [u8]>) -> Result<()> {
        let Some(data) = process else {
            self.rows.complete(span, None);
            return Ok(());
        };
        if !matches!(&self.said, Some((said, _)) if *said == data) {
            let process = read_process(data)?;
            let before = repairs();
            process.write_attributes(&mut self.said_text);
            self.said_is_repaired = repairs() != before;
            self.said = Some((data, process));
        }
        let service_name = match &self.said {
            Some((_, process)) => process.service_name,
            None => None,
        };
        let resource = ResourceText {
            service_name,
            attributes: &self.said_text,
        };
        let row = self.rows.columns.rows();
        self.rows.complete(span, Some(resource));
        if self.said_is_repaired {
            self.rows.columns.mark_repaired(row);
        }
        Ok(())
    }

    fn push_warnings(&mut self, warnings: &[&[u8]]) {
        if warnings.is_empty() {
            return;
        }
        let attributes = &mut self.rows.columns.attributes;
        let mut sink = TextSink::new(&mut attributes.text);
        sink.begin_array();
        for warning in warnings {
            sink.string(&repaired(warning));
        }
        sink.end_array();
        attributes.push_written(WARNINGS_KEY.as_bytes(), AttributeType::Array);
    }

    fn log(&mut self, data: &'a [u8], span: &mut JaegerSpan<'_>) -> Result<()> {
        let mut timestamp = Some(0);
        let mut fields = LogFields::begin(&mut self.rows.text);
        let mut reader = Reader::new(data);
        while let Some(tag) = reader.tag()? {
            match tag {
                log::TIMESTAMP => timestamp = read_time(reader.bytes()?)?,
                log::FIELDS => {
                    let (key, value) = read_tag(reader.bytes()?, TAG_DEPTH)?;
                    fields.field(key, &value);
                }
                _ => reader.skip(tag, FIELD_DEPTH)?,
            }
        }
        let name = fields.end();
        push_event(
            &mut self.rows.columns.events,
            timestamp,
            name,
            &self.rows.text,
            &mut span.refusal,
        );
        Ok(())
    }
}

fn read_process(data: &[u8]) -> Result<Process<'_>> {
    let mut found = Process {
        service_name: Some(b""),
        ..Process::default()
    };
    let mut reader = Reader::new(data);
    while let Some(tag) = reader.tag()? {
        match tag {
            process::SERVICE_NAME => found.service_name = Some(reader.bytes()?),
            process::TAGS => {
                let tag = reader.bytes()?;
                found.tags.push(read_tag(tag, TAG_DEPTH)?);
                if found.tags.len() > TAGS_MAX {
                    return Err(Malformed {
                        reason: "too many tags of a process",
                        at: tag.as_ptr() as usize,
                    });
                }
            }
            _ => reader.skip(tag, FIELD_DEPTH)?,
        }
    }
    Ok(found)
}

fn read_reference(data: &[u8], span: &mut JaegerSpan<'_>) -> Result<()> {
    let (mut trace_id, mut span_id): (&[u8], &[u8]) = (b"", b"");
    let mut kind = 0;
    let mut reader = Reader::new(data);
    while let Some(tag) = reader.tag()? {
        match tag {
            reference::TRACE_ID => trace_id = reader.bytes()?,
            reference::SPAN_ID => span_id = reader.bytes()?,
            reference::REF_TYPE => kind = reader.varint()?,
            _ => reader.skip(tag, FIELD_DEPTH)?,
        }
    }
    match (id(trace_id), id(span_id)) {
        (Some(trace_id), Some(span_id)) => span.refer(Reference {
            is_child_of: kind == 0,
            trace_id,
            span_id,
        }),
        (None, _) => span.refusal = Some(Refusal::LinkTraceId),
        _ => span.refusal = Some(Refusal::LinkSpanId),
    }
    Ok(())
}

#[inline]
fn read_tag(data: &[u8], depth: u32) -> Result<(&[u8], TagValue<'_>)> {
    let mut key: &[u8] = b"";
    let mut kind = 0;
    let (mut text, mut boolean, mut long, mut bits): (&[u8], _, _, _) = (b"", false, 0, 0);
    let mut binary: &[u8] = b"";
    let mut reader = Reader::new(data);
    while let Some(tag) = reader.tag()? {
        match tag {
            key_value::KEY => key = reader.bytes()?,
            key_value::V_TYPE => kind = reader.varint()? as i32,
            key_value::V_STR => text = reader.bytes()?,
            key_value::V_BOOL => boolean = reader.varint()? != 0,
            key_value::V_INT64 => long = reader.varint()? as i64,
            key_value::V_FLOAT64 => bits = reader.fixed64()?,
            key_value::V_BINARY => binary = reader.bytes()?,
            _ => reader.skip(tag, depth)?,
        }
    }
    let value = match kind {
        0 => TagValue::String(text),
        1 => TagValue::Bool(boolean),
        2 => TagValue::Long(long),
        3 => TagValue::Double(f64::from_bits(bits)),
        4 => TagValue::Binary(binary),
        unknown => TagValue::Unknown(unknown),
    };
    Ok((key, value))
}

/// A Timestamp or a Duration in nanoseconds; None when it does not fit.
fn read_time(data: &[u8]) -> Result<Option<i64>> {
    let (mut seconds, mut nanos) = (0, 0);
    let mut reader = Reader::new(data);
    while let Some(tag) = reader.tag()? {
        match tag {
            time::SECONDS => seconds = reader.varint()? as i64,
            time::NANOS => nanos = reader.varint()? as i32,
            _ => reader.skip(tag, FIELD_DEPTH)?,
        }
    }
    let whole = seconds.checked_mul(1_000_000_000);
    Ok(whole.and_then(|whole| whole.checked_add(i64::from(nanos))))
}

/// An id of its full size, or a trace id of 8 bytes whose upper half is zero; absent is zero.
fn id<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    let mut found = [0; N];
    match bytes.len() {
        0 => {}
        8 => found[N - 8..].copy_from_slice(bytes),
        length if length == N => found.copy_from_slice(bytes),
        _ => return None,
    }
    Some(found)
}
