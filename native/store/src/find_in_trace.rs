//! Which rows of one trace match: text anywhere in them, or a span predicate. Answered as a bitmap in pre-order.

use crate::bag;
use crate::plan::{Deadline, GraphPlan, read_graph_plan};
use crate::predicate::{object, wrong};
use crate::rows::chunks_of;
use crate::select::{bind, select};
use crate::skeleton::preorder_rows;
use crate::sources::{read_one, typed_value, visit_rest, visit_texts};
use crate::texts::Texts;
use crate::value::{Value, with_text};
use crate::view::{ColumnRef, Result, Rows, StoreError, View};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef};
use serde_json::{Map, Value as Json};
use std::fmt::Write;

/// What is looked for.
pub enum Question {
    /// Text, anywhere.
    Text(Wanted),
    /// A span predicate.
    Where(GraphPlan),
}

/// Words of which any may match, in lower case.
#[derive(Debug, Default)]
pub struct Wanted {
    terms: Vec<String>,
    without_keys: Vec<String>,
    span_ids: Vec<u64>,
}

/// A question from its JSON: `{"terms", "without_keys", "span_ids", "time_limit_s"}`, or a graph plan with `where`.
pub fn read_question(text: &str) -> Result<(Question, Deadline)> {
    let json: Json = serde_json::from_str(text)
        .map_err(|error| StoreError(format!("a question must be JSON: {error}")))?;
    let plan = object(&json)?;
    if plan.contains_key("where") {
        let plan = read_graph_plan(text)?;
        let deadline = plan.bounds.deadline;
        return Ok((Question::Where(plan), deadline));
    }
    let seconds = plan.get("time_limit_s").and_then(Json::as_f64);
    let wanted = Wanted {
        terms: lowered(plan, "terms")?,
        without_keys: lowered(plan, "without_keys")?,
        span_ids: lowered(plan, "span_ids")?
            .iter()
            .filter_map(|id| u64::from_str_radix(id, 16).ok())
            .collect(),
    };
    Ok((
        Question::Text(wanted),
        seconds.map_or(Deadline::default(), Deadline::after_s),
    ))
}

/// The rows of a trace that match: bit `row & 7` of byte `row >> 3`, rows in pre-order.
pub fn find(
    view: &dyn View,
    trace: u32,
    question: &Question,
    deadline: &Deadline,
) -> Result<Vec<u8>> {
    let ordered = preorder_rows(view, trace)?;
    let mut found = Vec::new();
    for rows in chunks_of(view.trace_rows(trace)) {
        deadline.check()?;
        match question {
            Question::Where(plan) => {
                found.extend(select(view, &bind(view, &plan.predicate), rows)?);
            }
            Question::Text(wanted) => {
                let mut search = Search::new(view, trace, wanted, &rows);
                search.look_everywhere(deadline)?;
                found.extend(rows.filter(|at| search.hits[at]));
            }
        }
    }
    Ok(bitmap(&ordered, &found))
}

/// `found` is sorted.
fn bitmap(ordered: &[u32], found: &[u32]) -> Vec<u8> {
    let mut bits = vec![0_u8; ordered.len().div_ceil(8)];
    for (place, row) in ordered.iter().enumerate() {
        if found.binary_search(row).is_ok() {
            bits[place >> 3] |= 1 << (place & 7);
        }
    }
    bits
}

fn lowered(plan: &Map<String, Json>, name: &str) -> Result<Vec<String>> {
    match plan.get(name) {
        None => Ok(Vec::new()),
        Some(Json::Array(items)) => items
            .iter()
            .map(|item| {
                item.as_str()
                    .map(str::to_lowercase)
                    .ok_or_else(|| wrong(&format!("`{name}` must be texts"), item))
            })
            .collect(),
        Some(other) => Err(wrong(&format!("`{name}` must be a list"), other)),
    }
}

impl Wanted {
    /// Whether a text has one of the terms.
    fn is_in(&self, text: &str) -> bool {
        if text.is_ascii() {
            // Most text is: no copy in lower case is made of it.
            return self
                .terms
                .iter()
                .any(|term| has_ascii(text.as_bytes(), term.as_bytes()));
        }
        let text = text.to_lowercase();
        self.terms.iter().any(|term| text.contains(term.as_str()))
    }

