//! A Zipkin span to a row, in OpenTelemetry's terms, as the collector's translator has it.

use crate::columns::{Columns, SpanRow};
use crate::jaeger_span::decoded;
use crate::lists::{Attributes, Link};
use crate::origin_runs::{Origin, OriginRuns, ResourceText};
use crate::otlp_decode::{DecodeError, Decoded};
use crate::refusal::Refusals;
use crate::schema::AttributeType;
use crate::text::TextSink;
use crate::text_reader::read_bag;
use crate::utf8::repaired;
use crate::value::ValueSink;
use crate::zipkin_keys::{
    DEBUG, HOST_IP, HOST_PORT, LINK_PREFIX, LINKS_MAX, PEER_IP, PEER_PORT, PEER_SERVICE, SHARED,
    START_ABSENT, is_of_resource,
};
use crate::zipkin_span::{Endpoint, Kind, TagValue, ZipkinSpan, hex_id};

const OK: i32 = 1;
const ERROR: i32 = 2;
const INTERNAL: i32 = 1;
/// Jaeger's flags of a span that somebody asked to keep: sampled and debug.
const DEBUG_FLAGS: u32 = 3;

/// Where rows go, and why some do not.
#[derive(Default)]
pub struct ZipkinRows {
    /// The columns under construction.
    pub columns: Columns,
    /// Spans that cannot be kept.
    pub refusals: Refusals,
    runs: OriginRuns,
    text: Vec<u8>,
    /// Which tags of the span at hand are of its resource.
    resource_tags: Vec<usize>,
}

/// What tags say that is no attribute of the span.
#[derive(Default)]
struct Meaning<'s> {
    kind: i32,
    status_code: i32,
    status_message: &'s [u8],
    has_error: bool,
    trace_state: &'s [u8],
    scope_name: &'s [u8],
    scope_version: &'s [u8],
    service_key: &'s [u8],
}

impl ZipkinRows {
    /// Rows that go on in these columns.
    pub fn over(columns: Columns, refusals: Refusals) -> Self {
        let mut rows = Self::default();
        (rows.columns, rows.refusals) = (columns, refusals);
        rows
    }

    /// The columns with these rows, and the counters.
    pub fn into_parts(mut self) -> (Columns, Refusals) {
        self.runs
            .finish(&mut self.columns, &ResourceText::default());
        (self.columns, self.refusals)
    }

    /// Append the span, or count why it cannot be kept.
    pub fn push(&mut self, span: &ZipkinSpan<'_>) {
        let (start_time_unix_nano, duration_nano) = match span.times() {
            Ok(times) => times,
            Err(refusal) => return self.refusals.count(refusal),
        };
        let meaning = self.push_tags(span);
        self.push_endpoints(span);
        self.push_annotations(span);
        self.write_resource(span, &meaning);
        let resource = ResourceText {
            service_name: Some(&*span.local.service_name)
                .filter(|name| !name.is_empty() && meaning.service_key.is_empty()),
            attributes: &self.text,
        };
        let origin = Origin {
            resource: Some(resource),
            scope_name: meaning.scope_name,
            scope_version: meaning.scope_version,
        };
        self.runs.begin_row(&mut self.columns, &origin);
        let is_parent = span.parent_id != [0; 8] && span.parent_id != span.id;
        self.columns.push(&SpanRow {
            trace_id: span.trace_id,
            span_id: span.id,
            parent_span_id: is_parent.then_some(span.parent_id),
            trace_state: meaning.trace_state,
            flags: if span.debug { DEBUG_FLAGS } else { 0 },
            name: &span.name,
            kind: meaning.kind,
            start_time_unix_nano,
            duration_nano,
            status_code: meaning.status_code,
            status_message: meaning.status_message,
            ..SpanRow::default()
        });
    }

    /// Whether one more span fits into the batch.
    pub fn fits(&self) -> bool {
        self.columns.fits()
    }

    /// The batch.
    pub fn finish(self) -> Result<Decoded, DecodeError> {
        decoded(self.into_parts())
    }

