//! The predicate tree and its JSON form (docs/specs/predicate-json.md). Not: how it is evaluated.

use crate::value::{Operand, Relation, Test, TextOperand};
use crate::view::{Result, Scope, StoreError};
use serde_json::{Map, Value as Json};

const DEPTH_MAX: usize = 64;
const TERMS_MAX: usize = 2_000;
const OPERANDS_MAX: usize = 10_000;

/// A tree of terms over one kind of leaf.
#[derive(Clone, Debug)]
pub enum Tree<Leaf> {
    /// A comparison.
    Leaf(Leaf),
    /// All hold; true when there are none.
    And(Vec<Tree<Leaf>>),
    /// At least one holds; false when there are none.
    Or(Vec<Tree<Leaf>>),
    /// The term does not hold.
    Not(Box<Tree<Leaf>>),
}

/// Holds or does not hold for one span.
pub type SpanPredicate = Tree<SpanLeaf>;

/// Holds or does not hold for a whole trace.
pub type TracePredicate = Tree<TraceLeaf>;

/// Some value of the subject passes the test.
#[derive(Clone, Debug)]
pub struct SpanLeaf {
    /// What is compared.
    pub subject: Subject,
    /// With what.
    pub test: Test,
}

/// What a comparison of a span looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A field.
    Field(SpanField),
    /// An attribute, in one scope or (None) in any.
    Attribute {
        /// Its key.
        key: String,
        /// Where.
        scope: Option<Scope>,
    },
}

/// A leaf of a trace predicate.
#[derive(Clone, Debug)]
pub enum TraceLeaf {
    /// Some span of the trace satisfies it.
    AnySpan(SpanPredicate),
    /// The trace's own figure passes the test.
    Compare(TraceField, Test),
}

/// `model.search.SpanField`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum SpanField {
    Service,
    Name,
    Kind,
    Status,
    StatusMessage,
    Duration,
    Start,
    SpanId,
    ParentSpanId,
    TraceState,
    ScopeName,
    ScopeVersion,
    EventName,
}

/// `model.search.TraceField`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum TraceField {
    Start,
    Duration,
    SpanCount,
    ErrorCount,
    ServiceCount,
    RootService,
    RootName,
}

/// A span predicate from its JSON.
pub fn read_span_predicate(json: &Json) -> Result<SpanPredicate> {
    Reader::default().span_tree(json, 1)
}

/// A trace predicate from its JSON.
pub fn read_trace_predicate(json: &Json) -> Result<TracePredicate> {
    Reader::default().trace_tree(json, 1)
}

/// An object of a plan.
pub fn object(json: &Json) -> Result<&Map<String, Json>> {
    json.as_object()
        .ok_or_else(|| wrong("expected an object", json))
}

/// Something in a plan that makes no sense.
pub fn wrong(what: &str, json: &Json) -> StoreError {
    let text: String = json.to_string().chars().take(80).collect();
    StoreError(format!("{what}: {text}"))
}

/// Counts the terms of one tree, so that none is too large.
#[derive(Default)]
struct Reader {
    terms: usize,
}

impl Reader {
    fn trace_tree(&mut self, json: &Json, depth: usize) -> Result<TracePredicate> {
        let node = self.node(json, depth)?;
        match op(node)? {
            "any_span" => {
                let inner = self.span_tree(member(node, "where")?, depth + 1)?;
                Ok(Tree::Leaf(TraceLeaf::AnySpan(inner)))
            }
            "compare_trace" => {
                let field = trace_field(text(node, "field")?)?;
                let leaf = |test| Tree::Leaf(TraceLeaf::Compare(field, test));
                comparison(node, leaf)
            }
            "compare" => Err(wrong(
                "a comparison of a span must stand inside `any_span`",
                json,
            )),
            _ => self.branch(node, depth, Self::trace_tree),
        }
    }

    fn span_tree(&mut self, json: &Json, depth: usize) -> Result<SpanPredicate> {
        let node = self.node(json, depth)?;
        match op(node)? {
            "compare" => {
                let subject = subject(node)?;
                let leaf = |test| {
                    let subject = subject.clone();
                    Tree::Leaf(SpanLeaf { subject, test })
                };
                comparison(node, leaf)
            }
            "any_span" | "compare_trace" => {
                Err(wrong("a span predicate has no terms of a trace", json))
            }
            _ => self.branch(node, depth, Self::span_tree),
        }
    }

