//! A page of the data file, decoded.

use super::coded::Coded;
use super::columns::Leaf;
use super::levels;
use super::sections::u32_at;
use super::thrift::{self, PageHeader};
use super::values::{self, Presence};
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef};
use arrow_buffer::NullBuffer;
use std::borrow::Cow;
use std::cell::RefCell;
use zstd::bulk::Decompressor;

/// No page that we write is larger than this when it is unpacked; a header that says more is damaged.
const PAGE_BYTES_MAX: i64 = 1 << 31;

/// Nor has it more values than this.
const VALUES_MAX: usize = 1 << 27;

/// The values of a page.
#[derive(Debug)]
pub struct Page {
    /// Flat columns: a value, or null, for each row. Lists: their entries, one after the other.
    pub values: Values,
    /// Lists: where the entries of each row begin, and the end.
    pub offsets: Option<Vec<u32>>,
}

/// The values of a page, as they are kept.
#[derive(Debug)]
pub enum Values {
    /// As an array.
    Array(ArrayRef),
    /// As codes.
    Coded(Coded),
    /// As they stand in the file, unpacked: of a page of which only a few values were wanted so far.
    Stored(Body<'static>),
}

/// A page without its header, unpacked.
#[derive(Debug)]
pub struct Body<'a> {
    /// Parquet's number for the encoding of the values.
    pub encoding: i64,
    /// How many values, absent ones too.
    pub count: usize,
    /// Levels and values.
    pub bytes: Cow<'a, [u8]>,
}

impl Page {
    /// A page of a flat column.
    pub fn of(values: Values) -> Self {
        Self {
            values,
            offsets: None,
        }
    }

    /// Its bytes, where it was not decoded.
    pub fn body(&self) -> Option<&Body<'static>> {
        match &self.values {
            Values::Stored(body) => Some(body),
            _ => None,
        }
    }

    /// The array, where it is one.
    pub fn array(&self) -> Option<&ArrayRef> {
        match &self.values {
            Values::Array(array) => Some(array),
            Values::Coded(_) | Values::Stored(_) => None,
        }
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        match (&self.offsets, &self.values) {
            (Some(offsets), _) => offsets.len() - 1,
            (None, Values::Array(array)) => array.len(),
            (None, Values::Coded(coded)) => coded.len(),
            (None, Values::Stored(body)) => body.count,
        }
    }

    /// Bytes of memory, the dictionary apart.
    pub fn memory_bytes(&self) -> usize {
        let values = match &self.values {
            Values::Coded(coded) => coded.memory_bytes(),
            Values::Stored(body) => body.bytes.len(),
            Values::Array(array) => match array.as_any_dictionary_opt() {
                Some(dictionary) => dictionary.keys().get_array_memory_size(),
                None => array.get_array_memory_size(),
            },
        };
        values + self.offsets.as_ref().map_or(0, |offsets| 4 * offsets.len()) + 128
    }
}

impl Body<'_> {
    /// The body when it had to be unpacked; None when its bytes are those of the file.
    pub fn unpacked(self) -> Option<Body<'static>> {
        match self.bytes {
            Cow::Owned(bytes) => Some(Body {
                bytes: Cow::Owned(bytes),
                ..self
            }),
            Cow::Borrowed(_) => None,
        }
    }
}

/// A data page from its bytes, header first: unpacked, not decoded.
pub fn body(bytes: &[u8], compressed: bool) -> Option<Body<'_>> {
    let (header, bytes) = open(bytes, compressed)?;
    let count = usize::try_from(header.value_count).ok()?;
    (count <= VALUES_MAX).then_some(Body {
        encoding: header.encoding,
        count,
        bytes,
    })
}

/// Decode a data page.
pub fn decode(body: &Body<'_>, leaf: Leaf, dictionary: Option<&ArrayRef>) -> Option<Page> {
    let (count, mut rest) = (body.count, body.bytes.as_ref());
    if leaf.max_repetition > 0 {
        return decode_list(body.encoding, rest, leaf, count, dictionary);
    }
    let presence = match leaf.max_definition {
        0 => Presence {
            len: count,
            count,
            nulls: None,
        },
        _ => {
            let (mut bits, set) = levels::bits(take_levels(&mut rest)?, count)?;
            let nulls = (set < count).then(|| NullBuffer::new(bits.finish()));
            Presence {
                len: count,
                count: set,
                nulls,
            }
        }
    };
    let values = if values::is_coded(body.encoding) {
        Values::Coded(values::decode_coded(rest, presence, dictionary?)?)
    } else {
        let values = values::decode(rest, body.encoding, leaf.physical, &presence, dictionary);
        Values::Array(values?)
    };
    Some(Page::of(values))
}

/// Decode a dictionary page.
pub fn decode_dictionary(bytes: &[u8], leaf: Leaf, compressed: bool) -> Option<ArrayRef> {
    let (header, body) = open(bytes, compressed)?;
    values::decode_dictionary(
        &body,
        leaf.physical,
        usize::try_from(header.value_count).ok()?,
    )
}

fn open(bytes: &[u8], compressed: bool) -> Option<(PageHeader, Cow<'_, [u8]>)> {
    let header = thrift::page_header(bytes)?;
    let body = bytes
        .get(header.header_bytes..)?
        .get(..usize::try_from(header.compressed_bytes).ok()?)?;
    if !compressed {
        return Some((header, body.into()));
    }
    if !(0..PAGE_BYTES_MAX).contains(&header.uncompressed_bytes) {
        return None;
    }
    let unpacked = unpack(body, header.uncompressed_bytes as usize)?;
    (unpacked.len() == header.uncompressed_bytes as usize).then_some((header, unpacked.into()))
}

thread_local! {
    /// To make one costs as much as to unpack a page.
    static UNPACKER: RefCell<Option<Decompressor<'static>>> = RefCell::new(Decompressor::new().ok());
}

fn unpack(body: &[u8], len: usize) -> Option<Vec<u8>> {
    UNPACKER.with_borrow_mut(|unpacker| unpacker.as_mut()?.decompress(body, len).ok())
}

/// Levels stand behind their length.
pub fn take_levels<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let len = u32_at(bytes, 0)? as usize;
    let levels = bytes.get(4..4_usize.checked_add(len)?)?;
    *bytes = &bytes[4 + len..];
    Some(levels)
}

fn decode_list(
    encoding: i64,
    mut rest: &[u8],
    leaf: Leaf,
    count: usize,
    dictionary: Option<&ArrayRef>,
) -> Option<Page> {
    let (repetitions, _) = levels::bits(take_levels(&mut rest)?, count)?;
    let bit_width = u32::from(8 - leaf.max_definition.leading_zeros() as u8);
    let definitions: Vec<u8> = levels::numbers(take_levels(&mut rest)?, bit_width, count)?;
    let (mut offsets, mut entries, mut valid) = (Vec::new(), 0_u32, Vec::new());
    for (at, &definition) in definitions.iter().enumerate() {
        if !repetitions.get_bit(at) {
            offsets.push(entries);
        }
        if definition >= leaf.entry_definition {
            entries += 1;
            valid.push(definition == leaf.max_definition);
        }
    }
    offsets.push(entries);
    let present = valid.iter().filter(|valid| **valid).count();
    let nulls = (present < valid.len()).then(|| NullBuffer::from(valid));
    let presence = Presence {
        len: entries as usize,
        count: present,
        nulls,
    };
    let values = values::decode(rest, encoding, leaf.physical, &presence, dictionary)?;
    Some(Page {
        values: Values::Array(values),
        offsets: Some(offsets),
    })
}
