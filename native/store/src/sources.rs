//! Where the values of a subject stand in a view, and which rows have one that passes a test.
//!
//! A field stands in one column. An attribute may stand in a column per type, among the rest attributes, and in the bags
//! of resource, scope, events and links. Each such place is a source; a subject's values are those of all its sources.

use crate::bag;
use crate::predicate::{SpanField, Subject};
use crate::texts::Texts;
use crate::value::{Test, Value};
use crate::view::{ColumnRef, Result, Rows, Scope, StoreError, View};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type, Int64Type, UInt8Type};
use arrow_array::{Array, ArrayRef, GenericListArray, MapArray, StructArray};

const KINDS: [&str; 6] = [
    "unspecified",
    "internal",
    "server",
    "client",
    "producer",
    "consumer",
];
const STATUSES: [&str; 3] = ["unset", "ok", "error"];

/// One place where values of a subject stand.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// A column with one value at most a span, of this `AttributeType` when it is text.
    Column(ColumnRef, u8),
    /// A column of text where the empty text is no value.
    FilledText(ColumnRef),
    /// A column of codes with names; unknown codes have the first name.
    Names(ColumnRef, &'static [&'static str]),
    /// The members of a key among the rest attributes.
    Rest(String),
    /// The members of a key in a column of attribute text.
    Bag(ColumnRef, String),
    /// The members of a key in the bags of all events or all links.
    Nested(ColumnRef, String),
    /// The names of all events.
    EventNames,
}

/// The sources of a subject in a view that could have a value that passes the test.
pub fn resolve(view: &dyn View, subject: &Subject, test: &Test) -> Vec<Source> {
    match subject {
        Subject::Field(field) => vec![field_source(*field)],
        Subject::Attribute { key, scope } => {
            let mut sources = attribute_sources(view, key, *scope);
            sources.retain(|source| may_pass(view, source, test));
            sources
        }
    }
}

/// All sources of an attribute, the cheapest first.
pub fn attribute_sources(view: &dyn View, key: &str, scope: Option<Scope>) -> Vec<Source> {
    let asked = |one| scope.is_none_or(|scope| scope == one);
    let mut sources = Vec::new();
    if asked(Scope::Span) {
        let columns = view.attribute_columns().iter().enumerate();
        let of_key = columns.filter(|(_, column)| column.key == key);
        sources.extend(
            of_key.map(|(index, column)| {
                Source::Column(ColumnRef::Attribute(index), column.value_type)
            }),
        );
        if view.rest_has_key(key) {
            sources.push(Source::Rest(key.to_owned()));
        }
    }
    for (one, column) in [
        (Scope::Resource, ColumnRef::ResourceAttributes),
        (Scope::Scope, ColumnRef::ScopeAttributes),
    ] {
        if asked(one) && may_have_key(view, one, key) {
            sources.push(Source::Bag(column, key.to_owned()));
        }
    }
    for (one, column) in [
        (Scope::Event, ColumnRef::Events),
        (Scope::Link, ColumnRef::Links),
    ] {
        if asked(one) && may_have_key(view, one, key) {
            sources.push(Source::Nested(column, key.to_owned()));
        }
    }
    sources
}

/// The rows that have a value in this source that passes the test.
pub fn matching(view: &dyn View, source: &Source, test: &Test, rows: &Rows) -> Result<Vec<u32>> {
    match source {
        Source::Column(column, value_type) => {
            if *value_type == 1 && !may_be_at(view, column, test, rows) {
                return Ok(Vec::new());
            }
            if !matches!(test, Test::Exists) {
                let mut holds = |text: &str| test.holds(typed_value(*value_type, text));
                if let Some(found) = view.rows_where(column, rows, &mut holds)? {
                    return Ok(found);
                }
            }
            let array = read_one(view, column, rows)?;
            column_matches(&array, *value_type, test, rows)
        }
        Source::FilledText(column) => texts_where(view, column, rows, &mut |text| {
            !text.is_empty() && test.holds(Value::Text(text))
        }),
        Source::Names(column, names) => {
            let verdicts: Vec<bool> = names
                .iter()
                .map(|name| test.holds(Value::Text(name)))
                .collect();
            let array = read_one(view, column, rows)?;
            let codes = typed(&array, array.as_primitive_opt::<Int32Type>())?.values();
            Ok(rows.filter(|at| *verdicts.get(codes[at] as usize).unwrap_or(&verdicts[0])))
        }
        Source::Bag(column, key) => {
            texts_where(view, column, rows, &mut |text| bag_holds(text, key, test))
        }
        Source::Rest(..) | Source::Nested(..) | Source::EventNames => {
            let rows = rows_that_may_have(view, source, rows);
            let mut found = Vec::new();
            visit(view, source, &rows, &mut |at, _, value| {
                let row = rows.get(at);
                if found.last() != Some(&row) && test.holds(value) {
                    found.push(row);
                }
            })?;
            Ok(found)
        }
    }
}

