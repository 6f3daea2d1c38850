//! The services of traces: how many spans and errors each has.

use crate::plan::Deadline;
use crate::rows::rows_of;
use crate::sources::typed;
use crate::texts::Texts;
use crate::view::{ColumnRef, Result, Rows, View};
use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use std::sync::Arc;

/// OTLP's status code of an error.
pub const STATUS_ERROR: i32 = 2;

/// A service of a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceCount {
    /// Its name.
    pub name: Arc<str>,
    /// Its spans in the trace.
    pub span_count: i64,
    /// Those whose status is error.
    pub error_count: i64,
}

/// The services of each of these traces (sorted numbers), by name.
pub fn service_counts(
    view: &dyn View,
    traces: &[u32],
    deadline: &Deadline,
) -> Result<Vec<Vec<ServiceCount>>> {
    let mut tally = Tally::new(traces);
    for rows in rows_of(view, traces) {
        deadline.check()?;
        tally.add(view, rows)?;
    }
    for of_trace in &mut tally.services {
        of_trace.sort_unstable_by(|left, right| left.name.cmp(&right.name));
    }
    Ok(tally.services)
}

/// Services by trace while they are counted.
struct Tally<'a> {
    traces: &'a [u32],
    services: Vec<Vec<ServiceCount>>,
    names: HashMap<Arc<str>, u32, RandomState>,
    /// Where in `services` a trace has a service, by position of the trace and number of the name.
    places: HashMap<(u32, u32), u32, RandomState>,
}

impl<'a> Tally<'a> {
    fn new(traces: &'a [u32]) -> Self {
        Self {
            traces,
            services: vec![Vec::new(); traces.len()],
            names: HashMap::default(),
            places: HashMap::default(),
        }
    }

    fn add(&mut self, view: &dyn View, rows: Rows) -> Result<()> {
        let arrays = view.read(&[ColumnRef::Service, ColumnRef::StatusCode], &rows)?;
        let names = Texts::of(&arrays[0])?;
        let statuses = typed(&arrays[1], arrays[1].as_primitive_opt::<Int32Type>())?.values();
        // Where each code was counted last: nearly always the same trace as now.
        let mut last: Vec<(u32, u32)> = vec![(u32::MAX, 0); names.code_count()];
        let mut position = 0;
        let trace_of_rows = view.traces_of_rows(&rows.into_list());
        for (at, trace) in trace_of_rows.into_iter().enumerate() {
            if self.traces.get(position) != Some(&trace) {
                let Ok(found) = self.traces.binary_search(&trace) else {
                    continue;
                };
                position = found;
            }
            let Some(code) = names.code(at) else { continue };
            if last[code].0 != position as u32 {
                last[code] = (
                    position as u32,
                    self.place(position, names.values.value(code)),
                );
            }
            let service = &mut self.services[position][last[code].1 as usize];
            service.span_count += 1;
            service.error_count += i64::from(statuses[at] == STATUS_ERROR);
        }
        Ok(())
    }

    fn place(&mut self, position: usize, name: &str) -> u32 {
        let next_number = self.names.len() as u32;
        if !self.names.contains_key(name) {
            self.names.insert(Arc::from(name), next_number);
        }
        let Some((name, &number)) = self.names.get_key_value(name) else {
            return 0;
        };
        let services = &mut self.services[position];
        let place = self.places.entry((position as u32, number));
        *place.or_insert_with(|| {
            services.push(ServiceCount {
                name: name.clone(),
                span_count: 0,
                error_count: 0,
            });
            services.len() as u32 - 1
        })
    }
}
