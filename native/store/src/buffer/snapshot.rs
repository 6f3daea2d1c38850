//! What a reader sees of the open buffer: all rows of one moment, or those of some traces.

use super::Shared;
use super::assemble::{self, Table};
use super::data::Data;
use super::layout::{UnitField, unit_field};
use super::rest;
use super::rows::{HAS_EXTRAS, RowPiece, TraceState, rows_of};
use super::trees::{compute, count_attributes};
use crate::recode::strings;
use crate::structure::{self, Structure};
use crate::view::{
    AttributeColumn, ColumnRef, NO_PARENT, Result, Root, Rows, Scope, StoreError, TraceEntry, View,
};
use arrow_array::{ArrayRef, RecordBatch};
use lymer_decode::schema::AttributeType;
use std::sync::{Arc, OnceLock};

/// The traces that a snapshot has, when they are not all.
#[derive(Debug)]
pub(crate) struct Selection {
    /// Row of the buffer by row of the view.
    pub rows: Vec<u32>,
    /// Trace of the buffer by trace of the view.
    pub traces: Vec<u32>,
    /// The reverse; `u32::MAX` for a trace that is not here.
    pub numbers: Vec<u32>,
}

/// The buffer at one moment.
#[derive(Debug)]
pub struct Snapshot {
    pub(crate) data: Arc<Data>,
    pub(crate) selection: Option<Arc<Selection>>,
    shared: Arc<Shared>,
    facts: OnceLock<Facts>,
    parents: OnceLock<Parents>,
}

/// What is found out once a snapshot.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) columns: Vec<AttributeColumn>,
    pub(super) keys: Vec<u32>,
}

#[derive(Debug)]
struct Parents {
    parents: Vec<u32>,
    roots: Vec<Root>,
}

impl Snapshot {
    pub(crate) fn new(
        data: Arc<Data>,
        selection: Option<Arc<Selection>>,
        shared: Arc<Shared>,
    ) -> Self {
        Self {
            data,
            selection,
            shared,
            facts: OnceLock::new(),
            parents: OnceLock::new(),
        }
    }

    pub(super) fn orders(&self) -> &super::trace_rows::Orders {
        &self.shared.orders
    }

    fn buffer_row(&self, row: u32) -> u32 {
        self.selection
            .as_ref()
            .map_or(row, |selection| selection.rows[row as usize])
    }

    pub(crate) fn buffer_trace(&self, trace: u32) -> u32 {
        self.selection
            .as_ref()
            .map_or(trace, |selection| selection.traces[trace as usize])
    }

    fn trace_number(&self, buffer_trace: u32) -> u32 {
        self.selection.as_ref().map_or(buffer_trace, |selection| {
            selection.numbers[buffer_trace as usize]
        })
    }

    /// The state of a trace.
    pub(crate) fn state(&self, trace: u32) -> &TraceState {
        self.data.traces.get(self.buffer_trace(trace))
    }

    /// Rows of the buffer for rows of the view.
    pub(crate) fn buffer_rows(&self, rows: &Rows) -> Vec<u32> {
        match rows {
            Rows::Range(range) => range.clone().map(|row| self.buffer_row(row)).collect(),
            Rows::List(list) => list.iter().map(|&row| self.buffer_row(row)).collect(),
        }
    }

    pub(super) fn facts(&self) -> &Facts {
        self.facts.get_or_init(|| {
            let counts = match &self.selection {
                None => self.data.counts.as_ref().clone(),
                Some(selection) => count_attributes(&self.data, &selection.rows),
            };
            let mut facts = Facts {
                columns: Vec::new(),
                keys: Vec::new(),
            };
            for (key, by_type) in counts.iter().enumerate() {
                for (value_type, &span_count) in by_type.iter().enumerate() {
                    if span_count > 0 && value_type != AttributeType::Empty as usize {
                        facts.columns.push(AttributeColumn {
                            key: self.data.keys.text(key as u32).to_owned(),
                            value_type: value_type as u8,
                            span_count: u64::from(span_count),
                        });
                        facts.keys.push(key as u32);
                    }
                }
            }
            facts
        })
    }

