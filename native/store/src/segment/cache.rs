//! The decoded pages of all segments of the process, as many as fit. Those that were not asked for again go first.

use super::page::Page;
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use std::collections::VecDeque;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

/// How many bytes there may be unless somebody says otherwise.
const BYTES_MAX: usize = 128 << 20;

/// A page of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PageKey {
    /// The number of the open segment.
    pub segment: u64,
    /// Row group and leaf.
    pub chunk: u32,
    /// The page; DICTIONARY for the dictionary of the chunk.
    pub page: u32,
}

/// `PageKey::page` of a dictionary.
pub const DICTIONARY: u32 = u32::MAX;

struct Entry {
    page: Arc<Page>,
    bytes: usize,
    asked_again: bool,
}

struct Cache {
    entries: HashMap<PageKey, Entry, RandomState>,
    queue: VecDeque<PageKey>,
    bytes: usize,
    bytes_max: usize,
}

static CACHE: LazyLock<Mutex<Cache>> = LazyLock::new(|| {
    Mutex::new(Cache {
        entries: HashMap::default(),
        queue: VecDeque::new(),
        bytes: 0,
        bytes_max: BYTES_MAX,
    })
});

fn cache() -> MutexGuard<'static, Cache> {
    // Entries are put in and taken out whole: a panic between leaves nothing half done.
    CACHE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A page, if it is here.
pub fn get(key: PageKey) -> Option<Arc<Page>> {
    let mut cache = cache();
    let entry = cache.entries.get_mut(&key)?;
    entry.asked_again = true;
    Some(entry.page.clone())
}

/// Keep a page.
pub fn put(key: PageKey, page: &Arc<Page>) {
    let bytes = page.memory_bytes();
    let mut cache = cache();
    let entry = Entry {
        page: page.clone(),
        bytes,
        asked_again: false,
    };
    match cache.entries.insert(key, entry) {
        Some(replaced) => cache.bytes -= replaced.bytes,
        None => cache.queue.push_back(key),
    }
    cache.bytes += bytes;
    cache.evict();
}

/// Limit the cache.
pub fn set_bytes_max(bytes_max: usize) {
    let mut cache = cache();
    cache.bytes_max = bytes_max;
    cache.evict();
}

/// Forget the pages of a segment.
pub fn forget(segment: u64) {
    let mut cache = cache();
    let Cache {
        entries,
        queue,
        bytes,
        ..
    } = &mut *cache;
    queue.retain(|key| key.segment != segment);
    entries.retain(|key, entry| {
        let keep = key.segment != segment;
        *bytes -= if keep { 0 } else { entry.bytes };
        keep
    });
}

impl Cache {
    fn evict(&mut self) {
        while self.bytes > self.bytes_max {
            let Some(key) = self.queue.pop_front() else {
                return;
            };
            match self.entries.get_mut(&key) {
                Some(entry) if entry.asked_again => {
                    entry.asked_again = false;
                    self.queue.push_back(key);
                }
                Some(_) => self.bytes -= self.entries.remove(&key).map_or(0, |entry| entry.bytes),
                None => {}
            }
        }
    }
}
