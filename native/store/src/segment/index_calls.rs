//! Calls between services in the index: how often, with how many errors, and how long each took.
//!
//! A call is a span whose parent is a span of another service. Durations are kept whole and sorted, so that percentiles
//! over many segments are exact without reading a column.

use super::index::{Index, text};
use super::records::Call;
use super::sections::{Section, SectionsWriter, put_varint, take_varint};
use super::values::{bits_at, unzigzag};
use crate::services::STATUS_ERROR;
use crate::view::{KnownCalls, Result, StoreError};
use foldhash::fast::RandomState;
use hashbrown::HashMap;

/// Gaps between durations that share a bit width.
const BLOCK: usize = 32;

/// Collects the calls of a segment, row after row.
#[derive(Default)]
pub struct CallsWriter {
    services: Vec<u32>,
    edges: HashMap<(u32, u32), Found, RandomState>,
}

#[derive(Default)]
struct Found {
    error_count: u64,
    durations: Vec<i64>,
}

impl CallsWriter {
    /// The next row: its service, how far before it its parent is (0 for none), its status and duration.
    #[inline]
    pub fn add(&mut self, service: u32, parent_distance: u32, status: u32, duration: i64) {
        let row = self.services.len();
        self.services.push(service);
        let parent = row.checked_sub(parent_distance as usize);
        let caller = parent.map_or(service, |parent| self.services[parent]);
        if caller != service {
            let found = self.edges.entry((caller, service)).or_default();
            found.error_count += u64::from(status as i32 == STATUS_ERROR);
            found.durations.push(duration);
        }
    }

    /// Write both sections; `number` is the place of a service among the sorted ones.
    pub fn write(self, out: &mut SectionsWriter, number: impl Fn(u32) -> u32) {
        let numbered = self.edges.into_iter();
        let mut edges: Vec<_> = numbered
            .map(|((caller, service), found)| (number(caller), number(service), found))
            .collect();
        edges.sort_unstable_by_key(|(caller, service, _)| (*caller, *service));
        let (mut records, mut bytes) = (Vec::new(), Vec::new());
        for (caller, service, mut found) in edges {
            sort(&mut found.durations);
            put_sorted(&mut bytes, &found.durations);
            let call = Call {
                caller,
                service,
                count: found.durations.len() as u64,
                error_count: found.error_count,
                end: bytes.len() as u64,
            };
            records.push(call.write());
        }
        out.add_numbers(Section::Calls, records);
        out.add(Section::CallDurations, &bytes);
    }
}

impl Index {
    /// All calls; None in a segment that was written before they were counted.
    pub fn calls(&self) -> Result<Option<Vec<KnownCalls>>> {
        if !self.has(Section::Calls) {
            return Ok(None);
        }
        let services = self.texts(Section::Services);
        let durations = self.section(Section::CallDurations);
        let mut start = 0;
        let mut calls = Vec::new();
        for record in self.section(Section::Calls).chunks_exact(Call::BYTES) {
            let call = Call::read(record).ok_or_else(no_sense)?;
            let end = usize::try_from(call.end).map_err(|_| no_sense())?;
            let bytes = durations.get(start..end).ok_or_else(no_sense)?;
            start = end;
            calls.push(KnownCalls {
                caller: text(services.get(call.caller)),
                service: text(services.get(call.service)),
                error_count: call.error_count,
                durations: take_sorted(bytes, call.count as usize).ok_or_else(no_sense)?,
            });
        }
        Ok(Some(calls))
    }
}

fn no_sense() -> StoreError {
    StoreError("the index is damaged: its calls make no sense".into())
}

/// Bits of a number that it is sorted by at a time.
const DIGIT: u32 = 11;
/// Numbers below this are sorted in three times: 8.6 s in nanoseconds.
const SHORT: i64 = 1 << (3 * DIGIT);
/// From so many numbers on that is faster than comparing them.
const MANY: usize = 1 << DIGIT;

