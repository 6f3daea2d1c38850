//! Reading protobuf's wire format: tags, varints, lengths, skipping. Accepts and refuses what upb accepts and refuses.
//! Knows no message.

/// The bytes are not protobuf: why, and where. The place is an address inside the payload, turned into an offset once
/// at the top, so that nested readers need not know where they stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// What is wrong.
    pub reason: &'static str,
    /// The address of the first byte that could not be read.
    pub at: usize,
}

/// Result of reading.
pub type Result<T> = std::result::Result<T, Malformed>;

/// How deep messages and groups may nest below the outermost message, as upb limits it.
pub const DEPTH_MAX: u32 = 100;

const VARINT: u32 = 0;
const FIXED64: u32 = 1;
const LENGTH: u32 = 2;
const GROUP: u32 = 3;
const GROUP_END: u32 = 4;
const FIXED32: u32 = 5;

/// The tag of a varint field.
pub const fn varint_tag(field: u32) -> u32 {
    field << 3 | VARINT
}

/// The tag of a field of eight bytes.
pub const fn fixed64_tag(field: u32) -> u32 {
    field << 3 | FIXED64
}

/// The tag of a field of four bytes.
pub const fn fixed32_tag(field: u32) -> u32 {
    field << 3 | FIXED32
}

/// The tag of text, bytes or a message.
pub const fn length_tag(field: u32) -> u32 {
    field << 3 | LENGTH
}

/// One level deeper, or the reason why not.
pub fn deeper(depth: u32, data: &[u8]) -> Result<u32> {
    depth.checked_sub(1).ok_or(Malformed {
        reason: "nested too deeply",
        at: data.as_ptr() as usize,
    })
}

/// A cursor over the fields of one message.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// A reader of these bytes.
    pub fn new(data: &'a [u8]) -> Self {
        Self { rest: data }
    }

    /// Whether the message ends here.
    #[inline(always)]
    pub fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// All that is left of the message.
    #[inline(always)]
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Go on after so many bytes, which are there.
    #[inline(always)]
    pub fn advance(&mut self, bytes: usize) {
        self.rest = &self.rest[bytes..];
    }

    /// The next field's tag; None at the end of the message.
    #[inline(always)]
    pub fn tag(&mut self) -> Result<Option<u32>> {
        let Some(&first) = self.rest.first() else {
            return Ok(None);
        };
        if (8..0x80).contains(&first) {
            self.rest = &self.rest[1..];
            return Ok(Some(u32::from(first)));
        }
        self.long_tag().map(Some)
    }

    fn long_tag(&mut self) -> Result<u32> {
        let before = self.rest;
        let tag = self.varint32("tag out of range")?;
        if tag >> 3 == 0 {
            self.rest = before;
            return Err(self.malformed("field number 0"));
        }
        Ok(tag)
    }

    /// A varint of up to ten bytes; what does not fit into 64 bits is cut off, as upb does.
    #[inline(always)]
    pub fn varint(&mut self) -> Result<u64> {
        match self.rest.first() {
            Some(&first) if first < 0x80 => {
                self.rest = &self.rest[1..];
                Ok(u64::from(first))
            }
            _ => self.long_varint(),
        }
    }

    fn long_varint(&mut self) -> Result<u64> {
        let mut value = 0;
        for (position, &byte) in self.rest.iter().take(10).enumerate() {
            value |= u64::from(byte & 0x7f) << (7 * position);
            if byte < 0x80 {
                self.rest = &self.rest[position + 1..];
                return Ok(value);
            }
        }
        Err(self.malformed(if self.rest.len() < 10 {
            "cut off in a number"
        } else {
            "number too long"
        }))
    }

    /// Tags and lengths: at most five bytes, at most 32 bits.
    fn varint32(&mut self, reason: &'static str) -> Result<u32> {
        let mut value = 0u64;
        for (position, &byte) in self.rest.iter().take(5).enumerate() {
            value |= u64::from(byte & 0x7f) << (7 * position);
            if byte < 0x80 {
                let value = u32::try_from(value).map_err(|_| self.malformed(reason))?;
                self.rest = &self.rest[position + 1..];
                return Ok(value);
            }
        }
        Err(self.malformed(if self.rest.len() < 5 {
            "cut off in a number"
        } else {
            reason
        }))
    }

    /// Eight bytes, little end first.
    #[inline(always)]
    pub fn fixed64(&mut self) -> Result<u64> {
        let (value, rest) = self
            .rest
            .split_first_chunk()
            .ok_or_else(|| self.malformed("cut off in a number"))?;
        self.rest = rest;
        Ok(u64::from_le_bytes(*value))
    }

    /// Four bytes, little end first.
    #[inline(always)]
    pub fn fixed32(&mut self) -> Result<u32> {
        let (value, rest) = self
            .rest
            .split_first_chunk()
            .ok_or_else(|| self.malformed("cut off in a number"))?;
        self.rest = rest;
        Ok(u32::from_le_bytes(*value))
    }

    /// A length and so many bytes.
    #[inline(always)]
    pub fn bytes(&mut self) -> Result<&'a [u8]> {
        let length = match self.rest.first() {
            Some(&first) if first < 0x80 => {
                self.rest = &self.rest[1..];
                usize::from(first)
            }
            _ => self.varint32("length out of range")? as usize,
        };
        let (value, rest) = self
            .rest
            .split_at_checked(length)
            .ok_or_else(|| self.malformed("length runs past the end"))?;
        self.rest = rest;
        Ok(value)
    }

    /// Step over a field that nobody knows.
    pub fn skip(&mut self, tag: u32, depth: u32) -> Result<()> {
        match tag & 7 {
            VARINT => self.varint().map(drop),
            FIXED64 => self.fixed64().map(drop),
            LENGTH => self.bytes().map(drop),
            GROUP => self.skip_group(tag >> 3, deeper(depth, self.rest)?),
            GROUP_END => Err(self.malformed("group ends that never began")),
            FIXED32 => self.fixed32().map(drop),
            _ => Err(self.malformed("unknown wire type")),
        }
    }

    fn skip_group(&mut self, field: u32, depth: u32) -> Result<()> {
        while let Some(tag) = self.tag()? {
            if tag == field << 3 | GROUP_END {
                return Ok(());
            }
            self.skip(tag, depth)?;
        }
        Err(self.malformed("cut off in a group"))
    }

    #[cold]
    fn malformed(&self, reason: &'static str) -> Malformed {
        Malformed {
            reason,
            at: self.rest.as_ptr() as usize,
        }
    }
}

/// One message that may have come in several parts: reading them one after the other is protobuf's merging.
#[derive(Clone, Default)]
pub struct Parts<'a> {
    first: Option<&'a [u8]>,
    rest: Vec<&'a [u8]>,
}

impl<'a> Parts<'a> {
    /// One more part.
    #[inline(always)]
    pub fn push(&mut self, part: &'a [u8]) {
        if self.first.is_none() {
            self.first = Some(part);
        } else {
            self.rest.push(part);
        }
    }

    /// The part, if there is just one.
    pub fn sole(&self) -> Option<&'a [u8]> {
        self.first.filter(|_| self.rest.is_empty())
    }

    /// The parts in order.
    #[inline(always)]
    pub fn iter(&self) -> impl Iterator<Item = &'a [u8]> {
        self.first.into_iter().chain(self.rest.iter().copied())
    }
}

impl<'a> From<&'a [u8]> for Parts<'a> {
    fn from(part: &'a [u8]) -> Self {
        Self {
            first: Some(part),
            rest: Vec::new(),
        }
    }
}
