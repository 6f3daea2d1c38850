//! What a skeleton is made of: the columns of one trace in pre-order.

use super::critical::Segment;
use crate::plan::Deadline;
use crate::roots::{id, roots};
use crate::rows::chunks_of;
use crate::sources::{read_one, typed};
use crate::structure::NONE;
use crate::texts::Texts;
use crate::view::{ColumnRef, Result, Rows, View};
use arrow_array::ArrayRef;
use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type, UInt32Type};
use foldhash::fast::RandomState;
use hashbrown::HashMap;

const STATUS_SHIFT: u16 = 3;
/// A bit of the flags: has events.
const EVENTS: u16 = 1 << 5;
/// Has links.
const LINKS: u16 = 1 << 6;
/// Names a parent that is not there.
const ORPHAN: u16 = 1 << 7;
/// Its time was shifted.
const ADJUSTED: u16 = 1 << 8;
/// On the critical path.
const CRITICAL: u16 = 1 << 9;
/// At the top because its circle was cut.
const CIRCLE: u16 = 1 << 10;

/// The status that is an error.
const ERROR: u16 = 2;
const SERVER: u16 = 2;
const CLIENT: u16 = 3;

/// How many spans have an id.
#[derive(Clone, Copy, Debug, Default)]
struct IdCount {
    spans: u32,
    clients: u32,
}

/// Texts that repeat: a code for each row.
#[derive(Debug, Default)]
pub struct Coded {
    /// By row.
    pub codes: Vec<u32>,
    /// By code, in order of first appearance.
    pub texts: Vec<String>,
    numbers: HashMap<String, u32, RandomState>,
}

/// A parent that spans name and that is not there.
#[derive(Debug)]
pub struct MissingParent {
    /// Its id.
    pub span_id: u64,
    /// The rows of its children.
    pub rows: Vec<u32>,
}

/// Columns of a trace, by row in pre-order.
#[derive(Debug, Default)]
pub struct Outline {
    /// The trace's id.
    pub trace_id: [u8; 16],
    /// Rows of the view.
    pub rows: Vec<u32>,
    /// The parent's row here, NONE at the top.
    pub parent: Vec<u32>,
    /// Nanoseconds since 1970.
    pub start: Vec<i64>,
    /// Nanoseconds.
    pub duration: Vec<i64>,
    /// Services.
    pub service: Coded,
    /// Names.
    pub name: Coded,
    /// Scopes: name and version.
    pub scope: Coded,
    /// As docs/specs/skeleton.md says.
    pub flags: Vec<u16>,
    /// The row of the trace's root.
    pub root: u32,
    /// How many spans name a parent that is not there.
    pub orphan_count: u32,
    /// Their parents.
    pub missing: Vec<MissingParent>,
}

impl Outline {
    /// The columns of this trace.
    pub fn read(view: &dyn View, trace: u32) -> Result<Self> {
        let mut outline = Self {
            trace_id: view.trace(trace).trace_id,
            ..Self::default()
        };
        match view.preorder(trace)? {
            Some(order) => {
                outline.root = order.root;
                outline.rows = order.rows;
                outline.parent = order.parent;
                outline.read_columns(view, trace, &Rows::List(outline.rows.clone()))?;
            }
            None => {
                let rows = view.trace_rows(trace);
                let root = roots(view, &[trace], &Deadline::default())?[0].row;
                outline.root = root - rows.get(0);
                outline.rows = rows.clone().into_list();
                for piece in chunks_of(rows) {
                    outline.read_parents(view, &piece)?;
                    outline.read_columns(view, trace, &piece)?;
                }
            }
        }
        outline.find_tops(view)?;
        Ok(outline)
    }

    /// How many spans.
    pub fn len(&self) -> usize {
        self.start.len()
    }

    /// The interval of a row.
    pub fn interval(&self, row: usize) -> (i64, i64) {
        let start = self.start[row];
        (start, start.saturating_add(self.duration[row].max(0)))
    }

    fn kind(&self, row: usize) -> u16 {
        self.flags[row] & 7
    }

    /// Whether the span failed.
    pub fn is_error(&self, row: usize) -> bool {
        self.flags[row] >> STATUS_SHIFT & 3 == ERROR
    }

