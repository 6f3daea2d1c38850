//! A row as Jaeger sees it: references, tags, log fields, process tags. Mapped as Jaeger's OTLP translator maps them, so
//! that Jaeger's JSON and its protobuf say the same.

use crate::jaeger_process::{
    EXPORTER_PREFIX, EXPORTER_VERSION, HOST_NAME, HOSTNAME, JAEGER_VERSION,
};
use crate::json_reader::Result;
use crate::row_attributes::each_attribute;
use crate::rows::Rows;
use crate::text_reader::{BagValue, each_pair};
use std::borrow::Cow;

/// What adjusters have to say of a span: an array of strings that is shown as `warnings`, and is no tag.
pub const WARNINGS_KEY: &str = "@jaeger@warnings";

const ERROR: i32 = 2;
const OK: i32 = 1;

/// The parent first; then the links, of which one that is the parent only says what kind of reference that is. Each is
/// whether it is a child's, a trace id and a span id.
pub fn each_reference<'a>(
    rows: &Rows<'a>,
    row: usize,
    mut visit: impl FnMut(bool, &'a [u8], &'a [u8]),
) -> Result<()> {
    let links = &rows.links;
    let trace_id = rows.trace_id.value(row);
    let parent = rows.parent(row);
    let is_parent =
        |item| parent == Some(links.span_id.value(item)) && links.trace_id.value(item) == trace_id;
    if let Some(parent) = parent {
        let is_child_of = match links.of_row(row).rfind(|&item| is_parent(item)) {
            Some(item) => is_child_of(links.attributes.value(item))?,
            None => true,
        };
        visit(is_child_of, trace_id, parent);
    }
    for item in links.of_row(row).filter(|&item| !is_parent(item)) {
        let is_child_of = is_child_of(links.attributes.value(item))?;
        visit(
            is_child_of,
            links.trace_id.value(item),
            links.span_id.value(item),
        );
    }
    Ok(())
}

fn is_child_of(attributes: &str) -> Result<bool> {
    let mut found = false;
    each_pair(attributes, |key, value| {
        if key == "opentracing.ref_type"
            && matches!(&value, BagValue::String(text) if text == "child_of")
        {
            found = true;
        }
    })?;
    Ok(found)
}

/// The scope, the attributes, then what Jaeger has no fields for, in the order of Jaeger's translator.
/// Returns the warnings, which are no tag.
pub fn each_tag<'a>(
    rows: &Rows<'a>,
    row: usize,
    mut visit: impl FnMut(&str, &BagValue<'a>),
) -> Result<Option<&'a str>> {
    let mut warnings = None;
    let text = |text: &'a str| BagValue::String(Cow::Borrowed(text));
    let before = [
        ("otel.scope.name", rows.scope_name.get(row)),
        ("otel.scope.version", rows.scope_version.get(row)),
    ];
    for (key, value) in before.into_iter().filter(|(_, value)| !value.is_empty()) {
        visit(key, &text(value));
    }
    each_attribute(rows, row, |key, value| match value {
        BagValue::Nested(text) if key == WARNINGS_KEY && text.starts_with("[\"") => {
            warnings = Some(text);
        }
        value => visit(key, &value),
    })?;
    if let Some(kind) = kind_name(rows.kind[row]) {
        visit("span.kind", &text(kind));
    }
    match rows.status_code[row] {
        OK => visit("otel.status_code", &text("OK")),
        ERROR => {
            visit("otel.status_code", &text("ERROR"));
            visit("error", &BagValue::Bool(true));
        }
        _ => {}
    }
    let after = [
        ("otel.status_description", rows.status_message.get(row)),
        ("w3c.tracestate", rows.trace_state.get(row)),
    ];
    for (key, value) in after.into_iter().filter(|(_, value)| !value.is_empty()) {
        visit(key, &text(value));
    }
    Ok(warnings)
}

fn kind_name(kind: i32) -> Option<&'static str> {
    match kind {
        1 => Some("internal"),
        2 => Some("server"),
        3 => Some("client"),
        4 => Some("producer"),
        5 => Some("consumer"),
        _ => None,
    }
}

/// The fields of an event: its name unless an attribute takes its place, then its attributes.
pub fn each_log_field<'a>(
    rows: &Rows<'a>,
    item: usize,
    mut visit: impl FnMut(&str, &BagValue<'a>),
) -> Result<()> {
    let events = &rows.events;
    let (name, attributes) = (events.name.value(item), events.attributes.value(item));
    if !name.is_empty() && !has_event_attribute(attributes)? {
        visit("event", &BagValue::String(Cow::Borrowed(name)));
    }
    each_pair(attributes, |key, value| visit(key, &value))
}

/// An attribute of that key takes the place of the event's name.
fn has_event_attribute(attributes: &str) -> Result<bool> {
    let mut found = false;
    if attributes.contains("\"event\":") {
        each_pair(attributes, |key, _| found |= key == "event")?;
    }
    Ok(found)
}

/// The resource's attributes but its name. Of a process that was a Jaeger client's, which its version shows, those that
/// got OpenTelemetry's names have their own again.
pub fn each_process_tag<'a>(
    rows: &Rows<'a>,
    row: usize,
    mut visit: impl FnMut(&str, &BagValue<'a>),
) -> Result<()> {
    let attributes = rows.resource_attributes.get(row);
    let is_jaeger = attributes.contains("\"opencensus.exporterversion\":\"Jaeger-");
    each_pair(attributes, |key, value| match (key, &value) {
        ("service.name", _) => {}
        (HOST_NAME, _) if is_jaeger => visit(HOSTNAME, &value),
        (EXPORTER_VERSION, BagValue::String(text)) if text.starts_with(EXPORTER_PREFIX) => {
            let version = text[EXPORTER_PREFIX.len()..].to_owned();
            visit(JAEGER_VERSION, &BagValue::String(Cow::Owned(version)));
        }
        _ => visit(key, &value),
    })
}
