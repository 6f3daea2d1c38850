//! Many durations, kept until their percentiles are asked for: exact, four bytes each where they are short.

/// Durations in any order.
#[derive(Clone, Debug, Default)]
pub struct Durations {
    /// Nearly all durations fit into 32 bits: 4.29 s.
    short: Vec<u32>,
    /// Negative ones and longer ones.
    other: Vec<i64>,
}

impl Durations {
    /// One more.
    #[inline]
    pub fn push(&mut self, duration: i64) {
        match u32::try_from(duration) {
            Ok(short) => self.short.push(short),
            Err(_) => self.other.push(duration),
        }
    }

    /// Those of another.
    pub fn extend(&mut self, more: &Self) {
        self.short.extend_from_slice(&more.short);
        self.other.extend_from_slice(&more.other);
    }

    /// Make room for so many more.
    pub fn reserve(&mut self, more: usize) {
        self.short.reserve(more);
    }

    /// All of them, ascending.
    pub fn ascending(&self) -> Vec<i64> {
        let short = self.short.iter().map(|&duration| i64::from(duration));
        let mut all: Vec<i64> = short.chain(self.other.iter().copied()).collect();
        all.sort_unstable();
        all
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.short.len() + self.other.len()
    }

    /// How much memory they take.
    pub fn nbytes(&self) -> u64 {
        4 * self.short.capacity() as u64 + 8 * self.other.capacity() as u64
    }

    /// Their sum; a negative one counts as 0, as in intervals.
    pub fn total(&self) -> i64 {
        let short: i64 = self.short.iter().map(|&one| i64::from(one)).sum();
        let others = self.other.iter().map(|&one| one.max(0));
        others.fold(short, i64::saturating_add)
    }

    /// The ceil(percent / 100 * n)-th smallest for each percentage, which ascend; 0 where there are none.
    pub fn percentiles<const N: usize>(&mut self, percents: [usize; N]) -> [i64; N] {
        let count = self.len();
        self.other.sort_unstable();
        let negative = self.other.partition_point(|&duration| duration < 0);
        let mut sorted_below = 0;
        percents.map(|percent| {
            let rank = (percent * count).div_ceil(100).saturating_sub(1);
            if rank < negative {
                return self.other[rank];
            }
            if rank - negative >= self.short.len() {
                let long = self.other.get(rank - self.short.len());
                return long.copied().unwrap_or_default();
            }
            let rank = rank - negative;
            let rest = &mut self.short[sorted_below..];
            let (_, duration, _) = rest.select_nth_unstable(rank - sorted_below);
            sorted_below = rank;
            i64::from(*duration)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn percentiles_are_those_of_the_sorted_durations(
            durations in prop::collection::vec(prop_oneof![-5i64..100, (1i64 << 33)..(1 << 34)], 1..200)
        ) {
            let mut kept = Durations::default();
            durations.iter().for_each(|&duration| kept.push(duration));
            let mut sorted = durations.clone();
            sorted.sort_unstable();
            let expected = [50, 95, 99].map(|percent: usize| sorted[(percent * sorted.len()).div_ceil(100) - 1]);
            prop_assert_eq!(kept.percentiles([50, 95, 99]), expected);
            prop_assert_eq!(kept.ascending(), sorted);
            prop_assert_eq!(kept.total(), durations.iter().map(|one| (*one).max(0)).sum::<i64>());
        }
    }

    #[test]
    fn none_have_no_percentiles() {
        assert_eq!(Durations::default().percentiles([50, 99]), [0, 0]);
    }
}
