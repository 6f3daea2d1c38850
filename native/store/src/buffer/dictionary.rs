//! Texts (any bytes) by code, and the table that finds the code of a text.
//!
//! `Dictionary` is what readers see: it only grows, and clones share what is full. `Interner` belongs to the writer. Where
//! texts hardly ever repeat it gives its table up and only remembers the latest ones: then a text may have several codes.

use super::sole::sole;
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use lymer_decode::same::same;
use std::hash::BuildHasher;
use std::sync::Arc;

const PIECE_BITS: u32 = 10;
const PIECE_LEN: u32 = 1 << PIECE_BITS;
/// A piece begins with room for somewhat more than the one before it has, but with no more than this.
const RESERVED_BYTES_MAX: usize = 1 << 18;

/// Texts by code, in the order in which they came.
#[derive(Clone, Debug, Default)]
pub struct Dictionary {
    pieces: Vec<Arc<Piece>>,
    len: u32,
    text_bytes: usize,
}

#[derive(Clone, Debug, Default)]
struct Piece {
    ends: Vec<u32>,
    bytes: Vec<u8>,
}

impl Dictionary {
    /// How many codes there are.
    pub fn len(&self) -> u32 {
        self.len
    }

    /// How long all texts are together.
    pub fn text_bytes(&self) -> usize {
        self.text_bytes
    }

    /// The text of a code.
    #[inline]
    pub fn get(&self, code: u32) -> &[u8] {
        let piece = &self.pieces[(code >> PIECE_BITS) as usize];
        let index = (code & (PIECE_LEN - 1)) as usize;
        let start = if index == 0 {
            0
        } else {
            piece.ends[index - 1] as usize
        };
        &piece.bytes[start..piece.ends[index] as usize]
    }

    /// The text of a code that stands for UTF-8.
    pub fn text(&self, code: u32) -> &str {
        std::str::from_utf8(self.get(code)).unwrap_or_default()
    }

    /// All texts in the order of their codes.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len).map(|code| self.get(code))
    }

    /// Add a text and get its code.
    pub fn push(&mut self, text: &[u8]) -> u32 {
        let code = self.len;
        if code.is_multiple_of(PIECE_LEN) || self.last_piece_is_full(text.len()) {
            self.begin_piece();
        }
        let last = self.pieces.len() - 1;
        let piece = sole(&mut self.pieces[last]);
        piece.bytes.extend_from_slice(text);
        piece.ends.push(piece.bytes.len() as u32);
        self.len += 1;
        self.text_bytes += text.len();
        code
    }

    fn last_piece_is_full(&self, more: usize) -> bool {
        let used = self.pieces.last().map_or(0, |piece| piece.bytes.len());
        assert!(
            used + more <= u32::MAX as usize,
            "a piece of a dictionary passes 4 GiB"
        );
        false
    }

    fn begin_piece(&mut self) {
        let mut next = Piece::default();
        if let Some(full) = self.pieces.last_mut() {
            next.ends.reserve_exact(PIECE_LEN as usize);
            next.bytes
                .reserve_exact((full.bytes.len() + full.bytes.len() / 8).min(RESERVED_BYTES_MAX));
            if let Some(full) = Arc::get_mut(full) {
                full.bytes.shrink_to_fit();
            }
        }
        self.pieces.push(Arc::new(next));
    }
}

/// What an entry costs in a table: a hash and a code, at the usual load.
const TABLE_ENTRY_BYTES: usize = 14;
/// Of the latest texts so many are remembered at first.
const RECENT_BITS: u32 = 5;
/// So many where more than those come again and again.
const RECENT_BITS_MAX: u32 = 8;
/// Texts that are not among the latest before more of them are remembered.
const MISSES_MAX: u32 = 512;
/// What an interner remembers of the latest texts, at first.
pub const RECENT_BYTES: usize = size_of::<Recent>() << RECENT_BITS;
/// Texts after which an interner asks itself whether its table pays.
const TRIAL_LEN: u32 = 2048;

/// What `Interner::intern` says of a text.
#[derive(Clone, Copy, Debug)]
pub struct Interned {
    /// Its code.
    pub code: u32,
    /// Its hash; equal texts have equal ones, whatever their codes.
    pub hash: u32,
    /// By how much dictionary and interner have grown.
    pub more_bytes: usize,
}

