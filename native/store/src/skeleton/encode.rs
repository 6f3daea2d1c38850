//! A skeleton as bytes or as JSON: docs/specs/skeleton.md has the layout.

use super::Wish;
use super::critical::Segment;
use super::outline::{Coded, MissingParent, Outline};
use crate::structure::NONE;
use serde_json::{Map, Value, json};

const MAGIC: &[u8; 4] = b"LYSK";
const VERSION: u16 = 1;
const PREFIX_BYTES: usize = 16;
const MISSING_MAX: usize = 1000;
const ROWS_MAX: usize = 100;

/// Everything that a skeleton says.
pub struct Skeleton<'a> {
    /// Its columns.
    pub outline: &'a Outline,
    /// By row.
    pub self_time: &'a [i64],
    /// The critical path.
    pub path: &'a [Segment],
    /// How many spans clocks would move.
    pub skewed_count: usize,
    /// What was asked.
    pub wish: Wish,
}

/// A column on its way out.
enum Column {
    Shorts(Vec<u16>),
    Ints(Vec<u32>),
    Doubles(Vec<f64>),
}

/// A column's place among the others: in the object `columns`, `critical` or `orphans`, by name.
struct Named {
    group: &'static str,
    name: &'static str,
    column: Column,
}

impl Skeleton<'_> {
    /// As it was wished for.
    pub fn encode(&self) -> Vec<u8> {
        let (start, end) = self.bounds();
        let columns = self.columns(start, end);
        let mut header = self.header(start, end);
        if self.wish.as_json {
            place(&mut header, &columns, |_, named| named.column.to_json());
            return Value::Object(header).to_string().into_bytes();
        }
        to_bytes(&mut header, &columns, self.outline.len())
    }

    /// From the earliest start to the latest end.
    fn bounds(&self) -> (i64, i64) {
        let rows = 0..self.outline.len();
        rows.map(|row| self.outline.interval(row))
            .reduce(|(from, to), (start, end)| (from.min(start), to.max(end)))
            .unwrap_or_default()
    }

    fn columns(&self, start: i64, end: i64) -> Vec<Named> {
        let outline = self.outline;
        let wide = end.saturating_sub(start) > i64::from(u32::MAX)
            || outline.duration.iter().any(|&duration| duration < 0);
        let since = |time: i64| time.saturating_sub(start);
        let times = |values: &mut dyn Iterator<Item = i64>| {
            if wide {
                Column::Doubles(values.map(|value| value as f64).collect())
            } else {
                Column::Ints(values.map(|value| value as u32).collect())
            }
        };
        let column = |name, column| Named {
            group: "columns",
            name,
            column,
        };
        let critical = |name, column| Named {
            group: "critical",
            name,
            column,
        };
        let path = self.path;
        let orphans = self.missing().flat_map(|parent| &parent.rows);
        vec![
            column(
                "start",
                times(&mut outline.start.iter().map(|&time| since(time))),
            ),
            column("duration", times(&mut outline.duration.iter().copied())),
            column("selfTime", times(&mut self.self_time.iter().copied())),
            column("parent", Column::Ints(outline.parent.clone())),
            column("service", codes(&outline.service)),
            column("name", codes(&outline.name)),
            column("scope", codes(&outline.scope)),
            column("flags", Column::Shorts(outline.flags.clone())),
            critical(
                "row",
                Column::Ints(path.iter().map(|segment| segment.row).collect()),
            ),
            critical(
                "start",
                times(&mut path.iter().map(|segment| since(segment.start))),
            ),
            critical(
                "end",
                times(&mut path.iter().map(|segment| since(segment.end))),
            ),
            Named {
                group: "orphans",
                name: "row",
                column: Column::Ints(orphans.copied().collect()),
            },
        ]
    }

    fn header(&self, start: i64, end: i64) -> Map<String, Value> {
        let outline = self.outline;
        let errors = (0..outline.len()).filter(|&row| outline.is_error(row));
        let header = json!({
            "traceId": hex(&outline.trace_id),
            "spanCount": outline.len(),
            "errorCount": errors.count(),
            "orphanCount": outline.orphan_count,
            "rootRow": outline.root,
            "depthMax": depth_max(&outline.parent),
            "startTimeUnixNano": start.to_string(),
            "durationNano": end.saturating_sub(start),
            "times": if self.wish.adjusted { "adjusted" } else { "raw" },
            "skewedCount": self.skewed_count,
            "isBuffered": self.wish.is_buffered,
            "services": self.services(),
            "names": outline.name.texts,
            "scopes": outline.scope.texts,
            "missingParents": self.missing_parents(),
            "columns": {},
            "critical": {"count": self.path.len()},
            "orphans": {"count": self.missing().map(|parent| parent.rows.len()).sum::<usize>()},
        });
        match header {
            Value::Object(header) => header,
            _ => Map::new(),
        }
    }

    fn services(&self) -> Vec<Value> {
        let service = &self.outline.service;
        let mut counts = vec![(0_u64, 0_u64); service.texts.len()];
        for (row, &code) in service.codes.iter().enumerate() {
            let count = &mut counts[code as usize];
            count.0 += 1;
            count.1 += u64::from(self.outline.is_error(row));
        }
        let services = service.texts.iter().zip(counts);
        services
            .map(|(name, (spans, errors))| json!({"name": name, "spanCount": spans, "errorCount": errors}))
            .collect()
    }

    /// The parents that are told.
    fn missing(&self) -> impl Iterator<Item = &MissingParent> {
        self.outline.missing.iter().take(MISSING_MAX)
    }

    fn missing_parents(&self) -> Vec<Value> {
        self.missing()
            .map(|parent| {
                let rows = &parent.rows[..parent.rows.len().min(ROWS_MAX)];
                json!({"spanId": hex(&parent.span_id.to_be_bytes()), "count": parent.rows.len(), "rows": rows})
            })
            .collect()
    }
}

