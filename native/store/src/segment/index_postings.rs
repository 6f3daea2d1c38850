//! The index writer's part for operations: their counts, which traces have them, and which rows of these traces.

use super::index_calls::CallsWriter;
use super::index_writer::Sealed;
use super::records::Operation;
use super::sections::{Section, SectionsWriter, put_varint};
use crate::buffer::layout::{UnitField, unit_field};
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use std::collections::BTreeSet;

/// What is found out of one operation.
struct Found {
    count: u64,
    min_start: i64,
    max_start: i64,
    postings: Vec<u32>,
    rows: Vec<u8>,
    latest_row: u32,
}

impl Found {
    /// Note the next row of the operation, so far behind the first row of its trace.
    fn add_row(&mut self, trace: u32, row: u32, offset: u32) {
        if self.postings.last() == Some(&trace) {
            put_varint(
                &mut self.rows,
                u64::from(row - self.latest_row - 1) << 1 | 1,
            );
        } else {
            self.postings.push(trace);
            put_varint(&mut self.rows, u64::from(offset) << 1);
        }
        self.latest_row = row;
    }
}

pub fn add_operations(out: &mut SectionsWriter, sealed: &Sealed<'_>) {
    let data = &sealed.snapshot.data;
    let (mut found, calls) = find_operations(sealed);
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
    let (mut row_starts, mut rows) = (vec![0_u32], Vec::new());
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
        rows.extend_from_slice(&found.rows);
        row_starts.push(rows.len() as u32);
    }
    out.add_numbers(Section::Operations, records);
    out.add_numbers(
        Section::PostingStarts,
        starts.into_iter().map(u32::to_le_bytes),
    );
    out.add(Section::Postings, &postings);
    out.add_numbers(
        Section::RowStarts,
        row_starts.into_iter().map(u32::to_le_bytes),
    );
    out.add(Section::Rows, &rows);
    calls.write(out, |service| service_numbers[data.unit_texts.get(service)]);
}

type Operations = Vec<((u32, u32, i32), Found)>;

fn find_operations(sealed: &Sealed<'_>) -> (Operations, CallsWriter) {
    let data = &sealed.snapshot.data;
    let mut numbers: HashMap<(u32, u32, i32), usize, RandomState> = HashMap::default();
    // Most names belong to one service and kind: that of the last span of this name.
    let mut latest: Vec<usize> = vec![usize::MAX; data.names.len() as usize];
    let services = data
        .units
        .iter()
        .map(|unit| unit_field(unit, UnitField::Service));
    let services: Vec<u32> = services.collect();
    let (mut found, mut calls) = (Operations::new(), CallsWriter::default());
    let mut trace = 0;
    let distances = &sealed.order.parent_distance;
    for ((at_row, &row), &distance) in (0_u32..).zip(&sealed.order.rows).zip(distances) {
        while sealed
            .order
            .traces
            .get(trace + 1)
            .is_some_and(|next| next.first_row <= at_row)
        {
            trace += 1;
        }
        let (piece, at) = data.rows.locate(row);
        let service = services[piece.unit[at] as usize];
        let key = (service, piece.name[at], piece.kind[at]);
        let latest = &mut latest[piece.name[at] as usize];
        if found.get(*latest).is_none_or(|found| found.0 != key) {
            *latest = *numbers.entry(key).or_insert_with(|| {
                let new = Found {
                    count: 0,
                    min_start: i64::MAX,
                    max_start: i64::MIN,
                    postings: Vec::new(),
                    rows: Vec::new(),
                    latest_row: 0,
                };
                found.push((key, new));
                found.len() - 1
            });
        }
        let operation = &mut found[*latest].1;
        operation.count += 1;
        operation.min_start = operation.min_start.min(piece.start[at]);
        operation.max_start = operation.max_start.max(piece.start[at]);
        let first_row = sealed.order.traces[trace].first_row;
        operation.add_row(trace as u32, at_row, at_row - first_row);
        calls.add(service, distance, piece.status_code[at], piece.duration[at]);
    }
    (found, calls)
}