    fn push_tags<'s>(&mut self, span: &'s ZipkinSpan<'_>) -> Meaning<'s> {
        let mut meaning = Meaning {
            kind: span.kind.number(),
            ..Meaning::default()
        };
        let links = self.push_links(span);
        self.resource_tags.clear();
        for (position, (key, value)) in span.tags.iter().enumerate() {
            let is_taken = match value {
                TagValue::Text(_) if is_of_resource(key) => {
                    self.resource_tags.push(position);
                    true
                }
                TagValue::Text(text) => {
                    is_link_key(key, links) || meaning.takes(key, text, span.kind)
                }
                TagValue::Bool(true) if **key == *b"error" => meaning.take_error(),
                _ => false,
            };
            if !is_taken {
                push_tag(&mut self.columns.attributes, key, value);
            }
        }
        meaning.settle(&mut self.columns.attributes);
        meaning
    }

    /// Links hide in tags with numbers; the first number that is missing or makes no sense ends them. Returns how many.
    fn push_links(&mut self, span: &ZipkinSpan<'_>) -> usize {
        if !span.tags.iter().any(|(key, _)| link_number(key).is_some()) {
            return 0;
        }
        for number in 0..LINKS_MAX {
            let value = span.tags.iter().find_map(|(key, value)| match value {
                TagValue::Text(text) if link_number(key) == Some(number) => Some(text),
                _ => None,
            });
            let Some(link) = value.and_then(|value| read_link(value, &mut self.text)) else {
                return number;
            };
            self.columns.links.push(&Link {
                attributes: &self.text,
                ..link
            });
        }
        LINKS_MAX
    }

    fn push_endpoints(&mut self, span: &ZipkinSpan<'_>) {
        let attributes = &mut self.columns.attributes;
        push_address(attributes, &span.local, HOST_IP, HOST_PORT);
        let remote = &span.remote;
        if !remote.service_name.is_empty() {
            attributes.push_string(PEER_SERVICE.as_bytes(), &remote.service_name);
        }
        push_address(attributes, remote, PEER_IP, PEER_PORT);
        let flags = [
            (span.shared, SHARED),
            (span.debug, DEBUG),
            (span.timestamp_micros == 0, START_ABSENT),
        ];
        for (_, key) in flags.iter().filter(|(is_set, _)| *is_set) {
            attributes.push_number(key.as_bytes(), AttributeType::Bool, 1);
        }
    }

    fn push_annotations(&mut self, span: &ZipkinSpan<'_>) {
        for annotation in &span.annotations {
            let (name, dropped) =
                split_event(&annotation.value, &mut self.text).unwrap_or((&annotation.value, 0));
            // `times` has made sure that it fits.
            let time = annotation.timestamp_micros.saturating_mul(1000);
            let text: &[u8] = if name.len() == annotation.value.len() {
                b""
            } else {
                &self.text
            };
            self.columns.events.push(time, name, text, dropped);
        }
    }

    /// The attribute text of the process.
    fn write_resource(&mut self, span: &ZipkinSpan<'_>, meaning: &Meaning<'_>) {
        self.text.clear();
        let mut bag = TextSink::begin_bag(&mut self.text);
        if !span.local.service_name.is_empty() {
            let key = match meaning.service_key {
                b"" => b"service.name",
                key => key,
            };
            bag.key(&repaired(key));
            bag.string(&repaired(&span.local.service_name));
        }
        for &position in &self.resource_tags {
            if let (key, TagValue::Text(text)) = &span.tags[position] {
                bag.key(&repaired(key));
                bag.string(&repaired(text));
            }
        }
        bag.end_bag();
    }
}

impl<'s> Meaning<'s> {
    /// Whether a tag was understood and is no attribute of the span.
    #[inline]
    fn takes(&mut self, key: &[u8], text: &'s [u8], kind: Kind) -> bool {
        let place = match key {
            b"error" => return self.takes_error(text),
            b"otel.status_code" if self.status_code == 0 => {
                self.status_code = status_of(text);
                return self.status_code != 0;
            }
            b"span.kind" if kind == Kind::Unspecified && text == b"internal" => {
                self.kind = INTERNAL;
                return true;
            }
            b"w3c.tracestate" => &mut self.trace_state,
            b"otel.status_description" => &mut self.status_message,
            b"otel.library.name" | b"otel.scope.name" => &mut self.scope_name,
            b"otel.library.version" | b"otel.scope.version" => &mut self.scope_version,
            b"otlp.service.name.source" => &mut self.service_key,
            _ => return false,
        };
        let is_first = place.is_empty() && !text.is_empty();
        if is_first {
            *place = text;
        }
        is_first
    }

    /// Zipkin takes a span for failed when it has such a tag, whatever its value; `true` says no more than that.
    fn takes_error(&mut self, text: &'s [u8]) -> bool {
        match text {
            b"true" => self.take_error(),
            b"false" => false,
            _ => {
                self.has_error = true;
                false
            }
        }
    }

