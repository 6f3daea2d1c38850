//! Jaeger's Thrift to columns: a bare Batch, or a message of the agent or the collector with one or more.

use crate::jaeger_process::{Process, TAGS_MAX};
use crate::jaeger_span::{
    JaegerRows, JaegerSpan, LogFields, Reference, nanos_of_micros, push_event, refused,
};
use crate::jaeger_tag::TagValue;
use crate::json_reader::Result;
use crate::origin_runs::ResourceText;
use crate::otlp_decode::{DecodeError, Decoded};
use crate::thrift::{DEPTH_MAX, Kind, Reader, each_struct, skip};
use crate::thrift_message::{Opened, open};
use crate::zipkin_rows::ZipkinRows;
use crate::zipkin_thrift_decode;
use std::mem::take;

/// A span as most clients send them; a wrong guess costs a move.
const USUAL_SPAN_BYTES: usize = 300;

/// Decode a Batch or a message of either protocol. Bytes behind it are ignored, as Jaeger ignores them.
pub fn decode(payload: &[u8]) -> std::result::Result<Decoded, DecodeError> {
    let mut decoder = Decoder::with_room_for(payload.len());
    decoder.read(payload).map_err(|broken| refused(&broken))?;
    decoder.finish()
}

/// Reads payloads one after the other into the same rows.
#[derive(Default)]
pub struct Decoder {
    rows: JaegerRows,
    reports: Vec<ClientReport>,
}

/// What a client says of itself in a batch: the batch's number, and the spans that it has lost so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct ClientReport {
    pub client: String,
    pub sequence: i64,
    pub full_queue: i64,
    pub too_large: i64,
    pub failed: i64,
}

impl Decoder {
    /// An empty one for payloads of so many bytes in all.
    pub fn with_room_for(size: usize) -> Self {
        let mut decoder = Self::default();
        decoder.rows.columns.reserve(size / USUAL_SPAN_BYTES);
        decoder
    }

    /// Append the spans of a payload. After an error some of its spans may be among the rows, so nothing of them is good.
    pub fn read(&mut self, payload: &[u8]) -> Result<()> {
        match open(payload)? {
            Opened::Binary(mut reader, method) => self.call(&mut reader, method),
            Opened::Compact(mut reader, method) => self.call(&mut reader, method),
        }
    }

    /// What clients said of themselves, a report a batch; only who names itself (`client-uuid`) is heard.
    pub fn take_reports(&mut self) -> Vec<ClientReport> {
        take(&mut self.reports)
    }

    /// The batch.
    pub fn finish(self) -> std::result::Result<Decoded, DecodeError> {
        self.rows.finish()
    }

    fn call<'a, R: Reader<'a>>(&mut self, reader: &mut R, method: Option<&[u8]>) -> Result<()> {
        match method {
            None => self.batch(reader),
            Some(b"emitBatch" | b"submitBatches") => self.arguments(reader),
            Some(b"emitZipkinBatch" | b"submitZipkinBatch") => self.zipkin_arguments(reader),
            Some(_) => Err(reader.cursor().broken("unknown method")),
        }
    }

    /// The same columns and counters, lent to who knows Zipkin's spans.
    fn zipkin_arguments<'a, R: Reader<'a>>(&mut self, reader: &mut R) -> Result<()> {
        let mut rows =
            ZipkinRows::over(take(&mut self.rows.columns), take(&mut self.rows.refusals));
        let done = zipkin_thrift_decode::read_arguments(reader, &mut rows);
        (self.rows.columns, self.rows.refusals) = rows.into_parts();
        done
    }

    /// Field 1 is a batch or a list of them.
    fn arguments<'a, R: Reader<'a>>(&mut self, reader: &mut R) -> Result<()> {
        let mut last = 0;
        while let Some(field) = reader.field(&mut last)? {
            match field {
                (1, Kind::Struct) => self.batch(reader)?,
                (1, Kind::List) => each_struct(reader, |reader| self.batch(reader))?,
                (_, kind) => skip(reader, kind, DEPTH_MAX)?,
            }
        }
        Ok(())
    }