    fn branch<Leaf>(
        &mut self,
        node: &Map<String, Json>,
        depth: usize,
        read: fn(&mut Self, &Json, usize) -> Result<Tree<Leaf>>,
    ) -> Result<Tree<Leaf>> {
        let op = op(node)?;
        if op == "not" {
            let term = read(self, member(node, "term")?, depth + 1)?;
            return Ok(Tree::Not(Box::new(term)));
        }
        if op != "and" && op != "or" {
            return Err(StoreError(format!("unknown term of a predicate: {op:?}")));
        }
        let listed = member(node, "terms")?;
        let listed = listed
            .as_array()
            .ok_or_else(|| wrong("`terms` must be a list", listed))?;
        let terms: Result<Vec<_>> = listed
            .iter()
            .map(|term| read(self, term, depth + 1))
            .collect();
        Ok(if op == "and" {
            Tree::And(terms?)
        } else {
            Tree::Or(terms?)
        })
    }

    fn node<'a>(&mut self, json: &'a Json, depth: usize) -> Result<&'a Map<String, Json>> {
        self.terms += 1;
        if depth > DEPTH_MAX {
            return Err(StoreError(format!(
                "the predicate is deeper than {DEPTH_MAX}"
            )));
        }
        if self.terms > TERMS_MAX {
            return Err(StoreError(format!(
                "the predicate has more than {TERMS_MAX} terms"
            )));
        }
        object(json)
    }
}

/// `!=` becomes: there is a value, and none is equal.
fn comparison<Leaf>(
    node: &Map<String, Json>,
    leaf: impl Fn(Test) -> Tree<Leaf>,
) -> Result<Tree<Leaf>> {
    let cmp = text(node, "cmp")?;
    if cmp == "exists" {
        return Ok(leaf(Test::Exists));
    }
    let value = member(node, "value")?;
    let relation = |relation| Ok(leaf(Test::Ordered(relation, operand(value)?)));
    match cmp {
        "=" => Ok(leaf(Test::Equal(vec![operand(value)?]))),
        "!=" => {
            let equal = leaf(Test::Equal(vec![operand(value)?]));
            Ok(Tree::And(vec![
                leaf(Test::Exists),
                Tree::Not(Box::new(equal)),
            ]))
        }
        "in" => Ok(leaf(Test::Equal(operands(value)?))),
        "<" => relation(Relation::Less),
        "<=" => relation(Relation::LessOrEqual),
        ">" => relation(Relation::Greater),
        ">=" => relation(Relation::GreaterOrEqual),
        "regex" => Ok(leaf(Test::matching(str_of(value)?)?)),
        "contains" => Ok(leaf(Test::containing(str_of(value)?))),
        _ => Err(StoreError(format!("unknown comparison: {cmp:?}"))),
    }
}

fn operands(json: &Json) -> Result<Vec<Operand>> {
    let listed = json
        .as_array()
        .ok_or_else(|| wrong("`in` needs a list", json))?;
    if listed.len() > OPERANDS_MAX {
        return Err(StoreError(format!(
            "`in` has more than {OPERANDS_MAX} values"
        )));
    }
    listed.iter().map(operand).collect()
}

fn operand(json: &Json) -> Result<Operand> {
    match json {
        Json::String(text) => Ok(Operand::Text(TextOperand::new(text))),
        Json::Bool(value) => Ok(Operand::Bool(*value)),
        Json::Number(number) => Ok(number
            .as_i128()
            .map(Operand::Int)
            .or_else(|| number.as_f64().map(Operand::Double))
            .ok_or_else(|| wrong("not a number", json))?),
        _ => Err(wrong("a comparison needs text, a number or a bool", json)),
    }
}

fn subject(node: &Map<String, Json>) -> Result<Subject> {
    if node.contains_key("field") {
        return span_field(text(node, "field")?).map(Subject::Field);
    }
    let key = text(node, "attribute")?.to_owned();
    let scope = match node.get("scope") {
        None => None,
        Some(scope) => read_scope(str_of(scope)?)?,
    };
    Ok(Subject::Attribute { key, scope })
}

