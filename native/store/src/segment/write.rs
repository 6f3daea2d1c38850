//! Sealing: everything in a snapshot becomes a data file (Parquet) and an index file, both on disk before this returns.

use super::collected::Collected;
use super::encode::{Encoder, parquet};
use super::group::Group;
use super::index_writer;
use super::order::Order;
use super::plan::{Plan, SealOptions};
use crate::buffer::snapshot::Snapshot;
use crate::buffer::trees::count_attributes;
use crate::recode::Recoder;
use crate::view::{CHUNK_ROWS, Result, StoreError};
use parquet::arrow::ArrowSchemaConverter;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const BUFFER_BYTES: usize = 1 << 20;
/// What readers of the file may want to know.
const CREATED_BY: &str = concat!("lymer ", env!("CARGO_PKG_VERSION"));

/// What was written.
#[derive(Clone, Copy, Debug, Default)]
pub struct SealFigures {
    /// Spans.
    pub span_count: u64,
    /// Traces.
    pub trace_count: u64,
    /// The earliest start; 0 for an empty segment.
    pub min_start: i64,
    /// The latest start.
    pub max_start: i64,
    /// Bytes of the data file.
    pub data_bytes: u64,
    /// Bytes of the index.
    pub index_bytes: u64,
    /// Attribute columns.
    pub attribute_columns: u64,
}

/// The data file of a segment.
pub fn data_path(directory: &Path, segment: &str) -> PathBuf {
    directory.join(format!("{segment}.parquet"))
}

/// The index of a segment. It is written last: a data file without one is not a segment.
pub fn index_path(directory: &Path, segment: &str) -> PathBuf {
    directory.join(format!("{segment}.idx"))
}

/// Write a segment from everything in the snapshot.
pub fn seal(
    snapshot: &Snapshot,
    directory: &Path,
    segment: &str,
    options: SealOptions,
) -> Result<SealFigures> {
    let order = Order::of(snapshot);
    let data = &snapshot.data;
    let mut plan = match &snapshot.selection {
        None => {
            let rows: Vec<u32> = (0..data.rows.len()).collect();
            Plan::of(data, &rows, &data.counts, options)
        }
        Some(selection) => {
            let counts = count_attributes(data, &selection.rows);
            Plan::of(data, &selection.rows, &counts, options)
        }
    };
    let mut shapes = Recoder::new(data.shapes.len() as usize, order.rows.len());
    let mut collected = Collected::new(data, &order);
    let data_file = data_path(directory, segment);
    let index_file = index_path(directory, segment);
    let metadata = in_place_of(&data_file, |file| {
        write_data(
            snapshot,
            &order,
            &mut plan,
            &mut shapes,
            &mut collected,
            file,
        )
    })?;
    let contents = map(&data_file)?;
    let (index, mut figures) = index_writer::index(
        &index_writer::Sealed {
            snapshot,
            order: &order,
            plan: &plan,
            shapes: &shapes,
        },
        collected,
        &metadata,
        &contents,
    )?;
    in_place_of(&index_file, |file| {
        file.write_all(&index)
            .map_err(|error| at(&index_file, &error))
    })?;
    File::open(directory)
        .and_then(|file| file.sync_all())
        .map_err(|error| at(directory, &error))?;
    figures.data_bytes = contents.len() as u64;
    figures.index_bytes = index.len() as u64;
    Ok(figures)
}

/// An error of the file system, with the path. The text of the error's kind stays searchable ("No space left on device").
pub fn at(path: &Path, error: &std::io::Error) -> StoreError {
    StoreError(format!("{}: {error}", path.display()))
}

/// A file in memory as it is on disk.
pub fn map(path: &Path) -> Result<memmap2::Mmap> {
    let file = File::open(path).map_err(|error| at(path, &error))?;
    // SAFETY: segment files are never written to after their rename, only unlinked; who truncates them by hand gets SIGBUS,
    // as with any mapped file.
    unsafe { memmap2::Mmap::map(&file) }.map_err(|error| at(path, &error))
}

/// Write beside, sync, rename. Nothing is left behind after an error.
fn in_place_of<T>(path: &Path, write: impl FnOnce(&mut File) -> Result<T>) -> Result<T> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".tmp");
    let beside = PathBuf::from(beside);
    let result = File::create(&beside)
        .map_err(|error| at(&beside, &error))
        .and_then(|mut file| {
            let written = write(&mut file)?;
            file.sync_all().map_err(|error| at(&beside, &error))?;
            fs::rename(&beside, path).map_err(|error| at(path, &error))?;
            Ok(written)
        });
    if result.is_err() {
        let _ = fs::remove_file(&beside);
    }
    result
}

fn write_data(
    snapshot: &Snapshot,
    order: &Order,
    plan: &mut Plan,
    shapes: &mut Recoder,
    collected: &mut Collected,
    file: &mut File,
) -> Result<ParquetMetaData> {
    let schema = ArrowSchemaConverter::new()
        .schema_root("spans")
        .convert(&plan.schema)
        .map_err(parquet)?;
    let properties = Arc::new(properties());
    let buffered = BufWriter::with_capacity(BUFFER_BYTES, file);
    let mut writer = SerializedFileWriter::new(buffered, schema.root_schema_ptr(), properties)
        .map_err(parquet)?;
    let mut encoder = Encoder::new()?;
    for first in (0..order.rows.len()).step_by(CHUNK_ROWS as usize) {
        let range = first..order.rows.len().min(first + CHUNK_ROWS as usize);
        let mut group = Group::new(&snapshot.data, order, range.clone(), plan, shapes);
        collected.add(&group.rows, order, range.clone());
        let mut row_group = writer.next_row_group().map_err(parquet)?;
        let fields = 0..plan.schema.fields().len();
        let leaves = fields.map(|field| group.leaves(field, plan));
        for (number, leaf) in leaves.flatten().enumerate() {
            let (bytes, close) = encoder.encode(leaf, range.len(), schema.column(number))?;
            row_group.append_column(&bytes, close).map_err(parquet)?;
        }
        row_group.close().map_err(parquet)?;
        sync_so_far(writer.inner_mut())?;
    }
    let metadata = writer.finish().map_err(parquet)?;
    writer
        .inner_mut()
        .flush()
        .map_err(|error| StoreError(error.to_string()))?;
    Ok(metadata)
}

/// A group at a time: to sync the whole file at its end would hold the log's next sync up for as long.
fn sync_so_far(file: &mut BufWriter<&mut File>) -> Result<()> {
    let synced = file.flush().and_then(|()| file.get_ref().sync_data());
    synced.map_err(|error| StoreError(error.to_string()))
}

/// Everything else is said by the columns themselves.
fn properties() -> WriterProperties {
    WriterProperties::builder()
        .set_created_by(CREATED_BY.into())
        .build()
}
