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
        let operations = self.operations_with(service, name);
        let mut found = Vec::new();
        for &operation in &operations {
            self.postings(operation, &mut found);
        }
        if operations.len() < 2 {
            return found;
        }
        sorted(found, self.facts.trace_count as u32)
    }

    fn operations_with(&self, service: Option<&str>, name: Option<&str>) -> Vec<usize> {
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
        let matches = |at: &usize| {
            self.operation(*at).is_some_and(|operation| {
                service.is_none_or(|service| operation.service == service)
                    && name.is_none_or(|name| operation.name == name)
            })
        };
        (0..self.operation_count()).filter(matches).collect()
    }

    /// Rows with this service and this name, sorted; None in a segment that was written before they were listed.
    pub fn rows_with(&self, service: Option<&str>, name: Option<&str>) -> Option<Vec<u32>> {
        if !self.has(Section::Rows) {
            return None;
        }
        let operations = self.operations_with(service, name);
        let mut found = Vec::new();
        for &operation in &operations {
            self.rows_of_operation(operation, &mut found);
        }
        let in_order = operations.len() < 2;
        Some(if in_order {
            found
        } else {
            sorted(found, self.facts.span_count as u32)
        })
    }

    fn rows_of_operation(&self, operation: usize, found: &mut Vec<u32>) {
        let mut rows = self.part(Section::Rows, Section::RowStarts, operation);
        let mut postings = self.part(Section::Postings, Section::PostingStarts, operation);
        let span_count = self.facts.span_count as u32;
        let (mut trace, mut row) = (0_u32, 0_u32);
        while let Some(step) = take_varint(&mut rows) {
            let distance = (step >> 1) as u32;
            if step & 1 == 0 {
                trace = trace.wrapping_add(take_varint(&mut postings).unwrap_or(0) as u32);
                row = self
                    .number(Section::TraceRows, trace)
                    .wrapping_add(distance);
            } else {
                row = row.wrapping_add(distance).wrapping_add(1);
            }
            if row < span_count {
                found.push(row);
            }
        }
    }

    /// What a section has of an operation.
    fn part(&self, section: Section, starts: Section, operation: usize) -> &[u8] {
        let at = operation as u32;
        let range = self.number(starts, at)..self.number(starts, at + 1);
        let part = self
            .section(section)
            .get(range.start as usize..range.end as usize);
        part.unwrap_or_default()
    }

    fn postings(&self, operation: usize, found: &mut Vec<u32>) {
        let mut postings = self.part(Section::Postings, Section::PostingStarts, operation);
        let mut trace = 0_u32;
        while let Some(distance) = take_varint(&mut postings) {
            trace = trace.wrapping_add(distance as u32);
            found.push(trace);
        }
    }
}

/// Numbers below a bound in order, each once: by comparing where there are few, by a bit for each where there are many.
fn sorted(mut numbers: Vec<u32>, bound: u32) -> Vec<u32> {
    if numbers.len() < bound as usize / 256 {
        numbers.sort_unstable();
        numbers.dedup();
        return numbers;
    }
    let mut words = vec![0_u64; bound.div_ceil(64) as usize];
    for number in numbers.drain(..) {
        if let Some(word) = words.get_mut(number as usize / 64) {
            *word |= 1 << (number % 64);
        }
    }
    for (at, mut word) in (0_u32..).zip(words) {
        while word != 0 {
            numbers.push(64 * at + word.trailing_zeros());
            word &= word - 1;
        }
    }
    numbers
}
