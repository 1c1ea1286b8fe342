//! What a record's fields hold, and how it is written: JSON on one line, of printable ASCII alone.
//!
//! Keys are names in this program's text and never come from outside. Every character that is not printable ASCII is
//! written `\uXXXX`, in one way only, so that no line feed, escape sequence or direction mark of somebody's text reaches
//! the file, and equal values have equal bytes.

use std::path::Path;

use crate::model::hex::hex;

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Datum {
    Null,
    Bool(bool),
    Number(i128),
    Text(String),
    List(Vec<Self>),
    Map(Fields),
}

/// Names and values, in the order in which they are written.
pub(super) type Fields = Vec<(&'static str, Datum)>;

impl Datum {
    /// A text, or null.
    pub(super) fn option<T: Into<Self>>(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }

    /// A list of what an iterator gives.
    pub(super) fn list<T: Into<Self>>(values: impl IntoIterator<Item = T>) -> Self {
        Self::List(values.into_iter().map(Into::into).collect())
    }

    /// A path as text; one that is not UTF-8 becomes `{"hex": …}` with its bytes.
    pub(super) fn path(path: &Path) -> Self {
        match path.to_str() {
            Some(text) => text.into(),
            None => Self::Map(vec![("hex", hex(path.as_os_str().as_encoded_bytes()).into())]),
        }
    }

    /// Writes the value as JSON.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Null => out.extend_from_slice(b"null"),
            Self::Bool(value) => out.extend_from_slice(if *value { b"true" } else { b"false" }),
            Self::Number(value) => out.extend_from_slice(value.to_string().as_bytes()),
            Self::Text(text) => write_text(text, out),
            Self::List(values) => {
                out.push(b'[');
                for (at, value) in values.iter().enumerate() {
                    if at > 0 {
                        out.push(b',');
                    }
                    value.write(out);
                }
                out.push(b']');
            }
            Self::Map(fields) => {
                out.push(b'{');
                for (at, (name, value)) in fields.iter().enumerate() {
                    if at > 0 {
                        out.push(b',');
                    }
                    write_field(name, value, out);
                }
                out.push(b'}');
            }
        }
    }

    /// The value as JSON.
    pub(super) fn to_json(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out);
        out
    }
}

/// Writes `"name":value`.
pub(super) fn write_field(name: &str, value: &Datum, out: &mut Vec<u8>) {
    write_text(name, out);
    out.push(b':');
    value.write(out);
}

/// Bytes that a character takes between the quotes.
pub(super) fn written_len(c: char) -> usize {
    match c {
        '"' | '\\' => 2,
        ' '..='~' => 1,
        _ => 6 * c.len_utf16(),
    }
}

fn write_text(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for c in text.chars() {
        match c {
            '"' => out.extend_from_slice(br#"\""#),
            '\\' => out.extend_from_slice(br"\\"),
            ' '..='~' => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            _ => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    out.extend_from_slice(format!("\\u{unit:04x}").as_bytes());
                }
            }
        }
    }
    out.push(b'"');
}

impl From<&str> for Datum {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Datum {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&String> for Datum {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl From<bool> for Datum {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

macro_rules! from_whole_numbers {
    ($($number:ty),*) => {$(
        impl From<$number> for Datum {
            fn from(value: $number) -> Self {
                Self::Number(value.into())
            }
        }
    )*};
}

from_whole_numbers!(i32, u32, u64);

#[cfg(test)]
mod tests {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt as _};

    use super::*;

    #[track_caller]
    fn text(value: &str, written: &str) {
        let json = Datum::from(value).to_json();
        assert_eq!(String::from_utf8_lossy(&json), written);
        assert_eq!(serde_json::from_slice::<String>(&json).unwrap(), value);
        assert_eq!(json.len(), 2 + value.chars().map(written_len).sum::<usize>());
    }

    #[test]
    fn plain_text_stays_as_it_is() {
        text("git status", r#""git status""#);
    }

    #[test]
    fn quotes_and_backslashes_are_escaped() {
        text(r#"a"b\c"#, r#""a\"b\\c""#);
    }

    #[test]
    fn control_characters_are_escaped() {
        text("\n\r\t\0\x1b]0;\x7f", r#""\u000a\u000d\u0009\u0000\u001b]0;\u007f""#);
    }

    #[test]
    fn direction_marks_and_line_separators_are_escaped() {
        text("\u{202e}\u{2028}\u{85}é", r#""\u202e\u2028\u0085\u00e9""#);
    }

    #[test]
    fn characters_beyond_the_first_plane_become_pairs() {
        text("😀", r#""\ud83d\ude00""#);
    }

    #[test]
    fn every_character_reads_back() {
        let all: String = ('\0'..=char::MAX).collect();
        let json = Datum::Text(all.clone()).to_json();
        assert!(json.iter().all(|b| (0x20..0x7f).contains(b)));
        assert_eq!(serde_json::from_slice::<String>(&json).unwrap(), all);
    }

    #[test]
    fn fields_keep_their_order() {
        let value =
            Datum::Map(vec![("b", 1u64.into()), ("a", Datum::List(vec![Datum::Null, true.into(), (-2i32).into()]))]);
        assert_eq!(value.to_json(), br#"{"b":1,"a":[null,true,-2]}"#);
    }

    #[test]
    fn a_path_that_is_not_text_keeps_its_bytes() {
        let path = Path::new(OsStr::from_bytes(b"/a\xff"));
        assert_eq!(Datum::path(path).to_json(), br#"{"hex":"2f61ff"}"#);
    }
}
