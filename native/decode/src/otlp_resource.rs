//! OTLP's Resource as texts. Senders say the same one with each request, so a thread remembers those that it read lately.

use crate::otlp_decode::RESOURCE_DEPTH;
use crate::otlp_fields::{entity_ref, resource};
use crate::otlp_value::{read_key_value, write_key_value, write_value};
use crate::plain::PlainSink;
use crate::protobuf::{Parts, Reader, Result};
use crate::protobuf_writer::{
    close_message, open_message, put_bytes_field, put_bytes_unless_empty,
};
use crate::text::TextSink;
use crate::utf8::{repaired, repairs};
use foldhash::fast::RandomState;
use std::cell::Cell;
use std::hash::BuildHasher;

/// How many resources are remembered, at how many places one may be, and how large one may be.
const PLACES: usize = 1024;
const CHOICES: usize = 4;
const BYTES_MAX: usize = 4096;

thread_local! {
    static REMEMBERED: Cell<Option<Box<Resources>>> = const { Cell::new(None) };
}

/// What a resource says. `attributes` is attribute text, `entity_refs` protobuf.
#[derive(Default)]
pub struct ResourceText {
    /// The resource as it came; None when it must be read anew.
    bytes: Option<Vec<u8>>,
    /// The last that is not empty, if there is one.
    pub service_name: Option<Vec<u8>>,
    pub attributes: Vec<u8>,
    pub dropped_attributes_count: u32,
    pub entity_refs: Vec<u8>,
}

/// Resources that were read lately. A payload is decoded by one thread, which takes them and puts them back.
pub struct Resources {
    seed: RandomState,
    places: Vec<ResourceText>,
    /// The one at hand, when it is not remembered.
    other: ResourceText,
}

impl Resources {
    /// Those that this thread remembers.
    pub fn take() -> Box<Self> {
        REMEMBERED.take().unwrap_or_else(|| {
            Box::new(Self {
                seed: RandomState::default(),
                places: (0..PLACES).map(|_| ResourceText::default()).collect(),
                other: ResourceText::default(),
            })
        })
    }

    /// Remember them for the next payload.
    pub fn put_back(mut self: Box<Self>) {
        self.other = ResourceText::default();
        REMEMBERED.set(Some(self));
    }

    /// Read a resource, unless it is known.
    pub fn read(&mut self, parts: &Parts<'_>) -> Result<&ResourceText> {
        let Some(bytes) = parts.sole().filter(|bytes| bytes.len() <= BYTES_MAX) else {
            self.other = read(parts)?;
            return Ok(&self.other);
        };
        let first = self.seed.hash_one(bytes) as usize % (PLACES / CHOICES) * CHOICES;
        let places = &mut self.places[first..first + CHOICES];
        let is_it = |place: &ResourceText| place.bytes.as_deref() == Some(bytes);
        if let Some(known) = places.iter().position(is_it) {
            return Ok(&places[known]);
        }
        let before = repairs();
        let mut resource = read(parts)?;
        // What is repaired is counted, each time.
        resource.bytes = (repairs() == before).then(|| bytes.to_vec());
        // The oldest goes.
        places.rotate_right(1);
        places[0] = resource;
        Ok(&places[0])
    }
}

fn read(parts: &Parts<'_>) -> Result<ResourceText> {
    let mut found = ResourceText::default();
    let mut bag = TextSink::begin_bag(&mut found.attributes);
    for part in parts.iter() {
        let mut reader = Reader::new(part);
        while let Some(tag) = reader.tag()? {
            match tag {
                resource::ATTRIBUTES => {
                    let pair = reader.bytes()?;
                    write_key_value(pair, RESOURCE_DEPTH - 1, &mut bag)?;
                    if found.service_name.as_ref().is_none_or(Vec::is_empty) {
                        found.service_name = read_service_name(pair)?.or(found.service_name);
                    }
                }
                resource::DROPPED_ATTRIBUTES_COUNT => {
                    found.dropped_attributes_count = reader.varint()? as u32
                }
                resource::ENTITY_REFS => put_entity_ref(&mut found.entity_refs, reader.bytes()?)?,
                _ => reader.skip(tag, RESOURCE_DEPTH)?,
            }
        }
    }
    bag.end_bag();
    Ok(found)
}

/// The value of this pair as a person would write it, if its key is service.name.
fn read_service_name(pair: &[u8]) -> Result<Option<Vec<u8>>> {
    let pair = read_key_value(pair, RESOURCE_DEPTH - 1)?;
    if pair.key != b"service.name" {
        return Ok(None);
    }
    let mut text = Vec::new();
    let mut sink = PlainSink::new(&mut text);
    write_value(&pair.value, RESOURCE_DEPTH - 1, &mut sink)?;
    Ok(Some(text))
}

/// The known fields of an EntityRef, its texts repaired, in the order of their numbers, as a field of our own.
fn put_entity_ref(out: &mut Vec<u8>, data: &[u8]) -> Result<()> {
    let message = open_message(out, resource::ENTITY_REFS);
    for wanted in [entity_ref::SCHEMA_URL, entity_ref::TYPE] {
        let mut last: &[u8] = b"";
        each_text(data, wanted, |text| last = text)?;
        put_bytes_unless_empty(out, wanted, repaired(last).as_bytes());
    }
    for wanted in [entity_ref::ID_KEYS, entity_ref::DESCRIPTION_KEYS] {
        each_text(data, wanted, |text| {
            put_bytes_field(out, wanted, repaired(text).as_bytes())
        })?;
    }
    close_message(out, message);
    Ok(())
}

fn each_text<'a>(data: &'a [u8], wanted: u32, mut visit: impl FnMut(&'a [u8])) -> Result<()> {
    let mut reader = Reader::new(data);
    while let Some(tag) = reader.tag()? {
        if tag == wanted {
            visit(reader.bytes()?);
        } else {
            reader.skip(tag, RESOURCE_DEPTH - 1)?;
        }
    }
    Ok(())
}
