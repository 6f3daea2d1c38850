//! A process as Jaeger's clients send it, as a resource.

use crate::jaeger_tag::{TagValue, write_tag};
use crate::text::TextSink;
use crate::utf8::repaired;
use crate::value::ValueSink;

/// The process that sent spans.
#[derive(Default)]
pub struct Process<'a> {
    /// Its name, empty when it said none; None when there is no process.
    pub service_name: Option<&'a [u8]>,
    /// Its tags in its order.
    pub tags: Vec<(&'a [u8], TagValue<'a>)>,
}

/// How many tags a process may have: what is one byte on the wire is many in memory.
pub const TAGS_MAX: usize = 10_000;

/// The tag by which a client can be told from others.
const CLIENT_UUID: &[u8] = b"client-uuid";
const CLIENT_BYTES_MAX: usize = 64;

/// What clients call their host.
pub const HOSTNAME: &str = "hostname";
/// What OpenTelemetry calls it.
pub const HOST_NAME: &str = "host.name";
/// What clients say of themselves.
pub const JAEGER_VERSION: &str = "jaeger.version";
/// Where the collector's translator puts that, after `Jaeger-`.
pub const EXPORTER_VERSION: &str = "opencensus.exporterversion";
/// Before the version.
pub const EXPORTER_PREFIX: &str = "Jaeger-";

impl Process<'_> {
    /// The attribute text of the resource: the name, then the tags, two of which have other names in OpenTelemetry.
    pub fn write_attributes(&self, out: &mut Vec<u8>) {
        let renames_host = !self.has(HOST_NAME);
        let renames_version = !self.has(EXPORTER_VERSION);
        out.clear();
        let mut bag = TextSink::begin_bag(out);
        if let Some(name) = self.service_name.filter(|name| !name.is_empty()) {
            bag.key("service.name");
            bag.string(&repaired(name));
        }
        for (key, value) in &self.tags {
            match value {
                value if renames_host && *key == HOSTNAME.as_bytes() => {
                    write_tag(HOST_NAME.as_bytes(), value, &mut bag);
                }
                TagValue::String(text) if renames_version && *key == JAEGER_VERSION.as_bytes() => {
                    bag.key(EXPORTER_VERSION);
                    bag.string(&format!("{EXPORTER_PREFIX}{}", repaired(text)));
                }
                value => write_tag(key, value, &mut bag),
            }
        }
        bag.end_bag();
    }

    /// What a client calls itself, at most `CLIENT_BYTES_MAX` long.
    pub fn client(&self) -> Option<&[u8]> {
        let (_, value) = self.tags.iter().find(|(key, _)| *key == CLIENT_UUID)?;
        match value {
            TagValue::String(text) if (1..=CLIENT_BYTES_MAX).contains(&text.len()) => Some(text),
            _ => None,
        }
    }

    fn has(&self, wanted: &str) -> bool {
        self.tags.iter().any(|(key, _)| *key == wanted.as_bytes())
    }
}
