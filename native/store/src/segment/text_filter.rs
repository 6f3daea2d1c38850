//! Rows whose text passes, found page by page: no column is put together for it, and a dictionary without such a text
//! spares its pages.

use super::Segment;
use super::columns::Physical;
use super::page::Values;
use crate::view::{CHUNK_ROWS, Result, Rows};
use arrow_array::cast::AsArray;
use arrow_array::{Array, StringArray};

impl Segment {
    /// The rows whose text passes, of rows of one row group; None where that cannot be said page by page.
    pub(super) fn gather_where(
        &self,
        number: usize,
        rows: &Rows,
        holds: &mut dyn FnMut(&str) -> bool,
    ) -> Result<Option<Vec<u32>>> {
        let (Some(first), leaf) = (rows.first(), self.leaf(number)) else {
            return Ok(Some(Vec::new()));
        };
        if leaf.physical != Physical::Text {
            return Ok(None);
        }
        let chunk = (first / CHUNK_ROWS) as usize * self.index.leaf_count + number;
        let dictionary = match self.index.chunk(chunk) {
            Some(entry) if entry.dictionary_bytes > 0 => self.dictionary(chunk, &entry, leaf)?,
            _ => return self.plain_where(number, rows, holds).map(Some),
        };
        let Some(values) = dictionary.array() else {
            return Ok(None);
        };
        let mut verdicts = Verdicts::new(values.as_string(), holds);
        if rows.len() >= values.len() && !verdicts.some_hold() {
            return Ok(Some(Vec::new()));
        }
        let mut found = Vec::new();
        self.each_page(number, rows, &mut |piece, rows| match &piece.page.values {
            Values::Coded(coded) if coded.dictionary.len() == values.len() => {
                let passes = |code| verdicts.of(code);
                coded.filter(&piece.places, rows, passes, &mut found);
                Ok(())
            }
            _ => Err(self.damaged("a page does not belong to its dictionary")),
        })?;
        Ok(Some(found))
    }

    fn plain_where(
        &self,
        number: usize,
        rows: &Rows,
        holds: &mut dyn FnMut(&str) -> bool,
    ) -> Result<Vec<u32>> {
        let mut found = Vec::new();
        self.each_page(number, rows, &mut |piece, rows| {
            let texts = piece
                .page
                .array()
                .and_then(|array| array.as_string_opt::<i32>());
            let texts = texts.ok_or_else(|| self.damaged("a page of texts has none"))?;
            found.extend(rows.filter(|at| {
                let place = piece.places.get(at) as usize;
                texts.is_valid(place) && holds(texts.value(place))
            }));
            Ok(())
        })?;
        Ok(found)
    }
}

/// Which texts of a dictionary pass, each looked at once at most.
struct Verdicts<'a> {
    texts: &'a StringArray,
    holds: &'a mut dyn FnMut(&str) -> bool,
    known: Vec<u8>,
}

impl<'a> Verdicts<'a> {
    fn new(texts: &'a StringArray, holds: &'a mut dyn FnMut(&str) -> bool) -> Self {
        let known = vec![0; texts.len().max(1)];
        Self {
            texts,
            holds,
            known,
        }
    }

    #[inline]
    fn of(&mut self, code: usize) -> bool {
        if self.known[code] == 0 {
            let holds = code < self.texts.len() && (self.holds)(self.texts.value(code));
            self.known[code] = 1 + u8::from(holds);
        }
        self.known[code] == 2
    }

    /// Whether any text passes.
    fn some_hold(&mut self) -> bool {
        (0..self.texts.len()).any(|code| self.of(code))
    }
}
