//! The index of a segment, from what sealing knows. docs/formats/segment.md describes the sections.

use super::collected::Collected;
use super::index_chunks::add_chunks;
use super::index_traces::add_traces;
use super::key_counts::count_keys;
use super::order::Order;
use super::plan::Plan;
use super::records::{AttributeEntry, Facts};
use super::sections::{Section, SectionsWriter, put_varint};
use super::write::SealFigures;
use crate::buffer::layout::{ShapeItem, UnitField, shape_items, unit_field};
use crate::buffer::snapshot::Snapshot;
use crate::recode::Recoder;
use crate::view::{KeyCount, Result};
use parquet::file::metadata::ParquetMetaData;
use std::collections::BTreeSet;
use xxhash_rust::xxh3::xxh3_64;

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
    collected: Collected<'_>,
    metadata: &ParquetMetaData,
    file: &[u8],
) -> Result<(Vec<u8>, SealFigures)> {
    let mut out = SectionsWriter::default();
    let facts = facts(sealed, collected.max_start, file);
    out.add(Section::Facts, &facts.write());
    add_traces(&mut out, sealed, facts.seed, &collected.trace_flags);
    let services = collected.operations.write(&mut out, sealed);
    collected
        .calls
        .write(&mut out, |service| services[&service]);
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
    let key_counts = count_keys(sealed, &collected.unit_spans, collected.nested_keys)?;
    add_key_counts(&mut out, &key_counts);
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

fn facts(sealed: &Sealed<'_>, max_start: Option<i64>, file: &[u8]) -> Facts {
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
        max_start: max_start.unwrap_or(0),
        max_trace_start: state(order.traces.last()).map_or(0, |state| state.start),
        data_bytes: file.len() as u64,
        seed: xxh3_64(&ids),
    }
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
