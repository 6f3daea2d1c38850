//! Where rows come from, for formats that say it with each span: only what changes is said again.

use crate::columns::Columns;
use crate::origins::{Resource, ResourceCodes, Scope, ScopeCodes};
use crate::schema::MISSING_SERVICE_NAME;

/// The resource and the scope of a span. `resource_attributes` is attribute text.
#[derive(Clone, Copy, Default)]
#[allow(missing_docs)]
pub struct Origin<'a> {
    /// None when the batch says the process, for all spans that say none.
    pub resource: Option<ResourceText<'a>>,
    pub scope_name: &'a [u8],
    pub scope_version: &'a [u8],
}

/// A resource as texts.
#[derive(Clone, Copy, Default)]
#[allow(missing_docs)]
pub struct ResourceText<'a> {
    pub service_name: &'a [u8],
    pub attributes: &'a [u8],
}

/// The runs of a batch that is being read.
#[derive(Default)]
pub struct OriginRuns {
    /// Complete runs, each with the row where it ends; no resource: the batch's.
    runs: Vec<(usize, Option<ResourceCodes>, ScopeCodes)>,
    open: Option<(Option<ResourceCodes>, ScopeCodes)>,
    resource: Option<(Vec<u8>, Vec<u8>)>,
    scope: (Vec<u8>, Vec<u8>),
}

impl OriginRuns {
    /// The rows from here on come from there.
    #[inline]
    pub fn begin_row(&mut self, columns: &mut Columns, origin: &Origin<'_>) {
        if self.open.is_some() && self.is_same(origin) {
            return;
        }
        self.begin_run(columns, origin);
    }

    /// The batch is read: what it said of its process holds for the spans that said nothing.
    pub fn finish(&mut self, columns: &mut Columns, batch: &ResourceText<'_>) {
        self.close(columns.rows());
        let is_needed = self.runs.iter().any(|(_, resource, _)| resource.is_none());
        let codes = is_needed.then(|| intern(columns, batch));
        for (end, resource, scope) in self.runs.drain(..) {
            if let Some(resource) = resource.or(codes) {
                columns.origins.push(end, resource, scope);
            }
        }
    }

    fn is_same(&self, origin: &Origin<'_>) -> bool {
        let same_resource = match (&self.resource, &origin.resource) {
            (None, None) => true,
            (Some((name, text)), Some(resource)) => {
                same(name, resource.service_name) && same(text, resource.attributes)
            }
            _ => false,
        };
        same_resource
            && same(&self.scope.0, origin.scope_name)
            && same(&self.scope.1, origin.scope_version)
    }

    fn begin_run(&mut self, columns: &mut Columns, origin: &Origin<'_>) {
        self.close(columns.rows());
        let resource = origin.resource.map(|text| intern(columns, &text));
        let scope = columns.origins.scope(&Scope {
            name: origin.scope_name,
            version: origin.scope_version,
            ..Scope::default()
        });
        self.open = Some((resource, scope));
        self.resource = origin
            .resource
            .map(|text| (text.service_name.to_vec(), text.attributes.to_vec()));
        self.scope = (origin.scope_name.to_vec(), origin.scope_version.to_vec());
    }

    fn close(&mut self, end: usize) {
        if let Some((resource, scope)) = self.open.take() {
            self.runs.push((end, resource, scope));
        }
    }
}

/// Most are empty, and glibc's memcmp of nothing is slow (see `intern`).
#[inline]
fn same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && (one.is_empty() || one == other)
}

fn intern(columns: &mut Columns, text: &ResourceText<'_>) -> ResourceCodes {
    let service_name = if text.service_name.is_empty() {
        MISSING_SERVICE_NAME.as_bytes()
    } else {
        text.service_name
    };
    columns.origins.resource(&Resource {
        service_name,
        attributes: text.attributes,
        ..Resource::default()
    })
}
