//! Doubles as text: the shortest form that reads back the same, spelled as Python's repr or as Go's JSON.

use std::io::Write;

/// Append a finite double as Python's repr writes it: `1.0`, `1e+300`, `1e-05`, `-0.0`.
pub fn put_python_repr(out: &mut Vec<u8>, value: f64) {
    let (digits, exponent) = start(out, value);
    match exponent {
        -4..16 => put_plain(out, digits.as_bytes(), exponent, true),
        _ => put_scientific(out, digits.as_bytes(), exponent),
    }
}

/// Append a finite double as Go's encoding/json writes it: `1`, `1e+300`, `0.00001`, `-0`.
pub fn put_go_json(out: &mut Vec<u8>, value: f64) {
    let (digits, exponent) = start(out, value);
    match exponent {
        -6..21 => put_plain(out, digits.as_bytes(), exponent, false),
        -9..-6 => {
            // Go cleans e-09 up to e-9.
            put_mantissa(out, digits.as_bytes());
            let _ = write!(out, "e{exponent}");
        }
        _ => put_scientific(out, digits.as_bytes(), exponent),
    }
}

/// The sign goes out; the digits without a point, and the power of ten of the first one, come back.
fn start(out: &mut Vec<u8>, value: f64) -> (Digits, i32) {
    debug_assert!(value.is_finite());
    if value.is_sign_negative() {
        out.push(b'-');
    }
    let mut buffer = ryu::Buffer::new();
    Digits::of(buffer.format_finite(value.abs()).as_bytes())
}

/// The significant digits of a double: at most 17.
struct Digits {
    digits: [u8; 24],
    length: usize,
}

impl Digits {
    /// From ryu's form (`12.5`, `0.001`, `1e300`, `1.5e-7`): at most 24 digits, leading and trailing zeros dropped.
    fn of(text: &[u8]) -> (Self, i32) {
        let (mantissa, mut exponent) = match text.iter().position(|&byte| byte == b'e') {
            Some(at) => (&text[..at], parse_exponent(&text[at + 1..])),
            None => (text, 0),
        };
        let point = mantissa
            .iter()
            .position(|&byte| byte == b'.')
            .unwrap_or(mantissa.len());
        exponent += point as i32 - 1;
        let mut found = Self {
            digits: [0; 24],
            length: 0,
        };
        for &digit in mantissa.iter().filter(|&&byte| byte != b'.') {
            if found.length == 0 && digit == b'0' {
                exponent -= 1;
                continue;
            }
            found.digits[found.length] = digit;
            found.length += 1;
        }
        while found.length > 0 && found.digits[found.length - 1] == b'0' {
            found.length -= 1;
        }
        if found.length == 0 {
            return (
                Self {
                    digits: [b'0'; 24],
                    length: 1,
                },
                0,
            );
        }
        (found, exponent)
    }

    fn as_bytes(&self) -> &[u8] {
        &self.digits[..self.length]
    }
}

fn parse_exponent(text: &[u8]) -> i32 {
    let (sign, digits) = match text.split_first() {
        Some((b'-', digits)) => (-1, digits),
        _ => (1, text),
    };
    sign * digits
        .iter()
        .fold(0, |value, digit| value * 10 + i32::from(digit - b'0'))
}

fn put_plain(out: &mut Vec<u8>, digits: &[u8], exponent: i32, point_always: bool) {
    if exponent < 0 {
        out.extend_from_slice(b"0.");
        out.extend(std::iter::repeat_n(b'0', (-exponent - 1) as usize));
        out.extend_from_slice(digits);
        return;
    }
    let whole = exponent as usize + 1;
    out.extend_from_slice(&digits[..whole.min(digits.len())]);
    out.extend(std::iter::repeat_n(
        b'0',
        whole.saturating_sub(digits.len()),
    ));
    if whole < digits.len() {
        out.push(b'.');
        out.extend_from_slice(&digits[whole..]);
    } else if point_always {
        out.extend_from_slice(b".0");
    }
}

fn put_scientific(out: &mut Vec<u8>, digits: &[u8], exponent: i32) {
    put_mantissa(out, digits);
    let sign = if exponent < 0 { '-' } else { '+' };
    // Writing into memory cannot fail.
    let _ = write!(out, "e{sign}{:02}", exponent.abs());
}

fn put_mantissa(out: &mut Vec<u8>, digits: &[u8]) {
    out.push(digits[0]);
    if digits.len() > 1 {
        out.push(b'.');
        out.extend_from_slice(&digits[1..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn python(value: f64) -> String {
        let mut out = Vec::new();
        put_python_repr(&mut out, value);
        String::from_utf8(out).unwrap()
    }

    fn go(value: f64) -> String {
        let mut out = Vec::new();
        put_go_json(&mut out, value);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn doubles_are_spelled_as_python_spells_them() {
        for (value, text) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (1e300, "1e+300"),
            (1e-5, "1e-05"),
            (0.0001, "0.0001"),
            (1.234e-5, "1.234e-05"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (123456.789, "123456.789"),
            (5e-324, "5e-324"),
            (f64::MAX, "1.7976931348623157e+308"),
        ] {
            assert_eq!(python(value), text);
        }
    }

    #[test]
    fn doubles_are_spelled_as_go_spells_them() {
        for (value, text) in [
            (0.0, "0"),
            (1.0, "1"),
            (-2.5, "-2.5"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (1e-6, "0.000001"),
            (1.5e-7, "1.5e-7"),
            (1e-10, "1e-10"),
        ] {
            assert_eq!(go(value), text);
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_reads_back_the_same(value in proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL) {
            proptest::prop_assert_eq!(python(value).parse::<f64>().unwrap().to_bits(), value.to_bits());
            proptest::prop_assert_eq!(go(value).parse::<f64>().unwrap().to_bits(), value.to_bits());
        }
    }
}
