//! A few values of a page, found where they lie: the others are not decoded. Damaged bytes give None, never a panic.
//!
//! A search reads a few rows of many pages. To unpack all 8,192 codes of a page for sixteen of them costs ten times what
//! it takes to find those sixteen.

use super::coded::{Coded, Codes};
use super::columns::{Leaf, Physical};
use super::levels::{Run, Runs};
use super::page::{Body, Values, take_levels};
use super::values::{BYTE_STREAM_SPLIT, PLAIN, bits_at, is_coded};
use crate::view::Rows;
use arrow_array::{ArrayRef, FixedSizeBinaryArray, Float64Array, Int64Array};
use arrow_buffer::NullBuffer;
use std::sync::Arc;

/// So many rows of a page for each one that is wanted, and it is cheaper to find these.
const PAGE_ROWS_A_VALUE: usize = 8;

/// Whether it is better to look for so many values of a page than to decode it.
pub fn are_few(count: usize, page_rows: usize) -> bool {
    count * PAGE_ROWS_A_VALUE <= page_rows
}

/// Whether values of such a page can be found without decoding it.
pub fn can_be_found(encoding: i64, leaf: Leaf) -> bool {
    let physical = match leaf.physical {
        Physical::Int64 | Physical::Double => encoding == BYTE_STREAM_SPLIT,
        Physical::Fixed(_) => encoding == PLAIN,
        _ => false,
    };
    leaf.max_repetition == 0 && (physical || is_coded(encoding))
}

/// The values at these places (sorted, distinct) of a page for which `can_be_found` holds.
pub fn find(
    body: &Body<'_>,
    leaf: Leaf,
    dictionary: Option<&ArrayRef>,
    places: &Rows,
) -> Option<Values> {
    let places: Vec<usize> = (0..places.len())
        .map(|at| places.get(at) as usize)
        .collect();
    if places.last().is_some_and(|&last| last >= body.count) {
        return None;
    }
    let mut bytes = body.bytes.as_ref();
    let found = match leaf.max_definition {
        0 => Found::all(places, body.count),
        _ => Found::of(
            take_levels(&mut bytes)?,
            body.count,
            &places,
            is_coded(body.encoding),
        )?,
    };
    match leaf.physical {
        _ if is_coded(body.encoding) => coded(bytes, found, dictionary?).map(Values::Coded),
        Physical::Fixed(size) => fixed(bytes, usize::from(size), found),
        physical => {
            let longs = longs(bytes, &found)?;
            let array: ArrayRef = if physical == Physical::Double {
                let doubles: Vec<f64> = longs
                    .into_iter()
                    .map(|bits| f64::from_bits(bits as u64))
                    .collect();
                Arc::new(Float64Array::new(doubles.into(), found.nulls()))
            } else {
                Arc::new(Int64Array::new(longs.into(), found.nulls()))
            };
            Some(Values::Array(array))
        }
    }
}

/// Where the values of some places stand among the values of the page.
struct Found {
    /// One for each place that has a value, ascending.
    positions: Vec<usize>,
    /// Which of the places have one; None when all have.
    present: Option<Vec<bool>>,
    /// How many values the page has; perhaps more where that is not needed.
    value_count: usize,
}

impl Found {
    /// Every place of the page has a value.
    fn all(places: Vec<usize>, count: usize) -> Self {
        Self {
            positions: places,
            present: None,
            value_count: count,
        }
    }

    /// By the levels of a page of `count` places. Without the need nothing is counted behind the last place.
    fn of(levels: &[u8], count: usize, places: &[usize], stop_early: bool) -> Option<Self> {
        let mut runs = Runs::new(levels, 1, count);
        let (mut first, mut before, mut next) = (0, 0, 0);
        let (mut positions, mut present) = (Vec::with_capacity(places.len()), Vec::new());
        while first < count && !(stop_early && next == places.len()) {
            match runs.next()? {
                Run::Repeated(value, len) => {
                    let is_there = value != 0;
                    while let Some(&place) = places.get(next).filter(|place| **place < first + len)
                    {
                        present.push(is_there);
                        positions.extend(is_there.then(|| before + place - first));
                        next += 1;
                    }
                    first += len;
                    before += if is_there { len } else { 0 };
                }
                Run::Packed(packed, len) => {
                    let mut counted = 0;
                    while let Some(&place) = places.get(next).filter(|place| **place < first + len)
                    {
                        let at = place - first;
                        before += ones(packed, counted, at);
                        counted = at;
                        let is_there = packed[at / 8] >> (at % 8) & 1 == 1;
                        present.push(is_there);
                        positions.extend(is_there.then_some(before));
                        next += 1;
                    }
                    if !(stop_early && next == places.len()) {
                        before += ones(packed, counted, len);
                    }
                    first += len;
                }
            }
        }
        let all = positions.len() == present.len();
        Some(Self {
            positions,
            present: (!all).then_some(present),
            value_count: if stop_early { count } else { before },
        })
    }

