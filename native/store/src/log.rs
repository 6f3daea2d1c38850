//! A group of records on its way into a log file: encoded, copied into whole blocks of memory, written, synced.
//!
//! Whole blocks from aligned memory, because a log is written once and read only after a crash: its pages need not be
//! kept, and a page that is copied, marked dirty and looked for again by the sync costs more than one that goes to the
//! disk at once. Not here: which file is written and what follows an error (`storage/embedded/wal.py`), and how records
//! are read (`storage/embedded/wal_records.py`, which draws one).

use memmap2::MmapMut;
use std::io;
use xxhash_rust::xxh3::xxh3_64;

/// What offset, length and memory of a write are multiples of.
const BLOCK_BYTES: usize = 4096;

/// A group of the usual size is one write.
const STAGE_BYTES: usize = 1 << 20;

const MAGIC: [u8; 4] = *b"\x8aLyR";
const FORMAT_BYTES: usize = 12;
const HEADER_BYTES: usize = 72;

/// A file that is written: the two system calls that can fail.
pub trait Disk {
    /// Write some of the bytes, or all; how many.
    fn write(&self, data: &[u8], offset: u64) -> io::Result<usize>;
    /// Return when all that was written is durable.
    fn sync(&self) -> io::Result<()>;
}

/// What one write leaves in the log.
#[derive(Debug)]
pub struct Entry<'a> {
    /// What the payload is written in: 12 bytes at most.
    pub format: &'a str,
    /// The bytes to be read again.
    pub payload: &'a [u8],
}

/// Entries that become durable together.
#[derive(Debug)]
pub struct Group<'a> {
    /// In the order of the log.
    pub entries: &'a [Entry<'a>],
    /// Of the file.
    pub epoch: u64,
    /// Of the first entry; the others follow one by one.
    pub position: u64,
    /// Position of the last record before the group.
    pub previous: u64,
}

/// Memory through which one file after another is written.
///
/// Holds what the file has in the block that is not full yet, because that block is written again with what follows.
#[derive(Debug)]
pub struct Stage {
    memory: MmapMut,
    log_id: Vec<u8>,
}

impl Stage {
    /// Without a file yet. The log's id is part of every header's checksum.
    pub fn new(log_id: Vec<u8>) -> io::Result<Self> {
        let memory = MmapMut::map_anon(STAGE_BYTES)?;
        Ok(Self { memory, log_id })
    }

    /// The next group follows these first bytes of another file, fewer than a block.
    pub fn begin(&mut self, head: &[u8]) {
        self.memory[..head.len()].copy_from_slice(head);
    }

    /// Write a group behind the file's first `end` bytes, with zeros up to the end of the block, and sync it.
    ///
    /// After an error the bytes before `end` are what they were, and the same place may be written again.
    pub fn append(&mut self, disk: &impl Disk, group: &Group<'_>, end: u64) -> io::Result<()> {
        let held = (end % BLOCK_BYTES as u64) as usize;
        let mut head = [0; BLOCK_BYTES];
        head[..held].copy_from_slice(&self.memory[..held]);
        let written = self.write(disk, group, end - held as u64, held);
        if written.is_err() {
            self.memory[..held].copy_from_slice(&head[..held]);
        }
        written
    }

    fn write(
        &mut self,
        disk: &impl Disk,
        group: &Group<'_>,
        start: u64,
        held: usize,
    ) -> io::Result<()> {
        let mut filling = Filling {
            memory: &mut self.memory,
            disk,
            start,
            fill: held,
        };
        let mut previous = group.previous;
        for (position, entry) in (group.position..).zip(group.entries) {
            filling.push(&header(entry, group, position, previous, &self.log_id))?;
            filling.push(entry.payload)?;
            previous = position;
        }
        filling.finish()
    }
}

fn header(
    entry: &Entry<'_>,
    group: &Group<'_>,
    position: u64,
    previous: u64,
    log_id: &[u8],
) -> Vec<u8> {
    let Entry { format, payload } = entry;
    let mut name = [0; FORMAT_BYTES];
    let name_bytes = format.len().min(FORMAT_BYTES);
    name[..name_bytes].copy_from_slice(&format.as_bytes()[..name_bytes]);
    let (length, sum) = (payload.len() as u64, xxh3_64(payload));
    let mut header = Vec::with_capacity(HEADER_BYTES + log_id.len());
    header.extend(MAGIC);
    header.extend(name);
    for number in [group.epoch, position, previous, group.position, length, sum] {
        header.extend(number.to_le_bytes());
    }
    let summed = header.len();
    header.extend(log_id);
    let sum = xxh3_64(&header);
    header.truncate(summed);
    header.extend(sum.to_le_bytes());
    header
}

/// A group that is being written: what comes at `start` of the file stands in the first `fill` bytes of the memory.
struct Filling<'a, D> {
    memory: &'a mut [u8],
    disk: &'a D,
    start: u64,
    fill: usize,
}