/// A scope by its name; None is any.
pub fn read_scope(name: &str) -> Result<Option<Scope>> {
    Ok(Some(match name {
        "any" => return Ok(None),
        "span" => Scope::Span,
        "resource" => Scope::Resource,
        "scope" => Scope::Scope,
        "event" => Scope::Event,
        "link" => Scope::Link,
        _ => return Err(StoreError(format!("unknown scope: {name:?}"))),
    }))
}

/// A scope's name.
pub fn scope_name(scope: Scope) -> &'static str {
    match scope {
        Scope::Span => "span",
        Scope::Resource => "resource",
        Scope::Scope => "scope",
        Scope::Event => "event",
        Scope::Link => "link",
    }
}

fn span_field(name: &str) -> Result<SpanField> {
    Ok(match name {
        "service" => SpanField::Service,
        "name" => SpanField::Name,
        "kind" => SpanField::Kind,
        "status" => SpanField::Status,
        "status_message" => SpanField::StatusMessage,
        "duration" => SpanField::Duration,
        "start" => SpanField::Start,
        "span_id" => SpanField::SpanId,
        "parent_span_id" => SpanField::ParentSpanId,
        "trace_state" => SpanField::TraceState,
        "scope_name" => SpanField::ScopeName,
        "scope_version" => SpanField::ScopeVersion,
        "event_name" => SpanField::EventName,
        _ => return Err(StoreError(format!("unknown field of a span: {name:?}"))),
    })
}

fn trace_field(name: &str) -> Result<TraceField> {
    Ok(match name {
        "start" => TraceField::Start,
        "duration" => TraceField::Duration,
        "span_count" => TraceField::SpanCount,
        "error_count" => TraceField::ErrorCount,
        "service_count" => TraceField::ServiceCount,
        "root_service" => TraceField::RootService,
        "root_name" => TraceField::RootName,
        _ => return Err(StoreError(format!("unknown field of a trace: {name:?}"))),
    })
}

fn op(node: &Map<String, Json>) -> Result<&str> {
    text(node, "op")
}

fn text<'a>(node: &'a Map<String, Json>, name: &str) -> Result<&'a str> {
    str_of(member(node, name)?)
}

fn str_of(json: &Json) -> Result<&str> {
    json.as_str().ok_or_else(|| wrong("expected text", json))
}

fn member<'a>(node: &'a Map<String, Json>, name: &str) -> Result<&'a Json> {
    node.get(name)
        .ok_or_else(|| StoreError(format!("`{name}` is missing in a term of the predicate")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn error(json: Json) -> String {
        read_trace_predicate(&json).unwrap_err().0
    }

    #[test]
    fn errors_say_what_is_wrong() {
        let compare = json!({"op": "compare", "field": "service", "cmp": "=", "value": "cart"});
        assert!(error(compare.clone()).contains("inside `any_span`"));
        let nested = json!({"op": "any_span", "where": {"op": "any_span", "where": compare}});
        assert!(error(nested).contains("no terms of a trace"));
        let regex =
            json!({"op": "compare_trace", "field": "root_name", "cmp": "regex", "value": "("});
        assert!(error(regex).contains("not a regex"));
        assert!(error(json!({"op": "xor", "terms": []})).contains("xor"));
        assert!(error(json!({"op": "and"})).contains("`terms` is missing"));
        assert!(error(json!([])).contains("expected an object"));
        let unknown = json!({"op": "compare_trace", "field": "colour", "cmp": "=", "value": 1});
        assert!(error(unknown).contains("colour"));
    }

    #[test]
    fn a_tree_has_bounds() {
        let mut deep = json!({"op": "and", "terms": []});
        for _ in 0..DEPTH_MAX {
            deep = json!({"op": "not", "term": deep});
        }
        assert!(error(deep).contains("deeper"));
        let wide = vec![json!({"op": "and", "terms": []}); TERMS_MAX];
        assert!(error(json!({"op": "and", "terms": wide})).contains("more than"));
    }

    #[test]
    fn unequal_means_a_value_and_none_equal() {
        let json =
            json!({"op": "compare", "attribute": "a", "scope": "span", "cmp": "!=", "value": 1});
        let Tree::And(terms) = read_span_predicate(&json).unwrap() else {
            panic!("not a conjunction")
        };
        assert!(matches!(
            &terms[0],
            Tree::Leaf(SpanLeaf {
                test: Test::Exists,
                ..
            })
        ));
        assert!(matches!(&terms[1], Tree::Not(_)));
    }
}
