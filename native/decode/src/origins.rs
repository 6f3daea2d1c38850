//! Where spans come from: their resource and their scope, said once for many rows, interned.

use crate::columns::numbers;
use crate::intern::Interner;
use arrow_array::ArrayRef;
use arrow_array::types::UInt32Type;
use arrow_schema::ArrowError;

/// What a resource says. `attributes` is attribute text, `entity_refs` protobuf.
#[derive(Clone, Copy, Default)]
#[allow(missing_docs)]
pub struct Resource<'a> {
    pub service_name: &'a [u8],
    pub attributes: &'a [u8],
    pub dropped_attributes_count: u32,
    pub entity_refs: &'a [u8],
    pub schema_url: &'a [u8],
}

/// What a scope says. `attributes` is attribute text.
#[derive(Clone, Copy, Default)]
#[allow(missing_docs)]
pub struct Scope<'a> {
    pub name: &'a [u8],
    pub version: &'a [u8],
    pub attributes: &'a [u8],
    pub dropped_attributes_count: u32,
    pub schema_url: &'a [u8],
}

/// A resource whose texts are interned.
#[derive(Clone, Copy)]
pub struct ResourceCodes {
    service_name: i32,
    attributes: i32,
    dropped_attributes_count: u32,
    entity_refs: i32,
    schema_url: i32,
}

/// A scope whose texts are interned.
#[derive(Clone, Copy)]
pub struct ScopeCodes {
    name: i32,
    version: i32,
    attributes: i32,
    dropped_attributes_count: u32,
    schema_url: i32,
}

/// The last ten columns of the schema, run by run.
#[derive(Default)]
pub struct Origins {
    runs: Vec<Run>,
    service_name: Interner,
    resource_attributes: Interner,
    entity_refs: Interner,
    resource_schema_url: Interner,
    scope_name: Interner,
    scope_version: Interner,
    scope_attributes: Interner,
    scope_schema_url: Interner,
}

/// Rows of one origin, up to `end`.
struct Run {
    end: usize,
    resource: ResourceCodes,
    scope: ScopeCodes,
}

impl Origins {
    /// Intern a resource.
    pub fn resource(&mut self, resource: &Resource<'_>) -> ResourceCodes {
        ResourceCodes {
            service_name: self.service_name.text(resource.service_name),
            attributes: self.resource_attributes.text(resource.attributes),
            dropped_attributes_count: resource.dropped_attributes_count,
            entity_refs: self.entity_refs.bytes(resource.entity_refs),
            schema_url: self.resource_schema_url.text(resource.schema_url),
        }
    }

    /// Intern a scope.
    pub fn scope(&mut self, scope: &Scope<'_>) -> ScopeCodes {
        ScopeCodes {
            name: self.scope_name.text(scope.name),
            version: self.scope_version.text(scope.version),
            attributes: self.scope_attributes.text(scope.attributes),
            dropped_attributes_count: scope.dropped_attributes_count,
            schema_url: self.scope_schema_url.text(scope.schema_url),
        }
    }

    /// The rows from the last run's end up to `end` came from here.
    pub fn push(&mut self, end: usize, resource: ResourceCodes, scope: ScopeCodes) {
        if self.runs.last().map_or(0, |run| run.end) < end {
            self.runs.push(Run {
                end,
                resource,
                scope,
            });
        }
    }

    /// Whether Arrow's 31-bit offsets reach every value.
    pub fn fits(&self) -> bool {
        [
            &self.service_name,
            &self.resource_attributes,
            &self.entity_refs,
            &self.resource_schema_url,
            &self.scope_name,
            &self.scope_version,
            &self.scope_attributes,
            &self.scope_schema_url,
        ]
        .iter()
        .all(|values| values.fits())
    }

    /// The columns from `service_name` on.
    pub fn finish(self) -> Result<[ArrayRef; 10], ArrowError> {
        let runs = &self.runs;
        let codes = |code: fn(&Run) -> i32| each_row(runs, code);
        let counts = |count: fn(&Run) -> u32| numbers::<UInt32Type>(each_row(runs, count));
        Ok([
            self.service_name
                .finish_text(codes(|run| run.resource.service_name))?,
            self.resource_attributes
                .finish_text(codes(|run| run.resource.attributes))?,
            counts(|run| run.resource.dropped_attributes_count),
            self.entity_refs
                .finish_bytes(codes(|run| run.resource.entity_refs))?,
            self.resource_schema_url
                .finish_text(codes(|run| run.resource.schema_url))?,
            self.scope_name.finish_text(codes(|run| run.scope.name))?,
            self.scope_version
                .finish_text(codes(|run| run.scope.version))?,
            self.scope_attributes
                .finish_text(codes(|run| run.scope.attributes))?,
            counts(|run| run.scope.dropped_attributes_count),
            self.scope_schema_url
                .finish_text(codes(|run| run.scope.schema_url))?,
        ])
    }
}

fn each_row<T: Clone>(runs: &[Run], value: fn(&Run) -> T) -> Vec<T> {
    let mut rows = Vec::with_capacity(runs.last().map_or(0, |run| run.end));
    for run in runs {
        rows.resize(run.end, value(run));
    }
    rows
}
