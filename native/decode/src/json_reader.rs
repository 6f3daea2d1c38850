//! A pull parser for JSON: the caller asks for what its format has next. No tree, no recursion but the caller's.
//!
//! Strict as RFC 8259, except that half of a surrogate pair reads as U+FFFD, and that strings may be read leniently.

use std::borrow::Cow;

/// The text is not what was expected: why, and at which byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken {
    /// What is wrong.
    pub reason: &'static str,
    /// The offset of the byte where reading stopped.
    pub at: usize,
}

impl std::fmt::Display for Broken {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} at byte {}", self.reason, self.at)
    }
}

/// Result of reading.
pub type Result<T> = std::result::Result<T, Broken>;

/// A value, or the beginning of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// As it is spelled.
    Number(&'a str),
    /// Without quotes and escapes.
    String(Cow<'a, str>),
    /// `[`; ask for items with `next_item`.
    BeginArray,
    /// `{`; ask for members with `next_key`.
    BeginObject,
}

/// A cursor in a JSON text.
#[derive(Clone, Copy)]
pub struct JsonReader<'a> {
    text: &'a str,
    at: usize,
    lenient: bool,
}

impl<'a> JsonReader<'a> {
    /// A reader of this text.
    pub fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            lenient: false,
        }
    }

    /// A reader that takes control characters in strings as they are, as many readers of others do.
    pub fn lenient(text: &'a str) -> Self {
        Self {
            lenient: true,
            ..Self::new(text)
        }
    }

    /// An error at this place.
    #[cold]
    pub fn broken(&self, reason: &'static str) -> Broken {
        Broken {
            reason,
            at: self.at,
        }
    }

    /// The next value.
    pub fn value(&mut self) -> Result<Token<'a>> {
        match self.peek() {
            Some(b'"') => self.string().map(Token::String),
            Some(b'{') => Ok(self.step(Token::BeginObject)),
            Some(b'[') => Ok(self.step(Token::BeginArray)),
            Some(b'-' | b'0'..=b'9') => self.number().map(Token::Number),
            Some(b't') => self.word("true", Token::Bool(true)),
            Some(b'f') => self.word("false", Token::Bool(false)),
            Some(b'n') => self.word("null", Token::Null),
            Some(_) => Err(self.broken("not a JSON value")),
            None => Err(self.broken("cut off")),
        }
    }

    /// In an object: the next member's key, its value comes next; None when the object ends.
    pub fn next_key(&mut self, first: bool) -> Result<Option<Cow<'a, str>>> {
        if !self.continues(b'}', first)? {
            return Ok(None);
        }
        if self.peek() != Some(b'"') {
            return Err(self.broken("a key is wanted"));
        }
        let key = self.string()?;
        if self.peek() != Some(b':') {
            return Err(self.broken("a colon is wanted"));
        }
        self.at += 1;
        Ok(Some(key))
    }

    /// In an array: whether another item comes next.
    pub fn next_item(&mut self, first: bool) -> Result<bool> {
        self.continues(b']', first)
    }

    /// Step over the next value.
    pub fn skip(&mut self, depth: u32) -> Result<()> {
        let token = self.value()?;
        self.skip_rest(&token, depth)
    }

    /// Step over what follows the beginning of a value.
    pub fn skip_rest(&mut self, token: &Token<'_>, depth: u32) -> Result<()> {
        let mut first = true;
        match token {
            Token::BeginArray => {
                let depth = self.deeper(depth)?;
                while self.next_item(first)? {
                    first = false;
                    self.skip(depth)?;
                }
            }
            Token::BeginObject => {
                let depth = self.deeper(depth)?;
                while self.next_key(first)?.is_some() {
                    first = false;
                    self.skip(depth)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// One level deeper, or the reason why not.
    pub fn deeper(&self, depth: u32) -> Result<u32> {
        depth
            .checked_sub(1)
            .ok_or_else(|| self.broken("nested too deeply"))
    }

    /// What was read since an earlier state of this reader.
    pub fn text_since(&self, before: &Self) -> &'a str {
        self.text
            .get(before.at..self.at)
            .unwrap_or_default()
            .trim_ascii_start()
    }

    /// Nothing may follow.
    pub fn end(&mut self) -> Result<()> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.broken("something follows the value")),
        }
    }

    fn continues(&mut self, end: u8, first: bool) -> Result<bool> {
        match self.peek() {
            Some(byte) if byte == end => {
                self.at += 1;
                Ok(false)
            }
            Some(b',') if !first => {
                self.at += 1;
                if self.peek() == Some(end) {
                    Err(self.broken("a comma too many"))
                } else {
                    Ok(true)
                }
            }
            Some(_) if first => Ok(true),
            Some(_) => Err(self.broken("a comma or an end is wanted")),
            None => Err(self.broken("cut off")),
        }
    }

    fn step(&mut self, token: Token<'a>) -> Token<'a> {
        self.at += 1;
        token
    }

    fn word(&mut self, word: &str, token: Token<'a>) -> Result<Token<'a>> {
        if !self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            return Err(self.broken("not a JSON value"));
        }
        self.at += word.len();
        Ok(token)
    }

    /// The next byte that is not blank.
    #[inline]
    fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = bytes.get(self.at) {
            self.at += 1;
        }
        bytes.get(self.at).copied()
    }

    fn number(&mut self) -> Result<&'a str> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        self.at += usize::from(bytes[self.at] == b'-');
        let whole = self.digits();
        if whole == 0 || (whole > 1 && bytes[self.at - whole] == b'0') {
            return Err(self.broken("not a number"));
        }
        if bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            if self.digits() == 0 {
                return Err(self.broken("not a number"));
            }
        }
        if let Some(b'e' | b'E') = bytes.get(self.at) {
            self.at += 1;
            self.at += usize::from(matches!(bytes.get(self.at), Some(b'+' | b'-')));
            if self.digits() == 0 {
                return Err(self.broken("not a number"));
            }
        }
        Ok(&self.text[start..self.at])
    }

    fn digits(&mut self) -> usize {
        let rest = &self.text.as_bytes()[self.at..];
        let count = rest
            .iter()
            .position(|byte| !byte.is_ascii_digit())
            .unwrap_or(rest.len());
        self.at += count;
        count
    }

    fn string(&mut self) -> Result<Cow<'a, str>> {
        self.at += 1;
        let start = self.at;
        self.plain_run();
        if self.text.as_bytes().get(self.at) == Some(&b'"') {
            self.at += 1;
            return Ok(Cow::Borrowed(&self.text[start..self.at - 1]));
        }
        let mut value = String::from(&self.text[start..self.at]);
        loop {
            match self.text.as_bytes().get(self.at) {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Cow::Owned(value));
                }
                Some(b'\\') => value.push(self.escape()?),
                Some(&control) if self.lenient => {
                    value.push(char::from(control));
                    self.at += 1;
                }
                Some(_) => return Err(self.broken("a control character in a string")),
                None => return Err(self.broken("cut off in a string")),
            }
            let start = self.at;
            self.plain_run();
            value.push_str(&self.text[start..self.at]);
        }
    }

    /// Step over what stands for itself in a string.
    fn plain_run(&mut self) {
        let rest = &self.text.as_bytes()[self.at..];
        let words = rest.chunks_exact(8);
        let tail = words.remainder();
        let mut length = 0;
        for word in words {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(word);
            let special = special_bytes(u64::from_le_bytes(bytes));
            if special != 0 {
                self.at += length + special.trailing_zeros() as usize / 8;
                return;
            }
            length += 8;
        }
        let is_special = |&byte: &u8| byte == b'"' || byte == b'\\' || byte < 0x20;
        self.at += length + tail.iter().position(is_special).unwrap_or(tail.len());
    }

    fn escape(&mut self) -> Result<char> {
        let letter = self.text.as_bytes().get(self.at + 1).copied();
        let found = match letter {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(),
            _ => return Err(self.broken("an unknown escape in a string")),
        };
        self.at += 2;
        Ok(found)
    }

    fn unicode_escape(&mut self) -> Result<char> {
        let high = self.hex4(self.at)?;
        self.at += 6;
        if !(0xd800..0xdc00).contains(&high) {
            return Ok(char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        match self.hex4(self.at) {
            Ok(low @ 0xdc00..0xe000) => {
                self.at += 6;
                Ok(
                    char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00))
                        .unwrap_or(char::REPLACEMENT_CHARACTER),
                )
            }
            _ => Ok(char::REPLACEMENT_CHARACTER),
        }
    }

    /// The number in `\uXXXX` at this place.
    fn hex4(&self, at: usize) -> Result<u32> {
        let wrong = || self.broken("an unknown escape in a string");
        let escape = self.text.as_bytes().get(at..at + 6).ok_or_else(wrong)?;
        let digits = escape.strip_prefix(b"\\u").ok_or_else(wrong)?;
        digits.iter().try_fold(0, |value, &digit| {
            char::from(digit)
                .to_digit(16)
                .map(|digit| value << 4 | digit)
                .ok_or_else(wrong)
        })
    }
}

/// The high bit of each byte that ends a plain run, exact up to the first such byte (Hacker's Delight, 6-1: "Find First
/// 0-Byte"). Bytes of 0x80 and above are plain.
#[inline(always)]
fn special_bytes(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    let zero_in = |word: u64| word.wrapping_sub(ONES) & !word & HIGHS;
    let below_20 = word.wrapping_sub(ONES * 0x20) & !word & HIGHS;
    zero_in(word ^ (ONES * b'"' as u64)) | zero_in(word ^ (ONES * b'\\' as u64)) | below_20
}
