//! Thrift's compact protocol: varints, and fields numbered by their distance.

use crate::json_reader::Result;
use crate::thrift::{Cursor, Kind, Reader};

/// A reader of the compact protocol.
pub struct Compact<'a> {
    cursor: Cursor<'a>,
    /// The bool that the last field's header said.
    said: Option<bool>,
}

impl<'a> Compact<'a> {
    /// A reader from this place on.
    pub fn new(cursor: Cursor<'a>) -> Self {
        Self { cursor, said: None }
    }

    /// A varint of up to ten bytes; what does not fit into 64 bits is cut off.
    #[inline(always)]
    pub fn varint(&mut self) -> Result<u64> {
        let first = self.cursor.byte()?;
        if first < 0x80 {
            return Ok(u64::from(first));
        }
        self.long_varint(first)
    }

    fn long_varint(&mut self, first: u8) -> Result<u64> {
        let mut value = u64::from(first & 0x7f);
        for position in 1..10 {
            let byte = self.cursor.byte()?;
            value |= u64::from(byte & 0x7f) << (7 * position);
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(self.cursor.broken("number too long"))
    }

    fn length(&mut self) -> Result<usize> {
        let length = self.varint()?;
        match i32::try_from(length) {
            Ok(length) => Ok(length as usize),
            Err(_) => Err(self.cursor.broken("length out of range")),
        }
    }

    fn kind(&self, code: u8) -> Result<Kind> {
        Ok(match code {
            1 | 2 => Kind::Bool,
            3 => Kind::Byte,
            4 => Kind::I16,
            5 => Kind::I32,
            6 => Kind::I64,
            7 => Kind::Double,
            8 => Kind::Binary,
            9 => Kind::List,
            10 => Kind::Set,
            11 => Kind::Map,
            12 => Kind::Struct,
            13 => Kind::Uuid,
            _ => return Err(self.cursor.broken("unknown type")),
        })
    }
}

impl<'a> Reader<'a> for Compact<'a> {
    fn cursor(&mut self) -> &mut Cursor<'a> {
        &mut self.cursor
    }

    #[inline(always)]
    fn field(&mut self, last: &mut i16) -> Result<Option<(i16, Kind)>> {
        let header = self.cursor.byte()?;
        let code = header & 0x0f;
        if code == 0 {
            return Ok(None);
        }
        let kind = self.kind(code)?;
        *last = match header >> 4 {
            0 => self.i16()?,
            step => last.wrapping_add(i16::from(step)),
        };
        self.said = (kind == Kind::Bool).then_some(code == 1);
        Ok(Some((*last, kind)))
    }

    #[inline]
    fn boolean(&mut self) -> Result<bool> {
        match self.said.take() {
            Some(said) => Ok(said),
            None => Ok(self.cursor.byte()? == 1),
        }
    }

    #[inline]
    fn i16(&mut self) -> Result<i16> {
        self.i64().map(|value| value as i16)
    }

    #[inline]
    fn i32(&mut self) -> Result<i32> {
        self.i64().map(|value| value as i32)
    }

    #[inline(always)]
    fn i64(&mut self) -> Result<i64> {
        let value = self.varint()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    #[inline]
    fn double(&mut self) -> Result<f64> {
        Ok(f64::from_le_bytes(self.cursor.array()?))
    }

    #[inline(always)]
    fn binary(&mut self) -> Result<&'a [u8]> {
        let length = self.length()?;
        self.cursor.bytes(length)
    }

    fn list(&mut self) -> Result<(Kind, usize)> {
        let header = self.cursor.byte()?;
        let count = match header >> 4 {
            15 => self.length()?,
            count => usize::from(count),
        };
        self.said = None;
        if count == 0 {
            return Ok((Kind::Bool, 0));
        }
        Ok((self.kind(header & 0x0f)?, self.cursor.checked_count(count)?))
    }

    fn map(&mut self) -> Result<(Kind, Kind, usize)> {
        let count = self.length()?;
        self.said = None;
        if count == 0 {
            return Ok((Kind::Bool, Kind::Bool, 0));
        }
        let count = self.cursor.checked_count(count)?;
        let kinds = self.cursor.byte()?;
        Ok((self.kind(kinds >> 4)?, self.kind(kinds & 0x0f)?, count))
    }
}
