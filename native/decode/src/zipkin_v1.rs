//! A span as Zipkin's version 1 has it: annotations of several services. What becomes of it: `zipkin_v1_convert`.

use crate::refusal::Refusal;
use crate::zipkin_span::{Annotation, Endpoint, TagValue, Text};

/// A span. Zero is absent.
#[derive(Default)]
#[allow(missing_docs)]
pub struct V1Span<'a> {
    pub trace_id: [u8; 16],
    pub id: [u8; 8],
    pub parent_id: [u8; 8],
    pub name: Text<'a>,
    pub timestamp_micros: i64,
    pub duration_micros: i64,
    pub debug: bool,
    pub annotations: Vec<(Annotation<'a>, Option<Endpoint<'a>>)>,
    pub binary_annotations: Vec<BinaryAnnotation<'a>>,
    pub refusal: Option<Refusal>,
}

/// A tag, or an address of the other side.
#[allow(missing_docs)]
pub struct BinaryAnnotation<'a> {
    pub key: Text<'a>,
    pub value: TagValue<'a>,
    pub endpoint: Option<Endpoint<'a>>,
}

/// How many annotations of each sort a span may have: what is one byte on the wire is many in memory.
const ANNOTATIONS_MAX: usize = 10_000;

impl<'a> V1Span<'a> {
    /// Take an annotation in. Of a span with too many the rest is dropped, and the span is refused.
    pub fn annotate(&mut self, annotation: Annotation<'a>, endpoint: Option<Endpoint<'a>>) {
        if self.annotations.len() < ANNOTATIONS_MAX {
            self.annotations.push((annotation, endpoint));
        } else {
            self.refusal = Some(Refusal::Annotations);
        }
    }

    /// Take a binary annotation in, likewise.
    pub fn annotate_binary(&mut self, annotation: BinaryAnnotation<'a>) {
        if self.binary_annotations.len() < ANNOTATIONS_MAX {
            self.binary_annotations.push(annotation);
        } else {
            self.refusal = Some(Refusal::Annotations);
        }
    }
}
