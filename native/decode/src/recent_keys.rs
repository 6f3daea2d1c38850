//! The codes of keys that came lately, found without a branch that differs from key to key: such branches are what
//! reading attributes costs. It is no dictionary: it forgets, and only knows what it was told.

/// Keys of up to so many bytes are remembered; so many are looked at, whatever the key's length.
pub const WINDOW_BYTES: usize = 32;
const BITS: u32 = 8;

/// Keys by place. A key that comes takes the place of the one that was there.
pub struct RecentKeys {
    places: Box<[Place]>,
}

/// A key, zeros after its end. The empty key is never here, so that zeros are an empty place.
#[derive(Clone, Copy, Default)]
struct Key {
    words: [u64; WINDOW_BYTES / 8],
    len: usize,
}

#[derive(Clone, Copy, Default)]
struct Place {
    key: Key,
    code: i32,
}

/// A key with its place.
pub struct Sought {
    key: Key,
    place: usize,
}

impl Default for RecentKeys {
    fn default() -> Self {
        Self {
            places: vec![Place::default(); 1 << BITS].into(),
        }
    }
}

impl RecentKeys {
    /// The key of so many bytes that `bytes` begins with, ready to be looked up; None if it is empty, too long, or too
    /// near to the end of the bytes.
    #[inline(always)]
    pub fn seek(bytes: &[u8], len: usize) -> Option<Sought> {
        let window = bytes.first_chunk::<WINDOW_BYTES>()?;
        if len == 0 || len > WINDOW_BYTES {
            return None;
        }
        let mask = MASKS[WINDOW_BYTES - len..].first_chunk::<WINDOW_BYTES>()?;
        let masked = |at| word(window, at) & word(mask, at);
        let words = [masked(0), masked(8), masked(16), masked(24)];
        let key = Key { words, len };
        let place = key.place();
        Some(Sought { key, place })
    }

    /// The code of a key that is remembered.
    #[inline(always)]
    pub fn code(&self, sought: &Sought) -> Option<i32> {
        let place = &self.places[sought.place];
        place.key.is(&sought.key).then_some(place.code)
    }

    /// Remember the code of a key.
    #[inline]
    pub fn remember(&mut self, sought: Sought, code: i32) {
        self.places[sought.place] = Place {
            key: sought.key,
            code,
        };
    }
}

impl Key {
    #[inline(always)]
    fn is(&self, other: &Self) -> bool {
        let [a, b, c, d] = self.words;
        let [e, f, g, h] = other.words;
        (a ^ e) | (b ^ f) | (c ^ g) | (d ^ h) | (self.len ^ other.len) as u64 == 0
    }

    /// Not a hash: who chooses keys that have one place makes his own payload a little slower.
    #[inline(always)]
    fn place(&self) -> usize {
        const MIX: u64 = 0x9E37_79B9_7F4A_7C15;
        let [a, b, c, d] = self.words;
        let ends = a ^ b.rotate_left(23) ^ c.rotate_left(41) ^ d.rotate_left(11);
        ((ends ^ self.len as u64).wrapping_mul(MIX) >> (u64::BITS - BITS)) as usize
    }
}

/// Ones, then zeros: what begins `n` bytes before the zeros leaves `n` bytes of a window.
static MASKS: [u8; 2 * WINDOW_BYTES] = {
    let mut masks = [0; 2 * WINDOW_BYTES];
    let mut at = 0;
    while at < WINDOW_BYTES {
        masks[at] = 0xff;
        at += 1;
    }
    masks
};

#[inline(always)]
fn word(bytes: &[u8; WINDOW_BYTES], at: usize) -> u64 {
    bytes[at..]
        .first_chunk()
        .map_or(0, |word| u64::from_le_bytes(*word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remembered_key_is_found_whatever_follows_it_and_no_other_is() {
        let text: Vec<u8> = (1..=80).collect();
        for len in 1..=WINDOW_BYTES {
            let mut recent = RecentKeys::default();
            recent.remember(RecentKeys::seek(&text, len).unwrap(), 7);
            let mut other = text.clone();
            other[len..].fill(0);
            let found = |bytes: &[u8], len| recent.code(&RecentKeys::seek(bytes, len).unwrap());
            assert_eq!(found(&other, len), Some(7));
            for wrong in (1..=WINDOW_BYTES).filter(|wrong| *wrong != len) {
                assert_eq!(found(&other, wrong), None);
            }
            for at in 0..len {
                other[at] ^= 0x80;
                assert_eq!(found(&other, len), None);
                other[at] ^= 0x80;
            }
        }
    }

    #[test]
    fn keys_that_are_empty_or_long_or_at_the_end_are_not_looked_up() {
        let text = [b'k'; WINDOW_BYTES];
        assert!(RecentKeys::seek(&text, 0).is_none());
        assert!(RecentKeys::seek(&text, WINDOW_BYTES + 1).is_none());
        assert!(RecentKeys::seek(&text[1..], 3).is_none());
    }
}
