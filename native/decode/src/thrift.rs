//! Reading Thrift: what the binary and the compact protocol have in common. Knows no struct.

use crate::json_reader::{Broken, Result};

/// How deep values that nobody knows may nest, as Apache Thrift limits it.
pub const DEPTH_MAX: u32 = 64;

/// The type of a value on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Kind {
    Bool,
    Byte,
    I16,
    I32,
    I64,
    Double,
    Binary,
    Struct,
    Map,
    Set,
    List,
    Uuid,
}

/// A cursor in a Thrift payload. What it hands out borrows from the payload.
pub trait Reader<'a> {
    /// The bytes and the place in them.
    fn cursor(&mut self) -> &mut Cursor<'a>;
    /// The next field of a struct; None at its end. `last` is the struct's own memory and begins as 0.
    fn field(&mut self, last: &mut i16) -> Result<Option<(i16, Kind)>>;
    /// Step over the header of this field if it comes next, else stay. Clients write fields in order, so that a guess is
    /// cheaper than a look. Bools cannot be guessed: the compact protocol has their value in the header.
    fn comes(&mut self, id: i16, kind: Kind, last: &mut i16) -> bool;
    /// A bool.
    fn boolean(&mut self) -> Result<bool>;
    /// A number of 16 bits.
    fn i16(&mut self) -> Result<i16>;
    /// A number of 32 bits.
    fn i32(&mut self) -> Result<i32>;
    /// A number of 64 bits.
    fn i64(&mut self) -> Result<i64>;
    /// A double.
    fn double(&mut self) -> Result<f64>;
    /// Text or bytes.
    fn binary(&mut self) -> Result<&'a [u8]>;
    /// The beginning of a list or a set: the type of its elements, and how many there are.
    fn list(&mut self) -> Result<(Kind, usize)>;
    /// The beginning of a map: the types of its keys and values, and how many pairs there are.
    fn map(&mut self) -> Result<(Kind, Kind, usize)>;
}

/// Bytes and a place in them.
#[derive(Clone, Copy)]
pub struct Cursor<'a> {
    data: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    /// The beginning of these bytes.
    pub fn new(data: &'a [u8]) -> Self {
        Self { data, at: 0 }
    }

    /// An error at this place.
    #[cold]
    pub fn broken(&self, reason: &'static str) -> Broken {
        Broken {
            reason,
            at: self.at,
        }
    }

    /// One byte.
    #[inline(always)]
    pub fn byte(&mut self) -> Result<u8> {
        let Some(&byte) = self.data.get(self.at) else {
            return Err(self.broken("cut off"));
        };
        self.at += 1;
        Ok(byte)
    }

    /// So many bytes as an array.
    #[inline(always)]
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let rest = self.data.get(self.at..).unwrap_or_default();
        let Some(found) = rest.first_chunk() else {
            return Err(self.broken("cut off in a number"));
        };
        self.at += N;
        Ok(*found)
    }

    /// So many bytes.
    #[inline(always)]
    pub fn bytes(&mut self, length: usize) -> Result<&'a [u8]> {
        let rest = self.data.get(self.at..).unwrap_or_default();
        let Some(found) = rest.get(..length) else {
            return Err(self.broken("length runs past the end"));
        };
        self.at += length;
        Ok(found)
    }

    /// What has not been read.
    #[inline(always)]
    pub fn rest(&self) -> &'a [u8] {
        self.data.get(self.at..).unwrap_or_default()
    }

    /// Step over so many bytes of the rest.
    #[inline(always)]
    pub fn advance(&mut self, length: usize) {
        self.at += length;
    }

    /// A number of elements, each of which needs at least one byte.
    pub fn checked_count(&self, count: usize) -> Result<usize> {
        if count > self.data.len() - self.at {
            return Err(self.broken("more elements than bytes"));
        }
        Ok(count)
    }
}

/// Step over a value that nobody knows.
pub fn skip<'a, R: Reader<'a>>(reader: &mut R, kind: Kind, depth: u32) -> Result<()> {
    match kind {
        Kind::Bool => reader.boolean().map(drop),
        Kind::Byte => reader.cursor().byte().map(drop),
        Kind::I16 => reader.i16().map(drop),
        Kind::I32 => reader.i32().map(drop),
        Kind::I64 => reader.i64().map(drop),
        Kind::Double => reader.double().map(drop),
        Kind::Binary => reader.binary().map(drop),
        Kind::Uuid => reader.cursor().bytes(16).map(drop),
        Kind::Struct | Kind::Map | Kind::Set | Kind::List => {
            let depth = depth
                .checked_sub(1)
                .ok_or_else(|| reader.cursor().broken("nested too deeply"))?;
            skip_nested(reader, kind, depth)
        }
    }
}

fn skip_nested<'a, R: Reader<'a>>(reader: &mut R, kind: Kind, depth: u32) -> Result<()> {
    match kind {
        Kind::Struct => {
            let mut last = 0;
            while let Some((_, kind)) = reader.field(&mut last)? {
                skip(reader, kind, depth)?;
            }
        }
        Kind::Map => {
            let (key, value, count) = reader.map()?;
            for _ in 0..count {
                skip(reader, key, depth)?;
                skip(reader, value, depth)?;
            }
        }
        _ => {
            let (element, count) = reader.list()?;
            for _ in 0..count {
                skip(reader, element, depth)?;
            }
        }
    }
    Ok(())
}

/// Visit the structs of a list. One of other things is no such list; an empty one says nothing of its elements.
#[inline]
pub fn each_struct<'a, R: Reader<'a>>(
    reader: &mut R,
    mut visit: impl FnMut(&mut R) -> Result<()>,
) -> Result<()> {
    let (kind, count) = reader.list()?;
    if count > 0 && kind != Kind::Struct {
        return Err(reader.cursor().broken("a list of structs is wanted"));
    }
    (0..count).try_for_each(|_| visit(reader))
}