impl<D: Disk> Filling<'_, D> {
    fn push(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let room = &mut self.memory[self.fill..];
            let (part, rest) = bytes.split_at(bytes.len().min(room.len()));
            room[..part.len()].copy_from_slice(part);
            self.fill += part.len();
            bytes = rest;
            if self.fill == self.memory.len() {
                self.put(self.fill)?;
                self.start += self.fill as u64;
                self.fill = 0;
            }
        }
        Ok(())
    }

    /// Write the last blocks, and keep the one that is not full where the next group begins.
    fn finish(self) -> io::Result<()> {
        let padded = self.fill.next_multiple_of(BLOCK_BYTES);
        self.memory[self.fill..padded].fill(0);
        self.put(padded)?;
        self.disk.sync()?;
        let kept = self.fill % BLOCK_BYTES;
        self.memory.copy_within(self.fill - kept..self.fill, 0);
        Ok(())
    }

    fn put(&self, size: usize) -> io::Result<()> {
        let mut written = 0;
        while written < size {
            let rest = &self.memory[written..size];
            match self.disk.write(rest, self.start + written as u64) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => written += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::{Cell, RefCell};

    /// A file in memory that takes a block or few at once, and fails as told.
    struct Slow {
        file: RefCell<Vec<u8>>,
        blocks_max: usize,
        writes_until_failure: Cell<usize>,
        syncs_until_failure: Cell<usize>,
    }

    impl Slow {
        fn new(blocks_max: usize) -> Self {
            Self {
                file: RefCell::default(),
                blocks_max,
                writes_until_failure: Cell::new(usize::MAX),
                syncs_until_failure: Cell::new(usize::MAX),
            }
        }
    }

    fn count_down(left: &Cell<usize>) -> io::Result<()> {
        left.set(left.get().wrapping_sub(1));
        if left.get() == 0 {
            return Err(io::Error::other("as told"));
        }
        Ok(())
    }

    impl Disk for Slow {
        fn write(&self, data: &[u8], offset: u64) -> io::Result<usize> {
            assert_eq!(
                (
                    data.as_ptr().addr() % BLOCK_BYTES,
                    data.len() % BLOCK_BYTES,
                    offset as usize % BLOCK_BYTES
                ),
                (0, 0, 0)
            );
            count_down(&self.writes_until_failure)?;
            let data = &data[..data.len().min(self.blocks_max * BLOCK_BYTES)];
            let mut file = self.file.borrow_mut();
            let end = offset as usize + data.len();
            let size = file.len().max(end);
            file.resize(size, 0xee);
            file[offset as usize..end].copy_from_slice(data);
            Ok(data.len())
        }

        fn sync(&self) -> io::Result<()> {
            count_down(&self.syncs_until_failure)
        }
    }

    const HEAD: &[u8] = &[7; 64];

    /// A stage whose file has a head, and a group in it.
    fn begun(disk: &Slow, payload: &[u8]) -> (Stage, u64) {
        let mut stage = Stage::new(b"12345678".to_vec()).unwrap();
        stage.begin(HEAD);
        let end = append(&mut stage, disk, 64, &[payload]).unwrap();
        (stage, end)
    }

    fn append(stage: &mut Stage, disk: &Slow, end: u64, payloads: &[&[u8]]) -> io::Result<u64> {
        let format = "otlp_proto";
        let entry = |payload| Entry { format, payload };
        let entries: Vec<_> = payloads.iter().copied().map(entry).collect();
        let group = Group {
            entries: &entries,
            epoch: 1,
            position: 1,
            previous: 0,
        };
        stage.append(disk, &group, end)?;
        let sizes = payloads.iter().map(|payload| HEADER_BYTES + payload.len());
        Ok(end + sizes.sum::<usize>() as u64)
    }

    fn payload_at(disk: &Slow, end: u64, size: usize) -> Vec<u8> {
        disk.file.borrow()[end as usize - size..end as usize].to_vec()
    }

    #[test]
    fn what_is_written_piece_by_piece_is_written_whole() {
        let disk = Slow::new(3);
        let payload: Vec<u8> = (0..3 * STAGE_BYTES + 100)
            .map(|at| (at % 251) as u8)
            .collect();
        let (mut stage, end) = begun(&disk, &payload);
        assert_eq!(payload_at(&disk, end, payload.len()), payload);
        let next = append(&mut stage, &disk, end, &[b"", b"next"]).unwrap();
        assert_eq!(payload_at(&disk, next, 4), b"next");
        assert_eq!(payload_at(&disk, end, payload.len()), payload);
        assert_eq!(&disk.file.borrow()[..64], HEAD);
        assert!(disk.file.borrow()[next as usize..].iter().all(|&b| b == 0));
    }

    #[test]
    fn after_a_failure_the_bytes_before_are_what_they_were() {
        for (fails_to_write, failing) in [(true, 1), (true, 2), (true, 5), (false, 1)] {
            let disk = Slow::new(100);
            let (mut stage, end) = begun(&disk, &[1; 6000]);
            let left = if fails_to_write {
                &disk.writes_until_failure
            } else {
                &disk.syncs_until_failure
            };
            left.set(failing);
            append(&mut stage, &disk, end, &[&vec![2; 2 * STAGE_BYTES]]).unwrap_err();
            let next = append(&mut stage, &disk, end, &[&[3; 5000]]).unwrap();
            assert_eq!(payload_at(&disk, end, 6000), [1; 6000]);
            assert_eq!(payload_at(&disk, next, 5000), [3; 5000]);
        }
    }

    #[test]
    fn a_disk_that_takes_nothing_is_an_error() {
        let disk = Slow::new(0);
        let mut stage = Stage::new(Vec::new()).unwrap();
        let error = append(&mut stage, &disk, 0, &[b"a"]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::WriteZero);
    }
}
