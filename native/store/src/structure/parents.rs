//! Whose parent is whose: spans by id, as far as parents depend on them.

use super::{CLIENT, NONE, SERVER, Span, reset};
use foldhash::fast::RandomState;
use std::hash::BuildHasher;

/// The spans that share an id, as far as parents depend on them: ranks, NONE where there is no such span.
#[derive(Clone, Copy, Debug)]
pub struct Group {
    span_id: u64,
    first: u32,
    second: u32,
    first_server: u32,
    second_server: u32,
    first_client: u32,
}

/// Groups by id: an open table, seeded, so that nobody can choose ids that collide.
#[derive(Debug, Default)]
pub struct Groups {
    table: Vec<u32>,
    groups: Vec<Group>,
    group_of: Vec<u32>,
    hasher: RandomState,
}

impl Groups {
    pub fn build(&mut self, spans: &[(Span, u32)]) {
        reset(&mut self.table, (2 * spans.len()).next_power_of_two(), NONE);
        self.groups.clear();
        self.group_of.clear();
        for (rank, (span, _)) in spans.iter().enumerate() {
            let group = self.group_or_new(span.span_id);
            self.group_of.push(group);
            self.groups[group as usize].note(rank as u32, span.kind);
        }
    }

    fn group_or_new(&mut self, span_id: u64) -> u32 {
        let place = self.place(span_id);
        if self.table[place] == NONE {
            self.table[place] = self.groups.len() as u32;
            self.groups.push(Group {
                span_id,
                first: NONE,
                second: NONE,
                first_server: NONE,
                second_server: NONE,
                first_client: NONE,
            });
        }
        self.table[place]
    }

    fn place(&self, span_id: u64) -> usize {
        let mask = self.table.len() - 1;
        let mut place = self.hasher.hash_one(span_id) as usize & mask;
        while self.table[place] != NONE
            && self.groups[self.table[place] as usize].span_id != span_id
        {
            place = (place + 1) & mask;
        }
        place
    }

    pub fn parent_of(&self, spans: &[(Span, u32)], rank: u32) -> u32 {
        let span = &spans[rank as usize].0;
        if span.kind == SERVER {
            let client = self.groups[self.group_of[rank as usize] as usize].first_client;
            if client != NONE {
                return client;
            }
        }
        if span.parent_span_id == 0 {
            return NONE;
        }
        match self.table[self.place(span.parent_span_id)] {
            NONE => NONE,
            group => self.groups[group as usize].best_other(rank),
        }
    }
}

impl Group {
    fn note(&mut self, rank: u32, kind: i32) {
        note(&mut self.first, &mut self.second, rank);
        if kind == SERVER {
            note(&mut self.first_server, &mut self.second_server, rank);
        } else if kind == CLIENT && self.first_client == NONE {
            self.first_client = rank;
        }
    }

    /// The first server span, else the first span, that is not this one.
    fn best_other(&self, rank: u32) -> u32 {
        let server = if self.first_server == rank {
            self.second_server
        } else {
            self.first_server
        };
        if server != NONE {
            return server;
        }
        if self.first == rank {
            self.second
        } else {
            self.first
        }
    }
}

fn note(first: &mut u32, second: &mut u32, rank: u32) {
    if *first == NONE {
        *first = rank;
    } else if *second == NONE {
        *second = rank;
    }
}
