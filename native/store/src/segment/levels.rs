//! Parquet's run-length and bit-packed numbers: levels and dictionary codes. Damaged bytes give None, never a panic.

use super::sections::take_varint;
use arrow_buffer::BooleanBufferBuilder;

/// One run of a hybrid encoding.
enum Run<'a> {
    /// So many times the same number.
    Repeated(u32, usize),
    /// Packed numbers, eight at a time.
    Packed(&'a [u8], usize),
}

struct Runs<'a> {
    rest: &'a [u8],
    bit_width: u32,
    left: usize,
}

impl<'a> Runs<'a> {
    /// The next run, cut to what is still wanted.
    fn next(&mut self) -> Option<Run<'a>> {
        let head = take_varint(&mut self.rest)?;
        let count = usize::try_from(head >> 1).ok()?;
        if head & 1 == 1 {
            let bytes = count
                .checked_mul(self.bit_width as usize)?
                .min(self.rest.len());
            let (packed, rest) = self.rest.split_at(bytes);
            self.rest = rest;
            let count = count.saturating_mul(8).min(self.left);
            if count == 0 || packed.len() * 8 < count * self.bit_width as usize {
                return None;
            }
            self.left -= count;
            return Some(Run::Packed(packed, count));
        }
        let bytes = self.bit_width.div_ceil(8) as usize;
        let (value, rest) = self.rest.split_at_checked(bytes)?;
        self.rest = rest;
        let count = count.min(self.left);
        if count == 0 {
            return None;
        }
        self.left -= count;
        let value = value
            .iter()
            .rev()
            .fold(0, |number, byte| number << 8 | u32::from(*byte));
        Some(Run::Repeated(value, count))
    }
}

/// `count` numbers of so many bits each.
pub fn numbers(bytes: &[u8], bit_width: u32, count: usize) -> Option<Vec<i32>> {
    if bit_width > 32 {
        return None;
    }
    if bit_width == 0 {
        return Some(vec![0; count]);
    }
    let mut out = Vec::with_capacity(count);
    let mut runs = Runs {
        rest: bytes,
        bit_width,
        left: count,
    };
    while runs.left > 0 {
        match runs.next()? {
            Run::Repeated(value, count) => out.resize(out.len() + count, value as i32),
            Run::Packed(packed, count) => unpack(packed, bit_width, count, &mut out),
        }
    }
    Some(out)
}

/// `count` bits; with them, how many are set.
pub fn bits(bytes: &[u8], count: usize) -> Option<(BooleanBufferBuilder, usize)> {
    let mut out = BooleanBufferBuilder::new(count);
    let mut set = 0;
    let mut runs = Runs {
        rest: bytes,
        bit_width: 1,
        left: count,
    };
    while runs.left > 0 {
        match runs.next()? {
            Run::Repeated(value, count) => {
                out.append_n(count, value != 0);
                set += if value != 0 { count } else { 0 };
            }
            Run::Packed(packed, count) => {
                out.append_packed_range(0..count, packed);
                set += count_ones(packed, count);
            }
        }
    }
    Some((out, set))
}

fn count_ones(packed: &[u8], count: usize) -> usize {
    let whole: usize = packed[..count / 8]
        .iter()
        .map(|byte| byte.count_ones() as usize)
        .sum();
    match count % 8 {
        0 => whole,
        rest => whole + (packed[count / 8] & ((1 << rest) - 1)).count_ones() as usize,
    }
}

#[inline]
fn unpack(packed: &[u8], bit_width: u32, count: usize, out: &mut Vec<i32>) {
    let mask = (1_u64 << bit_width) - 1;
    let mut at = 0;
    // Eight bytes hold any number that begins in the first of them, as long as it has at most 57 bits.
    let safe = count.min((packed.len().saturating_sub(8) * 8) / bit_width as usize);
    for _ in 0..safe {
        let word = u64::from_le_bytes(packed[at / 8..at / 8 + 8].try_into().unwrap_or_default());
        out.push((word >> (at % 8) & mask) as i32);
        at += bit_width as usize;
    }
    for _ in safe..count {
        let word = packed[at / 8..]
            .iter()
            .take(8)
            .rev()
            .fold(0_u64, |word, byte| word << 8 | u64::from(*byte));
        out.push((word >> (at % 8) & mask) as i32);
        at += bit_width as usize;
    }
}
