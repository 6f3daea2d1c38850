//! The services of traces: how many spans and errors each has.

use crate::plan::Deadline;
use crate::rows::rows_of;
use crate::sources::typed;
use crate::texts::Texts;
use crate::view::{ColumnRef, Result, View};
use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
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
    let mut services: Vec<Vec<ServiceCount>> = vec![Vec::new(); traces.len()];
    for rows in rows_of(view, traces) {
        deadline.check()?;
        let arrays = view.read(&[ColumnRef::Service, ColumnRef::StatusCode], &rows)?;
        let names = Texts::of(&arrays[0])?;
        let statuses = typed(&arrays[1], arrays[1].as_primitive_opt::<Int32Type>())?.values();
        let mut shared: Vec<Option<Arc<str>>> = vec![None; names.code_count()];
        let row_list = rows.into_list();
        let trace_of_rows = view.traces_of_rows(&row_list);
        let mut position = 0;
        for (at, trace) in trace_of_rows.into_iter().enumerate() {
            if traces.get(position) != Some(&trace) {
                let Ok(found) = traces.binary_search(&trace) else {
                    continue;
                };
                position = found;
            }
            let Some(code) = names.code(at) else { continue };
            let name = shared[code].get_or_insert_with(|| Arc::from(names.values.value(code)));
            count(
                &mut services[position],
                name,
                i64::from(statuses[at] == STATUS_ERROR),
            );
        }
    }
    for of_trace in &mut services {
        of_trace.sort_unstable_by(|left, right| left.name.cmp(&right.name));
    }
    Ok(services)
}

/// Traces with thousands of services are sorted, so that finding one stays cheap.
fn count(services: &mut Vec<ServiceCount>, name: &Arc<str>, errors: i64) {
    const FEW: usize = 16;
    let position = if services.len() < FEW {
        let is_it = |one: &ServiceCount| Arc::ptr_eq(&one.name, name) || one.name == *name;
        services.iter().position(is_it).ok_or(services.len())
    } else {
        if services.len() == FEW {
            services.sort_unstable_by(|left, right| left.name.cmp(&right.name));
        }
        services.binary_search_by(|one| one.name.cmp(name))
    };
    match position {
        Ok(at) => {
            services[at].span_count += 1;
            services[at].error_count += errors;
        }
        Err(at) => services.insert(
            at,
            ServiceCount {
                name: name.clone(),
                span_count: 1,
                error_count: errors,
            },
        ),
    }
}
