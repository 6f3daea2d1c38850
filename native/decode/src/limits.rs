//! Whether a batch is as spans should be. One look at all rows; which rows, and what to do, is for the caller to say.

use crate::bag_limits::has_large_bag;
use crate::schema::Column;
use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type, TimestampNanosecondType};
use arrow_array::{Array, RecordBatch};

/// What a span may have at most. Times are nanoseconds since 1970, bounds inclusive.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub struct Limits {
    pub name_bytes: usize,
    pub attributes: usize,
    pub attribute_key_bytes: usize,
    pub attribute_value_bytes: usize,
    pub events: usize,
    pub links: usize,
    pub min_start: i64,
    pub max_start: i64,
}

/// A kind of oddity. `src/lymer/wire/oddities.py` has the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
#[allow(missing_docs)]
pub enum Oddity {
    EmptyServiceName = 1,
    EmptyName = 1 << 1,
    LongName = 1 << 2,
    NegativeDuration = 1 << 3,
    FarStart = 1 << 4,
    ManyAttributes = 1 << 5,
    LongKey = 1 << 6,
    LongValue = 1 << 7,
    ManyEvents = 1 << 8,
    ManyLinks = 1 << 9,
    /// Attributes of an event, a link, a resource or a scope pass a limit.
    LargeBag = 1 << 10,
    /// Known to who has decoded the batch alone.
    NotUtf8 = 1 << 11,
}

/// The oddities of the batch, as bits; 0 when there are none. A text that no row uses may be counted.
pub fn oddities(columns: &RecordBatch, limits: &Limits) -> u32 {
    if columns.num_rows() == 0 {
        return 0;
    }
    let found = [
        (
            Oddity::EmptyServiceName,
            shortest(columns, Column::ServiceName) == 0,
        ),
        (Oddity::EmptyName, shortest(columns, Column::Name) == 0),
        (
            Oddity::LongName,
            longest(columns, Column::Name) > limits.name_bytes,
        ),
        (Oddity::NegativeDuration, has_negative(columns)),
        (Oddity::FarStart, has_far_start(columns, limits)),
        (
            Oddity::ManyAttributes,
            most(columns, Column::Attributes) > limits.attributes,
        ),
        (
            Oddity::LongKey,
            longest_key(columns) > limits.attribute_key_bytes,
        ),
        (
            Oddity::LongValue,
            longest_value(columns) > limits.attribute_value_bytes,
        ),
        (
            Oddity::ManyEvents,
            most(columns, Column::Events) > limits.events,
        ),
        (
            Oddity::ManyLinks,
            most(columns, Column::Links) > limits.links,
        ),
        (Oddity::LargeBag, has_large_bag(columns, limits)),
    ];
    found
        .iter()
        .filter(|(_, is_there)| *is_there)
        .fold(0, |bits, (oddity, _)| bits | *oddity as u32)
}

fn column(columns: &RecordBatch, column: Column) -> &dyn Array {
    columns.column(column as usize).as_ref()
}

fn shortest(columns: &RecordBatch, name: Column) -> usize {
    lengths(column(columns, name)).min().unwrap_or(1)
}

fn longest(columns: &RecordBatch, name: Column) -> usize {
    lengths(column(columns, name)).max().unwrap_or(0)
}

/// Of the values of a dictionary of text.
fn lengths(dictionary: &dyn Array) -> impl Iterator<Item = usize> + '_ {
    let values = dictionary.as_dictionary::<Int32Type>().values();
    steps(values.as_string::<i32>().value_offsets())
}

fn has_negative(columns: &RecordBatch) -> bool {
    let durations = column(columns, Column::Duration).as_primitive::<Int64Type>();
    durations.values().iter().fold(0, |all, &value| all | value) < 0
}

fn has_far_start(columns: &RecordBatch, limits: &Limits) -> bool {
    let starts = column(columns, Column::StartTime).as_primitive::<TimestampNanosecondType>();
    let (earliest, latest) = starts
        .values()
        .iter()
        .fold((i64::MAX, i64::MIN), |(earliest, latest), &start| {
            (earliest.min(start), latest.max(start))
        });
    earliest < limits.min_start || latest > limits.max_start
}

/// The length of the longest list.
fn most(columns: &RecordBatch, name: Column) -> usize {
    let lists = column(columns, name).as_list::<i32>();
    steps(lists.value_offsets()).max().unwrap_or(0)
}

fn longest_key(columns: &RecordBatch) -> usize {
    let attributes = column(columns, Column::Attributes).as_list::<i32>();
    lengths(attributes.values().as_struct().column(0))
        .max()
        .unwrap_or(0)
}

fn longest_value(columns: &RecordBatch) -> usize {
    let attributes = column(columns, Column::Attributes).as_list::<i32>();
    let offsets = attributes.value_offsets();
    let (first, last) = (offsets[0] as usize, offsets[offsets.len() - 1] as usize);
    let texts = attributes.values().as_struct().column(3).as_binary::<i32>();
    steps(&texts.value_offsets()[first..=last])
        .max()
        .unwrap_or(0)
}

fn steps(offsets: &[i32]) -> impl Iterator<Item = usize> + '_ {
    offsets.windows(2).map(|pair| (pair[1] - pair[0]) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::otlp_decode::decode;

    const NONE: Limits = Limits {
        name_bytes: 0,
        attributes: 0,
        attribute_key_bytes: 0,
        attribute_value_bytes: 0,
        events: 0,
        links: 0,
        min_start: 1,
        max_start: 2,
    };
    const ALL: Limits = Limits {
        name_bytes: usize::MAX,
        attributes: usize::MAX,
        attribute_key_bytes: usize::MAX,
        attribute_value_bytes: usize::MAX,
        events: usize::MAX,
        links: usize::MAX,
        min_start: i64::MIN,
        max_start: i64::MAX,
    };

    #[test]
    fn an_empty_batch_is_not_odd() {
        let batch = decode(b"").unwrap().columns;
        assert_eq!(oddities(&batch, &NONE), 0);
    }

    #[test]
    fn a_span_is_odd_by_the_limits_that_are_given() {
        let mut span = vec![0x0a, 16];
        span.extend([1; 16]);
        span.extend([0x12, 8]);
        span.extend([1; 8]);
        span.extend(b"\x2a\x01n\x39\x09\0\0\0\0\0\0\0\x41\x05\0\0\0\0\0\0\0");
        span.extend(b"\x4a\x08\x0a\x01k\x12\x03\x0a\x01v");
        let scope = [vec![0x12, span.len() as u8], span].concat();
        let resource = [vec![0x12, scope.len() as u8], scope].concat();
        let request = [vec![0x0a, resource.len() as u8], resource].concat();
        let batch = decode(&request).unwrap().columns;
        let negative = Oddity::NegativeDuration as u32;
        assert_eq!(oddities(&batch, &ALL), negative);
        let limited = Oddity::LongName as u32
            | Oddity::FarStart as u32
            | Oddity::ManyAttributes as u32
            | Oddity::LongKey as u32
            | Oddity::LongValue as u32;
        assert_eq!(oddities(&batch, &NONE), negative | limited);
        assert_eq!(oddities(&batch.slice(0, 0), &NONE), 0);
    }
}
