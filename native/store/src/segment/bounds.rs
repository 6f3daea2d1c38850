//! The smallest and the largest time of each page and of the column, for whoever wants to skip pages.

use super::encode::parquet;
use crate::view::Result;
use parquet::basic::{BoundaryOrder, Type};
use parquet::file::metadata::ColumnIndexBuilder;
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::statistics::{Statistics, ValueStatistics};

/// Bounds of pages, in order.
#[derive(Debug, Default)]
pub struct Bounds {
    pages: Vec<(i64, i64)>,
}

impl Bounds {
    /// The times of the next page.
    pub fn add(&mut self, times: &[i64]) {
        let smallest = times.iter().copied().fold(i64::MAX, i64::min);
        let largest = times.iter().copied().fold(i64::MIN, i64::max);
        self.pages.push((smallest, largest));
    }

    /// Those of all pages; None where there are none.
    pub fn all(&self) -> Option<Statistics> {
        let smallest = self.pages.iter().map(|bounds| bounds.0).min()?;
        let largest = self.pages.iter().map(|bounds| bounds.1).max()?;
        let none_null = Some(0);
        let bounds = ValueStatistics::new(Some(smallest), Some(largest), None, none_null, false);
        // The old fields too, which some readers look at.
        Some(bounds.with_backwards_compatible_min_max(true).into())
    }

    /// Parquet's page index of them.
    pub fn finish(self) -> Result<Option<ColumnIndexMetaData>> {
        if self.pages.is_empty() {
            return Ok(None);
        }
        let mut index = ColumnIndexBuilder::new(Type::INT64);
        if self.pages.is_sorted_by(|a, b| a.0 <= b.0 && a.1 <= b.1) {
            index.set_boundary_order(BoundaryOrder::ASCENDING);
        }
        for (smallest, largest) in self.pages {
            let (smallest, largest) = (smallest.to_le_bytes(), largest.to_le_bytes());
            index.append(false, smallest.to_vec(), largest.to_vec(), 0, None);
        }
        index.build().map(Some).map_err(parquet)
    }
}