/// Finds the code of a text, or adds it.
#[derive(Debug)]
pub struct Interner {
    table: Option<HashTable<(u32, u32)>>,
    /// A power of two.
    recent: Box<[Recent]>,
    /// By how much the mixed ends of a text are shifted to get its place there.
    recent_shift: u32,
    seen: u32,
    seen_at_trial: u32,
    len_at_trial: u32,
    may_give_up: bool,
}

/// A text that came lately: found without a hash, and if it is short without looking at the dictionary.
#[derive(Clone, Copy, Debug)]
#[repr(align(32))] // Half a line of the cache.
struct Recent {
    ends: Ends,
    code: u32,
    hash: u32,
}

/// The length and both ends of a text: all of it, if it has at most 16 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ends {
    len: usize,
    first: u64,
    last: u64,
}

impl Ends {
    #[inline]
    fn of(text: &[u8]) -> Self {
        let word = |at: usize| u64::from_le_bytes(text[at..at + 8].try_into().unwrap_or_default());
        let half = |at: usize| {
            u64::from(u32::from_le_bytes(
                text[at..at + 4].try_into().unwrap_or_default(),
            ))
        };
        let len = text.len();
        let (first, last) = match len {
            8.. => (word(0), word(len - 8)),
            4.. => (half(0), half(len - 4)),
            0 => (0, 0),
            _ => (
                u64::from(text[0]) | u64::from(text[len / 2]) << 8,
                u64::from(text[len - 1]),
            ),
        };
        Self { len, first, last }
    }

    #[inline]
    fn mixed(&self) -> u64 {
        (self.first ^ self.last.rotate_left(29) ^ self.len as u64).wrapping_mul(MIX)
    }
}

const MIX: u64 = 0x9E37_79B9_7F4A_7C15;
/// `Recent::ends` of a place that is empty.
const NO_TEXT: Recent = Recent {
    ends: Ends {
        len: usize::MAX,
        first: 0,
        last: 0,
    },
    code: 0,
    hash: 0,
};

impl Interner {
    /// An interner that always finds the one code of a text.
    pub fn exact() -> Self {
        Self {
            table: Some(HashTable::new()),
            recent: [NO_TEXT; 1 << RECENT_BITS].into(),
            recent_shift: u64::BITS - RECENT_BITS,
            seen: 0,
            seen_at_trial: 0,
            len_at_trial: 0,
            may_give_up: false,
        }
    }

    /// An interner that stops looking where texts hardly ever repeat.
    pub fn adaptive() -> Self {
        Self {
            may_give_up: true,
            ..Self::exact()
        }
    }

    /// Whether each text has one code.
    pub fn is_exact(&self) -> bool {
        self.table.is_some()
    }

    /// Bytes that one more text costs here, apart from itself.
    fn entry_bytes(&self) -> usize {
        if self.table.is_some() {
            4 + TABLE_ENTRY_BYTES
        } else {
            4
        }
    }

    /// The code of a text, if it has one that is still known.
    pub fn find(&self, dictionary: &Dictionary, text: &[u8], hasher: &RandomState) -> Option<u32> {
        let hash = hasher.hash_one(text);
        let (table, short) = (self.table.as_ref()?, hash as u32);
        table
            .find(hash_of(short), |&(other, code)| {
                other == short && dictionary.get(code) == text
            })
            .map(|entry| entry.1)
    }

    /// The code of a text; the text is added when it has none.
    #[inline(always)] // Most texts came lately: for them there is not even a call.
    pub fn intern(
        &mut self,
        dictionary: &mut Arc<Dictionary>,
        text: &[u8],
        hasher: &RandomState,
    ) -> Interned {
        let ends = Ends::of(text);
        let recent = &self.recent[self.recent_place(&ends)];
        if recent.ends == ends && (ends.len <= 16 || is_text_of(dictionary, recent.code, text)) {
            return Interned {
                code: recent.code,
                hash: recent.hash,
                more_bytes: 0,
            };
        }
        self.intern_other(dictionary, text, ends, hasher)
    }

