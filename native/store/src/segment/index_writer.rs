//! The index of a segment, from what sealing knows. docs/formats/segment.md describes the sections.

use super::order::Order;
use super::plan::Plan;
use super::records::{AttributeEntry, ChunkEntry, Facts, Operation, PageEntry, RangeHash};
use super::sections::{Section, SectionsWriter, put_varint};
use super::thrift;
use super::write::SealFigures;
use crate::attributes;
use crate::buffer::layout::{ShapeItem, UnitField, shape_items, unit_field};
use crate::buffer::rows::HAS_EXTRAS;
use crate::buffer::snapshot::Snapshot;
use crate::recode::Recoder;
use crate::view::{KeyCount, Result, StoreError};
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use parquet::basic::Compression;
use parquet::file::metadata::ParquetMetaData;
use std::collections::BTreeSet;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

/// What a segment was sealed from.
pub struct Sealed<'a> {
    pub snapshot: &'a Snapshot,
    pub order: &'a Order,
    pub plan: &'a Plan,
    pub shapes: &'a Recoder,
}

/// The bytes of the index, and the segment's figures.
pub fn index(
    sealed: &Sealed<'_>,
    metadata: &ParquetMetaData,
    file: &[u8],
) -> Result<(Vec<u8>, SealFigures)> {
    let mut out = SectionsWriter::default();
    let facts = facts(sealed, file);
    out.add(Section::Facts, &facts.write());
    add_traces(&mut out, sealed, facts.seed);
    add_operations(&mut out, sealed);
    add_keys(&mut out, sealed);
    add_attributes(&mut out, sealed);
    let distinct = |field| distinct_unit_texts(sealed.snapshot, field);
    out.add_texts(
        Section::Resources,
        distinct(UnitField::ResourceAttributes).into_iter(),
    );
    out.add_texts(
        Section::Scopes,
        distinct(UnitField::ScopeAttributes).into_iter(),
    );
    add_key_counts(&mut out, &attributes::count_keys(sealed.snapshot)?);
    add_chunks(&mut out, metadata, file)?;
    let figures = SealFigures {
        span_count: facts.span_count,
        trace_count: facts.trace_count,
        min_start: facts.min_start,
        max_start: facts.max_start,
        attribute_columns: sealed.plan.attributes.len() as u64,
        ..SealFigures::default()
    };
    Ok((out.finish(), figures))
}

fn facts(sealed: &Sealed<'_>, file: &[u8]) -> Facts {
    let (order, snapshot) = (sealed.order, sealed.snapshot);
    let state = |at: Option<&super::order::OrderedTrace>| {
        at.map(|trace| snapshot.data.traces.get(trace.number))
    };
    let ids: Vec<u8> = order
        .traces
        .iter()
        .flat_map(|trace| snapshot.data.traces.get(trace.number).trace_id)
        .collect();
    Facts {
        span_count: order.rows.len() as u64,
        trace_count: order.traces.len() as u64,
        min_start: state(order.traces.first()).map_or(0, |state| state.start),
        max_start: order
            .rows
            .iter()
            .map(|&row| start(snapshot, row))
            .max()
            .unwrap_or(0),
        max_trace_start: state(order.traces.last()).map_or(0, |state| state.start),
        data_bytes: file.len() as u64,
        seed: xxh3_64(&ids),
    }
}

fn start(snapshot: &Snapshot, row: u32) -> i64 {
    let (piece, at) = snapshot.data.rows.locate(row);
    piece.start[at]
}