    fn nulls(&self) -> Option<NullBuffer> {
        self.present.as_deref().map(NullBuffer::from)
    }

    /// Values at their places, zeros between.
    fn spread<T: Copy + Default>(&self, values: Vec<T>) -> Vec<T> {
        let Some(present) = &self.present else {
            return values;
        };
        let mut values = values.into_iter();
        let value = |is_there: &bool| match is_there {
            true => values.next().unwrap_or_default(),
            false => T::default(),
        };
        present.iter().map(value).collect()
    }
}

/// How many of the bits `from..to` are set.
fn ones(packed: &[u8], from: usize, to: usize) -> usize {
    if from >= to {
        return 0;
    }
    let (first, last) = (from / 8, to / 8);
    let low = |byte: u8, bits: usize| (byte & ((1 << bits) - 1)).count_ones() as usize;
    let words = packed[first..last].chunks_exact(8);
    let rest = words.remainder().iter().map(|byte| byte.count_ones());
    let rest = rest.sum::<u32>() as usize;
    let word = |word: &[u8]| u64::from_le_bytes(word.try_into().unwrap_or_default()).count_ones();
    let whole = words.map(word).sum::<u32>() as usize;
    let behind = match to % 8 {
        0 => 0,
        bits => low(packed[last], bits),
    };
    whole + rest + behind - low(packed[first], from % 8)
}

fn coded(bytes: &[u8], found: Found, dictionary: &ArrayRef) -> Option<Coded> {
    let (&bit_width, packed) = bytes.split_first()?;
    let width = u32::from(bit_width);
    let codes = codes(packed, width, &found)?;
    let codes = found.spread(codes);
    let codes = match width {
        0..=8 => Codes::Narrow(codes.into_iter().map(|code| code as u8).collect()),
        9..=16 => Codes::Medium(codes.into_iter().map(|code| code as u16).collect()),
        _ => Codes::Wide(codes),
    };
    Coded::new(codes, found.nulls(), dictionary.clone())
}

fn codes(packed: &[u8], width: u32, found: &Found) -> Option<Vec<u32>> {
    let positions = &found.positions;
    if width == 0 {
        return Some(vec![0; positions.len()]);
    }
    if width > 32 {
        return None;
    }
    let mut runs = Runs::new(packed, width, found.value_count);
    let (mut out, mut first) = (Vec::with_capacity(positions.len()), 0_usize);
    while out.len() < positions.len() {
        let (len, packed, value) = match runs.next()? {
            Run::Repeated(value, len) => (len, None, value),
            Run::Packed(packed, len) => (len, Some(packed), 0),
        };
        while let Some(&position) = positions.get(out.len()).filter(|at| **at - first < len) {
            out.push(match packed {
                Some(packed) => bits_at(packed, (position - first) * width as usize, width)? as u32,
                None => value,
            });
        }
        first += len;
    }
    Some(out)
}

fn longs(bytes: &[u8], found: &Found) -> Option<Vec<i64>> {
    let count = found.value_count;
    let bytes = bytes.get(..count.checked_mul(8)?)?;
    let value = |&position: &usize| {
        let byte = |stream: usize| bytes[stream * count + position];
        i64::from_le_bytes(std::array::from_fn(byte))
    };
    Some(found.spread(found.positions.iter().map(value).collect()))
}

fn fixed(bytes: &[u8], size: usize, found: Found) -> Option<Values> {
    let mut values = Vec::with_capacity(found.positions.len() * size);
    let mut positions = found.positions.iter();
    let len = found.present.as_ref().map_or(positions.len(), Vec::len);
    for at in 0..len {
        if found.present.as_ref().is_none_or(|present| present[at]) {
            let start = positions.next()?.checked_mul(size)?;
            values.extend_from_slice(bytes.get(start..start.checked_add(size)?)?);
        } else {
            values.resize(values.len() + size, 0);
        }
    }
    let array = FixedSizeBinaryArray::try_new(size as i32, values.into(), found.nulls()).ok()?;
    Some(Values::Array(Arc::new(array)))
}
