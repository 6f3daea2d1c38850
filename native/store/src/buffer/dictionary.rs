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
        if let Some(full) = self.pieces.last_mut().and_then(Arc::get_mut) {
            full.bytes.shrink_to_fit();
        }
        self.pieces.push(Arc::default());
    }
}

/// What an entry costs in a table: a hash and a code, at the usual load.
const TABLE_ENTRY_BYTES: usize = 14;
const RECENT_LEN: usize = 32;
/// What an interner remembers of the latest texts.
pub const RECENT_BYTES: usize = RECENT_LEN * size_of::<Recent>();
/// Texts after which an interner asks itself whether its table pays.
const TRIAL_LEN: u32 = 2048;

/// What `Interner::intern` says of a text.
#[derive(Clone, Copy, Debug)]
pub struct Interned {
    /// Its code.
    pub code: u32,
    /// Its hash; equal texts have equal ones, whatever their codes.
    pub hash: u32,
    /// Whether it is new.
    pub added: bool,
}

/// Finds the code of a text, or adds it.
#[derive(Debug)]
pub struct Interner {
    table: Option<HashTable<(u32, u32)>>,
    recent: Box<[Recent; RECENT_LEN]>,
    seen: u32,
    seen_at_trial: u32,
    len_at_trial: u32,
    may_give_up: bool,
}

/// A text that came lately: found without a hash, and if it is short without looking at the dictionary.
#[derive(Clone, Copy, Debug)]
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
    fn place(&self) -> usize {
        let mixed = (self.first ^ self.last.rotate_left(29) ^ self.len as u64).wrapping_mul(MIX);
        (mixed >> (64 - RECENT_LEN.trailing_zeros())) as usize
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
            recent: Box::new([NO_TEXT; RECENT_LEN]),
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
    pub fn entry_bytes(&self) -> usize {
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
    #[inline]
    pub fn intern(
        &mut self,
        dictionary: &mut Arc<Dictionary>,
        text: &[u8],
        hasher: &RandomState,
    ) -> Interned {
        let ends = Ends::of(text);
        let recent = &self.recent[ends.place()];
        if recent.ends == ends && (ends.len <= 16 || same(dictionary.get(recent.code), text)) {
            return Interned {
                code: recent.code,
                hash: recent.hash,
                added: false,
            };
        }
        self.intern_other(dictionary, text, ends, hasher)
    }

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
        self.recent[ends.place()] = Recent { ends, code, hash };
        Interned { code, hash, added }
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
        }
        (self.seen_at_trial, self.len_at_trial) = (self.seen, len);
    }
}

/// 32 bits are kept of a hash; tables want 64 that differ at both ends.
fn hash_of(short: u32) -> u64 {
    u64::from(short).wrapping_mul(MIX)
}