    #[inline(never)]
    fn intern_other(
        &mut self,
        dictionary: &mut Arc<Dictionary>,
        text: &[u8],
        ends: Ends,
        hasher: &RandomState,
    ) -> Interned {
        let hash = hasher.hash_one(text) as u32;
        self.seen = self.seen.wrapping_add(1);
        let (code, added) = match self.table {
            Some(_) => self.intern_in_table(dictionary, text, hash),
            None => (sole(dictionary).push(text), true),
        };
        let mut more_bytes = 0;
        if added {
            more_bytes += text.len() + self.entry_bytes();
        }
        if self.seen == MISSES_MAX {
            more_bytes += self.remember_more();
        }
        let place = self.recent_place(&ends);
        self.recent[place] = Recent { ends, code, hash };
        Interned {
            code,
            hash,
            more_bytes,
        }
    }

    #[inline]
    fn recent_place(&self, ends: &Ends) -> usize {
        (ends.mixed() >> self.recent_shift) as usize
    }

    /// Remember more of the latest texts; how many bytes that takes.
    #[cold]
    fn remember_more(&mut self) -> usize {
        self.recent_shift = u64::BITS - RECENT_BITS_MAX;
        let more = vec![NO_TEXT; 1 << RECENT_BITS_MAX].into();
        for recent in std::mem::replace(&mut self.recent, more) {
            if recent.ends != NO_TEXT.ends {
                let place = self.recent_place(&recent.ends);
                self.recent[place] = recent;
            }
        }
        (size_of::<Recent>() << RECENT_BITS_MAX) - RECENT_BYTES
    }

    fn intern_in_table(
        &mut self,
        dictionary: &mut Arc<Dictionary>,
        text: &[u8],
        hash: u32,
    ) -> (u32, bool) {
        let Some(table) = &mut self.table else {
            return (0, false);
        };
        let is_it = |entry: &(u32, u32)| entry.0 == hash && same(dictionary.get(entry.1), text);
        if let Some(entry) = table.find(hash_of(hash), is_it) {
            return (entry.1, false);
        }
        let code = sole(dictionary).push(text);
        table.insert_unique(hash_of(hash), (hash, code), |entry| hash_of(entry.0));
        if self.may_give_up && dictionary.len().is_multiple_of(TRIAL_LEN) {
            self.try_to_give_up(dictionary.len());
        }
        (code, true)
    }

    /// Fewer than one in four of the latest texts were known: the table costs more than it saves.
    fn try_to_give_up(&mut self, len: u32) {
        let (seen, new) = (self.seen - self.seen_at_trial, len - self.len_at_trial);
        if u64::from(new) * 4 > u64::from(seen) * 3 {
            self.table = None;
            self.recent = [NO_TEXT; 1 << RECENT_BITS].into();
            self.recent_shift = u64::BITS - RECENT_BITS;
        }
        (self.seen_at_trial, self.len_at_trial) = (self.seen, len);
    }
}

#[inline(never)]
fn is_text_of(dictionary: &Dictionary, code: u32, text: &[u8]) -> bool {
    same(dictionary.get(code), text)
}

/// 32 bits are kept of a hash; tables want 64 that differ at both ends.
fn hash_of(short: u32) -> u64 {
    u64::from(short).wrapping_mul(MIX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_keeps_its_code_while_more_of_the_latest_are_remembered() {
        let (mut interner, mut dictionary) = (Interner::exact(), Arc::default());
        let hasher = RandomState::default();
        let (texts, rounds) = (3 * MISSES_MAX / 2, 4);
        for round in 0..rounds {
            for number in 0..texts {
                let text = format!("text {number} {}", "long ".repeat(number as usize % 5));
                let interned = interner.intern(&mut dictionary, text.as_bytes(), &hasher);
                assert_eq!(interned.code, number, "{text}");
                assert_eq!(dictionary.get(number), text.as_bytes());
                assert_eq!(interned.more_bytes >= text.len(), round == 0, "{text}");
            }
        }
        assert_eq!(interner.recent.len(), 1 << RECENT_BITS_MAX);
    }

    #[test]
    fn where_texts_do_not_repeat_few_are_remembered() {
        let (mut interner, mut dictionary) = (Interner::adaptive(), Arc::default());
        let hasher = RandomState::default();
        for number in 0..2 * TRIAL_LEN {
            interner.intern(&mut dictionary, &number.to_le_bytes(), &hasher);
        }
        assert!(!interner.is_exact());
        assert_eq!(interner.recent.len(), 1 << RECENT_BITS);
        let known = interner.intern(&mut dictionary, &(2 * TRIAL_LEN - 1).to_le_bytes(), &hasher);
        assert_eq!((known.code, known.more_bytes), (2 * TRIAL_LEN - 1, 0));
    }
}
