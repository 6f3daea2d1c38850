//! Thrift's binary protocol: fixed numbers, big end first.

use crate::json_reader::Result;
use crate::thrift::{Cursor, Kind, Reader};

/// A reader of the binary protocol.
pub struct Binary<'a>(pub Cursor<'a>);

impl Binary<'_> {
    fn kind(&self, code: u8) -> Result<Kind> {
        Ok(match code {
            2 => Kind::Bool,
            3 => Kind::Byte,
            4 => Kind::Double,
            6 => Kind::I16,
            8 => Kind::I32,
            10 => Kind::I64,
            11 => Kind::Binary,
            12 => Kind::Struct,
            13 => Kind::Map,
            14 => Kind::Set,
            15 => Kind::List,
            16 => Kind::Uuid,
            _ => return Err(self.0.broken("unknown type")),
        })
    }

    fn length(&mut self) -> Result<usize> {
        let length = self.i32()?;
        usize::try_from(length).map_err(|_| self.0.broken("negative length"))
    }
}

#[inline(always)]
fn code(kind: Kind) -> u8 {
    match kind {
        Kind::Bool => 2,
        Kind::Byte => 3,
        Kind::Double => 4,
        Kind::I16 => 6,
        Kind::I32 => 8,
        Kind::I64 => 10,
        Kind::Binary => 11,
        Kind::Struct => 12,
        Kind::Map => 13,
        Kind::Set => 14,
        Kind::List => 15,
        Kind::Uuid => 16,
    }
}

impl<'a> Reader<'a> for Binary<'a> {
    fn cursor(&mut self) -> &mut Cursor<'a> {
        &mut self.0
    }

    #[inline(always)]
    fn field(&mut self, _: &mut i16) -> Result<Option<(i16, Kind)>> {
        match self.0.byte()? {
            0 => Ok(None),
            code => {
                let kind = self.kind(code)?;
                Ok(Some((self.i16()?, kind)))
            }
        }
    }

    #[inline(always)]
    fn comes(&mut self, id: i16, kind: Kind, _: &mut i16) -> bool {
        let [high, low] = id.to_be_bytes();
        let is_next = self.0.rest().starts_with(&[code(kind), high, low]);
        if is_next {
            self.0.advance(3);
        }
        is_next
    }

    #[inline]
    fn boolean(&mut self) -> Result<bool> {
        Ok(self.0.byte()? != 0)
    }

    #[inline(always)]
    fn i16(&mut self) -> Result<i16> {
        Ok(i16::from_be_bytes(self.0.array()?))
    }

    #[inline(always)]
    fn i32(&mut self) -> Result<i32> {
        Ok(i32::from_be_bytes(self.0.array()?))
    }

    #[inline(always)]
    fn i64(&mut self) -> Result<i64> {
        Ok(i64::from_be_bytes(self.0.array()?))
    }

    #[inline]
    fn double(&mut self) -> Result<f64> {
        Ok(f64::from_be_bytes(self.0.array()?))
    }

    #[inline(always)]
    fn binary(&mut self) -> Result<&'a [u8]> {
        let length = self.length()?;
        self.0.bytes(length)
    }

    fn list(&mut self) -> Result<(Kind, usize)> {
        let code = self.0.byte()?;
        let count = self.length()?;
        if count == 0 {
            return Ok((Kind::Bool, 0));
        }
        Ok((self.kind(code)?, self.0.checked_count(count)?))
    }

    fn map(&mut self) -> Result<(Kind, Kind, usize)> {
        let (key, value) = (self.0.byte()?, self.0.byte()?);
        let count = self.length()?;
        if count == 0 {
            return Ok((Kind::Bool, Kind::Bool, 0));
        }
        let count = self.0.checked_count(count)?;
        Ok((self.kind(key)?, self.kind(value)?, count))
    }
}
