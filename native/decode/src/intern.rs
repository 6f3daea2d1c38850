//! Building a dictionary column: each distinct value once, a code for each use.
//!
//! The hash is seeded, so that nobody can choose values that collide.

use arrow_array::{ArrayRef, BinaryArray, DictionaryArray, Int32Array, StringArray};
use arrow_buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::ArrowError;
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use std::borrow::Cow;
use std::hash::{BuildHasher, Hasher};
use std::ops::Range;
use std::sync::Arc;

use crate::same::{place, same};
use crate::utf8::repaired;

/// The distinct values of one column.
#[derive(Default)]
pub struct Interner {
    seed: RandomState,
    codes: HashTable<i32>,
    ends: Vec<usize>,
    data: Vec<u8>,
    empty: Option<i32>,
    /// What came after each code, shifted by one: the latest two.
    successors: Vec<[Guess; 2]>,
    recent: Recent,
}

/// A code that may be it, and where its text is.
#[derive(Clone, Copy)]
struct Guess {
    code: i32,
    start: usize,
    end: usize,
}

const NO_GUESS: Guess = Guess {
    code: NO_CODE,
    start: 0,
    end: 0,
};

/// Where there are more than some values there are usually many: growing step by step would hash each again and again,
/// and move their texts.
const SOME: i32 = 3;
const MANY: usize = 100;
const USUAL_BYTES: usize = 16;

const RECENT_BITS: u32 = 8;

/// Codes that were found lately, by the place of their texts; `NO_CODE` where there is none.
struct Recent([i32; 1 << RECENT_BITS]);

const NO_CODE: i32 = -1;

impl Default for Recent {
    fn default() -> Self {
        Self([NO_CODE; 1 << RECENT_BITS])
    }
}

impl Interner {
    /// The code of a text. What is not UTF-8 is repaired.
    #[inline]
    pub fn text(&mut self, value: &[u8]) -> i32 {
        if value.is_empty() {
            return self.empty_text();
        }
        let place = place(value, RECENT_BITS);
        let recent = self.recent.0[place];
        let code = if recent != NO_CODE && same(self.value(recent), value) {
            recent
        } else {
            self.text_hashed(value)
        };
        self.recent.0[place] = code;
        code
    }

    /// The code of a text that comes after another one (None: the first of a row). What followed the last two times is
    /// tried first, because spans of one kind have their keys in one order.
    #[inline]
    pub fn text_after(&mut self, previous: Option<i32>, value: &[u8]) -> i32 {
        if value.is_empty() {
            return self.empty_text();
        }
        let slot = previous.map_or(0, |code| code as usize + 1);
        if let Some(guesses) = self.successors.get_mut(slot) {
            for at in 0..guesses.len() {
                let guess = guesses[at];
                if same(&self.data[guess.start..guess.end], value) {
                    guesses.swap(0, at);
                    return guess.code;
                }
            }
        }
        self.text_unexpected(slot, value)
    }

    /// The code of a text that did not come after this one the last two times.
    #[inline(never)]
    fn text_unexpected(&mut self, slot: usize, value: &[u8]) -> i32 {
        let code = self.text(value);
        if slot >= self.successors.len() {
            self.successors.resize(slot + 1, [NO_GUESS; 2]);
        }
        let range = range(&self.ends, code);
        let guesses = &mut self.successors[slot];
        guesses[1] = guesses[0];
        guesses[0] = Guess {
            code,
            start: range.start,
            end: range.end,
        };
        code
    }

    /// Most texts that may be absent are. Also, glibc's memcmp of nothing at a dangling address costs 100 ns with AVX-512.
    #[inline]
    fn empty_text(&mut self) -> i32 {
        if let Some(code) = self.empty {
            return code;
        }
        let code = self.bytes(b"");
        self.empty = Some(code);
        code
    }

    fn text_hashed(&mut self, value: &[u8]) -> i32 {
        let hash = self.hash(value);
        if let Some(code) = self.find(hash, value) {
            return code;
        }
        match repaired(value) {
            Cow::Borrowed(text) => self.insert(hash, text.as_bytes()),
            Cow::Owned(text) => self.bytes(text.as_bytes()),
        }
    }

