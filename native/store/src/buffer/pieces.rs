//! `Pieces`: a vector in pieces, so that a copy is cheap and shares what does not change. A piece that a copy still holds
//! is copied before it is changed; all others are changed in place.

use super::sole::sole;
use std::sync::Arc;

const PIECE_BITS: u32 = 10;
const PIECE_LEN: usize = 1 << PIECE_BITS;

/// A vector whose clones share their pieces.
#[derive(Debug)]
pub struct Pieces<T> {
    pieces: Vec<Arc<Vec<T>>>,
    len: u32,
}

impl<T> Clone for Pieces<T> {
    fn clone(&self) -> Self {
        Self {
            pieces: self.pieces.clone(),
            len: self.len,
        }
    }
}

impl<T> Default for Pieces<T> {
    fn default() -> Self {
        Self {
            pieces: Vec::new(),
            len: 0,
        }
    }
}

impl<T: Clone> Pieces<T> {
    pub fn len(&self) -> u32 {
        self.len
    }

    pub fn get(&self, index: u32) -> &T {
        &self.pieces[(index >> PIECE_BITS) as usize][index as usize & (PIECE_LEN - 1)]
    }

    pub fn get_mut(&mut self, index: u32) -> &mut T {
        &mut sole(&mut self.pieces[(index >> PIECE_BITS) as usize])
            [index as usize & (PIECE_LEN - 1)]
    }

    pub fn push(&mut self, value: T) {
        match self.pieces.last_mut() {
            Some(last) if last.len() < PIECE_LEN => sole(last).push(value),
            _ => self.pieces.push(Arc::new(vec![value])),
        }
        self.len += 1;
    }

    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.pieces.iter().flat_map(|piece| piece.iter())
    }
}
