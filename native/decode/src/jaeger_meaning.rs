//! What some tags of a Jaeger span mean in OpenTelemetry's terms, as the collector's translator has it.
//!
//! Such a tag is taken out of the attributes. One whose value means nothing stays an attribute, so that nothing is lost.

use crate::columns::Columns;
use crate::jaeger_tag::{TagValue, push_tag};

const CLIENT: i32 = 3;
const SERVER: i32 = 2;
const OK: i32 = 1;
const ERROR: i32 = 2;

/// The meaning of the tags of one span.
#[derive(Default)]
#[allow(missing_docs)]
pub struct Meaning<'a> {
    pub kind: i32,
    pub trace_state: &'a [u8],
    pub scope_name: &'a [u8],
    pub scope_version: &'a [u8],
    has_error: bool,
    status_code: i32,
    description: Option<&'a [u8]>,
    http_status: Option<i64>,
    http_message: &'a [u8],
}

impl<'a> Meaning<'a> {
    /// Take a tag in: remember what it means, or append it to the attributes.
    #[inline]
    pub fn tag(&mut self, key: &'a [u8], value: &TagValue<'a>, columns: &mut Columns) {
        let is_candidate = matches!(key.first(), Some(b's' | b'e' | b'o' | b'w' | b'h'));
        if !(is_candidate && self.takes(key, value)) {
            push_tag(&mut columns.attributes, key, value);
        }
    }

    /// The status: its code and its message. Call it once, after the last tag.
    pub fn status(&mut self, columns: &mut Columns) -> (i32, &'a [u8]) {
        let described = self.description.take();
        if self.has_error {
            return (ERROR, described.unwrap_or(self.http_message));
        }
        if self.status_code != 0 {
            return (self.status_code, described.unwrap_or_default());
        }
        if matches!(self.http_status, Some(status) if is_http_error(status, self.kind)) {
            return (ERROR, described.unwrap_or(self.http_message));
        }
        if let Some(text) = described {
            let value = TagValue::String(text);
            push_tag(&mut columns.attributes, b"otel.status_description", &value);
        }
        (0, b"")
    }

    /// Whether the tag was understood and is no attribute.
    fn takes(&mut self, key: &[u8], value: &TagValue<'a>) -> bool {
        match (key, *value) {
            (b"span.kind", TagValue::String(text)) if self.kind == 0 => {
                self.kind = kind_of(text);
                self.kind != 0
            }
            (b"error", TagValue::Bool(true)) if !self.has_error => {
                self.has_error = true;
                true
            }
            (b"otel.status_code", TagValue::String(text)) if self.status_code == 0 => {
                self.status_code = status_of(text);
                self.status_code != 0
            }
            (b"otel.status_description", TagValue::String(text)) => {
                first(&mut self.description, text)
            }
            (b"w3c.tracestate", TagValue::String(text)) => first_text(&mut self.trace_state, text),
            (b"otel.scope.name" | b"otel.library.name", TagValue::String(text)) => {
                first_text(&mut self.scope_name, text)
            }
            (b"otel.scope.version" | b"otel.library.version", TagValue::String(text)) => {
                first_text(&mut self.scope_version, text)
            }
            (b"http.status_code", value) => {
                self.http_status = number_of(&value);
                false
            }
            (b"http.status_message", TagValue::String(text)) => {
                self.http_message = text;
                false
            }
            _ => false,
        }
    }
}

fn first<'a>(place: &mut Option<&'a [u8]>, text: &'a [u8]) -> bool {
    let is_first = place.is_none() && !text.is_empty();
    if is_first {
        *place = Some(text);
    }
    is_first
}

fn first_text<'a>(place: &mut &'a [u8], text: &'a [u8]) -> bool {
    let is_first = place.is_empty() && !text.is_empty();
    if is_first {
        *place = text;
    }
    is_first
}

/// OpenTelemetry's number of a kind that Jaeger spells; 0 for any other text.
pub fn kind_of(text: &[u8]) -> i32 {
    match text {
        b"internal" => 1,
        b"server" => SERVER,
        b"client" => CLIENT,
        b"producer" => 4,
        b"consumer" => 5,
        _ => 0,
    }
}

fn status_of(text: &[u8]) -> i32 {
    if text.eq_ignore_ascii_case(b"OK") {
        OK
    } else if text.eq_ignore_ascii_case(b"ERROR") {
        ERROR
    } else {
        0
    }
}

fn number_of(value: &TagValue<'_>) -> Option<i64> {
    match value {
        TagValue::Long(number) => Some(*number),
        TagValue::String(text) => std::str::from_utf8(text).ok()?.parse().ok(),
        _ => None,
    }
}

/// A request that the client got wrong is an error of the client's span, not of the server's.
fn is_http_error(status: i64, kind: i32) -> bool {
    match status {
        400..500 => kind != SERVER,
        _ => !(100..400).contains(&status),
    }
}