    fn leaves_out(&self, key: &str) -> bool {
        !self.without_keys.is_empty() && self.without_keys.contains(&key.to_lowercase())
    }

    /// Whether `key=value` has one of the terms. `line` is space to write it.
    fn is_in_attribute(&self, line: &mut String, key: &str, value: Value<'_>) -> bool {
        line.clear();
        line.push_str(key);
        line.push('=');
        match value {
            Value::Int(number) => {
                // Writing to a String cannot fail.
                let _ = write!(line, "{number}");
            }
            value => {
                with_text(value, |text| {
                    line.push_str(text);
                    true
                });
            }
        }
        self.is_in(line)
    }

    fn is_in_bag(&self, line: &mut String, text: &str) -> bool {
        bag::members(text).any(|(key, value)| {
            !self.leaves_out(&key) && self.is_in_attribute(line, &key, value.value())
        })
    }
}

/// Whether some part of the text is the term when case is left aside. The term is in lower case.
fn has_ascii(text: &[u8], term: &[u8]) -> bool {
    let Some((&first, rest)) = term.split_first() else {
        return true;
    };
    let upper = first.to_ascii_uppercase();
    let Some(last) = text.len().checked_sub(term.len()) else {
        return false;
    };
    memchr::memchr2_iter(first, upper, &text[..=last])
        .any(|at| text[at + 1..at + term.len()].eq_ignore_ascii_case(rest))
}

/// A look at some rows of the trace.
struct Search<'a> {
    view: &'a dyn View,
    trace: u32,
    wanted: &'a Wanted,
    rows: &'a Rows,
    hits: Vec<bool>,
}

impl<'a> Search<'a> {
    fn new(view: &'a dyn View, trace: u32, wanted: &'a Wanted, rows: &'a Rows) -> Self {
        Self {
            view,
            trace,
            wanted,
            rows,
            hits: vec![false; rows.len()],
        }
    }

    fn look_everywhere(&mut self, deadline: &Deadline) -> Result<()> {
        self.look_at_ids()?;
        if self.wanted.terms.is_empty() {
            return Ok(());
        }
        for column in [
            ColumnRef::Service,
            ColumnRef::Name,
            ColumnRef::StatusMessage,
            ColumnRef::ScopeName,
            ColumnRef::ScopeVersion,
        ] {
            self.look_at_texts(&column, |wanted, _, text| wanted.is_in(text))?;
        }
        for column in [ColumnRef::ResourceAttributes, ColumnRef::ScopeAttributes] {
            self.look_at_texts(&column, |wanted, line, text| wanted.is_in_bag(line, text))?;
        }
        deadline.check()?;
        self.look_at_attributes()?;
        deadline.check()?;
        self.look_at_lists()
    }

    fn look_at_ids(&mut self) -> Result<()> {
        if self.wanted.span_ids.is_empty() {
            return Ok(());
        }
        let array = read_one(self.view, &ColumnRef::SpanId, self.rows)?;
        for at in 0..self.rows.len() {
            let id = crate::roots::id(&array, at)?;
            self.hits[at] |= id.is_some_and(|id| self.wanted.span_ids.contains(&id));
        }
        Ok(())
    }

    fn look_at_texts(
        &mut self,
        column: &ColumnRef,
        is_wanted: impl Fn(&Wanted, &mut String, &str) -> bool,
    ) -> Result<()> {
        let array = read_one(self.view, column, self.rows)?;
        self.mark_texts(&array, is_wanted)
    }

    /// Mark the positions whose text is wanted; each distinct text is looked at once.
    fn mark_texts(
        &mut self,
        array: &ArrayRef,
        is_wanted: impl Fn(&Wanted, &mut String, &str) -> bool,
    ) -> Result<()> {
        let texts = Texts::of(array)?;
        let mut line = String::new();
        let mut verdicts = vec![0_u8; texts.code_count()];
        for at in 0..self.hits.len() {
            let Some(code) = texts.code(at) else { continue };
            if verdicts[code] == 0 {
                let verdict = is_wanted(self.wanted, &mut line, texts.values.value(code));
                verdicts[code] = 1 + u8::from(verdict);
            }
            self.hits[at] |= verdicts[code] == 2;
        }
        Ok(())
    }