    fn resolve(&self) -> &Parents {
        self.parents.get_or_init(|| {
            let mut view_row = Vec::new();
            if let Some(selection) = &self.selection {
                view_row.resize(self.data.rows.len() as usize, NO_PARENT);
                for (row, &buffer_row) in selection.rows.iter().enumerate() {
                    view_row[buffer_row as usize] = row as u32;
                }
            }
            let row_of = |buffer_row: u32| {
                view_row
                    .get(buffer_row as usize)
                    .copied()
                    .unwrap_or(buffer_row)
            };
            let mut parents = vec![NO_PARENT; self.span_count() as usize];
            let mut roots = Vec::with_capacity(self.trace_count() as usize);
            let mut structure = Structure::default();
            for trace in 0..self.trace_count() {
                let rows = rows_of(&self.data.rows, self.state(trace));
                compute(&mut structure, &self.data, &rows);
                let row_at = |place: u32| row_of(rows[structure.order[place as usize] as usize]);
                for (place, &parent) in structure.parent.iter().enumerate() {
                    if parent != structure::NONE {
                        parents[row_at(place as u32) as usize] = row_at(parent);
                    }
                }
                roots.push(Root {
                    row: row_at(structure.root),
                    orphan_count: structure.orphan_count,
                });
            }
            Parents { parents, roots }
        })
    }

    fn rows_where(&self, keep: impl Fn(&RowPiece, usize) -> bool) -> Vec<u32> {
        let mut traces = Vec::new();
        let mut first = 0;
        for piece in self.data.rows.pieces() {
            for at in 0..piece.trace.len() {
                if keep(piece, at) && traces.last() != Some(&piece.trace[at]) {
                    traces.push(piece.trace[at]);
                }
            }
            first += piece.trace.len();
        }
        debug_assert_eq!(first, self.data.rows.len() as usize);
        traces
    }
}

impl View for Snapshot {
    fn span_count(&self) -> u32 {
        self.selection
            .as_ref()
            .map_or(self.data.rows.len(), |selection| {
                selection.rows.len() as u32
            })
    }

    fn trace_count(&self) -> u32 {
        self.selection
            .as_ref()
            .map_or(self.data.traces.len(), |selection| {
                selection.traces.len() as u32
            })
    }

    fn trace(&self, trace: u32) -> TraceEntry {
        let state = self.state(trace);
        TraceEntry {
            trace_id: state.trace_id,
            start: state.start,
            duration: state.end.saturating_sub(state.start),
            span_count: state.span_count,
            error_count: state.error_count,
        }
    }

    fn find_trace(&self, trace_id: &[u8; 16]) -> Option<u32> {
        let number = self.shared.find_trace(trace_id)?;
        let number = (number < self.data.traces.len()).then(|| self.trace_number(number))?;
        (number != u32::MAX).then_some(number)
    }

    fn trace_rows(&self, trace: u32) -> Rows {
        let rows = rows_of(&self.data.rows, self.state(trace));
        Rows::List(match &self.selection {
            None => rows,
            Some(selection) => rows
                .into_iter()
                .filter_map(|row| selection.rows.binary_search(&row).ok())
                .map(|row| row as u32)
                .collect(),
        })
    }

    fn traces_of_rows(&self, rows: &[u32]) -> Vec<u32> {
        rows.iter()
            .map(|&row| {
                let (piece, at) = self.data.rows.locate(self.buffer_row(row));
                self.trace_number(piece.trace[at])
            })
            .collect()
    }

    fn read(&self, columns: &[ColumnRef], rows: &Rows) -> Result<Vec<ArrayRef>> {
        let rows = self.buffer_rows(rows);
        let table = Table {
            data: &self.data,
            rows: &rows,
        };
        columns
            .iter()
            .map(|column| self.column(column, table))
            .collect()
    }

    fn attribute_columns(&self) -> &[AttributeColumn] {
        &self.facts().columns
    }

    fn rest_has_key(&self, key: &str) -> bool {
        rest::has_key(&self.data, key)
    }

    fn may_contain(&self, column: &ColumnRef, text: &str) -> bool {
        let writer = self.shared.read();
        match column {
            ColumnRef::Name => writer.find_name(&self.data, text).is_some(),
            ColumnRef::Service => writer.find_unit_text(&self.data, text).is_some(),
            ColumnRef::Attribute(attribute) => {
                writer.may_have_key_text(&self.data, self.facts().keys[*attribute], text)
            }
            _ => true,
        }
    }

