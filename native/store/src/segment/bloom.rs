//! Parquet's split-block bloom filters, asked where they lie in the file.

use xxhash_rust::xxh64::xxh64;

pub const BLOCK_BYTES: usize = 32;
const SALT: [u32; 8] = [
    0x47b6_137b,
    0x4497_4d91,
    0x8824_ad5b,
    0xa2b7_289d,
    0x7054_95c7,
    0x2df1_424b,
    0x9efc_4947,
    0x5c6b_fb31,
];

/// The hash of a value.
pub fn hash(value: &[u8]) -> u64 {
    xxh64(value, 0)
}

/// Put a value of this hash in. (Parquet's own filter hashes piece by piece, which takes longer.)
#[inline]
pub fn insert(bits: &mut [u8], hash: u64) {
    let block = block(bits, hash);
    let words = bits[block..block + BLOCK_BYTES]
        .as_chunks_mut()
        .0
        .iter_mut();
    for (word, bit) in words.zip(bits_of(hash)) {
        *word = (u32::from_le_bytes(*word) | 1 << bit).to_le_bytes();
    }
}

/// Where the block of a hash begins.
fn block(bits: &[u8], hash: u64) -> usize {
    let blocks = (bits.len() / BLOCK_BYTES) as u64;
    (((hash >> 32) * blocks) >> 32) as usize * BLOCK_BYTES
}

/// The bit in each word of the block.
fn bits_of(hash: u64) -> impl Iterator<Item = u32> {
    SALT.into_iter()
        .map(move |salt| (hash as u32).wrapping_mul(salt) >> 27)
}

/// False only when no value of this hash was put in.
pub fn may_contain(bits: &[u8], hash: u64) -> bool {
    let block = block(bits, hash);
    let words = bits
        .get(block..block + BLOCK_BYTES)
        .unwrap_or_default()
        .chunks_exact(4);
    words
        .zip(bits_of(hash))
        .all(|(word, bit)| u32::from_le_bytes([word[0], word[1], word[2], word[3]]) >> bit & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use parquet::bloom_filter::Sbbf;

    #[test]
    fn a_filter_of_any_size_knows_its_values_and_few_others() {
        for count in [1, 30, 50_000] {
            let text = |number: usize| format!("value {number}").into_bytes();
            let values: Vec<Vec<u8>> = (0..count).map(text).collect();
            let mut bits = Vec::new();
            let filter =
                super::super::group_attributes::bloom(count, values.iter().map(Vec::as_slice));
            filter.write_bitset(&mut bits).unwrap();
            let mut parquets_own = Sbbf::new(&vec![0; bits.len()]);
            values.iter().for_each(|value| parquets_own.insert(value));
            let mut their_bits = Vec::new();
            parquets_own.write_bitset(&mut their_bits).unwrap();
            assert!(their_bits == bits, "{count}");
            assert!(values.iter().all(|value| may_contain(&bits, hash(value))));
            let others =
                (count..count + 100_000).filter(|&other| may_contain(&bits, hash(&text(other))));
            assert!(others.count() < 160, "{count}");
        }
    }
}