    fn look_at_attributes(&mut self) -> Result<()> {
        for (index, column) in self.view.attribute_columns().iter().enumerate() {
            if self.wanted.leaves_out(&column.key) {
                continue;
            }
            let array = read_one(self.view, &ColumnRef::Attribute(index), self.rows)?;
            if array.null_count() == array.len() {
                continue;
            }
            self.look_at_attribute(&column.key, column.value_type, &array)?;
        }
        if !self.view.has_rest() {
            return Ok(());
        }
        let (wanted, hits, mut line) = (self.wanted, &mut self.hits, String::new());
        visit_rest(self.view, self.rows, &mut |at, key, value_type, text| {
            hits[at] = hits[at]
                || !wanted.leaves_out(key)
                    && wanted.is_in_attribute(&mut line, key, typed_value(value_type, text));
        })
    }

    fn look_at_attribute(&mut self, key: &str, value_type: u8, array: &ArrayRef) -> Result<()> {
        if self.wanted.is_in(key) {
            let hits = self.hits.iter_mut().enumerate();
            hits.for_each(|(at, hit)| *hit |= !array.is_null(at));
            return Ok(());
        }
        if let Some(ints) = array.as_primitive_opt::<Int64Type>() {
            return self.mark_values(key, array, |at| Value::Int(ints.value(at)));
        }
        if let Some(doubles) = array.as_primitive_opt::<Float64Type>() {
            return self.mark_values(key, array, |at| Value::Double(doubles.value(at)));
        }
        if let Some(bools) = array.as_boolean_opt() {
            return self.mark_values(key, array, |at| Value::Bool(bools.value(at)));
        }
        self.mark_texts(array, |wanted, line, text| {
            wanted.is_in_attribute(line, key, typed_value(value_type, text))
        })
    }

    fn mark_values<'b>(
        &mut self,
        key: &str,
        array: &ArrayRef,
        value: impl Fn(usize) -> Value<'b>,
    ) -> Result<()> {
        let mut line = String::new();
        for at in 0..self.hits.len() {
            if !self.hits[at] && !array.is_null(at) {
                self.hits[at] = self.wanted.is_in_attribute(&mut line, key, value(at));
            }
        }
        Ok(())
    }

    fn look_at_lists(&mut self) -> Result<()> {
        for column in [ColumnRef::Events, ColumnRef::Links] {
            if !self.view.may_have(self.trace, &column) {
                continue;
            }
            let (wanted, hits, mut line) = (self.wanted, &mut self.hits, String::new());
            if column == ColumnRef::Events {
                visit_texts(self.view, &column, "name", self.rows, &mut |at, text| {
                    hits[at] = hits[at] || wanted.is_in(text);
                })?;
            }
            visit_texts(
                self.view,
                &column,
                "attributes",
                self.rows,
                &mut |at, text| {
                    hits[at] = hits[at] || wanted.is_in_bag(&mut line, text);
                },
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_does_not_matter() {
        let wanted = Wanted {
            terms: vec!["größe".to_owned(), "shard-7".to_owned()],
            ..Wanted::default()
        };
        assert!(wanted.is_in("db.Shard-7x"));
        assert!(wanted.is_in("GRÖßE"));
        assert!(!wanted.is_in("shard-"));
        assert!(has_ascii(b"abc", b""));
    }

    #[test]
    fn a_term_may_reach_over_key_and_value() {
        let wanted = Wanted {
            terms: vec!["status=50".to_owned()],
            ..Wanted::default()
        };
        let mut line = String::new();
        assert!(wanted.is_in_attribute(&mut line, "http.Status", Value::Int(503)));
        assert!(!wanted.is_in_attribute(&mut line, "http.Status", Value::Int(404)));
    }
}