    /// Move the starts by so much.
    pub fn shift(&mut self, deltas: &[i64]) {
        for (row, &delta) in deltas.iter().enumerate().filter(|(_, delta)| **delta != 0) {
            self.start[row] = self.start[row].saturating_add(delta);
            self.flags[row] |= ADJUSTED;
        }
    }

    /// Mark the rows that have segments.
    pub fn mark_critical(&mut self, path: &[Segment]) {
        for segment in path {
            self.flags[segment.row as usize] |= CRITICAL;
        }
    }

    fn read_parents(&mut self, view: &dyn View, rows: &Rows) -> Result<()> {
        let array = read_one(view, &ColumnRef::ParentDistance, rows)?;
        let distances = typed(&array, array.as_primitive_opt::<UInt32Type>())?.values();
        let first = self.parent.len() as u32;
        self.parent.extend(
            (first..)
                .zip(distances)
                .map(|(row, &distance)| match distance {
                    0 => NONE,
                    distance => row.checked_sub(distance).unwrap_or(NONE),
                }),
        );
        Ok(())
    }

    fn read_columns(&mut self, view: &dyn View, trace: u32, rows: &Rows) -> Result<()> {
        let columns = [
            ColumnRef::Start,
            ColumnRef::Duration,
            ColumnRef::Kind,
            ColumnRef::StatusCode,
            ColumnRef::Service,
            ColumnRef::Name,
            ColumnRef::ScopeName,
            ColumnRef::ScopeVersion,
        ];
        let arrays = view.read(&columns, rows)?;
        self.start.extend_from_slice(longs(&arrays[0])?);
        self.duration.extend_from_slice(longs(&arrays[1])?);
        let first = self.flags.len();
        let kinds = ints(&arrays[2])?.iter().zip(ints(&arrays[3])?);
        self.flags.extend(
            kinds.map(|(&kind, &status)| known(kind, 5) | known(status, 2) << STATUS_SHIFT),
        );
        self.service.extend(&arrays[4], rows.len())?;
        self.name.extend(&arrays[5], rows.len())?;
        self.scope
            .extend_pairs(&arrays[6], &arrays[7], rows.len())?;
        for (column, flag) in [(ColumnRef::Events, EVENTS), (ColumnRef::Links, LINKS)] {
            if view.may_have(trace, &column) {
                let has = view.has_items(&column, rows)?;
                for (flags, _) in self.flags[first..]
                    .iter_mut()
                    .zip(has)
                    .filter(|(_, has)| *has)
                {
                    *flags |= flag;
                }
            }
        }
        Ok(())
    }

    /// What the rows at the top are: roots, orphans, or where a circle was cut.
    fn find_tops(&mut self, view: &dyn View) -> Result<()> {
        let tops: Vec<u32> = (0..self.len() as u32)
            .filter(|&row| self.parent[row as usize] == NONE)
            .collect();
        let ids = self.ids_at(view, &tops)?;
        if let ([_], [(_, None)]) = (tops.as_slice(), ids.as_slice()) {
            return Ok(()); // One root: a whole trace.
        }
        let wanted = ids.iter().flat_map(|&(id, parent)| [Some(id), parent]);
        let counts = self.count_ids(view, wanted.flatten())?;
        let count = |id: u64| counts.get(&id).copied().unwrap_or_default();
        let mut places: HashMap<u64, usize, RandomState> = HashMap::default();
        for (&row, &(span_id, parent)) in tops.iter().zip(&ids) {
            let has_client = self.kind(row as usize) == SERVER && count(span_id).clients > 0;
            let itself = u32::from(parent == Some(span_id));
            if has_client || parent.is_some_and(|parent| count(parent).spans > itself) {
                self.flags[row as usize] |= CIRCLE;
                continue;
            }
            let Some(parent) = parent else { continue };
            self.flags[row as usize] |= ORPHAN;
            self.orphan_count += 1;
            let at = *places.entry(parent).or_insert(self.missing.len());
            if at == self.missing.len() {
                self.missing.push(MissingParent {
                    span_id: parent,
                    rows: Vec::new(),
                });
            }
            self.missing[at].rows.push(row);
        }
        Ok(())
    }