fn texts_where(
    view: &dyn View,
    column: &ColumnRef,
    rows: &Rows,
    holds: &mut dyn FnMut(&str) -> bool,
) -> Result<Vec<u32>> {
    if let Some(found) = view.rows_where(column, rows, holds)? {
        return Ok(found);
    }
    let array = read_one(view, column, rows)?;
    Ok(Texts::of(&array)?.filter(rows, holds))
}

/// Calls `each` with every value of a source at these rows: the position in `rows` (ascending), the type, the value.
/// For sources that are not one column alone.
pub fn visit(
    view: &dyn View,
    source: &Source,
    rows: &Rows,
    each: &mut dyn FnMut(usize, u8, Value<'_>),
) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    match source {
        Source::Rest(key) => visit_rest(view, rows, &mut |at, found, value_type, text| {
            if found == key {
                each(at, value_type, typed_value(value_type, text));
            }
        }),
        Source::Nested(column, key) => {
            visit_texts(view, column, "attributes", rows, &mut |at, text| {
                for value in bag::values_of(text, key) {
                    each(at, value.value_type, value.value());
                }
            })
        }
        Source::EventNames => {
            visit_texts(view, &ColumnRef::Events, "name", rows, &mut |at, text| {
                each(at, 1, Value::Text(text))
            })
        }
        _ => Err(StoreError(format!("{source:?} is one column"))),
    }
}

/// Calls `each` with every rest attribute: position in `rows`, key, type, text.
pub fn visit_rest(
    view: &dyn View,
    rows: &Rows,
    each: &mut dyn FnMut(usize, &str, u8, &str),
) -> Result<()> {
    let arrays = view.read(&[ColumnRef::RestAttributes, ColumnRef::RestTypes], rows)?;
    let map: &MapArray = typed(&arrays[0], arrays[0].as_map_opt())?;
    let types: &GenericListArray<i32> = typed(&arrays[1], arrays[1].as_list_opt())?;
    let keys = Texts::of(map.keys())?;
    let texts = Texts::of(map.values())?;
    let type_values = typed(
        types.values(),
        types.values().as_primitive_opt::<UInt8Type>(),
    )?
    .values();
    for at in (0..map.len()).filter(|&at| !map.is_null(at)) {
        let (from, to) = (
            map.value_offsets()[at] as usize,
            map.value_offsets()[at + 1] as usize,
        );
        let types_from = types.value_offsets()[at] as usize;
        for entry in from..to {
            let value_type = type_values
                .get(types_from + entry - from)
                .copied()
                .unwrap_or(1);
            if let (Some(key), Some(text)) = (keys.get(entry), texts.get(entry)) {
                each(at, key, value_type, text);
            }
        }
    }
    Ok(())
}

/// Calls `each` with one text member of every event or link: position in `rows`, text.
pub fn visit_texts(
    view: &dyn View,
    column: &ColumnRef,
    member: &str,
    rows: &Rows,
    each: &mut dyn FnMut(usize, &str),
) -> Result<()> {
    let array = read_one(view, column, rows)?;
    let list: &GenericListArray<i32> = typed(&array, array.as_list_opt())?;
    let items: &StructArray = typed(list.values(), list.values().as_struct_opt())?;
    let texts = items
        .column_by_name(member)
        .ok_or_else(|| StoreError(format!("no {member} in {column:?}")))?;
    let texts = Texts::of(texts)?;
    for at in (0..list.len()).filter(|&at| !list.is_null(at)) {
        for item in list.value_offsets()[at]..list.value_offsets()[at + 1] {
            each(at, texts.get(item as usize).unwrap_or_default());
        }
    }
    Ok(())
}

/// Those of the rows whose trace may have anything in a nested column; all of them for other sources.
pub fn rows_that_may_have(view: &dyn View, source: &Source, rows: &Rows) -> Rows {
    let column = match source {
        Source::Nested(column, _) => column,
        Source::EventNames => &ColumnRef::Events,
        _ => return rows.clone(),
    };
    view.rows_with(column, rows)
}

/// A value from its text among the rest attributes, or in a text column of that type.
pub fn typed_value(value_type: u8, text: &str) -> Value<'_> {
    match value_type {
        0 => Value::Empty,
        1 => Value::Text(text),
        2 => Value::Bool(text == "true"),
        3 => text.parse().map_or(Value::Empty, Value::Int),
        4 => text.parse().map_or(Value::Empty, Value::Double),
        _ => Value::Encoded(text),
    }
}

/// One column at these rows.
pub fn read_one(view: &dyn View, column: &ColumnRef, rows: &Rows) -> Result<ArrayRef> {
    let arrays = view.read(std::slice::from_ref(column), rows)?;
    arrays
        .into_iter()
        .next()
        .ok_or_else(|| StoreError(format!("{column:?} was not read")))
}

