//! Whether two texts are equal, and where a text has its place in a small table: without a call for the short ones, which
//! most keys and values are. A call costs more than the comparison.

/// As `==`; up to 64 bytes are compared in place.
#[inline(always)]
pub fn same(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    match one.len() {
        65.. => one == other,
        33.. => same_ends::<32>(one, other),
        17.. => same_ends::<16>(one, other),
        8.. => same_ends::<8>(one, other),
        4.. => same_ends::<4>(one, other),
        2.. => same_ends::<2>(one, other),
        _ => one.first() == other.first(),
    }
}

/// Whether the first N and the last N bytes are equal, which are all when there are at most twice as many.
#[inline(always)]
fn same_ends<const N: usize>(one: &[u8], other: &[u8]) -> bool {
    one.first_chunk::<N>() == other.first_chunk::<N>()
        && one.last_chunk::<N>() == other.last_chunk::<N>()
}

/// A number of so many bits (at least one) that differs for most texts which are used together. It is no hash: texts with
/// the same length and the same ends have the same one.
#[inline(always)]
pub fn place(text: &[u8], bits: u32) -> usize {
    const MIX: u64 = 0x9E37_79B9_7F4A_7C15;
    let (first, last) = match text.len() {
        8.. => (
            text.first_chunk()
                .map_or(0, |word| u64::from_le_bytes(*word)),
            text.last_chunk()
                .map_or(0, |word| u64::from_le_bytes(*word)),
        ),
        4.. => (half(text.first_chunk()), half(text.last_chunk())),
        _ => (byte(text.first()), byte(text.last())),
    };
    let mixed = (first ^ last.rotate_left(29) ^ text.len() as u64).wrapping_mul(MIX);
    (mixed >> (u64::BITS - bits)) as usize
}

#[inline(always)]
fn half(bytes: Option<&[u8; 4]>) -> u64 {
    bytes.map_or(0, |bytes| u64::from(u32::from_le_bytes(*bytes)))
}

#[inline(always)]
fn byte(byte: Option<&u8>) -> u64 {
    byte.map_or(0, |byte| u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_the_same_as_itself_and_as_none_that_differs_in_a_byte_or_in_length() {
        let text: Vec<u8> = (0..140).collect();
        for len in 0..text.len() {
            let one = &text[..len];
            let elsewhere = one.to_vec();
            assert!(same(one, &elsewhere));
            assert!(!same(one, &text[..len + 1]));
            for at in 0..len {
                let mut other = one.to_vec();
                other[at] ^= 0x80;
                assert!(!same(one, &other), "{len} {at}");
            }
        }
    }

    #[test]
    fn every_place_is_within_its_bits() {
        let text: Vec<u8> = (0..=255).rev().collect();
        for len in 0..text.len() {
            assert!(place(&text[..len], 6) < 64);
        }
    }
}
