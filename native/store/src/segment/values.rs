//! Parquet's encodings of values, as far as segments use them, into Arrow arrays. Damaged bytes give None, never a panic.

use super::coded::{Coded, Codes};
use super::columns::Physical;
use super::levels;
use super::sections::{take_varint, u32_at};
use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, DictionaryArray, FixedSizeBinaryArray, Float64Array,
    Int32Array, Int64Array, StringArray,
};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use std::sync::Arc;

/// Parquet's numbers for encodings.
pub(super) const PLAIN: i64 = 0;
const PLAIN_DICTIONARY: i64 = 2;
const DELTA_BINARY_PACKED: i64 = 5;
const RLE_DICTIONARY: i64 = 8;
pub(super) const BYTE_STREAM_SPLIT: i64 = 9;

/// Which of the places have a value.
pub struct Presence {
    /// How many places.
    pub len: usize,
    /// How many values.
    pub count: usize,
    /// None when every place has one.
    pub nulls: Option<NullBuffer>,
}

/// Whether values are codes of the chunk's dictionary.
pub fn is_coded(encoding: i64) -> bool {
    encoding == RLE_DICTIONARY || encoding == PLAIN_DICTIONARY
}

/// The codes of a page at their places, as narrow as they are stored.
pub fn decode_coded(bytes: &[u8], presence: Presence, dictionary: &ArrayRef) -> Option<Coded> {
    let (&bit_width, packed) = bytes.split_first()?;
    let (width, count) = (u32::from(bit_width), presence.count);
    let codes = match width {
        0..=8 => Codes::Narrow(spread(levels::numbers(packed, width, count)?, &presence)),
        9..=16 => Codes::Medium(spread(levels::numbers(packed, width, count)?, &presence)),
        _ => Codes::Wide(spread(levels::numbers(packed, width, count)?, &presence)),
    };
    Coded::new(codes, presence.nulls, dictionary.clone())
}

/// The values of a page at their places.
pub fn decode(
    bytes: &[u8],
    encoding: i64,
    physical: Physical,
    presence: &Presence,
    dictionary: Option<&ArrayRef>,
) -> Option<ArrayRef> {
    if is_coded(encoding) {
        let (bit_width, packed) = bytes.split_first()?;
        let codes: Vec<u32> = levels::numbers(packed, u32::from(*bit_width), presence.count)?;
        return decode_codes(codes, dictionary?, presence);
    }
    match physical {
        Physical::Int32 => {
            let values = match encoding {
                PLAIN => plain_numbers(bytes, presence.count, i32::from_le_bytes)?,
                _ => return None,
            };
            Some(Arc::new(Int32Array::new(
                spread(values, presence).into(),
                presence.nulls.clone(),
            )))
        }
        Physical::Int64 => {
            let values = longs(bytes, encoding, presence.count)?;
            Some(Arc::new(Int64Array::new(
                spread(values, presence).into(),
                presence.nulls.clone(),
            )))
        }
        Physical::Double => {
            let values = longs(bytes, encoding, presence.count)?;
            let values = spread(values, presence)
                .into_iter()
                .map(|bits| f64::from_bits(bits as u64))
                .collect::<Vec<_>>();
            Some(Arc::new(Float64Array::new(
                values.into(),
                presence.nulls.clone(),
            )))
        }
        Physical::Boolean if encoding == PLAIN => booleans(bytes, presence),
        Physical::Text if encoding == PLAIN => {
            let (offsets, texts) = plain_texts(bytes, presence)?;
            Some(Arc::new(
                StringArray::try_new(offsets, texts, presence.nulls.clone()).ok()?,
            ))
        }
        Physical::Bytes if encoding == PLAIN => {
            let (offsets, texts) = plain_texts(bytes, presence)?;
            Some(Arc::new(
                BinaryArray::try_new(offsets, texts, presence.nulls.clone()).ok()?,
            ))
        }
        Physical::Fixed(size) if encoding == PLAIN => fixed(bytes, size, presence),
        _ => None,
    }
}

/// All values of a dictionary page.
pub fn decode_dictionary(bytes: &[u8], physical: Physical, count: usize) -> Option<ArrayRef> {
    // A text takes four bytes at least, so a number beyond this is a lie that would only cost memory.
    if count > bytes.len() {
        return None;
    }
    decode(
        bytes,
        PLAIN,
        physical,
        &Presence {
            len: count,
            count,
            nulls: None,
        },
        None,
    )
}