/// The array as the type that the column must have.
pub fn typed<'a, T>(array: &ArrayRef, cast: Option<&'a T>) -> Result<&'a T> {
    cast.ok_or_else(|| StoreError(format!("a column has the wrong type {}", array.data_type())))
}

fn field_source(field: SpanField) -> Source {
    match field {
        SpanField::Service => Source::Column(ColumnRef::Service, 1),
        SpanField::Name => Source::Column(ColumnRef::Name, 1),
        SpanField::Kind => Source::Names(ColumnRef::Kind, &KINDS),
        SpanField::Status => Source::Names(ColumnRef::StatusCode, &STATUSES),
        SpanField::StatusMessage => Source::FilledText(ColumnRef::StatusMessage),
        SpanField::Duration => Source::Column(ColumnRef::Duration, 3),
        SpanField::Start => Source::Column(ColumnRef::Start, 3),
        SpanField::SpanId => Source::Column(ColumnRef::SpanId, 1),
        SpanField::ParentSpanId => Source::Column(ColumnRef::ParentSpanId, 1),
        SpanField::TraceState => Source::FilledText(ColumnRef::TraceState),
        SpanField::ScopeName => Source::FilledText(ColumnRef::ScopeName),
        SpanField::ScopeVersion => Source::FilledText(ColumnRef::ScopeVersion),
        SpanField::EventName => Source::EventNames,
    }
}

fn may_have_key(view: &dyn View, scope: Scope, key: &str) -> bool {
    view.known_keys().map_or_else(
        || view.may_have_key(scope, key),
        |known| {
            let from = known.partition_point(|one| (one.scope, one.key.as_str()) < (scope, key));
            known
                .get(from)
                .is_some_and(|one| one.scope == scope && one.key == key)
        },
    )
}

fn may_pass(view: &dyn View, source: &Source, test: &Test) -> bool {
    match source {
        Source::Column(column, value_type) => {
            test.may_hold(*value_type) && (*value_type != 1 || may_contain_any(view, column, test))
        }
        Source::Bag(column, key) => view.distinct(column).is_none_or(|distinct| {
            Texts::of(&distinct).is_ok_and(|texts| texts.any(|text| bag_holds(text, key, test)))
        }),
        _ => true,
    }
}

fn may_be_at(view: &dyn View, column: &ColumnRef, test: &Test, rows: &Rows) -> bool {
    match test.texts() {
        crate::value::Texts::Among(texts) => texts
            .iter()
            .any(|text| view.may_contain_at(column, text, rows)),
        _ => true,
    }
}

fn may_contain_any(view: &dyn View, column: &ColumnRef, test: &Test) -> bool {
    match test.texts() {
        crate::value::Texts::Any => true,
        crate::value::Texts::Among(texts) => {
            texts.iter().any(|text| view.may_contain(column, text))
        }
    }
}

fn bag_holds(text: &str, key: &str, test: &Test) -> bool {
    text.contains(key_start(key))
        && bag::values_of(text, key).any(|value| test.holds(value.value()))
}

/// The part of a key that attribute text surely has as it is.
fn key_start(key: &str) -> &str {
    let plain = key.find(|letter: char| letter < ' ' || letter == '"' || letter == '\\');
    &key[..plain.unwrap_or(key.len())]
}

fn column_matches(array: &ArrayRef, value_type: u8, test: &Test, rows: &Rows) -> Result<Vec<u32>> {
    if matches!(test, Test::Exists) {
        return Ok(rows.filter(|at| !array.is_null(at)));
    }
    if let Some(ints) = array.as_primitive_opt::<Int64Type>() {
        let values = ints.values();
        if let Some((from, to)) = test.int_range() {
            return Ok(
                rows.filter(|at| values[at] >= from && values[at] <= to && !ints.is_null(at))
            );
        }
        return Ok(rows.filter(|at| !ints.is_null(at) && test.holds(Value::Int(values[at]))));
    }
    if let Some(doubles) = array.as_primitive_opt::<Float64Type>() {
        let values = doubles.values();
        return Ok(rows.filter(|at| !doubles.is_null(at) && test.holds(Value::Double(values[at]))));
    }
    if let Some(bools) = array.as_boolean_opt() {
        return Ok(rows.filter(|at| !bools.is_null(at) && test.holds(Value::Bool(bools.value(at)))));
    }
    if let Some(ids) = array.as_fixed_size_binary_opt() {
        return Ok(rows.filter(|at| !ids.is_null(at) && id_holds(ids.value(at), test)));
    }
    Ok(Texts::of(array)?.filter(rows, |text| test.holds(typed_value(value_type, text))))
}

fn id_holds(id: &[u8], test: &Test) -> bool {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [b'0'; 16];
    for (pair, byte) in text.chunks_exact_mut(2).zip(id) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
    std::str::from_utf8(&text).is_ok_and(|text| test.holds(Value::Text(text)))
}
