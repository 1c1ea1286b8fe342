//! Bytes of a job to the text of an answer.
//!
//! Jobs write bytes; answers are JSON, whose texts are Unicode. A character is never cut in two: what is incomplete at
//! the end of a slice is left for the next read. What is not UTF-8 becomes U+FFFD and is counted.

/// What may follow the end of a slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum After {
    /// More bytes, now or later.
    More,
    /// Nothing: the stream ends here.
    End,
}

/// What stands before the start of a slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Before {
    /// The end of what the reader has had.
    Known,
    /// Bytes that the reader did not get, so that the slice may start inside a character.
    Missing,
}

/// A decoded slice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Text {
    /// The text.
    pub(super) text: String,
    /// Bytes that were not UTF-8 and are U+FFFD in the text.
    pub(super) invalid: u64,
    /// Bytes at the start that are the rest of a character of which the beginning is missing.
    pub(super) skipped: u64,
    /// Bytes at the end that are the beginning of a character; the next read gets them again.
    pub(super) held: u64,
}

/// Decodes a slice.
pub(super) fn decode(bytes: &[u8], before: Before, after: After) -> Text {
    let skipped = match before {
        Before::Known => 0,
        Before::Missing => bytes.iter().take(3).take_while(|byte| is_continuation(**byte)).count(),
    };
    let bytes = bytes.get(skipped..).unwrap_or_default();
    let mut out = Text { skipped: count(skipped), ..Text::default() };
    let mut left = bytes.len();
    for chunk in bytes.utf8_chunks() {
        out.text.push_str(chunk.valid());
        let invalid = chunk.invalid();
        left -= chunk.valid().len() + invalid.len();
        if invalid.is_empty() {
            continue;
        }
        let unfinished = left == 0 && std::str::from_utf8(invalid).is_err_and(|error| error.error_len().is_none());
        if unfinished && after == After::More {
            out.held = count(invalid.len());
        } else {
            out.text.push(char::REPLACEMENT_CHARACTER);
            out.invalid += count(invalid.len());
        }
    }
    out
}

/// The first `max` characters of a text, with an ellipsis when there are more.
pub(super) fn shorten(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
    }
}

/// A continuation byte of UTF-8 (RFC 3629, section 3).
fn is_continuation(byte: u8) -> bool {
    byte & 0b1100_0000 == 0b1000_0000
}

fn count(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str, invalid: u64, skipped: u64, held: u64) -> Text {
        Text { text: text.into(), invalid, skipped, held }
    }

    #[test]
    fn good_text_is_itself() {
        for sample in ["", "plain\n", "käse €uro 𝄞", "\u{1b}[31mred\r\0"] {
            assert_eq!(decode(sample.as_bytes(), Before::Known, After::End), text(sample, 0, 0, 0));
        }
    }

    #[test]
    fn a_cut_character_waits_for_its_rest() {
        let euro = "€".as_bytes();
        for cut in 1..euro.len() {
            let mut bytes = b"a".to_vec();
            bytes.extend(&euro[..cut]);
            let held = u64::try_from(cut).unwrap();
            assert_eq!(decode(&bytes, Before::Known, After::More), text("a", 0, 0, held));
            assert_eq!(decode(&bytes, Before::Known, After::End), text("a\u{fffd}", held, 0, 0));
        }
    }

    #[test]
    fn invalid_bytes_are_replaced_and_counted_wherever_they_stand() {
        assert_eq!(
            decode(b"\xffa\xfe\xfdb\x80", Before::Known, After::More),
            text("\u{fffd}a\u{fffd}\u{fffd}b\u{fffd}", 4, 0, 0)
        );
        // Too long an encoding of a slash, and a surrogate.
        assert_eq!(decode(b"\xc0\xaf", Before::Known, After::More).invalid, 2);
        assert_eq!(decode(b"\xed\xa0\x80", Before::Known, After::More).invalid, 3);
    }

    #[test]
    fn the_rest_of_a_lost_character_is_passed_over() {
        let bytes = &"€b".as_bytes()[1..];
        assert_eq!(decode(bytes, Before::Missing, After::End), text("b", 0, 2, 0));
        assert_eq!(decode(bytes, Before::Known, After::End).invalid, 2);
        assert_eq!(decode(b"\x80\x80\x80\x80b", Before::Missing, After::End), text("\u{fffd}b", 1, 3, 0));
    }

    #[test]
    fn every_byte_is_accounted_for_at_every_cut() {
        let all = b"a\xffk\xc3\xa4se \xe2\x82\xac \xf0\x9d\x84\x9e\xe2\x28end\xf0\x9d";
        let whole = decode(all, Before::Known, After::End);
        for cut in 0..all.len() {
            let first = decode(&all[..cut], Before::Known, After::More);
            let next = cut - usize::try_from(first.held).unwrap();
            let second = decode(&all[next..], Before::Known, After::End);
            assert_eq!(first.text + &second.text, whole.text, "cut at {cut}");
            assert_eq!(first.invalid + second.invalid, whole.invalid, "cut at {cut}");
        }
    }

    #[test]
    fn shortening_counts_characters() {
        assert_eq!(shorten("käse", 4), "käse");
        assert_eq!(shorten("käse!", 2), "kä…");
    }
}