impl Column {
    fn type_name(&self) -> &'static str {
        match self {
            Self::Shorts(_) => "u16",
            Self::Ints(_) => "u32",
            Self::Doubles(_) => "f64",
        }
    }

    fn byte_count(&self) -> usize {
        match self {
            Self::Shorts(values) => 2 * values.len(),
            Self::Ints(values) => 4 * values.len(),
            Self::Doubles(values) => 8 * values.len(),
        }
    }

    fn write(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Shorts(values) => values
                .iter()
                .for_each(|value| bytes.extend_from_slice(&value.to_le_bytes())),
            Self::Ints(values) => values
                .iter()
                .for_each(|value| bytes.extend_from_slice(&value.to_le_bytes())),
            Self::Doubles(values) => values
                .iter()
                .for_each(|value| bytes.extend_from_slice(&value.to_le_bytes())),
        }
    }

    fn to_json(&self) -> Value {
        let whole = |value: u32| match value {
            NONE => Value::Null,
            value => Value::from(value),
        };
        match self {
            Self::Shorts(values) => values.iter().copied().map(Value::from).collect(),
            Self::Ints(values) => values.iter().copied().map(whole).collect(),
            Self::Doubles(values) => values
                .iter()
                .map(|&value| Value::from(value as i64))
                .collect(),
        }
    }
}

/// Codes in 16 bits when they fit.
fn codes(coded: &Coded) -> Column {
    if coded.texts.len() <= 1 << 16 {
        Column::Shorts(coded.codes.iter().map(|&code| code as u16).collect())
    } else {
        Column::Ints(coded.codes.clone())
    }
}

/// Put something in the header for each column, which may look at how many bytes come before it.
fn place(
    header: &mut Map<String, Value>,
    columns: &[Named],
    describe: impl Fn(usize, &Named) -> Value,
) {
    let mut before = 0;
    for named in columns {
        if let Some(Value::Object(group)) = header.get_mut(named.group) {
            group.insert(named.name.to_owned(), describe(before, named));
        }
        before += aligned(named.column.byte_count());
    }
}

fn to_bytes(header: &mut Map<String, Value>, columns: &[Named], span_count: usize) -> Vec<u8> {
    // Offsets depend on the header's length, which depends on the offsets' digits: leave room for the longest ones.
    let describe = |begin: usize| move |before: usize, named: &Named| json!({"type": named.column.type_name(), "offset": begin + before});
    let columns_bytes: usize = columns
        .iter()
        .map(|named| aligned(named.column.byte_count()))
        .sum();
    place(header, columns, describe(u32::MAX as usize));
    let header_bytes = aligned(Value::Object(header.clone()).to_string().len());
    let begin = PREFIX_BYTES + header_bytes;
    place(header, columns, describe(begin));
    let mut text = Value::Object(std::mem::take(header))
        .to_string()
        .into_bytes();
    text.resize(header_bytes, b' ');
    let mut bytes = Vec::with_capacity(begin + columns_bytes);
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    bytes.extend_from_slice(&[0, 0]);
    bytes.extend_from_slice(&(header_bytes as u32).to_le_bytes());
    bytes.extend_from_slice(&(span_count as u32).to_le_bytes());
    bytes.extend_from_slice(&text);
    for named in columns {
        named.column.write(&mut bytes);
        bytes.resize(aligned(bytes.len()), 0);
    }
    bytes
}

fn aligned(byte_count: usize) -> usize {
    byte_count.next_multiple_of(8)
}

fn depth_max(parent: &[u32]) -> u32 {
    let mut depths = vec![0_u32; parent.len()];
    for row in 0..parent.len() {
        if parent[row] != NONE {
            depths[row] = depths[parent[row] as usize] + 1;
        }
    }
    depths.into_iter().max().unwrap_or(0)
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