    fn take_error(&mut self) -> bool {
        let is_first = self.status_code != ERROR || !self.has_error;
        self.has_error = true;
        is_first
    }

    /// A description without a status is an attribute after all.
    fn settle(&mut self, attributes: &mut Attributes) {
        if self.has_error {
            self.status_code = ERROR;
        }
        if self.status_code == 0 && !self.status_message.is_empty() {
            attributes.push_string(b"otel.status_description", self.status_message);
            self.status_message = b"";
        }
    }
}

fn push_tag(attributes: &mut Attributes, key: &[u8], value: &TagValue<'_>) {
    match value {
        TagValue::Text(text) => attributes.push_string(key, text),
        TagValue::Bool(value) => {
            attributes.push_number(key, AttributeType::Bool, i64::from(*value))
        }
        TagValue::Int(value) => attributes.push_number(key, AttributeType::Int, *value),
        TagValue::Double(value) => {
            attributes.push_number(key, AttributeType::Double, value.to_bits() as i64)
        }
        TagValue::Bytes(value) => attributes.push_bytes(key, AttributeType::Bytes, value),
    }
}

fn push_address(attributes: &mut Attributes, endpoint: &Endpoint<'_>, ip: &str, port: &str) {
    for address in [&endpoint.ipv4, &endpoint.ipv6] {
        if !address.is_empty() {
            attributes.push_string(ip.as_bytes(), address);
        }
    }
    if endpoint.port != 0 {
        let number = i64::from(endpoint.port);
        attributes.push_number(port.as_bytes(), AttributeType::Int, number);
    }
}

fn status_of(text: &[u8]) -> i32 {
    match text {
        b"OK" | b"STATUS_CODE_OK" | b"Ok" => OK,
        b"ERROR" | b"STATUS_CODE_ERROR" | b"Error" => ERROR,
        _ => 0,
    }
}

fn link_number(key: &[u8]) -> Option<usize> {
    let digits = key.strip_prefix(LINK_PREFIX.as_bytes())?;
    let text = std::str::from_utf8(digits).ok()?;
    let number: usize = text.parse().ok()?;
    (number < LINKS_MAX && text == number.to_string()).then_some(number)
}

fn is_link_key(key: &[u8], links: usize) -> bool {
    links > 0 && link_number(key).is_some_and(|number| number < links)
}

/// `trace id|span id|trace state|attributes|dropped`; the attributes go to `text`.
fn read_link<'l>(value: &'l [u8], text: &mut Vec<u8>) -> Option<Link<'l>> {
    let mut parts = value.splitn(4, |&byte| byte == b'|');
    let (trace_id, span_id) = (parts.next()?, parts.next()?);
    let (trace_state, rest) = (parts.next()?, parts.next()?);
    let cut = rest.iter().rposition(|&byte| byte == b'|')?;
    let link = Link {
        trace_id: hex_id(trace_id).filter(|_| trace_id.len() == 32)?,
        span_id: hex_id(span_id).filter(|_| span_id.len() == 16)?,
        trace_state,
        dropped_attributes_count: parse_count(&rest[cut + 1..])?,
        ..Link::default()
    };
    write_attributes(&rest[..cut], text)?;
    Some(link)
}

/// `name|attributes|dropped`: the name and the count; the attributes go to `text`. None when the value is but a name.
fn split_event<'v>(value: &'v [u8], text: &mut Vec<u8>) -> Option<(&'v [u8], u32)> {
    let first = value.iter().position(|&byte| byte == b'|')?;
    let last = value.iter().rposition(|&byte| byte == b'|')?;
    let attributes = value.get(first + 1..last)?;
    let dropped = parse_count(&value[last + 1..])?;
    write_attributes(attributes, text)?;
    (dropped > 0 || !text.is_empty()).then_some((&value[..first], dropped))
}

fn parse_count(digits: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(digits).ok()?;
    let count: u32 = text.parse().ok()?;
    (text == count.to_string()).then_some(count)
}

/// A JSON object as attribute text.
fn write_attributes(json: &[u8], text: &mut Vec<u8>) -> Option<()> {
    text.clear();
    let json = std::str::from_utf8(json)
        .ok()
        .filter(|json| json.starts_with('{'))?;
    let mut bag = TextSink::begin_bag(text);
    read_bag(json, &mut bag).ok()?;
    bag.end_bag();
    Some(())
}
