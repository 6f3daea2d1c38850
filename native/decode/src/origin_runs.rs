//! Where rows come from, for formats that say it with each span: only what changes is said again.

use crate::columns::Columns;
use crate::origins::{Resource, ResourceCodes, Scope, ScopeCodes};
use crate::schema::MISSING_SERVICE_NAME;
use crate::utf8::repairs;

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
    /// None when nobody said a name; one that is empty was said.
    pub service_name: Option<&'a [u8]>,
    pub attributes: &'a [u8],
}

/// The runs of a batch that is being read.
#[derive(Default)]
pub struct OriginRuns {
    /// Complete runs, each with the row where it ends; no resource: the batch's.
    runs: Vec<(usize, Option<ResourceCodes>, ScopeCodes)>,
    open: Option<(Option<ResourceCodes>, ScopeCodes)>,
    resource: Option<(Option<Vec<u8>>, Vec<u8>)>,
    scope: (Vec<u8>, Vec<u8>),
    /// Whether text of the open run's origin had to be repaired: it is so for each of its rows.
    is_repaired: bool,
}

impl OriginRuns {
    /// The rows from here on come from there.
    #[inline]
    pub fn begin_row(&mut self, columns: &mut Columns, origin: &Origin<'_>) {
        if self.open.is_none() || !self.is_same(origin) {
            let before = repairs();
            self.begin_run(columns, origin);
            self.is_repaired = repairs() != before;
        } else if self.is_repaired {
            columns.repaired_before_push();
        }
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
                same_name(name.as_deref(), resource.service_name) && same(text, resource.attributes)
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
        self.resource = origin.resource.map(|text| {
            (
                text.service_name.map(<[u8]>::to_vec),
                text.attributes.to_vec(),
            )
        });
        self.scope = (origin.scope_name.to_vec(), origin.scope_version.to_vec());
    }

    fn close(&mut self, end: usize) {
        if let Some((resource, scope)) = self.open.take() {
            self.runs.push((end, resource, scope));
        }
    }
}

fn same_name(one: Option<&[u8]>, other: Option<&[u8]>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => same(one, other),
        (one, other) => one.is_none() && other.is_none(),
    }
}

/// Most are empty, and glibc's memcmp of nothing is slow (see `intern`).
#[inline]
fn same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && (one.is_empty() || one == other)
}

fn intern(columns: &mut Columns, text: &ResourceText<'_>) -> ResourceCodes {
    columns.origins.resource(&Resource {
        service_name: text.service_name.unwrap_or(MISSING_SERVICE_NAME.as_bytes()),
        attributes: text.attributes,
        ..Resource::default()
    })
}