/// Texts keep their codes; numbers and ids are looked up.
fn decode_codes(codes: Vec<u32>, dictionary: &ArrayRef, presence: &Presence) -> Option<ArrayRef> {
    let largest = codes.iter().max();
    if largest.is_some_and(|&largest| largest as usize >= dictionary.len()) {
        return None;
    }
    let codes: Vec<i32> = codes.into_iter().map(|code| code as i32).collect();
    let keys = Int32Array::new(spread(codes, presence).into(), presence.nulls.clone());
    if dictionary.data_type().is_primitive() || dictionary.as_any().is::<FixedSizeBinaryArray>() {
        if dictionary.is_empty() {
            return Some(arrow_array::new_null_array(
                dictionary.data_type(),
                presence.len,
            ));
        }
        return arrow_select::take::take(dictionary, &keys, None).ok();
    }
    Some(Arc::new(
        DictionaryArray::<Int32Type>::try_new(keys, dictionary.clone()).ok()?,
    ))
}

/// Values at their places, zeros between.
fn spread<T: Copy + Default>(values: Vec<T>, presence: &Presence) -> Vec<T> {
    let Some(nulls) = &presence.nulls else {
        return values;
    };
    let mut places = vec![T::default(); presence.len];
    for (place, value) in nulls.valid_indices().zip(values) {
        places[place] = value;
    }
    places
}

fn plain_numbers<T, const N: usize>(
    bytes: &[u8],
    count: usize,
    read: impl Fn([u8; N]) -> T,
) -> Option<Vec<T>> {
    let bytes = bytes.get(..count.checked_mul(N)?)?;
    Some(
        bytes
            .chunks_exact(N)
            .map(|part| read(part.try_into().unwrap_or([0; N])))
            .collect(),
    )
}

fn longs(bytes: &[u8], encoding: i64, count: usize) -> Option<Vec<i64>> {
    match encoding {
        PLAIN => plain_numbers(bytes, count, i64::from_le_bytes),
        BYTE_STREAM_SPLIT => split_streams(bytes, count),
        DELTA_BINARY_PACKED => deltas(bytes, count),
        _ => None,
    }
}

fn split_streams(bytes: &[u8], count: usize) -> Option<Vec<i64>> {
    let bytes = bytes.get(..count.checked_mul(8)?)?;
    let mut values = Vec::with_capacity(count);
    let mut at = 0;
    while at + 8 <= count {
        let row = |stream: usize| {
            let from = stream * count + at;
            u64::from_le_bytes(bytes[from..from + 8].try_into().unwrap_or_default())
        };
        values.extend(transposed(std::array::from_fn(row)).map(|value| value as i64));
        at += 8;
    }
    for at in at..count {
        let byte = |stream: usize| bytes[stream * count + at];
        values.push(i64::from_le_bytes(std::array::from_fn(byte)));
    }
    Some(values)
}

/// Eight rows of eight bytes with rows and columns exchanged: first squares of four bytes, then of two, then of one.
#[inline]
fn transposed(mut rows: [u64; 8]) -> [u64; 8] {
    const LOW_HALVES: [u64; 3] = [
        0x0000_0000_FFFF_FFFF,
        0x0000_FFFF_0000_FFFF,
        0x00FF_00FF_00FF_00FF,
    ];
    for (low, distance) in LOW_HALVES.into_iter().zip([4, 2, 1]) {
        let bits = 8 * distance;
        for at in (0..8).filter(|at| at & distance == 0) {
            let moved = ((rows[at] >> bits) ^ rows[at + distance]) & low;
            rows[at + distance] ^= moved;
            rows[at] ^= moved << bits;
        }
    }
    rows
}

