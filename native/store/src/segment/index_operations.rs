//! Services, names and operations of a segment, and which traces have them.

use super::index::{Index, text};
use super::records::Operation;
use super::sections::{Section, take_varint};
use crate::view::OperationCount;

impl Index {
    fn operation(&self, at: usize) -> Option<Operation> {
        Operation::read(
            self.section(Section::Operations)
                .get(at * Operation::BYTES..)?,
        )
    }

    fn operation_count(&self) -> usize {
        self.section(Section::Operations).len() / Operation::BYTES
    }

    /// All operations.
    pub fn operations(&self) -> Vec<OperationCount> {
        let (services, names) = (self.texts(Section::Services), self.texts(Section::Names));
        let operations = (0..self.operation_count()).filter_map(|at| self.operation(at));
        operations
            .map(|operation| OperationCount {
                service: text(services.get(operation.service)),
                name: text(names.get(operation.name)),
                kind: operation.kind,
                span_count: operation.count,
                min_start: operation.min_start,
                max_start: operation.max_start,
            })
            .collect()
    }

    /// Whether there is a service of this name.
    pub fn has_service(&self, service: &str) -> bool {
        let services = self.texts(Section::Services);
        services
            .find(service.as_bytes(), 0..services.len())
            .is_some()
    }

    /// Whether there is a span of this name.
    pub fn has_name(&self, name: &str) -> bool {
        let names = self.texts(Section::Names);
        names.find(name.as_bytes(), 0..names.len()).is_some()
    }

    /// Services, sorted.
    pub fn services(&self) -> impl Iterator<Item = &[u8]> {
        self.texts(Section::Services).iter()
    }

    /// Distinct resource attributes.
    pub fn resources(&self) -> impl Iterator<Item = &[u8]> {
        self.texts(Section::Resources).iter()
    }

    /// Distinct scope attributes.
    pub fn scopes(&self) -> impl Iterator<Item = &[u8]> {
        self.texts(Section::Scopes).iter()
    }

    /// Traces with a span of this service and this name, sorted.
    pub fn traces_with(&self, service: Option<&str>, name: Option<&str>) -> Vec<u32> {
        let number = |section, wanted: Option<&str>| {
            let texts = self.texts(section);
            wanted.map(|wanted| texts.find(wanted.as_bytes(), 0..texts.len()))
        };
        let (service, name) = (
            number(Section::Services, service),
            number(Section::Names, name),
        );
        if service == Some(None) || name == Some(None) {
            return Vec::new();
        }
        let (service, name) = (service.flatten(), name.flatten());
        let mut found = Vec::new();
        let mut lists = 0;
        for at in 0..self.operation_count() {
            let matches = self.operation(at).is_some_and(|operation| {
                service.is_none_or(|service| operation.service == service)
                    && name.is_none_or(|name| operation.name == name)
            });
            if matches {
                lists += 1;
                self.postings(at, &mut found);
            }
        }
        if lists > 1 {
            found.sort_unstable();
            found.dedup();
        }
        found
    }

    fn postings(&self, operation: usize, found: &mut Vec<u32>) {
        let at = operation as u32;
        let range =
            self.number(Section::PostingStarts, at)..self.number(Section::PostingStarts, at + 1);
        let postings = self
            .section(Section::Postings)
            .get(range.start as usize..range.end as usize);
        let (mut postings, mut trace) = (postings.unwrap_or_default(), 0_u32);
        while let Some(distance) = take_varint(&mut postings) {
            trace = trace.wrapping_add(distance as u32);
            found.push(trace);
        }
    }
}
