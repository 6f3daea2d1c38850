//! Tests: what is encoded is decoded, and damage gives None, never a panic.

use super::chunk::{Chunk, Levels, Values, put_text};
use super::coded::CodedBuilder;
use super::columns::{Leaf, Physical};
use super::encode::Encoder;
use super::gather::take;
use super::levels;
use super::lists::{ListPage, Lists};
use super::page;
use super::presence::Presence;
use super::sections::{Section, Sections, SectionsWriter, TextTable, put_varint, take_varint};
use super::thrift::{bloom_header, page_header, put_page_header};
use super::{bloom, some_values, thrift};
use crate::view::Rows;
use arrow_array::ArrayRef;
use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type};
use parquet::basic::{LogicalType, Repetition, Type as PhysicalType};
use parquet::bloom_filter::Sbbf;
use parquet::column::writer::ColumnCloseResult;
use parquet::schema::types::{ColumnDescPtr, ColumnDescriptor, ColumnPath, Type};
use proptest::prelude::*;
use std::sync::Arc;

proptest! {
    #[test]
    fn numbers_come_back(runs in prop::collection::vec((0_u32..300, 1_usize..40), 0..40), extra in 0_u32..20) {
        let numbers: Vec<u32> = runs.iter().flat_map(|&(number, count)| std::iter::repeat_n(number, count)).collect();
        let bit_width = (32 - numbers.iter().max().unwrap_or(&0).leading_zeros() + extra).min(32);
        let mut bytes = Vec::new();
        levels::put_numbers(&mut bytes, &numbers, bit_width);
        let read: Vec<u32> = levels::numbers(&bytes, bit_width, numbers.len()).unwrap();
        prop_assert_eq!(read, numbers);
    }

    #[test]
    fn any_bytes_as_levels_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200), width in 0_u32..40, count in 0_usize..5000) {
        if let Some(numbers) = levels::numbers::<u32>(&bytes, width, count) {
            prop_assert_eq!(numbers.len(), count);
        }
        if let Some((mut bits, set)) = levels::bits(&bytes, count) {
            prop_assert_eq!(bits.finish().count_set_bits(), set);
        }
    }

    #[test]
    fn any_bytes_as_a_page_are_read_or_refused(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        physical in physicals(),
        repetition in 0_u8..2,
        encoding in 0_i64..10,
        count in 0_usize..400,
    ) {
        let leaf = Leaf { physical, max_repetition: repetition, max_definition: 1, entry_definition: 1 };
        let _ = page::body(&bytes, true).and_then(|body| page::decode(&body, leaf, None));
        let mut whole = Vec::new();
        put_page_header(&mut whole, 0, [bytes.len(), bytes.len(), count], encoding);
        whole.extend_from_slice(&bytes);
        let dictionary: ArrayRef = Arc::new(arrow_array::StringArray::from(vec!["a", "b"]));
        let body = page::body(&whole, false).unwrap();
        let _ = page::decode(&body, leaf, Some(&dictionary));
        if some_values::can_be_found(encoding, leaf) {
            let _ = some_values::find(&body, leaf, Some(&dictionary), &Rows::List(vec![0, count as u32 / 2, count as u32]));
            let _ = some_values::find(&body, leaf, Some(&dictionary), &Rows::Range(0..count as u32));
        }
        let _ = page::decode_dictionary(&whole, leaf, false);
        let _ = (thrift::page_header(&bytes), bloom_header(&bytes));
    }

    #[test]
    fn page_headers_come_back(unpacked in 0_usize..1 << 30, packed in 0_usize..1 << 30, count in 0_usize..1 << 30, dictionary: bool) {
        let page_type = if dictionary { 2 } else { 0 };
        let mut bytes = Vec::new();
        put_page_header(&mut bytes, page_type, [unpacked, packed, count], 8);
        let header = page_header(&bytes).unwrap();
        prop_assert_eq!(header.header_bytes, bytes.len());
        prop_assert_eq!((header.page_type, header.encoding), (page_type, 8));
        let sizes = (header.uncompressed_bytes, header.compressed_bytes, header.value_count);
        prop_assert_eq!(sizes, (unpacked as i64, packed as i64, count as i64));
    }

    #[test]
    fn longs_come_back(values in prop::collection::vec(prop::option::of(any::<i64>()), 1..300)) {
        let (presence, present) = present(&values);
        let chunk = Chunk { levels: Levels::Optional(presence), values: Values::Longs(present), bloom: None };
        let read = encode_and_decode(chunk, values.len(), Physical::Int64);
        prop_assert_eq!(read.as_primitive::<Int64Type>().iter().collect::<Vec<_>>(), values);
    }

    #[test]
    fn times_come_back(values in times(), far in prop::collection::vec(prop::option::of(any::<i64>()), 1..300)) {
        for values in [values, far] {
            let (presence, present) = present(&values);
            let chunk = Chunk { levels: Levels::Optional(presence), values: Values::Times(present), bloom: None };
            let read = encode_and_decode(chunk, values.len(), Physical::Int64);
            prop_assert_eq!(read.as_primitive::<Int64Type>().iter().collect::<Vec<_>>(), values);
        }
    }

    #[test]
    fn texts_come_back_plain_and_coded(values in prop::collection::vec(prop::option::of("[a-c]{0,3}"), 1..300)) {
        let (presence, present) = present(&values);
        let (mut ends, mut bytes, mut dictionary) = (Vec::new(), Vec::new(), Vec::new());
        let mut distinct: Vec<&String> = present.iter().collect();
        distinct.sort();
        distinct.dedup();
        distinct.iter().for_each(|text| put_text(&mut dictionary, text.as_bytes()));
        for text in &present {
            put_text(&mut bytes, text.as_bytes());
            ends.push(bytes.len());
        }
        let codes = present.iter().map(|text| distinct.binary_search(&text).unwrap() as u32).collect();
        let wanted: Vec<Option<&str>> = values.iter().map(Option::as_deref).collect();
        let plain = Chunk { levels: Levels::Optional(presence), values: Values::Texts { ends, bytes }, bloom: None };
        let read = encode_and_decode(plain, values.len(), Physical::Text);
        let (presence, _) = self::present(&values);
        prop_assert_eq!(read.as_string::<i32>().iter().collect::<Vec<_>>(), wanted.clone());
        let coded = Values::Coded { codes, dictionary, count: distinct.len() };
        let read = encode_and_decode(Chunk { levels: Levels::Optional(presence), values: coded, bloom: None }, values.len(), Physical::Text);
        let read = read.as_dictionary::<Int32Type>().downcast_dict::<arrow_array::StringArray>().unwrap();
        prop_assert_eq!(read.into_iter().collect::<Vec<_>>(), wanted);
    }

    #[test]
    fn lists_come_back(counts in prop::collection::vec(0_u32..4, 1..5000), max_definition in 1_u32..4) {
        let ends: Vec<u32> = counts.iter().scan(0, |end, count| { *end += count; Some(*end) }).collect();
        let lists = Lists::new(&ends, max_definition);
        let (mut row, mut entry) = (0, 0);
        for page in lists.pages {
            prop_assert_eq!((page.rows.start, page.entries.start), (row, entry));
            let (repetitions, definitions) = read_levels(&page, max_definition);
            for (repeats, definition) in repetitions.into_iter().zip(definitions) {
                row += usize::from(repeats == 0);
                entry += usize::from(definition > 0);
                let there = counts[row - 1] > 0;
                prop_assert_eq!(definition, u32::from(there) * max_definition);
                prop_assert!(definition == 0 || entry <= ends[row - 1] as usize);
            }
            prop_assert_eq!((page.rows.end, page.entries.end), (row, entry));
            prop_assert_eq!(ends[row - 1] as usize, entry);
        }
        prop_assert_eq!(row, counts.len());
    }

    #[test]
    fn varints_come_back(numbers in prop::collection::vec(any::<u64>(), 0..50)) {
        let mut bytes = Vec::new();
        numbers.iter().for_each(|number| put_varint(&mut bytes, *number));
        let mut rest = bytes.as_slice();
        let read: Vec<u64> = std::iter::from_fn(|| take_varint(&mut rest)).collect();
        prop_assert_eq!(read, numbers);
    }

    #[test]
    fn our_reading_of_a_bloom_filter_is_the_writers(values in prop::collection::vec(any::<u64>(), 1..200), others in prop::collection::vec(any::<u64>(), 200)) {
        let mut filter = Sbbf::new_with_ndv_fpp(values.len() as u64, 0.01).unwrap();
        values.iter().for_each(|value| filter.insert(value.to_string().as_bytes()));
        let mut bytes = Vec::new();
        filter.write(&mut bytes).unwrap();
        let (bits, header) = bloom_header(&bytes).unwrap();
        let bits = &bytes[header..header + bits as usize];
        for value in values.iter().chain(&others) {
            let text = value.to_string();
            prop_assert_eq!(bloom::may_contain(bits, bloom::hash(text.as_bytes())), filter.check(text.as_bytes()));
        }
    }

    #[test]
    fn sections_come_back_and_any_flipped_bit_is_seen(texts in prop::collection::vec(".{0,8}", 0..20), at in any::<prop::sample::Index>(), bit in 0_u32..8) {
        let mut writer = SectionsWriter::default();
        writer.add(Section::Facts, b"facts");
        writer.add_texts(Section::Keys, texts.iter().map(String::as_bytes));
        let mut file = writer.finish();
        let sections = Sections::open(&file).unwrap();
        let table = TextTable::new(&file[sections.range(Section::Keys)]);
        prop_assert_eq!(table.iter().collect::<Vec<_>>(), texts.iter().map(String::as_bytes).collect::<Vec<_>>());
        let at = at.index(file.len());
        file[at] ^= 1_u8 << bit;
        prop_assert!(is_padding(&sections, at) || Sections::open(&file).is_err());
    }
}

