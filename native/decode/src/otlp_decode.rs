//! OTLP protobuf to columns: an ExportTraceServiceRequest, field by field, in any order.
//!
//! One pass: a resource or a scope may come after its spans, so both are put together when their parent ends, and only
//! then said of the rows that were read meanwhile. Spans that cannot be kept are refused one by one and counted; bytes that are not protobuf
//! refuse the whole payload.

use crate::columns::Columns;
use crate::origins::{Resource, ResourceCodes, Scope, ScopeCodes};
use crate::otlp_fields::{request, resource_spans, scope, scope_spans};
use crate::otlp_resource::Resources;
use crate::otlp_span::SpanReader;
use crate::otlp_value::write_key_value;
use crate::protobuf::{DEPTH_MAX, Malformed, Parts, Reader, Result};
use crate::refusal::{Refusal, Refusals};
use crate::schema::MISSING_SERVICE_NAME;
use crate::text::TextSink;
use arrow_array::RecordBatch;

/// What became of a payload.
pub struct Decoded {
    /// The spans that are kept.
    pub columns: RecordBatch,
    /// Why others are not, and how many.
    pub refused: Vec<(Refusal, usize)>,
    /// The rows whose text was not UTF-8 and was repaired, ascending.
    pub repaired_rows: Vec<u32>,
}

/// Why a whole payload cannot be decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError {
    /// In a sentence.
    pub reason: String,
}

/// A span as most applications send them; a wrong guess costs a move.
const USUAL_SPAN_BYTES: usize = 400;

const RESOURCE_SPANS_DEPTH: u32 = DEPTH_MAX - 1;
/// What may lie below a resource.
pub(crate) const RESOURCE_DEPTH: u32 = RESOURCE_SPANS_DEPTH - 1;
const SCOPE_SPANS_DEPTH: u32 = RESOURCE_SPANS_DEPTH - 1;
const SCOPE_DEPTH: u32 = SCOPE_SPANS_DEPTH - 1;
/// What may lie below a span.
pub(crate) const SPAN_DEPTH: u32 = SCOPE_SPANS_DEPTH - 1;

/// Decode an ExportTraceServiceRequest, or TracesData, which has the same form.
pub fn decode(payload: &[u8]) -> std::result::Result<Decoded, DecodeError> {
    let mut decoder = Decoder {
        columns: Columns::default(),
        refusals: Refusals::default(),
        text: Vec::new(),
        resources: Resources::take(),
        spans: SpanReader::default(),
        scopes: Vec::new(),
    };
    decoder.columns.reserve(payload.len() / USUAL_SPAN_BYTES);
    decoder.request(payload).map_err(|malformed| DecodeError {
        reason: format!(
            "{} at byte {}",
            malformed.reason,
            malformed.at.saturating_sub(payload.as_ptr() as usize)
        ),
    })?;
    decoder.resources.put_back();
    let repaired_rows = decoder.columns.take_repaired_rows();
    let columns = decoder.columns.finish().map_err(|error| DecodeError {
        reason: error.to_string(),
    })?;
    Ok(Decoded {
        columns,
        refused: decoder.refusals.counts(),
        repaired_rows,
    })
}

struct Decoder {
    columns: Columns,
    refusals: Refusals,
    /// Attribute text of the scope at hand.
    text: Vec<u8>,
    resources: Box<Resources>,
    spans: SpanReader,
    /// The scopes of the resource at hand, each with the row where its spans end.
    scopes: Vec<(usize, ScopeCodes)>,
}

impl Decoder {
    fn request(&mut self, data: &[u8]) -> Result<()> {
        let mut reader = Reader::new(data);
        while let Some(tag) = reader.tag()? {
            match tag {
                request::RESOURCE_SPANS => self.resource_spans(reader.bytes()?)?,
                _ => reader.skip(tag, DEPTH_MAX)?,
            }
        }
        Ok(())
    }

    fn resource_spans(&mut self, data: &[u8]) -> Result<()> {
        let mut resource = Parts::default();
        let mut schema_url: &[u8] = b"";
        let mut reader = Reader::new(data);
        let start = self.columns.rows();
        while let Some(tag) = reader.tag()? {
            match tag {
                resource_spans::SCOPE_SPANS => self.scope_spans(reader.bytes()?)?,
                resource_spans::RESOURCE => resource.push(reader.bytes()?),
                resource_spans::SCHEMA_URL => schema_url = reader.bytes()?,
                _ => reader.skip(tag, RESOURCE_SPANS_DEPTH)?,
            }
        }
        let resource = self.resource(&resource, schema_url)?;
        for (end, scope) in self.scopes.drain(..) {
            self.columns.origins.push(end, resource, scope);
        }
        self.columns.note_repairs(start);
        Ok(())
    }

    fn scope_spans(&mut self, data: &[u8]) -> Result<()> {
        let mut scope = Parts::default();
        let mut schema_url: &[u8] = b"";
        let mut reader = Reader::new(data);
        let start = self.columns.rows();
        while let Some(tag) = reader.tag()? {
            match tag {
                scope_spans::SPANS => self.span(reader.bytes()?)?,
                scope_spans::SCOPE => scope.push(reader.bytes()?),
                scope_spans::SCHEMA_URL => schema_url = reader.bytes()?,
                _ => reader.skip(tag, SCOPE_SPANS_DEPTH)?,
            }
        }
        let scope = self.scope(&scope, schema_url)?;
        let end = self.columns.rows();
        self.columns.note_repairs(start);
        if end > start {
            self.scopes.push((end, scope));
        }
        Ok(())
    }

    #[inline]
    fn span(&mut self, data: &[u8]) -> Result<()> {
        if let Err(refusal) = self.spans.read(data, &mut self.columns)? {
            self.columns.abandon();
            self.refusals.count(refusal);
        }
        if self.columns.fits() {
            return Ok(());
        }
        Err(Malformed {
            reason: "more text than one batch can hold",
            at: data.as_ptr() as usize,
        })
    }

    fn resource(&mut self, parts: &Parts<'_>, schema_url: &[u8]) -> Result<ResourceCodes> {
        let resource = self.resources.read(parts)?;
        Ok(self.columns.origins.resource(&Resource {
            service_name: (resource.service_name.as_deref())
                .unwrap_or(MISSING_SERVICE_NAME.as_bytes()),
            attributes: &resource.attributes,
            dropped_attributes_count: resource.dropped_attributes_count,
            entity_refs: &resource.entity_refs,
            schema_url,
        }))
    }

    fn scope(&mut self, parts: &Parts<'_>, schema_url: &[u8]) -> Result<ScopeCodes> {
        let mut found = Scope {
            schema_url,
            ..Scope::default()
        };
        self.text.clear();
        let mut bag = TextSink::begin_bag(&mut self.text);
        for part in parts.iter() {
            let mut reader = Reader::new(part);
            while let Some(tag) = reader.tag()? {
                match tag {
                    scope::NAME => found.name = reader.bytes()?,
                    scope::VERSION => found.version = reader.bytes()?,
                    scope::ATTRIBUTES => {
                        write_key_value(reader.bytes()?, SCOPE_DEPTH - 1, &mut bag)?
                    }
                    scope::DROPPED_ATTRIBUTES_COUNT => {
                        found.dropped_attributes_count = reader.varint()? as u32
                    }
                    _ => reader.skip(tag, SCOPE_DEPTH)?,
                }
            }
        }
        bag.end_bag();
        found.attributes = &self.text;
        Ok(self.columns.origins.scope(&found))
    }
}
