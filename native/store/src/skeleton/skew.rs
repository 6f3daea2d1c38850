//! How far spans would be shifted where clocks disagree: Jaeger's rule, along the tree of docs/specs/structure.md.

use super::outline::Outline;
use crate::bag;
use crate::sources::read_one;
use crate::structure::NONE;
use crate::texts::Texts;
use crate::value::Value;
use crate::view::{ColumnRef, Result, View};
use foldhash::fast::RandomState;
use hashbrown::HashMap;

const HOST_KEYS: [&str; 3] = ["host.id", "host.ip", "host.name"];
/// The number of a host that is not known: it is never the same as another.
const UNKNOWN: u32 = 0;

/// The shift of every row, in nanoseconds.
pub fn deltas(view: &dyn View, outline: &Outline) -> Result<Vec<i64>> {
    let mut deltas = vec![0_i64; outline.len()];
    let hosts = hosts(view, outline)?;
    for row in 0..outline.len() {
        let parent = outline.parent[row] as usize;
        if outline.parent[row] == NONE {
            continue;
        }
        deltas[row] = if hosts[row] == UNKNOWN || hosts[row] != hosts[parent] {
            let parent_start = outline.start[parent].saturating_add(deltas[parent]);
            skew(
                (outline.start[row], outline.duration[row]),
                (parent_start, outline.duration[parent]),
            )
        } else {
            deltas[parent]
        };
    }
    Ok(deltas)
}

/// The shift of a (start, duration) into its parent's.
fn skew(span: (i64, i64), parent: (i64, i64)) -> i64 {
    let ahead = parent.0.saturating_sub(span.0);
    if span.1 > parent.1 {
        return ahead.max(0);
    }
    let is_inside =
        ahead <= 0 && span.0.saturating_add(span.1) <= parent.0.saturating_add(parent.1);
    if is_inside {
        0
    } else {
        ahead.saturating_add(parent.1.saturating_sub(span.1).div_euclid(2))
    }
}

/// A number for the host of every row.
fn hosts(view: &dyn View, outline: &Outline) -> Result<Vec<u32>> {
    let mut numbers: HashMap<String, u32, RandomState> = HashMap::default();
    let mut hosts = Vec::with_capacity(outline.len());
    for piece in outline.pieces(outline.rows.clone()) {
        let array = read_one(view, &ColumnRef::ResourceAttributes, &piece)?;
        let texts = Texts::of(&array)?;
        let mut known = vec![NONE; texts.code_count()];
        for at in 0..piece.len() {
            let Some(code) = texts.code(at) else {
                hosts.push(UNKNOWN);
                continue;
            };
            if known[code] == NONE {
                let next = numbers.len() as u32 + 1;
                known[code] = host(texts.values.value(code))
                    .map_or(UNKNOWN, |host| *numbers.entry(host).or_insert(next));
            }
            hosts.push(known[code]);
        }
    }
    Ok(hosts)
}

/// What a resource says of its host.
fn host(resource: &str) -> Option<String> {
    HOST_KEYS.iter().find_map(|key| {
        let value = bag::values_of(resource, key).next()?;
        let text = match value.value() {
            Value::Text(text) | Value::Encoded(text) => text.to_owned(),
            Value::Int(number) => number.to_string(),
            _ => return None,
        };
        (!text.is_empty()).then_some(text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_that_sticks_out_is_moved_into_its_parent() {
        assert_eq!(skew((10, 5), (0, 20)), 0);
        assert_eq!(skew((-10, 6), (0, 20)), 17);
        assert_eq!(skew((18, 6), (0, 20)), -11);
        assert_eq!(skew((-10, 30), (0, 20)), 10);
        assert_eq!(skew((10, 30), (0, 20)), 0);
    }

    #[test]
    fn hosts_are_known_by_the_first_key_that_is_there() {
        assert_eq!(
            host(r#"{"host.name":"b","host.id":"a"}"#).as_deref(),
            Some("a")
        );
        assert_eq!(host(r#"{"service.name":"a"}"#), None);
    }
}