/// Sort durations: many short ones without comparing them.
fn sort(durations: &mut Vec<i64>) {
    let is_short = |duration: &i64| (0..SHORT).contains(duration);
    if durations.len() < MANY || !durations.iter().all(is_short) {
        return durations.sort_unstable();
    }
    let mut sorted = vec![0; durations.len()];
    for pass in 0..3 {
        let digit = |duration: i64| (duration >> (pass * DIGIT)) as usize % (1 << DIGIT);
        let mut places = [0_u32; 1 << DIGIT];
        for &duration in durations.iter() {
            places[digit(duration)] += 1;
        }
        let mut end = 0;
        for place in &mut places {
            end += std::mem::replace(place, end);
        }
        for &duration in durations.iter() {
            let place = &mut places[digit(duration)];
            sorted[*place as usize] = duration;
            *place += 1;
        }
        std::mem::swap(durations, &mut sorted);
    }
}

/// Append sorted numbers: the first, then the gaps, so many at a time with as many bits as the largest of them needs.
fn put_sorted(out: &mut Vec<u8>, sorted: &[i64]) {
    let Some(&first) = sorted.first() else { return };
    put_varint(out, ((first << 1) ^ (first >> 63)) as u64);
    let gaps: Vec<u64> = sorted
        .windows(2)
        .map(|pair| pair[1].wrapping_sub(pair[0]) as u64)
        .collect();
    for block in gaps.chunks(BLOCK) {
        let width = u64::BITS - block.iter().fold(0, |all, gap| all | gap).leading_zeros();
        out.push(width as u8);
        let (mut word, mut filled) = (0_u128, 0);
        for &gap in block {
            word |= u128::from(gap) << filled;
            filled += width;
            while filled >= 8 {
                out.push(word as u8);
                word >>= 8;
                filled -= 8;
            }
        }
        if filled > 0 {
            out.push(word as u8);
        }
    }
}

fn take_sorted(mut bytes: &[u8], count: usize) -> Option<Vec<i64>> {
    // A block takes a byte at least, so a number beyond this is a lie that would only cost memory.
    if count > 1 + BLOCK * bytes.len() {
        return None;
    }
    let mut sorted = Vec::with_capacity(count);
    if count == 0 {
        return Some(sorted);
    }
    let mut value = unzigzag(take_varint(&mut bytes)?);
    sorted.push(value);
    while sorted.len() < count {
        let (&width, rest) = bytes.split_first()?;
        let gaps = BLOCK.min(count - sorted.len());
        let (packed, rest) = rest.split_at_checked((gaps * usize::from(width)).div_ceil(8))?;
        bytes = rest;
        for at in 0..gaps {
            let gap = bits_at(packed, at * usize::from(width), u32::from(width))?;
            value = value.wrapping_add(gap as i64);
            sorted.push(value);
        }
    }
    Some(sorted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn sorted_numbers_come_back(mut numbers in prop::collection::vec(prop_oneof![any::<i64>(), 0_i64..1000], 0..200)) {
            numbers.sort_unstable();
            let mut bytes = Vec::new();
            put_sorted(&mut bytes, &numbers);
            prop_assert_eq!(take_sorted(&bytes, numbers.len()), Some(numbers));
        }

        #[test]
        fn many_durations_are_sorted(
            many in prop::collection::vec(prop_oneof![0_i64..1 << 20, 0..SHORT], MANY..MANY + 9), other in any::<i64>(), more in any::<bool>(),
        ) {
            let mut durations = many;
            durations.extend(more.then_some(other));
            let mut wanted = durations.clone();
            wanted.sort_unstable();
            sort(&mut durations);
            prop_assert_eq!(durations, wanted);
        }

        #[test]
        fn damaged_numbers_are_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..100), count in 0_usize..5000) {
            let _ = take_sorted(&bytes, count);
        }
    }
}