/// Whether a byte stands between the sections and belongs to nothing.
fn is_padding(sections: &Sections, at: usize) -> bool {
    at >= sections.range(Section::Facts).start
        && ![Section::Facts, Section::Keys]
            .iter()
            .any(|section| sections.range(*section).contains(&at))
}

fn physicals() -> impl Strategy<Value = Physical> {
    use Physical::*;
    prop::sample::select(vec![
        Int32,
        Int64,
        Double,
        Boolean,
        Text,
        Bytes,
        Fixed(8),
        Fixed(16),
    ])
}

fn present<T: Clone>(values: &[Option<T>]) -> (Presence, Vec<T>) {
    let mut presence = Presence::new(values.len());
    let present = (0..).zip(values).filter_map(|(row, value)| {
        let value = value.clone()?;
        presence.set(row);
        Some(value)
    });
    let present = present.collect();
    (presence, present)
}

/// Times as spans have them: near each other.
fn times() -> impl Strategy<Value = Vec<Option<i64>>> {
    let near = 1_790_000_000_000_000_000_i64..1_790_000_000_900_000_000;
    prop::collection::vec(prop::option::weighted(0.9, near), 1..400)
}

/// Repetition levels and definition levels.
fn read_levels(page: &ListPage, max_definition: u32) -> (Vec<u32>, Vec<u32>) {
    let read = |bytes: &[u8], width| {
        let (len, rest) = bytes.split_at(4);
        let len = u32::from_le_bytes(len.try_into().unwrap()) as usize;
        (
            levels::numbers(&rest[..len], width, page.level_count).unwrap(),
            4 + len,
        )
    };
    let (repetitions, len) = read(&page.levels, 1);
    let width = u32::BITS - max_definition.leading_zeros();
    (repetitions, read(&page.levels[len..], width).0)
}

