//! Sets of rows and of traces: sorted, distinct numbers, and what is done with them.

use crate::view::{CHUNK_ROWS, Result, Rows, View};

impl Rows {
    /// How many.
    pub fn len(&self) -> usize {
        match self {
            Self::Range(range) => range.len(),
            Self::List(list) => list.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The row at a position.
    pub fn get(&self, position: usize) -> u32 {
        match self {
            Self::Range(range) => range.start + position as u32,
            Self::List(list) => list[position],
        }
    }

    /// The first row, if there is one.
    pub fn first(&self) -> Option<u32> {
        (!self.is_empty()).then(|| self.get(0))
    }

    /// As a list.
    pub fn into_list(self) -> Vec<u32> {
        match self {
            Self::Range(range) => range.collect(),
            Self::List(list) => list,
        }
    }

    /// The rows at the positions for which `keep` holds.
    pub fn filter(&self, mut keep: impl FnMut(usize) -> bool) -> Vec<u32> {
        let mut kept = Vec::new();
        match self {
            Self::Range(range) => {
                for (position, row) in range.clone().enumerate() {
                    if keep(position) {
                        kept.push(row);
                    }
                }
            }
            Self::List(list) => {
                for (position, row) in list.iter().enumerate() {
                    if keep(position) {
                        kept.push(*row);
                    }
                }
            }
        }
        kept
    }

    /// These rows without those.
    pub fn without(self, others: &[u32]) -> Rows {
        if others.is_empty() {
            return self;
        }
        let mut others = others.iter().copied().peekable();
        Rows::List(match self {
            Self::Range(range) => subtract(range, &mut others),
            Self::List(list) => subtract(list.into_iter(), &mut others),
        })
    }
}

fn subtract(
    rows: impl Iterator<Item = u32>,
    others: &mut std::iter::Peekable<impl Iterator<Item = u32>>,
) -> Vec<u32> {
    rows.filter(|row| {
        while others.next_if(|other| other < row).is_some() {}
        others.peek() != Some(row)
    })
    .collect()
}

/// What is in both; both are sorted. Cheap when one is much smaller.
pub fn intersect(left: &[u32], right: &[u32]) -> Vec<u32> {
    let (small, mut large) = if left.len() <= right.len() {
        (left, right)
    } else {
        (right, left)
    };
    let mut both = Vec::new();
    for &number in small {
        let skip = gallop(large, number);
        large = &large[skip..];
        if large.first() == Some(&number) {
            both.push(number);
        }
    }
    both
}

/// What is in either; both are sorted and have nothing in common.
pub fn union(left: Vec<u32>, right: Vec<u32>) -> Vec<u32> {
    if left.is_empty() {
        return right;
    }
    if right.is_empty() {
        return left;
    }
    let mut all = left;
    all.extend_from_slice(&right);
    all.sort_unstable();
    all
}

/// How many of the sorted numbers are below `number`.
fn gallop(sorted: &[u32], number: u32) -> usize {
    let mut step = 1;
    while step < sorted.len() && sorted[step] < number {
        step *= 2;
    }
    let from = step / 2;
    let to = sorted.len().min(step + 1);
    from + sorted[from..to].partition_point(|&one| one < number)
}

/// The rows of these traces (sorted numbers), cut so that each piece is a cheap read, with pieces of at most CHUNK_ROWS.
pub fn rows_of(view: &dyn View, traces: &[u32]) -> Vec<Rows> {
    if traces.is_empty() {
        return Vec::new();
    }
    if traces.len() == view.trace_count() as usize {
        return chunks_of(Rows::Range(0..view.span_count()));
    }
    if view.sorted_by_start() {
        return chunks_of(consecutive_rows(view, traces));
    }
    let mut list: Vec<u32> = traces
        .iter()
        .flat_map(|&trace| view.trace_rows(trace).into_list())
        .collect();
    list.sort_unstable();
    chunks_of(Rows::List(list))
}

/// Those of the rows (sorted) that belong to these traces (sorted), in a view whose rows ascend with the traces.
pub fn rows_in(view: &dyn View, rows: &[u32], traces: &[u32]) -> Vec<u32> {
    if traces.len() == view.trace_count() as usize {
        return rows.to_vec();
    }
    let (mut rest, mut found) = (rows, Vec::new());
    for &trace in traces {
        if let Rows::Range(range) = view.trace_rows(trace) {
            rest = &rest[gallop(rest, range.start)..];
            let count = rest.iter().take_while(|&&row| row < range.end).count();
            found.extend_from_slice(&rest[..count]);
            rest = &rest[count..];
        }
    }
    found
}

/// All rows of a view in cheap pieces.
pub fn all_rows(view: &dyn View) -> Vec<Rows> {
    chunks_of(Rows::Range(0..view.span_count()))
}

/// The traces of these rows (sorted), each once, sorted.
pub fn traces_of(view: &dyn View, rows: &[u32]) -> Result<Vec<u32>> {
    let mut traces = view.traces_of_rows(rows);
    if !view.sorted_by_start() {
        traces.sort_unstable();
    }
    traces.dedup();
    Ok(traces)
}

/// Rows of traces of a view whose rows ascend with the traces: a range where the traces are neighbours.
fn consecutive_rows(view: &dyn View, traces: &[u32]) -> Rows {
    let neighbours = traces[traces.len() - 1] - traces[0] + 1 == traces.len() as u32;
    if neighbours
        && let (Rows::Range(first), Rows::Range(last)) = (
            view.trace_rows(traces[0]),
            view.trace_rows(traces[traces.len() - 1]),
        )
    {
        return Rows::Range(first.start..last.end);
    }
    let mut list = Vec::new();
    for &trace in traces {
        match view.trace_rows(trace) {
            Rows::Range(range) => list.extend(range),
            Rows::List(rows) => list.extend(rows),
        }
    }
    Rows::List(list)
}

/// Rows cut so that each piece is a cheap read.
pub fn chunks_of(rows: Rows) -> Vec<Rows> {
    let chunk_of = |row: u32| row / CHUNK_ROWS;
    match rows {
        Rows::Range(range) if range.is_empty() => Vec::new(),
        Rows::Range(range) => (chunk_of(range.start)..=chunk_of(range.end - 1))
            .map(|chunk| {
                let start = range.start.max(chunk * CHUNK_ROWS);
                Rows::Range(
                    start
                        ..range
                            .end
                            .min(chunk.saturating_add(1).saturating_mul(CHUNK_ROWS)),
                )
            })
            .collect(),
        Rows::List(list) => list
            .chunk_by(|left, right| chunk_of(*left) == chunk_of(*right))
            .map(|chunk| Rows::List(chunk.to_vec()))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_subtracted_and_intersected() {
        assert_eq!(
            Rows::Range(2..8).without(&[1, 3, 7, 9]).into_list(),
            [2, 4, 5, 6]
        );
        assert_eq!(Rows::List(vec![1, 5, 9]).without(&[5]).into_list(), [1, 9]);
        let evens: Vec<u32> = (0..100).map(|number| number * 2).collect();
        assert_eq!(intersect(&evens, &[0, 3, 4, 198, 199]), [0, 4, 198]);
        assert!(intersect(&evens, &[]).is_empty());
        assert_eq!(union(vec![1, 4], vec![2]), [1, 2, 4]);
    }

    #[test]
    fn ranges_are_cut_at_chunks() {
        let pieces = chunks_of(Rows::Range(CHUNK_ROWS - 1..CHUNK_ROWS + 2));
        let lengths: Vec<usize> = pieces.iter().map(Rows::len).collect();
        assert_eq!(lengths, [1, 2]);
        let pieces = chunks_of(Rows::List(vec![
            0,
            CHUNK_ROWS - 1,
            CHUNK_ROWS,
            3 * CHUNK_ROWS,
        ]));
        assert_eq!(pieces.iter().map(Rows::len).collect::<Vec<_>>(), [2, 1, 1]);
    }
}
