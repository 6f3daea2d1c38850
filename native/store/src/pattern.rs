//! Regular expressions as RE2 understands them: `\w \d \s \b` and their opposites are ASCII, everything else is Unicode.
//! The engine at hand would take them for Unicode classes, so they are spelled out for it.

use crate::view::{Result, StoreError};
use regex::{Regex, RegexBuilder};

const REGEX_BYTES_MAX: usize = 1 << 20;

/// A pattern, ready to match. An error says what is wrong with it.
pub fn compile(pattern: &str) -> Result<Regex> {
    RegexBuilder::new(&spelled_out(pattern))
        .size_limit(REGEX_BYTES_MAX)
        .dfa_size_limit(REGEX_BYTES_MAX)
        .build()
        .map_err(|error| StoreError(format!("not a regex: {pattern:?}: {error}")))
}

fn spelled_out(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut letters = pattern.chars();
    let mut in_class = false;
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match letters.next() {
                Some(escaped) => out.push_str(&escape(escaped, in_class)),
                None => out.push('\\'),
            },
            _ => {
                let was_in_class = in_class;
                in_class = match letter {
                    '[' => true,
                    ']' => false,
                    _ => in_class,
                };
                out.push(letter);
                if letter == '[' && !was_in_class {
                    out.push_str(&first_of_class(&mut letters));
                }
            }
        }
    }
    out
}

/// `^` and `]` at the beginning of a class do not end it.
fn first_of_class(letters: &mut std::str::Chars<'_>) -> String {
    let mut taken = String::new();
    for wanted in ['^', ']'] {
        if letters.as_str().starts_with(wanted) {
            taken.extend(letters.next());
        }
    }
    taken
}

fn escape(letter: char, in_class: bool) -> String {
    match letter {
        'w' => "[0-9A-Za-z_]".into(),
        'W' => "[^0-9A-Za-z_]".into(),
        'd' => "[0-9]".into(),
        'D' => "[^0-9]".into(),
        's' => "[\\t\\n\\f\\r ]".into(),
        'S' => "[^\\t\\n\\f\\r ]".into(),
        'b' if !in_class => "(?-u:\\b)".into(),
        'B' if !in_class => "(?-u:\\B)".into(),
        _ => format!("\\{letter}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        compile(pattern).unwrap().is_match(text)
    }

    #[test]
    fn perl_classes_are_ascii() {
        assert!(matches(r"^\w\d\s$", "a1 ") && !matches(r"\w", "é") && !matches(r"\d", "٣"));
        assert!(!matches(r"\s", "\u{a0}") && !matches(r"\s", "\u{b}") && matches(r"\W", "é"));
        assert!(
            matches(r"^[\w.-]+$", "a.b-c_1")
                && matches(r"^[^\W]$", "a")
                && matches(r"^[]\d]+$", "]1")
        );
        assert!(matches(r"é\b", "éa") && matches(r"a\b", "aé") && matches(r"\\w", r"\w"));
    }

    #[test]
    fn the_rest_is_unicode() {
        assert!(
            matches("(?i)É", "é")
                && matches("^.$", "é")
                && matches(r"\pL", "é")
                && matches("^[é]$", "é")
        );
        assert!(compile("(").is_err() && compile("\\").is_err());
    }
}