/// Parquet's DELTA_BINARY_PACKED: blocks of miniblocks of bit-packed distances to the smallest distance.
fn deltas(mut bytes: &[u8], count: usize) -> Option<Vec<i64>> {
    let block_len = usize::try_from(take_varint(&mut bytes)?).ok()?;
    let miniblocks = usize::try_from(take_varint(&mut bytes)?).ok()?;
    let total = usize::try_from(take_varint(&mut bytes)?).ok()?;
    let mut value = unzigzag(take_varint(&mut bytes)?);
    let miniblock_len = block_len.checked_div(miniblocks)?;
    if total != count
        || miniblock_len == 0
        || !miniblock_len.is_multiple_of(8)
        || block_len > 1 << 20
    {
        return None;
    }
    let mut values = Vec::with_capacity(count);
    if count > 0 {
        values.push(value);
    }
    while values.len() < count {
        let min_delta = unzigzag(take_varint(&mut bytes)?);
        let (widths, rest) = bytes.split_at_checked(miniblocks)?;
        bytes = rest;
        for &width in widths {
            if values.len() == count {
                break;
            }
            let (packed, rest) = bytes.split_at_checked(miniblock_len / 8 * usize::from(width))?;
            bytes = rest;
            for at in 0..miniblock_len.min(count - values.len()) {
                let delta = bits_at(packed, at * usize::from(width), u32::from(width))?;
                value = value.wrapping_add(min_delta).wrapping_add(delta as i64);
                values.push(value);
            }
        }
    }
    Some(values)
}

pub(super) fn unzigzag(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

#[inline]
pub(super) fn bits_at(packed: &[u8], at: usize, width: u32) -> Option<u64> {
    if width == 0 {
        return Some(0);
    }
    if width > 64 {
        return None;
    }
    let mask = u64::MAX >> (64 - width);
    let first = at / 8;
    if width <= 56 && first + 8 <= packed.len() {
        let word = u64::from_le_bytes(packed[first..first + 8].try_into().ok()?);
        return Some(word >> (at % 8) & mask);
    }
    let word = packed[first..]
        .iter()
        .take(9)
        .rev()
        .fold(0_u128, |word, byte| word << 8 | u128::from(*byte));
    Some((word >> (at % 8)) as u64 & mask)
}

fn booleans(bytes: &[u8], presence: &Presence) -> Option<ArrayRef> {
    if bytes.len() * 8 < presence.count {
        return None;
    }
    let values = BooleanBuffer::new(Buffer::from(bytes), 0, presence.count);
    let values = match &presence.nulls {
        None => values,
        Some(_) => spread(values.iter().collect(), presence)
            .into_iter()
            .collect(),
    };
    Some(Arc::new(BooleanArray::new(values, presence.nulls.clone())))
}

fn plain_texts(bytes: &[u8], presence: &Presence) -> Option<(OffsetBuffer<i32>, Buffer)> {
    let mut texts = Vec::with_capacity(bytes.len());
    let mut offsets = Vec::with_capacity(presence.len + 1);
    let mut at = 0;
    for place in 0..presence.len {
        offsets.push(texts.len() as i32);
        if presence
            .nulls
            .as_ref()
            .is_none_or(|nulls| nulls.is_valid(place))
        {
            let len = u32_at(bytes, at)? as usize;
            texts.extend_from_slice(bytes.get(at + 4..(at + 4).checked_add(len)?)?);
            at += 4 + len;
        }
    }
    offsets.push(i32::try_from(texts.len()).ok()?);
    Some((OffsetBuffer::new(ScalarBuffer::from(offsets)), texts.into()))
}

fn fixed(bytes: &[u8], size: u8, presence: &Presence) -> Option<ArrayRef> {
    let size = usize::from(size);
    let bytes = bytes.get(..presence.count.checked_mul(size)?)?;
    let values = match &presence.nulls {
        None => bytes.to_vec(),
        Some(nulls) => {
            let mut places = vec![0; presence.len * size];
            for (place, value) in nulls.valid_indices().zip(bytes.chunks_exact(size)) {
                places[place * size..(place + 1) * size].copy_from_slice(value);
            }
            places
        }
    };
    Some(Arc::new(
        FixedSizeBinaryArray::try_new(size as i32, values.into(), presence.nulls.clone()).ok()?,
    ))
}

/// No values.
pub fn empty(physical: Physical) -> ArrayRef {
    use arrow_schema::DataType;
    arrow_array::new_empty_array(&match physical {
        Physical::Int32 => DataType::Int32,
        Physical::Int64 => DataType::Int64,
        Physical::Double => DataType::Float64,
        Physical::Boolean => DataType::Boolean,
        Physical::Text => DataType::Utf8,
        Physical::Bytes => DataType::Binary,
        Physical::Fixed(size) => DataType::FixedSizeBinary(i32::from(size)),
    })
}
