//! Self times and the critical path of an outline, by the rules of docs/specs/structure.md.
//!
//! `structure.rs` computes the same when it seals; here the tree is given, and times may have been adjusted.

use super::outline::Outline;
use crate::structure::NONE;

/// A stretch of the critical path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Who is to blame.
    pub row: u32,
    /// Nanoseconds since 1970.
    pub start: i64,
    /// Nanoseconds since 1970.
    pub end: i64,
}

/// How much of each row's interval no child covers. Children stand in the order of their starts, unless times were adjusted.
pub fn self_times(outline: &Outline, adjusted: bool) -> Vec<i64> {
    let mut own = vec![0_i64; outline.len()];
    let mut covered_to = outline.start.clone();
    let mut cover = |child: usize| {
        let parent = outline.parent[child];
        if parent == NONE {
            return;
        }
        let parent = parent as usize;
        let (start, end) = outline.interval(child);
        let parent_end = outline.interval(parent).1;
        if start < parent_end {
            own[parent] += start.saturating_sub(covered_to[parent]).max(0);
            covered_to[parent] = covered_to[parent].max(end.min(parent_end));
        }
    };
    if adjusted {
        let mut rows: Vec<u32> = (0..outline.len() as u32).collect();
        rows.sort_by_key(|&row| outline.start[row as usize]);
        rows.into_iter().for_each(|row| cover(row as usize));
    } else {
        (0..outline.len()).for_each(&mut cover);
    }
    for (row, own) in own.iter_mut().enumerate() {
        *own += (outline.interval(row).1 - covered_to[row]).max(0);
    }
    own
}

/// How many rows the subtree of each row has.
pub fn subtree_sizes(parent: &[u32]) -> Vec<u32> {
    let mut sizes = vec![1_u32; parent.len()];
    for row in (0..parent.len()).rev() {
        if parent[row] != NONE {
            sizes[parent[row] as usize] += sizes[row];
        }
    }
    sizes
}

/// The critical path of the root's tree: rows in pre-order, the segments of each ascend.
pub fn path(outline: &Outline) -> Vec<Segment> {
    let mut path = Vec::new();
    if outline.len() == 0 {
        return path;
    }
    let sizes = subtree_sizes(&outline.parent);
    let root = top_of(outline, outline.root as usize);
    let behind = root + sizes[root] as usize;
    let mut windows = vec![None; sizes[root] as usize];
    windows[0] = Some(outline.interval(root));
    let mut cuts = Vec::new();
    for row in root..behind {
        let Some(window) = windows[row - root] else {
            continue;
        };
        list_cuts(outline, &sizes, row, window, &mut cuts);
        let first = path.len();
        let mut cursor = window.1;
        for &(end, start, child) in &cuts {
            if end <= cursor {
                push(&mut path, row, end, cursor);
                cursor = start;
                windows[child as usize - root] = Some((start, end));
            }
        }
        push(&mut path, row, window.0, cursor);
        path[first..].reverse();
    }
    path
}

/// The children of a row as far as they lie in its window: the one that ends last first.
fn list_cuts(
    outline: &Outline,
    sizes: &[u32],
    row: usize,
    window: (i64, i64),
    cuts: &mut Vec<(i64, i64, u32)>,
) {
    cuts.clear();
    let behind = row + sizes[row] as usize;
    let mut child = row + 1;
    while child < behind {
        let (start, end) = outline.interval(child);
        let (start, end) = (start.max(window.0), end.min(window.1));
        if start < end {
            cuts.push((end, start, child as u32));
        }
        child += sizes[child] as usize;
    }
    cuts.sort_unstable_by(|a, b| b.cmp(a));
}

fn push(path: &mut Vec<Segment>, row: usize, start: i64, end: i64) {
    if start < end {
        path.push(Segment {
            row: row as u32,
            start,
            end,
        });
    }
}

fn top_of(outline: &Outline, mut row: usize) -> usize {
    while outline.parent[row] != NONE {
        row = outline.parent[row] as usize;
    }
    row
}
