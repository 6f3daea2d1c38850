//! The index writer's part for operations: their counts, which traces have them, and which rows of these traces.

use super::index_writer::Sealed;
use super::records::Operation;
use super::sections::{Section, SectionsWriter, put_varint};
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use std::collections::BTreeSet;

/// Service, name and kind, as codes of the buffer.
type Key = (u32, u32, u32);

/// Collects the operations of a segment, row after row.
pub struct OperationsWriter {
    numbers: HashMap<Key, u32, RandomState>,
    /// By name. Most names belong to one service and kind: that of the last span of this name.
    latest: Vec<u32>,
    keys: Vec<Key>,
    found: Vec<Found>,
}

/// What is found out of one operation.
struct Found {
    count: u64,
    min_start: i64,
    max_start: i64,
    latest_trace: u32,
    latest_row: u32,
    /// As the index has them.
    postings: Vec<u8>,
    rows: Vec<u8>,
}

impl Found {
    /// Note the next row of the operation: its trace, the first row of this, and the row.
    #[inline]
    fn add_row(&mut self, [trace, first_row, row]: [u32; 3]) {
        if self.count > 1 && self.latest_trace == trace {
            put_varint(
                &mut self.rows,
                u64::from(row - self.latest_row - 1) << 1 | 1,
            );
        } else {
            put_varint(&mut self.postings, u64::from(trace - self.latest_trace));
            put_varint(&mut self.rows, u64::from(row - first_row) << 1);
        }
        (self.latest_trace, self.latest_row) = (trace, row);
    }
}

impl OperationsWriter {
    /// One that knows no operation of so many names.
    pub fn new(name_count: usize) -> Self {
        Self {
            numbers: HashMap::default(),
            latest: vec![u32::MAX; name_count],
            keys: Vec::new(),
            found: Vec::new(),
        }
    }

    /// The next row: its operation and start; its trace, the first row of this, and the row.
    #[inline]
    pub fn add(&mut self, key: Key, start: i64, place: [u32; 3]) {
        let latest = self.latest[key.1 as usize];
        let number = if self.keys.get(latest as usize) == Some(&key) {
            latest
        } else {
            self.number(key)
        };
        let found = &mut self.found[number as usize];
        found.count += 1;
        found.min_start = found.min_start.min(start);
        found.max_start = found.max_start.max(start);
        found.add_row(place);
    }

    fn number(&mut self, key: Key) -> u32 {
        let next = self.keys.len() as u32;
        let number = *self.numbers.entry(key).or_insert(next);
        if number == next {
            self.keys.push(key);
            self.found.push(Found {
                count: 0,
                min_start: i64::MAX,
                max_start: i64::MIN,
                latest_trace: 0,
                latest_row: 0,
                postings: Vec::new(),
                rows: Vec::new(),
            });
        }
        self.latest[key.1 as usize] = number;
        number
    }

    /// Write all sections of services, names and operations; returns the number of each service's code.
    pub fn write(
        self,
        out: &mut SectionsWriter,
        sealed: &Sealed<'_>,
    ) -> HashMap<u32, u32, RandomState> {
        let data = &sealed.snapshot.data;
        let text = |key: &Key| {
            let (service, name) = (data.unit_texts.get(key.0), data.names.get(key.1));
            (service, name, key.2 as i32)
        };
        let mut found: Vec<(Key, Found)> = self.keys.into_iter().zip(self.found).collect();
        found.sort_unstable_by(|a, b| text(&a.0).cmp(&text(&b.0)));
        let services: BTreeSet<&[u8]> = found.iter().map(|(key, _)| text(key).0).collect();
        let names: BTreeSet<&[u8]> = found.iter().map(|(key, _)| text(key).1).collect();
        out.add_texts(Section::Services, services.iter().copied());
        out.add_texts(Section::Names, names.iter().copied());
        let numbered = |texts: &BTreeSet<&[u8]>| -> std::collections::HashMap<Vec<u8>, u32> {
            (0..)
                .zip(texts)
                .map(|(number, text)| (text.to_vec(), number))
                .collect()
        };
        let (service_numbers, name_numbers) = (numbered(&services), numbered(&names));
        let (mut records, mut numbers) = (Vec::new(), HashMap::default());
        for (key, found) in &found {
            let (service, name, kind) = text(key);
            let service = service_numbers[service];
            numbers.insert(key.0, service);
            let operation = Operation {
                service,
                name: name_numbers[name],
                kind,
                count: found.count,
                min_start: found.min_start,
                max_start: found.max_start,
            };
            records.push(operation.write());
        }
        out.add_numbers(Section::Operations, records);
        let parts = |part: fn(&Found) -> &[u8]| found.iter().map(move |(_, found)| part(found));
        add_parts(
            out,
            [Section::PostingStarts, Section::Postings],
            parts(|found| &found.postings),
        );
        add_parts(
            out,
            [Section::RowStarts, Section::Rows],
            parts(|found| &found.rows),
        );
        numbers
    }
}

/// Where each part begins (and one more), and all of them.
fn add_parts<'p>(
    out: &mut SectionsWriter,
    [starts_section, section]: [Section; 2],
    parts: impl Iterator<Item = &'p [u8]>,
) {
    let (mut starts, mut bytes) = (vec![0_u32], Vec::new());
    for part in parts {
        bytes.extend_from_slice(part);
        starts.push(bytes.len() as u32);
    }
    out.add_numbers(starts_section, starts.into_iter().map(u32::to_le_bytes));
    out.add(section, &bytes);
}
