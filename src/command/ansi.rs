//! `$'…'`: text with escapes (POSIX.1-2024, section 2.2.4; bash(1), "QUOTING").
//!
//! Only escapes that every shell reads alike are known: those of fixed length, and none that makes a byte zero.

use super::{SyntaxError, charset::Place, cursor::Cursor, refusal::Refusal};

/// Reads `$'…'` and gives the text that it stands for.
pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<String, SyntaxError> {
    let start = cursor.at();
    let opening = cursor.next_bytes(2);
    cursor.skip(2);
    let mut bytes = Vec::new();
    loop {
        match cursor.peek() {
            None => return Err(Refusal::UnclosedQuote.at(cursor.text(), opening)),
            Some('\\') => escape(cursor, &mut bytes)?,
            Some(_) => match cursor.take(Place::Quoted)? {
                None | Some('\'') => break,
                Some(c) => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            },
        }
    }
    String::from_utf8(bytes).map_err(|_| Refusal::EscapeNotUnicode.at(cursor.text(), cursor.since(start)))
}

/// Reads one escape, beginning with its backslash.
fn escape(cursor: &mut Cursor<'_>, bytes: &mut Vec<u8>) -> Result<(), SyntaxError> {
    let start = cursor.at();
    cursor.skip(1);
    let Some(kind) = cursor.peek() else { return Ok(()) };
    if kind == '\n' {
        return Err(Refusal::ContinuationInWord.at(cursor.text(), cursor.since(start)));
    }
    if let Some(byte) = single(kind) {
        bytes.push(byte);
        cursor.skip(1);
        return Ok(());
    }
    let (digits, letter, radix) = match kind {
        'x' => (2, 1, 16),
        'u' => (4, 1, 16),
        'U' => (8, 1, 16),
        _ => (3, 0, 8),
    };
    let number = number(cursor, letter, digits, radix);
    cursor.take(Place::Quoted)?;
    let Some(number) = number else { return Err(Refusal::BadEscape.at(cursor.text(), cursor.since(start))) };
    cursor.skip(letter + digits - 1);
    let span = cursor.since(start);
    if number == 0 {
        return Err(Refusal::EscapeNul.at(cursor.text(), span));
    }
    let known = match kind {
        'u' | 'U' => char::from_u32(number).map(|c| bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes())),
        _ => u8::try_from(number).ok().map(|byte| bytes.push(byte)),
    };
    known.ok_or_else(|| Refusal::BadEscape.at(cursor.text(), span))
}

/// Exactly so many digits, after so many bytes.
fn number(cursor: &Cursor<'_>, after: usize, digits: usize, radix: u32) -> Option<u32> {
    (after..after + digits).try_fold(0_u32, |number, at| {
        let digit = cursor.peek_after(at)?.to_digit(radix)?;
        number.checked_mul(radix)?.checked_add(digit)
    })
}

/// Escapes of one letter.
fn single(letter: char) -> Option<u8> {
    Some(match letter {
        'n' => b'\n',
        't' => b'\t',
        'r' => b'\r',
        'a' => 0x07,
        'b' => 0x08,
        'e' => 0x1b,
        'f' => 0x0c,
        'v' => 0x0b,
        '\\' => b'\\',
        '\'' => b'\'',
        '"' => b'"',
        '?' => b'?',
        _ => return None,
    })
}
