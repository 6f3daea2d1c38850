//! Values and comparisons: what `model/search.py` says of operands, on one value. Not: where values come from.

use crate::pattern;
use crate::view::Result;
use memchr::memmem::Finder;
use regex::Regex;
use std::cmp::Ordering;

/// A value of a span: of a field, or of an attribute.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// A value without a type: it exists, and nothing else.
    Empty,
    /// A string.
    Text(&'a str),
    /// A bool.
    Bool(bool),
    /// An int.
    Int(i64),
    /// A double.
    Double(f64),
    /// Bytes as base64, an array or a map as attribute text: equal to text, ordered with nothing.
    Encoded(&'a str),
}

/// What a value is compared with.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// Text, and what it reads as.
    Text(TextOperand),
    /// A whole number.
    Int(i128),
    /// A number with a point.
    Double(f64),
    /// A bool.
    Bool(bool),
}

/// Text, and the values of other types that it equals.
#[derive(Clone, Debug, PartialEq)]
pub struct TextOperand {
    /// As written.
    pub text: String,
    int: Option<i64>,
    double: Option<f64>,
}

impl TextOperand {
    /// An operand of this text.
    pub fn new(text: &str) -> Self {
        let int = text.parse::<i64>().ok();
        Self {
            text: text.to_owned(),
            int: int.filter(|int| int.to_string() == text),
            double: text.parse::<f64>().ok().filter(|double| !double.is_nan()),
        }
    }
}

/// The four orderings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Relation {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Relation {
    fn admits(self, ordering: Ordering) -> bool {
        match self {
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
        }
    }
}

/// A comparison that one value passes or fails. `!=` is not among them: it speaks of all values of a span.
#[derive(Clone, Debug)]
pub enum Test {
    /// Equal to one of these.
    Equal(Vec<Operand>),
    /// Ordered so.
    Ordered(Relation, Operand),
    /// The text matches.
    Matches(Regex),
    /// The text contains this.
    Contains(Box<Finder<'static>>),
    /// There is a value.
    Exists,
}

impl Test {
    /// A test by a regular expression. An error says what is wrong with it.
    pub fn matching(pattern: &str) -> Result<Self> {
        pattern::compile(pattern).map(Self::Matches)
    }

    /// A test for a part of a text.
    pub fn containing(part: &str) -> Self {
        Self::Contains(Box::new(Finder::new(part).into_owned()))
    }

    /// Whether the value passes.
    pub fn holds(&self, value: Value<'_>) -> bool {
        match self {
            Self::Exists => true,
            Self::Equal(operands) => operands.iter().any(|operand| equal(operand, value)),
            Self::Ordered(relation, operand) => {
                compare(value, operand).is_some_and(|ordering| relation.admits(ordering))
            }
            Self::Matches(regex) => with_text(value, |text| regex.is_match(text)),
            Self::Contains(part) => with_text(value, |text| part.find(text.as_bytes()).is_some()),
        }
    }

    /// The ints that pass, when they are exactly those between two bounds (inclusive; empty when they are crossed).
    pub fn int_range(&self) -> Option<(i64, i64)> {
        match self {
            Self::Exists => Some((i64::MIN, i64::MAX)),
            Self::Equal(operands) => match operands.as_slice() {
                [Operand::Int(number)] => Some(range(*number, *number)),
                _ => None,
            },
            Self::Ordered(relation, Operand::Int(number)) => Some(match relation {
                Relation::Less => range(i128::MIN, number - 1),
                Relation::LessOrEqual => range(i128::MIN, *number),
                Relation::Greater => range(number + 1, i128::MAX),
                Relation::GreaterOrEqual => range(*number, i128::MAX),
            }),
            _ => None,
        }
    }

    /// Whether some string can pass; when it must be one of a few, which.
    pub fn texts(&self) -> Texts<'_> {
        match self {
            Self::Equal(operands) => Texts::Among(operands.iter().filter_map(as_str).collect()),
            Self::Ordered(_, Operand::Text(_)) => Texts::Any,
            Self::Ordered(..) => Texts::Among(Vec::new()),
            _ => Texts::Any,
        }
    }

    /// Whether some value of this `AttributeType` can pass.
    pub fn may_hold(&self, value_type: u8) -> bool {
        match (self, value_type) {
            (Self::Exists, _) => true,
            (_, 0) => false,
            (Self::Equal(operands), _) => operands
                .iter()
                .any(|operand| may_equal(operand, value_type)),
            (Self::Ordered(_, Operand::Text(_)), _) => value_type == 1,
            (Self::Ordered(_, Operand::Bool(_)), _) => false,
            (Self::Ordered(..), _) => matches!(value_type, 3 | 4),
            _ => true,
        }
    }
}

/// The strings that can pass a test.
#[derive(Debug, PartialEq)]
pub enum Texts<'a> {
    /// No saying which.
    Any,
    /// These alone.
    Among(Vec<&'a str>),
}

/// Calls `look` with the value as a person would type it (`model.attributes.as_text`); a value without a type has no text.
pub fn with_text(value: Value<'_>, look: impl FnOnce(&str) -> bool) -> bool {
    match value {
        Value::Empty => false,
        Value::Text(text) | Value::Encoded(text) => look(text),
        Value::Bool(value) => look(bool_text(value)),
        Value::Int(value) => look(&value.to_string()),
        Value::Double(value) => look(&double_text(value)),
    }
}

/// `true` or `false`.
pub fn bool_text(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}

