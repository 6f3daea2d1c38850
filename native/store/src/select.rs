//! The rows of a view that satisfy a span predicate: the predicate bound to the view, then evaluated column by column.
//!
//! Binding finds the sources of each comparison and drops those that cannot pass, without reading a column. Evaluation
//! reads only the rows that are still candidates, cheap and choosy comparisons first.

use crate::predicate::{SpanField, SpanPredicate, Subject, Tree};
use crate::rows::union;
use crate::sources::{Source, matching, resolve};
use crate::value::{Operand, Relation, Test};
use crate::view::{Result, Rows, View};

/// A span predicate bound to a view.
#[derive(Clone, Debug)]
pub enum Bound {
    /// True or false for every row.
    Always(bool),
    /// Some value in one of the sources passes.
    Any(Vec<Source>, Test),
    /// All hold.
    And(Vec<Bound>),
    /// At least one holds.
    Or(Vec<Bound>),
    /// The term does not hold.
    Not(Box<Bound>),
}

/// Binds a predicate to a view.
pub fn bind(view: &dyn View, predicate: &SpanPredicate) -> Bound {
    match predicate {
        Tree::Leaf(leaf) => match resolve(view, &leaf.subject, &leaf.test) {
            sources if sources.is_empty() => Bound::Always(false),
            sources => bind_field(view, &leaf.subject, sources, &leaf.test),
        },
        Tree::And(terms) => all_of(terms.iter().map(|term| bind(view, term)).collect()),
        Tree::Or(terms) => any_of(terms.iter().map(|term| bind(view, term)).collect()),
        Tree::Not(term) => match bind(view, term) {
            Bound::Always(verdict) => Bound::Always(!verdict),
            term => Bound::Not(Box::new(term)),
        },
    }
}

/// A term that holds for spans that start between two times, inclusive.
pub fn starting_between(min_start: i64, max_start: i64) -> Bound {
    let start = |relation, bound: i64| {
        let test = Test::Ordered(relation, Operand::Int(i128::from(bound)));
        Bound::Any(vec![Source::Column(crate::view::ColumnRef::Start, 3)], test)
    };
    let mut terms = Vec::new();
    if min_start > i64::MIN {
        terms.push(start(Relation::GreaterOrEqual, min_start));
    }
    if max_start < i64::MAX {
        terms.push(start(Relation::LessOrEqual, max_start));
    }
    all_of(terms)
}

/// The conjunction, simplified, and in the order in which it is best evaluated.
pub fn all_of(terms: Vec<Bound>) -> Bound {
    let mut flat = Vec::new();
    for term in terms {
        match term {
            Bound::Always(false) => return Bound::Always(false),
            Bound::Always(true) => {}
            Bound::And(inner) => flat.extend(inner),
            other => flat.push(other),
        }
    }
    flat.sort_by_key(cost);
    match flat.len() {
        0 => Bound::Always(true),
        1 => flat.remove(0),
        _ => Bound::And(flat),
    }
}

/// The rows that satisfy the predicate.
pub fn select(view: &dyn View, bound: &Bound, rows: Rows) -> Result<Vec<u32>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    match bound {
        Bound::Always(true) => Ok(rows.into_list()),
        Bound::Always(false) => Ok(Vec::new()),
        Bound::Any(sources, test) => select_any(rows, sources, |source, rows| {
            matching(view, source, test, rows)
        }),
        Bound::And(terms) => {
            let mut rows = rows;
            for term in terms {
                rows = Rows::List(select(view, term, rows)?);
            }
            Ok(rows.into_list())
        }
        Bound::Or(terms) => select_any(rows, terms, |term, rows| select(view, term, rows.clone())),
        Bound::Not(term) => {
            let others = select(view, term, rows.clone())?;
            Ok(rows.without(&others).into_list())
        }
    }
}

/// The rows for which one of the terms holds; each is asked only about the rows that are left.
fn select_any<Term>(
    rows: Rows,
    terms: &[Term],
    holds: impl Fn(&Term, &Rows) -> Result<Vec<u32>>,
) -> Result<Vec<u32>> {
    let mut left = rows;
    let mut found = Vec::new();
    for (position, term) in terms.iter().enumerate() {
        if left.is_empty() {
            break;
        }
        let more = holds(term, &left)?;
        if position + 1 < terms.len() {
            left = left.without(&more);
        }
        found = union(found, more);
    }
    Ok(found)
}

fn any_of(terms: Vec<Bound>) -> Bound {
    let mut kept = Vec::new();
    for term in terms {
        match term {
            Bound::Always(true) => return Bound::Always(true),
            Bound::Always(false) => {}
            Bound::Or(inner) => kept.extend(inner),
            other => kept.push(other),
        }
    }
    kept.sort_by_key(cost);
    match kept.len() {
        0 => Bound::Always(false),
        1 => kept.remove(0),
        _ => Bound::Or(kept),
    }
}

/// A service or a name that no span has decides at once.
fn bind_field(view: &dyn View, subject: &Subject, sources: Vec<Source>, test: &Test) -> Bound {
    let column = match (subject, sources.as_slice()) {
        (Subject::Field(SpanField::Service | SpanField::Name), [Source::Column(column, _)]) => {
            column
        }
        _ => return Bound::Any(sources, test.clone()),
    };
    match test.texts() {
        crate::value::Texts::Among(texts)
            if !texts.iter().any(|text| view.may_contain(column, text)) =>
        {
            Bound::Always(false)
        }
        _ => Bound::Any(sources, test.clone()),
    }
}

/// What comes first: a cheap column, and a test that few pass.
fn cost(bound: &Bound) -> usize {
    match bound {
        Bound::Always(_) => 0,
        Bound::Any(sources, test) => {
            sources.iter().map(source_cost).sum::<usize>() + test_cost(test)
        }
        Bound::And(terms) => 1 + terms.iter().map(cost).min().unwrap_or(0),
        Bound::Or(terms) => 1 + terms.iter().map(cost).sum::<usize>(),
        Bound::Not(term) => 4 + cost(term),
    }
}

fn source_cost(source: &Source) -> usize {
    match source {
        Source::Column(..) | Source::FilledText(_) | Source::Names(..) => 4,
        Source::Bag(..) => 6,
        Source::Rest(_) => 16,
        Source::Nested(..) | Source::EventNames => 40,
    }
}

fn test_cost(test: &Test) -> usize {
    match test {
        Test::Equal(operands)
            if operands
                .iter()
                .all(|operand| matches!(operand, Operand::Text(_))) =>
        {
            0
        }
        Test::Equal(_) => 1,
        Test::Ordered(..) => 2,
        Test::Contains(_) | Test::Matches(_) => 3,
        Test::Exists => 4,
    }
}