    /// The code of bytes that are kept as they are.
    pub fn bytes(&mut self, value: &[u8]) -> i32 {
        let hash = self.hash(value);
        self.find(hash, value)
            .unwrap_or_else(|| self.insert(hash, value))
    }

    /// Whether Arrow's 31-bit offsets reach every value.
    pub fn fits(&self) -> bool {
        self.data.len() <= i32::MAX as usize
    }

    /// The column of text with these codes.
    pub fn finish_text(self, codes: Vec<i32>) -> Result<ArrayRef, ArrowError> {
        let values = strings(offsets(&self.ends), self.data)?;
        dictionary(codes, Arc::new(values))
    }

    /// The column of bytes with these codes.
    pub fn finish_bytes(self, codes: Vec<i32>) -> Result<ArrayRef, ArrowError> {
        let values = BinaryArray::try_new(offsets(&self.ends), Buffer::from_vec(self.data), None)?;
        dictionary(codes, Arc::new(values))
    }

    fn find(&self, hash: u64, value: &[u8]) -> Option<i32> {
        self.codes
            .find(hash, |&code| same(self.value(code), value))
            .copied()
    }

    fn insert(&mut self, hash: u64, value: &[u8]) -> i32 {
        let code = self.ends.len() as i32;
        self.data.extend_from_slice(value);
        self.ends.push(self.data.len());
        let Self {
            seed,
            codes,
            ends,
            data,
            ..
        } = self;
        if code == SOME {
            codes.reserve(MANY, |&code| hash_of(seed, slice(ends, data, code)));
            ends.reserve(MANY);
            data.reserve(MANY * USUAL_BYTES);
        }
        codes.insert_unique(hash, code, |&code| hash_of(seed, slice(ends, data, code)));
        code
    }

    #[inline(always)]
    fn value(&self, code: i32) -> &[u8] {
        slice(&self.ends, &self.data, code)
    }

    #[inline(always)]
    fn hash(&self, value: &[u8]) -> u64 {
        hash_of(&self.seed, value)
    }
}

#[inline(always)]
fn hash_of(seed: &RandomState, value: &[u8]) -> u64 {
    let mut hasher = seed.build_hasher();
    hasher.write(value);
    hasher.finish()
}

#[inline(always)]
fn slice<'a>(ends: &[usize], data: &'a [u8], code: i32) -> &'a [u8] {
    &data[range(ends, code)]
}

#[inline(always)]
fn range(ends: &[usize], code: i32) -> Range<usize> {
    let code = code as usize;
    let start = if code == 0 { 0 } else { ends[code - 1] };
    start..ends[code]
}

/// A plain column of text: checked as `StringArray::try_new` checks it, many bytes at once.
pub(crate) fn strings(
    offsets: OffsetBuffer<i32>,
    data: Vec<u8>,
) -> Result<StringArray, ArrowError> {
    let is_text = simdutf8::basic::from_utf8(&data).is_ok_and(|text| {
        let mut ends = offsets.iter().map(|&end| end as usize);
        ends.all(|end| text.is_char_boundary(end))
    });
    let data = Buffer::from_vec(data);
    if !is_text {
        return StringArray::try_new(offsets, data, None);
    }
    // SAFETY: offsets ascend, as an `OffsetBuffer` promises, and each is a place within the data where UTF-8 may be cut.
    Ok(unsafe { StringArray::new_unchecked(offsets, data, None) })
}

/// The caller has made sure that the data fits into 31 bits.
fn offsets(ends: &[usize]) -> OffsetBuffer<i32> {
    let offsets: Vec<i32> = std::iter::once(0)
        .chain(ends.iter().map(|&end| end as i32))
        .collect();
    OffsetBuffer::new(ScalarBuffer::from(offsets))
}

fn dictionary(codes: Vec<i32>, values: ArrayRef) -> Result<ArrayRef, ArrowError> {
    Ok(Arc::new(DictionaryArray::try_new(
        Int32Array::from(codes),
        values,
    )?))
}
