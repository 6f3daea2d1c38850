//! Parquet's run-length and bit-packed numbers: levels and dictionary codes. Damaged bytes give None, never a panic.

use super::coded::Code;
use super::sections::{put_varint, take_varint};
use arrow_buffer::BooleanBufferBuilder;
use std::ops::Range;

/// One run of a hybrid encoding.
pub enum Run<'a> {
    /// So many times the same number.
    Repeated(u32, usize),
    /// Packed numbers, eight at a time.
    Packed(&'a [u8], usize),
}

/// The runs of so many numbers.
pub struct Runs<'a> {
    rest: &'a [u8],
    bit_width: u32,
    left: usize,
}

impl<'a> Runs<'a> {
    /// `count` numbers of so many bits each.
    pub fn new(bytes: &'a [u8], bit_width: u32, count: usize) -> Self {
        Self {
            rest: bytes,
            bit_width,
            left: count,
        }
    }

    /// The next run, cut to what is still wanted.
    pub fn next(&mut self) -> Option<Run<'a>> {
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
pub fn numbers<T: Code>(bytes: &[u8], bit_width: u32, count: usize) -> Option<Vec<T>> {
    if bit_width > 32 {
        return None;
    }
    if bit_width == 0 {
        return Some(vec![T::default(); count]);
    }
    let mut out = Vec::with_capacity(count);
    let mut runs = Runs::new(bytes, bit_width, count);
    while runs.left > 0 {
        match runs.next()? {
            Run::Repeated(value, count) => out.resize(out.len() + count, T::cut(value)),
            Run::Packed(packed, count) => unpack(packed, bit_width, count, &mut out),
        }
    }
    Some(out)
}

/// `count` bits; with them, how many are set.
pub fn bits(bytes: &[u8], count: usize) -> Option<(BooleanBufferBuilder, usize)> {
    let mut out = BooleanBufferBuilder::new(count);
    let mut set = 0;
    let mut runs = Runs::new(bytes, 1, count);
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
fn unpack<T: Code>(packed: &[u8], bit_width: u32, count: usize, out: &mut Vec<T>) {
    let width = bit_width as usize;
    let mask = ((1_u64 << bit_width) - 1) as u32;
    let mut done = 0;
    // Eight numbers take `width` bytes; four of up to 16 bits, and half a byte before them, fit into eight bytes.
    if width <= 16 {
        let half = 4 * width;
        let word_at = |byte: usize| {
            let word = packed.get(byte..byte + 8)?.try_into().ok()?;
            Some(u64::from_le_bytes(word))
        };
        while done + 8 <= count {
            let first = done / 8 * width;
            let (Some(low), Some(high)) = (word_at(first), word_at(first + half / 8)) else {
                break;
            };
            let high = high >> (half % 8);
            let number = |at: usize| {
                let word = if at < 4 { low } else { high };
                T::cut((word >> (at % 4 * width)) as u32 & mask)
            };
            out.extend_from_slice(&std::array::from_fn::<T, 8, _>(number));
            done += 8;
        }
    }
    for at in done..count {
        let bit = at * width;
        let word = packed[bit / 8..]
            .iter()
            .take(8)
            .rev()
            .fold(0_u64, |word, byte| word << 8 | u64::from(*byte));
        out.push(T::cut((word >> (bit % 8)) as u32 & mask));
    }
}

/// Runs shorter than this are packed.
const RUN_MIN: usize = 8;

/// Append numbers of so many bits each, as runs or packed, whichever is shorter.
pub fn put_numbers(out: &mut Vec<u8>, numbers: &[u32], bit_width: u32) {
    if bit_width == 0 && !numbers.is_empty() {
        return put_run(out, 0, numbers.len(), 0);
    }
    let (mut pending, mut at) = (0, 0);
    while let Some(run) = next_run(numbers, at) {
        // Packed numbers come in eights: the run first fills the eight that it finds begun.
        let fill = (run.start - pending).next_multiple_of(8) - (run.start - pending);
        at = run.end;
        if run.len() >= fill + RUN_MIN {
            put_packed(out, &numbers[pending..run.start + fill], bit_width);
            put_run(out, numbers[run.start], run.len() - fill, bit_width);
            pending = run.end;
        }
    }
    put_packed(out, &numbers[pending..], bit_width);
}

/// The next run that is long enough. `from` is where a run begins.
fn next_run(numbers: &[u32], mut from: usize) -> Option<Range<usize>> {
    let mut at = from;
    // A run of eight has four equal numbers wherever one looks at every fourth.
    while let Some(four) = numbers.get(at..at + 4) {
        let number = four[0];
        if four != [number; 4] {
            at += 4;
            continue;
        }
        let is_it = |other: &&u32| **other == number;
        let before = numbers[from..at].iter().rev().take_while(is_it).count();
        let behind = numbers[at + 4..].iter().take_while(is_it).count();
        let run = at - before..at + 4 + behind;
        if run.len() >= RUN_MIN {
            return Some(run);
        }
        (from, at) = (run.end, run.end);
    }
    None
}

/// Append a run.
pub fn put_run(out: &mut Vec<u8>, number: u32, count: usize, bit_width: u32) {
    put_varint(out, (count as u64) << 1);
    out.extend_from_slice(&number.to_le_bytes()[..bit_width.div_ceil(8) as usize]);
}

fn put_packed(out: &mut Vec<u8>, numbers: &[u32], bit_width: u32) {
    if numbers.is_empty() {
        return;
    }
    let eights = numbers.len().div_ceil(8);
    put_varint(out, (eights as u64) << 1 | 1);
    let end = out.len() + eights * bit_width as usize;
    let (mut word, mut filled) = (0_u64, 0);
    for &number in numbers {
        word |= u64::from(number) << filled;
        filled += bit_width;
        if filled >= 32 {
            out.extend_from_slice(&(word as u32).to_le_bytes());
            word >>= 32;
            filled -= 32;
        }
    }
    out.extend_from_slice(&word.to_le_bytes()[..filled.div_ceil(8) as usize]);
    out.resize(end, 0);
}