    /// The ids of these rows and of the parents that they name.
    fn ids_at(&self, view: &dyn View, rows: &[u32]) -> Result<Vec<(u64, Option<u64>)>> {
        let mut ids = Vec::with_capacity(rows.len());
        let of_view = rows.iter().map(|&row| self.rows[row as usize]).collect();
        for piece in self.pieces(of_view) {
            let arrays = view.read(&[ColumnRef::SpanId, ColumnRef::ParentSpanId], &piece)?;
            for at in 0..piece.len() {
                ids.push((id(&arrays[0], at)?.unwrap_or_default(), id(&arrays[1], at)?));
            }
        }
        Ok(ids)
    }

    /// How many spans have each of these ids.
    fn count_ids(
        &self,
        view: &dyn View,
        wanted: impl Iterator<Item = u64>,
    ) -> Result<HashMap<u64, IdCount, RandomState>> {
        let mut counts: HashMap<u64, IdCount, RandomState> =
            wanted.map(|id| (id, IdCount::default())).collect();
        let mut row = 0;
        for piece in self.pieces(self.rows.clone()) {
            let array = read_one(view, &ColumnRef::SpanId, &piece)?;
            for at in 0..piece.len() {
                if let Some(count) = id(&array, at)?.and_then(|id| counts.get_mut(&id)) {
                    count.spans += 1;
                    count.clients += u32::from(self.kind(row) == CLIENT);
                }
                row += 1;
            }
        }
        Ok(counts)
    }

    /// Rows of the view as cheap reads: cut at chunks where they ascend, else all at once.
    pub fn pieces(&self, rows: Vec<u32>) -> Vec<Rows> {
        if rows.is_sorted() {
            chunks_of(Rows::List(rows))
        } else {
            vec![Rows::List(rows)]
        }
    }
}

impl Coded {
    fn extend(&mut self, array: &ArrayRef, len: usize) -> Result<()> {
        let texts = Texts::of(array)?;
        let mut known = vec![NONE; texts.code_count()];
        for at in 0..len {
            let number = match texts.code(at) {
                None => self.number(""),
                Some(code) => {
                    if known[code] == NONE {
                        known[code] = self.number(texts.values.value(code));
                    }
                    known[code]
                }
            };
            self.codes.push(number);
        }
        Ok(())
    }

    /// Two columns as one: the second behind a blank where there is one.
    fn extend_pairs(&mut self, first: &ArrayRef, second: &ArrayRef, len: usize) -> Result<()> {
        let (first, second) = (Texts::of(first)?, Texts::of(second)?);
        let mut known: HashMap<(Option<usize>, Option<usize>), u32, RandomState> =
            HashMap::default();
        let mut last = None;
        for at in 0..len {
            let pair = (first.code(at), second.code(at));
            let number = match last {
                Some((same, number)) if same == pair => number,
                _ => *known.entry(pair).or_insert_with(|| {
                    let of = |texts: &Texts<'_>| texts.get(at).unwrap_or_default().to_owned();
                    self.number(&match (of(&first), of(&second)) {
                        (name, version) if version.is_empty() => name,
                        (name, version) => format!("{name} {version}"),
                    })
                }),
            };
            last = Some((pair, number));
            self.codes.push(number);
        }
        Ok(())
    }

    fn number(&mut self, text: &str) -> u32 {
        if let Some(&number) = self.numbers.get(text) {
            return number;
        }
        let number = self.texts.len() as u32;
        self.texts.push(text.to_owned());
        self.numbers.insert(text.to_owned(), number);
        number
    }
}

fn longs(array: &ArrayRef) -> Result<&[i64]> {
    Ok(typed(array, array.as_primitive_opt::<Int64Type>())?.values())
}

fn ints(array: &ArrayRef) -> Result<&[i32]> {
    Ok(typed(array, array.as_primitive_opt::<Int32Type>())?.values())
}

/// A number that may come from the future as one that is known: 0.
fn known(number: i32, largest: i32) -> u16 {
    if (0..=largest).contains(&number) {
        number as u16
    } else {
        0
    }
}