    fn traces_with(&self, service: Option<&str>, name: Option<&str>) -> Option<Vec<u32>> {
        let data = &self.data;
        let has_service: Option<Vec<bool>> = service.map(|service| {
            let is_it = |unit: &[u8]| {
                data.unit_texts.get(unit_field(unit, UnitField::Service)) == service.as_bytes()
            };
            data.units.iter().map(is_it).collect()
        });
        let name = match name {
            None => None,
            Some(name) => match self.shared.read().find_name(data, name) {
                Some(code) if code < data.names.len() => Some(code),
                _ => return Some(Vec::new()),
            },
        };
        let mut traces = self.rows_where(|piece, at| {
            name.is_none_or(|name| piece.name[at] == name)
                && has_service
                    .as_ref()
                    .is_none_or(|units| units[piece.unit[at] as usize])
        });
        traces.sort_unstable();
        traces.dedup();
        if self.selection.is_some() {
            traces = traces
                .into_iter()
                .map(|trace| self.trace_number(trace))
                .filter(|&n| n != u32::MAX)
                .collect();
        }
        Some(traces)
    }

    fn sorted_by_start(&self) -> bool {
        false
    }

    fn has_rest(&self) -> bool {
        let is_empty = |by_type: &[u32; 8]| by_type[AttributeType::Empty as usize] > 0;
        self.data.has_duplicates || self.data.counts.iter().any(is_empty)
    }

    fn rows_with(&self, column: &ColumnRef, rows: &Rows) -> Rows {
        let has_some = |row: u32| {
            let (piece, at) = self.data.rows.locate(self.buffer_row(row));
            piece.shape[at] & HAS_EXTRAS != 0
        };
        match column {
            ColumnRef::Events | ColumnRef::Links => {
                Rows::List(rows.filter(|at| has_some(rows.get(at))))
            }
            _ => rows.clone(),
        }
    }

    fn may_have_key(&self, scope: Scope, key: &str) -> bool {
        !matches!(scope, Scope::Event | Scope::Link) || self.data.bag_keys.contains(key)
    }

    fn max_start(&self) -> i64 {
        let rows = Rows::Range(0..self.span_count());
        let starts = self.buffer_rows(&rows).into_iter().map(|row| {
            let (piece, at) = self.data.rows.locate(row);
            piece.start[at]
        });
        starts.max().unwrap_or(0)
    }

    fn distinct(&self, column: &ColumnRef) -> Option<ArrayRef> {
        let field = match column {
            ColumnRef::ResourceAttributes => UnitField::ResourceAttributes,
            ColumnRef::ScopeAttributes => UnitField::ScopeAttributes,
            ColumnRef::Service => UnitField::Service,
            ColumnRef::ScopeName => UnitField::ScopeName,
            ColumnRef::ScopeVersion => UnitField::ScopeVersion,
            _ => return None,
        };
        let mut codes: Vec<u32> = self
            .data
            .units
            .iter()
            .map(|unit| unit_field(unit, field))
            .collect();
        codes.sort_unstable();
        codes.dedup();
        Some(strings(
            codes.into_iter().map(|code| self.data.unit_texts.get(code)),
        ))
    }

    fn parents(&self) -> Result<Option<Vec<u32>>> {
        Ok(Some(self.resolve().parents.clone()))
    }

    fn known_root(&self, trace: u32) -> Option<Root> {
        self.parents
            .get()
            .map(|parents| parents.roots[trace as usize])
    }

    fn read_spans(&self, traces: &[u32]) -> Result<RecordBatch> {
        if let Some(trace) = traces.iter().find(|trace| **trace >= self.trace_count()) {
            return Err(StoreError(format!(
                "trace {trace} of a buffer of {} traces",
                self.trace_count()
            )));
        }
        let mut structure = Structure::default();
        let mut ordered = Vec::new();
        for &trace in traces {
            let rows = rows_of(&self.data.rows, self.state(trace));
            compute(&mut structure, &self.data, &rows);
            ordered.extend(structure.order.iter().map(|&place| rows[place as usize]));
        }
        assemble::spans(&self.data, &ordered)
    }
}
