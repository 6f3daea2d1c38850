//! A span as Zipkin's version 2 has it: what every Zipkin format is read as before it becomes a row.

use crate::refusal::Refusal;
use std::borrow::Cow;

/// Text as it came, or as it was made.
pub type Text<'a> = Cow<'a, [u8]>;

/// A span. Ids that are missing are zero, times that are missing too, as Zipkin has it.
#[derive(Default)]
#[allow(missing_docs)]
pub struct ZipkinSpan<'a> {
    pub trace_id: [u8; 16],
    pub id: [u8; 8],
    pub parent_id: [u8; 8],
    pub name: Text<'a>,
    pub kind: Kind,
    pub timestamp_micros: i64,
    pub duration_micros: i64,
    pub local: Endpoint<'a>,
    pub remote: Endpoint<'a>,
    pub annotations: Vec<Annotation<'a>>,
    pub tags: Vec<(Text<'a>, TagValue<'a>)>,
    pub debug: bool,
    pub shared: bool,
    /// What is wrong with the span, if something is that its fields do not show.
    pub refusal: Option<Refusal>,
}

/// The role in a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Kind {
    #[default]
    Unspecified,
    Client,
    Server,
    Producer,
    Consumer,
}

/// A place in the network. Empty and zero are absent; addresses are text.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs)]
pub struct Endpoint<'a> {
    pub service_name: Text<'a>,
    pub ipv4: Text<'a>,
    pub ipv6: Text<'a>,
    pub port: u16,
}

/// Something that happened at a time.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs)]
pub struct Annotation<'a> {
    pub timestamp_micros: i64,
    pub value: Text<'a>,
}

/// The value of a tag: text in version 2, any of these in version 1.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum TagValue<'a> {
    Text(Text<'a>),
    Bool(bool),
    Int(i64),
    Double(f64),
    Bytes(Text<'a>),
}

impl Kind {
    /// What version 2 calls it; unspecified for any other text.
    pub fn named(name: &[u8]) -> Self {
        match name {
            b"CLIENT" => Self::Client,
            b"SERVER" => Self::Server,
            b"PRODUCER" => Self::Producer,
            b"CONSUMER" => Self::Consumer,
            _ => Self::Unspecified,
        }
    }

    /// OpenTelemetry's number.
    pub fn number(self) -> i32 {
        match self {
            Self::Unspecified => 0,
            Self::Server => 2,
            Self::Client => 3,
            Self::Producer => 4,
            Self::Consumer => 5,
        }
    }
}

/// An address of four or of sixteen bytes as text; None for any other size.
pub fn address_text(bytes: &[u8]) -> Option<String> {
    if let Ok(four) = <[u8; 4]>::try_from(bytes) {
        return Some(std::net::Ipv4Addr::from(four).to_string());
    }
    let sixteen = <[u8; 16]>::try_from(bytes).ok()?;
    Some(std::net::Ipv6Addr::from(sixteen).to_string())
}

/// An id of hex digits, padded with zeros; None when it is none, too long, or empty.
pub fn hex_id<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    let mut id = [0; N];
    if text.is_empty() || text.len() > 2 * N {
        return None;
    }
    for (position, &letter) in text.iter().rev().enumerate() {
        let digit = char::from(letter).to_digit(16)? as u8;
        id[N - 1 - position / 2] |= digit << (4 * (position % 2));
    }
    Some(id)
}

impl ZipkinSpan<'_> {
    /// Start and duration in nanoseconds, or why the span cannot be kept. Without a start it is the first annotation's.
    pub fn times(&self) -> Result<(i64, i64), Refusal> {
        if let Some(refusal) = self.refusal {
            return Err(refusal);
        }
        if self.trace_id == [0; 16] {
            return Err(Refusal::TraceId);
        }
        if self.id == [0; 8] {
            return Err(Refusal::SpanId);
        }
        let annotations = self.annotations.iter();
        let moments = annotations.map(|annotation| annotation.timestamp_micros);
        if moments
            .clone()
            .any(|micros| micros.checked_mul(1000).is_none())
        {
            return Err(Refusal::EventTime);
        }
        let duration = self
            .duration_micros
            .checked_mul(1000)
            .ok_or(Refusal::EndTime)?;
        // A moment that the sender did not say to be the start is no reason to refuse its self.
        let has_end = |micros: i64| (micros * 1000).checked_add(duration).is_some();
        let micros = match self.timestamp_micros {
            0 => moments
                .filter(|&micros| micros > 0 && has_end(micros))
                .min()
                .unwrap_or(0),
            micros => micros,
        };
        let start = micros.checked_mul(1000).ok_or(Refusal::StartTime)?;
        start.checked_add(duration).ok_or(Refusal::EndTime)?;
        Ok((start, duration))
    }

    /// Nothing again; the memory of its lists is kept.
    pub fn clear(&mut self) {
        let mut annotations = std::mem::take(&mut self.annotations);
        let mut tags = std::mem::take(&mut self.tags);
        annotations.clear();
        tags.clear();
        *self = Self {
            annotations,
            tags,
            ..Self::default()
        };
    }
}
