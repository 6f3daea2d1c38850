//! The little of Thrift's compact protocol that page headers and bloom filter headers need. Anything strange is None.

/// What a page header says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PageHeader {
    /// 0 data page, 2 dictionary page.
    pub page_type: i64,
    pub uncompressed_bytes: i64,
    pub compressed_bytes: i64,
    pub value_count: i64,
    pub encoding: i64,
    /// Bytes of the header itself.
    pub header_bytes: usize,
}

/// The header at the front of these bytes.
pub fn page_header(bytes: &[u8]) -> Option<PageHeader> {
    const DATA_PAGE: i16 = 5;
    const DICTIONARY_PAGE: i16 = 7;
    let mut reader = Reader { rest: bytes };
    let mut header = PageHeader::default();
    let mut field = 0;
    while let Some(kind) = reader.next_field(&mut field)? {
        match (field, kind) {
            (1, INT) => header.page_type = reader.int()?,
            (2, INT) => header.uncompressed_bytes = reader.int()?,
            (3, INT) => header.compressed_bytes = reader.int()?,
            (DATA_PAGE | DICTIONARY_PAGE, STRUCT) => {
                (header.value_count, header.encoding) = reader.page()?
            }
            _ => reader.skip(kind, 0)?,
        }
    }
    header.header_bytes = bytes.len() - reader.rest.len();
    Some(header)
}

/// How many bytes of bits a bloom filter has, and how long its header is.
pub fn bloom_header(bytes: &[u8]) -> Option<(u32, usize)> {
    let mut reader = Reader { rest: bytes };
    let (mut field, mut bits) = (0, 0);
    while let Some(kind) = reader.next_field(&mut field)? {
        match (field, kind) {
            (1, INT) => bits = u32::try_from(reader.int()?).ok()?,
            _ => reader.skip(kind, 0)?,
        }
    }
    let header_bytes = bytes.len() - reader.rest.len();
    (bits.is_multiple_of(32) && bits as usize <= reader.rest.len()).then_some((bits, header_bytes))
}

const TRUE: u8 = 1;
const FALSE: u8 = 2;
const BYTE: u8 = 3;
const INT16: u8 = 4;
const INT: u8 = 5;
const INT64: u8 = 6;
const DOUBLE: u8 = 7;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const SET: u8 = 10;
const STRUCT: u8 = 12;
const DEPTH_MAX: usize = 8;

struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    /// The type of the next field, None at the end of the struct. The outer None says that the bytes make no sense.
    fn next_field(&mut self, field: &mut i16) -> Option<Option<u8>> {
        let byte = self.byte()?;
        if byte == 0 {
            return Some(None);
        }
        *field = match byte >> 4 {
            0 => i16::try_from(self.int()?).ok()?,
            distance => field.checked_add(i16::from(distance))?,
        };
        Some(Some(byte & 0x0F))
    }

    /// Number of values and encoding of a page.
    fn page(&mut self) -> Option<(i64, i64)> {
        let (mut field, mut count, mut encoding) = (0, 0, 0);
        while let Some(kind) = self.next_field(&mut field)? {
            match (field, kind) {
                (1, INT) => count = self.int()?,
                (2, INT) => encoding = self.int()?,
                _ => self.skip(kind, 1)?,
            }
        }
        Some((count, encoding))
    }

    fn skip(&mut self, kind: u8, depth: usize) -> Option<()> {
        match kind {
            TRUE | FALSE => Some(()),
            BYTE => self.take(1),
            INT16 | INT | INT64 => self.int().map(drop),
            DOUBLE => self.take(8),
            BINARY => {
                let len = usize::try_from(self.varint()?).ok()?;
                self.take(len)
            }
            LIST | SET if depth < DEPTH_MAX => self.skip_list(depth),
            STRUCT if depth < DEPTH_MAX => {
                let mut field = 0;
                while let Some(kind) = self.next_field(&mut field)? {
                    self.skip(kind, depth + 1)?;
                }
                Some(())
            }
            _ => None,
        }
    }

    fn skip_list(&mut self, depth: usize) -> Option<()> {
        let head = self.byte()?;
        let count = if head >> 4 == 15 {
            self.varint()?
        } else {
            u64::from(head >> 4)
        };
        for _ in 0..count {
            match head & 0x0F {
                TRUE | FALSE => self.take(1)?,
                kind => self.skip(kind, depth + 1)?,
            }
        }
        Some(())
    }

    fn int(&mut self) -> Option<i64> {
        let number = self.varint()?;
        Some((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    fn varint(&mut self) -> Option<u64> {
        super::sections::take_varint(&mut self.rest)
    }

    fn byte(&mut self) -> Option<u8> {
        let (&byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(byte)
    }

    fn take(&mut self, count: usize) -> Option<()> {
        self.rest = self.rest.get(count..)?;
        Some(())
    }
}

/// Append the header of a page: its type, its bytes unpacked and packed and its number of values, its encoding.
pub fn put_page_header(out: &mut Vec<u8>, page_type: i64, sizes: [usize; 3], encoding: i64) {
    const RLE: i64 = 3;
    const DATA_PAGE: i64 = 0;
    let [unpacked, packed, count] = sizes;
    put_int(out, page_type);
    put_int(out, unpacked as i64);
    put_int(out, packed as i64);
    // Field 5 is the header of a data page, 7 that of a dictionary page.
    let distance = if page_type == DATA_PAGE { 2 } else { 4 };
    out.push(distance << 4 | STRUCT);
    put_int(out, count as i64);
    put_int(out, encoding);
    if page_type == DATA_PAGE {
        put_int(out, RLE);
        put_int(out, RLE);
    }
    out.extend_from_slice(&[0, 0]);
}

/// The next field, an int.
fn put_int(out: &mut Vec<u8>, value: i64) {
    out.push(1 << 4 | INT);
    super::sections::put_varint(out, (value << 1 ^ value >> 63) as u64);
}
