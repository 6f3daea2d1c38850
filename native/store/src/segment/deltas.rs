//! Parquet's DELTA_BINARY_PACKED, written: numbers as their distances, each block of them above its smallest.

use super::sections::put_varint;

/// Distances of a block.
const BLOCK: usize = 128;
/// And of each of its parts, which has a bit width of its own.
const PART: usize = 32;

/// Append these numbers.
pub fn put_deltas(out: &mut Vec<u8>, numbers: &[i64]) {
    put_varint(out, BLOCK as u64);
    put_varint(out, (BLOCK / PART) as u64);
    put_varint(out, numbers.len() as u64);
    put_varint(out, zigzag(numbers.first().copied().unwrap_or(0)));
    let mut distances = [0; BLOCK];
    for first in (0..numbers.len().saturating_sub(1)).step_by(BLOCK) {
        let numbers = &numbers[first..numbers.len().min(first + BLOCK + 1)];
        let distances = &mut distances[..numbers.len() - 1];
        for (distance, pair) in distances.iter_mut().zip(numbers.windows(2)) {
            *distance = pair[1].wrapping_sub(pair[0]);
        }
        put_block(out, distances);
    }
}

fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)) as u64
}

fn put_block(out: &mut Vec<u8>, distances: &[i64]) {
    let smallest = distances.iter().copied().fold(i64::MAX, i64::min);
    put_varint(out, zigzag(smallest));
    let widths = out.len();
    out.extend_from_slice(&[0; BLOCK / PART]);
    for (number, part) in distances.chunks(PART).enumerate() {
        let above = |distance: i64| distance.wrapping_sub(smallest) as u64;
        let all = part.iter().fold(0, |all, &distance| all | above(distance));
        let width = u64::BITS - all.leading_zeros();
        out[widths + number] = width as u8;
        let end = out.len() + PART * width as usize / 8;
        let (mut word, mut filled) = (0_u128, 0);
        for &distance in part {
            word |= u128::from(above(distance)) << filled;
            filled += width;
            if filled >= u64::BITS {
                out.extend_from_slice(&(word as u64).to_le_bytes());
                word >>= u64::BITS;
                filled -= u64::BITS;
            }
        }
        out.extend_from_slice(&(word as u64).to_le_bytes());
        out.resize(end, 0);
    }
}