    fn batch<'a, R: Reader<'a>>(&mut self, reader: &mut R) -> Result<()> {
        let start = self.rows.columns.rows();
        let mut process = Process::default();
        let mut sequence = None;
        let mut report = ClientReport::default();
        let mut last = 0;
        while let Some(field) = reader.field(&mut last)? {
            match field {
                (1, Kind::Struct) => process = read_process(reader)?,
                (2, Kind::List) => each_struct(reader, |reader| self.span(reader))?,
                (3, Kind::I64) => sequence = Some(reader.i64()?),
                (4, Kind::Struct) => read_stats(reader, &mut report)?,
                (_, kind) => skip(reader, kind, DEPTH_MAX)?,
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
        if let (Some(sequence), Some(client)) = (sequence, process.client()) {
            report.sequence = sequence;
            report.client = String::from_utf8_lossy(client).into_owned();
            self.reports.push(report);
        }
        Ok(())
    }

    fn span<'a, R: Reader<'a>>(&mut self, reader: &mut R) -> Result<()> {
        let mut span = JaegerSpan::default();
        let (mut low, mut high, mut start, mut duration) = (0, 0, 0, 0);
        let mut last = 0;
        if reader.comes(1, Kind::I64, &mut last) {
            low = reader.i64()?;
        }
        if reader.comes(2, Kind::I64, &mut last) {
            high = reader.i64()?;
        }
        if reader.comes(3, Kind::I64, &mut last) {
            span.span_id = reader.i64()?.to_be_bytes();
        }
        if reader.comes(4, Kind::I64, &mut last) {
            span.parent_span_id = reader.i64()?.to_be_bytes();
        }
        if reader.comes(5, Kind::Binary, &mut last) {
            span.name = reader.binary()?;
        }
        while let Some(field) = reader.field(&mut last)? {
            match field {
                (1, Kind::I64) => low = reader.i64()?,
                (2, Kind::I64) => high = reader.i64()?,
                (3, Kind::I64) => span.span_id = reader.i64()?.to_be_bytes(),
                (4, Kind::I64) => span.parent_span_id = reader.i64()?.to_be_bytes(),
                (5, Kind::Binary) => span.name = reader.binary()?,
                (6, Kind::List) => each_struct(reader, |reader| {
                    span.refer(read_reference(reader)?);
                    Ok(())
                })?,
                (7, Kind::I32) => span.flags = reader.i32()? as u32,
                (8, Kind::I64) => start = reader.i64()?,
                (9, Kind::I64) => duration = reader.i64()?,
                (10, Kind::List) => each_struct(reader, |reader| {
                    let (key, value) = read_tag(reader)?;
                    span.meaning.tag(key, &value, &mut self.rows.columns);
                    Ok(())
                })?,
                (11, Kind::List) => each_struct(reader, |reader| self.log(reader, &mut span))?,
                (_, kind) => skip(reader, kind, DEPTH_MAX)?,
            }
        }
        span.trace_id = trace_id(high, low);
        span.start_time_unix_nano = nanos_of_micros(start);
        span.duration_nano = nanos_of_micros(duration);
        self.rows.complete(span, None);
        if self.rows.columns.fits() {
            return Ok(());
        }
        Err(reader.cursor().broken("more text than one batch can hold"))
    }

    fn log<'a, R: Reader<'a>>(&mut self, reader: &mut R, span: &mut JaegerSpan<'a>) -> Result<()> {
        let mut timestamp = 0;
        let mut fields = LogFields::begin(&mut self.rows.text);
        let mut last = 0;
        while let Some(field) = reader.field(&mut last)? {
            match field {
                (1, Kind::I64) => timestamp = reader.i64()?,
                (2, Kind::List) => each_struct(reader, |reader| {
                    let (key, value) = read_tag(reader)?;
                    fields.field(key, &value);
                    Ok(())
                })?,
                (_, kind) => skip(reader, kind, DEPTH_MAX)?,
            }
        }
        let name = fields.end();
        push_event(
            &mut self.rows.columns.events,
            nanos_of_micros(timestamp),
            name,
            &self.rows.text,
            &mut span.refusal,
        );
        Ok(())
    }
}

fn read_process<'a, R: Reader<'a>>(reader: &mut R) -> Result<Process<'a>> {
    let mut process = Process {
        service_name: Some(b""),
        ..Process::default()
    };
    let mut last = 0;
    while let Some(field) = reader.field(&mut last)? {
        match field {
            (1, Kind::Binary) => process.service_name = Some(reader.binary()?),
            (2, Kind::List) => each_struct(reader, |reader| {
                process.tags.push(read_tag(reader)?);
                if process.tags.len() > TAGS_MAX {
                    return Err(reader.cursor().broken("too many tags of a process"));
                }
                Ok(())
            })?,
            (_, kind) => skip(reader, kind, DEPTH_MAX)?,
        }
    }
    Ok(process)
}

fn read_stats<'a, R: Reader<'a>>(reader: &mut R, report: &mut ClientReport) -> Result<()> {
    let mut last = 0;
    while let Some(field) = reader.field(&mut last)? {
        match field {
            (1, Kind::I64) => report.full_queue = reader.i64()?,
            (2, Kind::I64) => report.too_large = reader.i64()?,
            (3, Kind::I64) => report.failed = reader.i64()?,
            (_, kind) => skip(reader, kind, DEPTH_MAX)?,
        }
    }
    Ok(())
}

fn read_reference<'a, R: Reader<'a>>(reader: &mut R) -> Result<Reference> {
    let (mut kind, mut low, mut high, mut span_id) = (0, 0, 0, 0);
    let mut last = 0;
    while let Some(field) = reader.field(&mut last)? {
        match field {
            (1, Kind::I32) => kind = reader.i32()?,
            (2, Kind::I64) => low = reader.i64()?,
            (3, Kind::I64) => high = reader.i64()?,
            (4, Kind::I64) => span_id = reader.i64()?,
            (_, kind) => skip(reader, kind, DEPTH_MAX)?,
        }
    }
    Ok(Reference {
        is_child_of: kind == 0,
        trace_id: trace_id(high, low),
        span_id: span_id.to_be_bytes(),
    })
}

/// The key, and the value that the type points at; one that is absent is zero or empty.
#[inline]
fn read_tag<'a, R: Reader<'a>>(reader: &mut R) -> Result<(&'a [u8], TagValue<'a>)> {
    let mut key: &[u8] = b"";
    let mut kind = 0;
    let (mut text, mut double, mut boolean, mut long): (&[u8], _, _, _) = (b"", 0.0, false, 0);
    let mut binary: &[u8] = b"";
    let mut last = 0;
    if reader.comes(1, Kind::Binary, &mut last) {
        key = reader.binary()?;
    }
    if reader.comes(2, Kind::I32, &mut last) {
        kind = reader.i32()?;
    }
    if reader.comes(3, Kind::Binary, &mut last) {
        text = reader.binary()?;
    } else if reader.comes(6, Kind::I64, &mut last) {
        long = reader.i64()?;
    }
    while let Some(field) = reader.field(&mut last)? {
        match field {
            (1, Kind::Binary) => key = reader.binary()?,
            (2, Kind::I32) => kind = reader.i32()?,
            (3, Kind::Binary) => text = reader.binary()?,
            (4, Kind::Double) => double = reader.double()?,
            (5, Kind::Bool) => boolean = reader.boolean()?,
            (6, Kind::I64) => long = reader.i64()?,
            (7, Kind::Binary) => binary = reader.binary()?,
            (_, kind) => skip(reader, kind, DEPTH_MAX)?,
        }
    }
    let value = match kind {
        0 => TagValue::String(text),
        1 => TagValue::Double(double),
        2 => TagValue::Bool(boolean),
        3 => TagValue::Long(long),
        4 => TagValue::Binary(binary),
        unknown => TagValue::Unknown(unknown),
    };
    Ok((key, value))
}

fn trace_id(high: i64, low: i64) -> [u8; 16] {
    (u128::from(high as u64) << 64 | u128::from(low as u64)).to_be_bytes()
}