/// A column of one page, written and read.
fn encode_and_decode(chunk: Chunk, rows: usize, physical: Physical) -> ArrayRef {
    let descriptor = descriptor(physical);
    let mut encoder = Encoder::new().unwrap();
    let (bytes, close) = encoder.encode(chunk, rows, descriptor).unwrap();
    let ColumnCloseResult {
        metadata,
        offset_index,
        ..
    } = close;
    let leaf = Leaf {
        physical,
        max_repetition: 0,
        max_definition: 1,
        entry_definition: 0,
    };
    let data = metadata.data_page_offset() as usize;
    let dictionary = metadata
        .dictionary_page_offset()
        .map(|_| page::decode_dictionary(&bytes.0[..data], leaf, true).unwrap());
    assert_eq!(offset_index.unwrap().page_locations().len(), 1);
    let body = page::body(&bytes.0[data..], true).unwrap();
    let page = page::decode(&body, leaf, dictionary.as_ref()).unwrap();
    let whole = array(page.values, rows);
    if some_values::can_be_found(body.encoding, leaf) {
        for step in [1, 3, 50] {
            let places: Vec<u32> = (0..rows as u32).step_by(step).collect();
            let expected = take(&whole, &places).unwrap();
            let list = Rows::List(places.clone());
            let found = some_values::find(&body, leaf, dictionary.as_ref(), &list).unwrap();
            assert_eq!(&array(found, places.len()), &expected);
        }
    }
    whole
}

fn array(values: page::Values, rows: usize) -> ArrayRef {
    match values {
        page::Values::Array(array) => array,
        page::Values::Coded(coded) => {
            let mut builder = CodedBuilder::new(&coded.dictionary, rows);
            builder.add(&coded, &Rows::Range(0..rows as u32));
            builder.finish().unwrap()
        }
        page::Values::Stored(_) => panic!("not decoded"),
    }
}

fn descriptor(physical: Physical) -> ColumnDescPtr {
    let (physical, logical) = match physical {
        Physical::Int64 => (PhysicalType::INT64, None),
        _ => (PhysicalType::BYTE_ARRAY, Some(LogicalType::String)),
    };
    let primitive = Type::primitive_type_builder("c", physical)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(logical)
        .build()
        .unwrap();
    Arc::new(ColumnDescriptor::new(
        Arc::new(primitive),
        1,
        0,
        ColumnPath::new(vec!["c".into()]),
    ))
}
