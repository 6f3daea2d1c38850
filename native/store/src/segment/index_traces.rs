//! The index writer's part for traces: ids, times, counts, and the table that finds a trace by its id.

use super::index_writer::Sealed;
use super::order::OrderedTrace;
use super::sections::{Section, SectionsWriter};
use xxhash_rust::xxh3::xxh3_64_with_seed;

pub fn add_traces(out: &mut SectionsWriter, sealed: &Sealed<'_>, seed: u64, flags: &[u8]) {
    let traces = &sealed.order.traces;
    let state = |number: u32| sealed.snapshot.data.traces.get(number);
    out.add_numbers(
        Section::TraceIds,
        traces.iter().map(|trace| state(trace.number).trace_id),
    );
    let ends = std::iter::once(sealed.order.rows.len() as u32);
    out.add_numbers(
        Section::TraceRows,
        traces
            .iter()
            .map(|trace| trace.first_row)
            .chain(ends)
            .map(u32::to_le_bytes),
    );
    out.add_numbers(
        Section::TraceStarts,
        traces
            .iter()
            .map(|trace| state(trace.number).start.to_le_bytes()),
    );
    let duration = |number| {
        state(number)
            .end
            .saturating_sub(state(number).start)
            .to_le_bytes()
    };
    out.add_numbers(
        Section::TraceDurations,
        traces.iter().map(|trace| duration(trace.number)),
    );
    let ids = traces.iter().map(|trace| state(trace.number).trace_id);
    out.add_numbers(
        Section::TraceTable,
        trace_table(ids, traces.len(), seed)
            .into_iter()
            .map(u32::to_le_bytes),
    );
    out.add(Section::TraceFlags, flags);
    let pairs = |count: &dyn Fn(&OrderedTrace) -> u32| {
        let counted = (0_u32..)
            .zip(traces)
            .map(|(number, trace)| (number, count(trace)));
        counted
            .filter(|(_, count)| *count > 0)
            .map(pair)
            .collect::<Vec<_>>()
    };
    out.add_numbers(
        Section::TraceErrors,
        pairs(&|trace| state(trace.number).error_count),
    );
    out.add_numbers(Section::TraceOrphans, pairs(&|trace| trace.orphan_count));
    out.add_numbers(
        Section::TraceRoots,
        pairs(&|trace| trace.root - trace.first_row),
    );
}

fn pair((first, second): (u32, u32)) -> [u8; 8] {
    (u64::from(first) | u64::from(second) << 32).to_le_bytes()
}

/// An open table with a third of its places free at least.
fn trace_table(ids: impl Iterator<Item = [u8; 16]>, count: usize, seed: u64) -> Vec<u32> {
    let mut table = vec![0; table_len(count)];
    for (number, id) in (1..).zip(ids) {
        let mut place = place(&id, seed, table.len());
        while table[place] != 0 {
            place = (place + 1) % table.len();
        }
        table[place] = number;
    }
    table
}

fn table_len(count: usize) -> usize {
    (count * 3 / 2).max(1)
}

/// Where the search for a trace begins.
#[inline]
pub fn place(id: &[u8; 16], seed: u64, table_len: usize) -> usize {
    ((u128::from(xxh3_64_with_seed(id, seed)) * table_len as u128) >> 64) as usize
}
