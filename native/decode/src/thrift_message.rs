//! The header before a Thrift message, and telling by the first bytes what a payload is.

use crate::json_reader::{Broken, Result};
use crate::thrift::{Cursor, Reader};
use crate::thrift_binary::Binary;
use crate::thrift_compact::Compact;

/// A payload whose protocol is known, at the place where its struct begins.
pub enum Opened<'a> {
    /// The binary protocol; the name of the method when there was a header.
    Binary(Binary<'a>, Option<&'a [u8]>),
    /// The compact protocol; likewise.
    Compact(Compact<'a>, Option<&'a [u8]>),
}

const COMPACT_MESSAGE: u8 = 0x82;
const COMPACT_VERSION: u8 = 1;
const STRICT_MESSAGE: u8 = 0x80;
const STRICT_VERSION: u8 = 1;

const CALL: u8 = 1;
const ONEWAY: u8 = 4;

/// Find out what this is: a message of either protocol, strict or old, or a bare struct of either.
///
/// The first byte says it. A compact message begins with 0x82, a strict binary one with 0x80, an old binary one with the
/// high byte of its name's length, which is 0. A bare struct begins with a field: in the binary protocol its type, at
/// most 16, before an id of two bytes; in the compact one a distance in the upper half.
pub fn open(payload: &[u8]) -> Result<Opened<'_>> {
    let mut cursor = Cursor::new(payload);
    match payload {
        [] => Err(cursor.broken("nothing")),
        [COMPACT_MESSAGE, ..] => open_compact(cursor),
        [STRICT_MESSAGE, ..] => open_strict(cursor),
        [0] => Ok(Opened::Binary(Binary(cursor), None)),
        [0, ..] if is_old_message(payload) => open_old(cursor),
        [first, ..] if *first > 16 => Ok(Opened::Compact(Compact::new(cursor), None)),
        _ => {
            // An id of a binary field is below 256, so its first byte is 0; a compact one in long form is not.
            let is_compact = matches!(payload, [1..=13, id, ..] if *id != 0);
            cursor = Cursor::new(payload);
            Ok(if is_compact {
                Opened::Compact(Compact::new(cursor), None)
            } else {
                Opened::Binary(Binary(cursor), None)
            })
        }
    }
}

/// An old header begins with the length of a method's name; a bare struct that begins with 0 is empty.
fn is_old_message(payload: &[u8]) -> bool {
    matches!(payload, [0, 0, 0, 1..=64, letter, ..] if letter.is_ascii_graphic())
}

fn open_compact(mut cursor: Cursor<'_>) -> Result<Opened<'_>> {
    cursor.byte()?;
    let kind = cursor.byte()?;
    if kind & 0x1f != COMPACT_VERSION {
        return Err(cursor.broken("unknown version of the compact protocol"));
    }
    let mut reader = Compact::new(cursor);
    reader.varint()?;
    let name = reader.binary()?;
    check_kind(kind >> 5, reader.cursor())?;
    Ok(Opened::Compact(reader, Some(name)))
}

fn open_strict(mut cursor: Cursor<'_>) -> Result<Opened<'_>> {
    let [_, version, _, kind] = cursor.array()?;
    if version != STRICT_VERSION {
        return Err(cursor.broken("unknown version of the binary protocol"));
    }
    let mut reader = Binary(cursor);
    let name = reader.binary()?;
    reader.i32()?;
    check_kind(kind, reader.cursor())?;
    Ok(Opened::Binary(reader, Some(name)))
}

fn open_old(cursor: Cursor<'_>) -> Result<Opened<'_>> {
    let mut reader = Binary(cursor);
    let name = reader.binary()?;
    let kind = reader.0.byte()?;
    reader.i32()?;
    check_kind(kind, reader.cursor())?;
    Ok(Opened::Binary(reader, Some(name)))
}

fn check_kind(kind: u8, cursor: &Cursor<'_>) -> std::result::Result<(), Broken> {
    match kind & 7 {
        CALL | ONEWAY => Ok(()),
        _ => Err(cursor.broken("a call is wanted, not a reply")),
    }
}