fn add_traces(out: &mut SectionsWriter, sealed: &Sealed<'_>, seed: u64) {
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
    out.add(Section::TraceFlags, &trace_flags(sealed));
    let pairs = |count: &dyn Fn(&super::order::OrderedTrace) -> u32| {
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

fn trace_flags(sealed: &Sealed<'_>) -> Vec<u8> {
    let data = &sealed.snapshot.data;
    let mut flags = vec![0; sealed.order.traces.len()];
    for (trace, next) in (0..flags.len()).map(|at| (at, at + 1)) {
        let first = sealed.order.traces[trace].first_row as usize;
        let end = sealed
            .order
            .traces
            .get(next)
            .map_or(sealed.order.rows.len(), |next| next.first_row as usize);
        for &row in &sealed.order.rows[first..end] {
            let (piece, at) = data.rows.locate(row);
            if piece.shape[at] & HAS_EXTRAS != 0 {
                let extras = data
                    .attributes_and_extras(piece.shape[at], piece.slots(at))
                    .1
                    .get();
                flags[trace] |=
                    u8::from(extras.event_count() > 0) | u8::from(extras.link_count() > 0) << 1;
            }
        }
    }
    flags
}

/// What is found out of one operation.
struct Found {
    count: u64,
    min_start: i64,
    max_start: i64,
    postings: Vec<u32>,
}

fn add_operations(out: &mut SectionsWriter, sealed: &Sealed<'_>) {
    let data = &sealed.snapshot.data;
    let mut found = find_operations(sealed);
    let text = |key: &(u32, u32, i32)| (data.unit_texts.get(key.0), data.names.get(key.1), key.2);
    found.sort_unstable_by(|a, b| text(&a.0).cmp(&text(&b.0)));
    let services: BTreeSet<&[u8]> = found.iter().map(|(key, _)| text(key).0).collect();
    let names: BTreeSet<&[u8]> = found.iter().map(|(key, _)| text(key).1).collect();
    let numbered = |texts: &BTreeSet<&[u8]>| -> std::collections::HashMap<Vec<u8>, u32> {
        (0..)
            .zip(texts)
            .map(|(number, text)| (text.to_vec(), number))
            .collect()
    };
    let (service_numbers, name_numbers) = (numbered(&services), numbered(&names));
    out.add_texts(Section::Services, services.iter().copied());
    out.add_texts(Section::Names, names.iter().copied());
    let (mut records, mut starts, mut postings) = (Vec::new(), vec![0_u32], Vec::new());
    for (key, found) in &found {
        let (service, name, kind) = text(key);
        records.push(
            Operation {
                service: service_numbers[service],
                name: name_numbers[name],
                kind,
                count: found.count,
                min_start: found.min_start,
                max_start: found.max_start,
            }
            .write(),
        );
        let mut previous = 0;
        for &trace in &found.postings {
            put_varint(&mut postings, u64::from(trace - previous));
            previous = trace;
        }
        starts.push(postings.len() as u32);
    }
    out.add_numbers(Section::Operations, records);
    out.add_numbers(
        Section::PostingStarts,
        starts.into_iter().map(u32::to_le_bytes),
    );
    out.add(Section::Postings, &postings);
}

fn find_operations(sealed: &Sealed<'_>) -> Vec<((u32, u32, i32), Found)> {
    let data = &sealed.snapshot.data;
    let mut numbers: HashMap<(u32, u32, i32), usize, RandomState> = HashMap::default();
    let mut found: Vec<((u32, u32, i32), Found)> = Vec::new();
    let mut trace = 0;
    for (at_row, &row) in (0_u32..).zip(&sealed.order.rows) {
        while sealed
            .order
            .traces
            .get(trace + 1)
            .is_some_and(|next| next.first_row <= at_row)
        {
            trace += 1;
        }
        let (piece, at) = data.rows.locate(row);
        let service = unit_field(data.units.get(piece.unit[at]), UnitField::Service);
        let key = (service, piece.name[at], piece.kind[at]);
        let number = *numbers.entry(key).or_insert_with(|| {
            let new = Found {
                count: 0,
                min_start: i64::MAX,
                max_start: i64::MIN,
                postings: Vec::new(),
            };
            found.push((key, new));
            found.len() - 1
        });
        let operation = &mut found[number].1;
        operation.count += 1;
        operation.min_start = operation.min_start.min(piece.start[at]);
        operation.max_start = operation.max_start.max(piece.start[at]);
        if operation.postings.last() != Some(&(trace as u32)) {
            operation.postings.push(trace as u32);
        }
    }
    found
}

/// Keys, shapes, and which keys have something among the rest.
fn add_keys(out: &mut SectionsWriter, sealed: &Sealed<'_>) {
    let data = &sealed.snapshot.data;
    let mut keys = Recoder::new(data.keys.len() as usize, data.keys.len() as usize);
    let (mut starts, mut shapes, mut rest) = (vec![0_u32], Vec::new(), BTreeSet::new());
    for attribute in &sealed.plan.attributes {
        keys.get(attribute.key);
    }
    for &shape in &sealed.shapes.used {
        let items: Vec<ShapeItem> = shape_items(data.shapes.get(shape)).collect();
        for (at, item) in items.iter().enumerate() {
            let key = keys.get(item.key) as u32;
            put_varint(
                &mut shapes,
                u64::from(key) << 3 | u64::from(item.value_type),
            );
            if sealed.plan.column(*item).is_none()
                || data.has_duplicates && items[..at].contains(item)
            {
                rest.insert(key);
            }
        }
        starts.push(shapes.len() as u32);
    }
    out.add_texts(
        Section::Keys,
        keys.used.iter().map(|&key| data.keys.get(key)),
    );
    out.add_numbers(Section::RestKeys, rest.into_iter().map(u32::to_le_bytes));
    out.add_numbers(
        Section::ShapeStarts,
        starts.into_iter().map(u32::to_le_bytes),
    );
    out.add(Section::Shapes, &shapes);
}

/// The attribute columns; the key of column n may be shared with others. `add_keys` has coded the keys in this order.
fn add_attributes(out: &mut SectionsWriter, sealed: &Sealed<'_>) {
    let data = &sealed.snapshot.data;
    let mut keys = Recoder::new(data.keys.len() as usize, data.keys.len() as usize);
    let (mut entries, mut values, mut counts) = (Vec::new(), Vec::new(), Vec::new());
    for attribute in &sealed.plan.attributes {
        let first_value = values.len() as u32;
        if attribute.listed {
            let texts = &data.key_texts[attribute.key as usize];
            let mut listed: std::collections::BTreeMap<&[u8], u64> =
                std::collections::BTreeMap::new();
            for (code, &count) in (0..)
                .zip(&attribute.text_counts)
                .filter(|(_, count)| **count > 0)
            {
                *listed.entry(texts.get(code)).or_default() += u64::from(count);
            }
            values.extend(listed.keys());
            counts.extend(listed.values().map(|count| count.to_le_bytes()));
        }
        entries.push(
            AttributeEntry {
                key: keys.get(attribute.key) as u32,
                value_type: attribute.value_type,
                listed: attribute.listed,
                span_count: attribute.span_count,
                first_value,
                end_value: values.len() as u32,
            }
            .write(),
        );
    }
    out.add_numbers(Section::Attributes, entries);
    out.add_texts(Section::Values, values.into_iter());
    out.add_numbers(Section::ValueCounts, counts);
}

fn distinct_unit_texts(snapshot: &Snapshot, field: UnitField) -> BTreeSet<&[u8]> {
    let data = &snapshot.data;
    data.units
        .iter()
        .map(|unit| data.unit_texts.get(unit_field(unit, field)))
        .collect()
}

fn add_key_counts(out: &mut SectionsWriter, counts: &[KeyCount]) {
    let mut bytes = Vec::new();
    for count in counts {
        bytes.push(count.scope as u8);
        bytes.push(count.value_type);
        put_varint(&mut bytes, count.span_count);
        put_varint(&mut bytes, count.key.len() as u64);
        bytes.extend_from_slice(count.key.as_bytes());
    }
    out.add(Section::KeyCounts, &bytes);
}

/// Where every page is, and a hash of every part of the file.
fn add_chunks(out: &mut SectionsWriter, metadata: &ParquetMetaData, file: &[u8]) -> Result<()> {
    let (mut chunks, mut pages, mut starts, mut parts) =
        (Vec::new(), Vec::new(), vec![0_u32], Vec::new());
    for (number, group) in metadata.row_groups().iter().enumerate() {
        let index = metadata.page_index_for_row_group(number);
        for (leaf, chunk) in group.columns().iter().enumerate() {
            let (start, len) = chunk.byte_range();
            parts.push((start, start + len));
            let bloom = match (chunk.bloom_filter_offset(), chunk.bloom_filter_length()) {
                (Some(offset), Some(len)) => bloom_bits(file, offset as u64, len as u64)?,
                _ => (0, 0),
            };
            let locations = index
                .page_locations(leaf)
                .ok_or_else(|| StoreError("a column chunk without a page index".into()))?;
            pages.extend(locations.iter().map(|page| {
                PageEntry {
                    offset: page.offset as u64,
                    bytes: page.compressed_page_size as u32,
                    first_row: page.first_row_index as u32,
                }
                .write()
            }));
            starts.push(pages.len() as u32);
            let dictionary = chunk
                .dictionary_page_offset()
                .map_or(0, |offset| offset as u64);
            let first_page = locations.first().map_or(0, |page| page.offset as u64);
            chunks.push(
                ChunkEntry {
                    dictionary,
                    dictionary_bytes: if dictionary == 0 {
                        0
                    } else {
                        (first_page - dictionary) as u32
                    },
                    compressed: chunk.compression() != Compression::UNCOMPRESSED,
                    bloom: bloom.0,
                    bloom_bytes: bloom.1,
                }
                .write(),
            );
        }
    }
    out.add_numbers(
        Section::ChunkPages,
        starts.into_iter().map(u32::to_le_bytes),
    );
    out.add_numbers(Section::Pages, pages);
    out.add_numbers(Section::Chunks, chunks);
    out.add_numbers(Section::Hashes, hashes(parts, file));
    Ok(())
}

/// The bits of a bloom filter: behind its header.
fn bloom_bits(file: &[u8], offset: u64, len: u64) -> Result<(u64, u32)> {
    let whole = file.get(offset as usize..(offset + len) as usize);
    let header = whole.and_then(thrift::bloom_header);
    let (bits, header_bytes) =
        header.ok_or_else(|| StoreError("a bloom filter that cannot be read".into()))?;
    Ok((offset + header_bytes as u64, bits))
}

/// Hashes of the parts, and of what lies between them.
fn hashes(mut parts: Vec<(u64, u64)>, file: &[u8]) -> Vec<[u8; RangeHash::BYTES]> {
    parts.sort_unstable();
    let (mut whole, mut end) = (Vec::new(), 0);
    for (start, stop) in parts {
        if end < start {
            whole.push((end, start));
        }
        whole.push((start, stop));
        end = stop;
    }
    whole.push((end, file.len() as u64));
    let hash = |(start, end): (u64, u64)| RangeHash {
        start,
        end,
        hash: xxh3_64(&file[start as usize..end as usize]),
    };
    whole.into_iter().map(|range| hash(range).write()).collect()
}