/// A double in its shortest form that reads back the same, spelled as Python's repr spells it.
pub fn double_text(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    let scientific = format!("{value:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if value != 0.0 && !(-4..16).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{:02}", exponent.abs());
    }
    let plain = format!("{value}");
    if plain.contains('.') {
        plain
    } else {
        plain + ".0"
    }
}

fn equal(operand: &Operand, value: Value<'_>) -> bool {
    match (operand, value) {
        (_, Value::Empty) => false,
        (Operand::Text(operand), Value::Text(text) | Value::Encoded(text)) => operand.text == text,
        (Operand::Text(operand), Value::Bool(value)) => operand.text == bool_text(value),
        (Operand::Text(operand), Value::Int(value)) => operand.int == Some(value),
        (Operand::Text(operand), Value::Double(value)) => operand.double == Some(value),
        (Operand::Bool(operand), Value::Bool(value)) => *operand == value,
        (Operand::Int(_) | Operand::Double(_), Value::Int(_) | Value::Double(_)) => {
            compare(value, operand) == Some(Ordering::Equal)
        }
        _ => false,
    }
}

fn may_equal(operand: &Operand, value_type: u8) -> bool {
    match operand {
        Operand::Int(_) | Operand::Double(_) => matches!(value_type, 3 | 4),
        Operand::Bool(_) => value_type == 2,
        Operand::Text(operand) => match value_type {
            2 => matches!(operand.text.as_str(), "true" | "false"),
            3 => operand.int.is_some(),
            4 => operand.double.is_some(),
            _ => true,
        },
    }
}

/// How a value stands to an operand; None when the two cannot be ordered.
fn compare(value: Value<'_>, operand: &Operand) -> Option<Ordering> {
    match (value, operand) {
        (Value::Text(text), Operand::Text(operand)) => Some(text.cmp(&operand.text)),
        (Value::Int(value), Operand::Int(operand)) => Some(i128::from(value).cmp(operand)),
        (Value::Int(value), Operand::Double(operand)) => {
            compare_double(*operand, i128::from(value)).map(Ordering::reverse)
        }
        (Value::Double(value), Operand::Int(operand)) => compare_double(value, *operand),
        (Value::Double(value), Operand::Double(operand)) => value.partial_cmp(operand),
        _ => None,
    }
}

/// Exactly, without rounding the int.
fn compare_double(double: f64, int: i128) -> Option<Ordering> {
    if double.is_nan() {
        return None;
    }
    if double >= 2f64.powi(126) {
        return Some(Ordering::Greater);
    }
    if double <= -(2f64.powi(126)) {
        return Some(Ordering::Less);
    }
    let whole = double.floor();
    let fraction = if double > whole {
        Ordering::Greater
    } else {
        Ordering::Equal
    };
    Some((whole as i128).cmp(&int).then(fraction))
}

fn range(from: i128, to: i128) -> (i64, i64) {
    let (least, most) = (i128::from(i64::MIN), i128::from(i64::MAX));
    if from > most || to < least || from > to {
        return (1, 0);
    }
    (from.max(least) as i64, to.min(most) as i64)
}

fn as_str(operand: &Operand) -> Option<&str> {
    match operand {
        Operand::Text(operand) => Some(&operand.text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_are_spelled_as_python_does() {
        for (value, text) in [
            (1.0, "1.0"),
            (-0.0, "-0.0"),
            (0.1, "0.1"),
            (1e16, "1e+16"),
            (1e15, "1000000000000000.0"),
            (123456789012345680.0, "1.2345678901234568e+17"),
            (1e-4, "0.0001"),
            (1e-5, "1e-05"),
            (1.5e-7, "1.5e-07"),
            (1e300, "1e+300"),
            (5e-324, "5e-324"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            assert_eq!(double_text(value), text);
        }
    }

    #[test]
    fn ints_and_doubles_compare_without_rounding() {
        let big = 9_007_199_254_740_993;
        let test = Test::Equal(vec![Operand::Double(9_007_199_254_740_992.0)]);
        assert!(!test.holds(Value::Int(big)));
        assert!(test.holds(Value::Int(big - 1)));
        let below = Test::Ordered(Relation::Less, Operand::Double(2.5));
        assert!(below.holds(Value::Int(2)) && !below.holds(Value::Int(3)));
        let above = Test::Ordered(Relation::Greater, Operand::Int(-3));
        assert!(above.holds(Value::Double(-2.5)) && !above.holds(Value::Double(-3.5)));
        assert!(!above.holds(Value::Double(f64::NAN)));
    }

    #[test]
    fn text_equals_what_it_spells() {
        let equal = |text: &str, value| {
            Test::Equal(vec![Operand::Text(TextOperand::new(text))]).holds(value)
        };
        assert!(
            equal("42", Value::Int(42))
                && !equal("042", Value::Int(42))
                && !equal("+42", Value::Int(42))
        );
        assert!(equal("1.50", Value::Double(1.5)) && !equal("nan", Value::Double(f64::NAN)));
        assert!(equal("true", Value::Bool(true)) && !equal("True", Value::Bool(true)));
        assert!(equal("AQI=", Value::Encoded("AQI=")) && !equal("", Value::Empty));
    }

    #[test]
    fn bounds_of_ints_are_inclusive() {
        let ordered = |relation, number| Test::Ordered(relation, Operand::Int(number)).int_range();
        assert_eq!(ordered(Relation::Greater, 5), Some((6, i64::MAX)));
        assert_eq!(ordered(Relation::Less, i128::from(i64::MIN)), Some((1, 0)));
        assert_eq!(
            ordered(Relation::LessOrEqual, 1 << 100),
            Some((i64::MIN, i64::MAX))
        );
    }
}
