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

    /// Ids are long: eight bytes of them are read at once where there is room.
    fn long_varint(&mut self, first: u8) -> Result<u64> {
        if let Some((value, length)) = varint_of_word(self.cursor.rest(), first) {
            self.cursor.advance(length);
            return Ok(value);
        }
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

/// Of a field that is no bool; 0 for one.
#[inline(always)]
fn code(kind: Kind) -> u8 {
    match kind {
        Kind::Bool => 0,
        Kind::Byte => 3,
        Kind::I16 => 4,
        Kind::I32 => 5,
        Kind::I64 => 6,
        Kind::Double => 7,
        Kind::Binary => 8,
        Kind::List => 9,
        Kind::Set => 10,
        Kind::Map => 11,
        Kind::Struct => 12,
        Kind::Uuid => 13,
    }
}

/// The varint whose first byte has been read already and that ends within the next nine; how many they are.
#[inline(always)]
fn varint_of_word(rest: &[u8], first: u8) -> Option<(u64, usize)> {
    let word = u64::from_le_bytes(*rest.first_chunk()?);
    let ends = !word & 0x8080_8080_8080_8080;
    if ends == 0 {
        let &tenth = rest.get(8).filter(|&&byte| byte < 0x80)?;
        let value = u64::from(first & 0x7f) | squeezed(word) << 7 | u64::from(tenth) << 63;
        return Some((value, 9));
    }
    let bits = ends.trailing_zeros() + 1;
    let sevens = squeezed(word & (u64::MAX >> (64 - bits)));
    Some((u64::from(first & 0x7f) | sevens << 7, bits as usize / 8))
}

/// The lower seven bits of each byte, without the gaps between them.
#[inline(always)]
fn squeezed(word: u64) -> u64 {
    let word = (word & 0x007f_007f_007f_007f) | (word & 0x7f00_7f00_7f00_7f00) >> 1;
    let word = (word & 0x0000_3fff_0000_3fff) | (word & 0x3fff_0000_3fff_0000) >> 2;
    (word & 0x0000_0000_0fff_ffff) | (word & 0x0fff_ffff_0000_0000) >> 4
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

    #[inline(always)]
    fn comes(&mut self, id: i16, kind: Kind, last: &mut i16) -> bool {
        let step = id.wrapping_sub(*last);
        let is_next = matches!(step, 1..=15)
            && self.cursor.rest().first() == Some(&((step as u8) << 4 | code(kind)));
        if is_next {
            self.cursor.advance(1);
            *last = id;
        }
        is_next
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

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(mut value: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        while value >= 0x80 {
            bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        bytes.push(value as u8);
        bytes
    }

    fn read(bytes: &[u8]) -> Option<(u64, usize)> {
        let mut reader = Compact::new(Cursor::new(bytes));
        let value = reader.varint().ok()?;
        Some((value, bytes.len() - reader.cursor.rest().len()))
    }

    #[test]
    fn a_varint_of_any_length_is_read_the_same_at_the_end_and_before_other_bytes() {
        for bit in 0..64 {
            for value in [
                1 << bit,
                (1 << bit) - 1,
                u64::MAX >> bit,
                0x9e37_79b9_7f4a_7c15 >> bit,
            ] {
                let mut bytes = encoded(value);
                let length = bytes.len();
                assert_eq!(read(&bytes), Some((value, length)));
                bytes.extend([0xff; 12]);
                assert_eq!(read(&bytes), Some((value, length)));
                assert_eq!(read(&bytes[..length - 1]), None);
            }
        }
    }

    #[test]
    fn a_varint_without_an_end_is_broken_wherever_it_stands() {
        for size in 0..24 {
            assert_eq!(read(&vec![0xff; size]), None);
        }
        let mut eleven = vec![0xff; 10];
        eleven.extend([0; 12]);
        assert_eq!(read(&eleven), None);
    }
}
