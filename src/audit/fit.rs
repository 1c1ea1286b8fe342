//! Makes a record's fields fit into a line. Nothing is dropped silently: what is cut says how long it was and has the
//! hash of the whole, so that the original can be recognised later.

use super::{
    datum::{Datum, Fields, write_field, written_len},
    digest::Hash,
};

/// What the fields may hold at most, step by step: the bytes of a text as written, and the elements of a list. The first
/// step under which the fields fit is taken.
const STEPS: [(usize, usize); 5] = [(16_384, 4_096), (4_096, 256), (1_024, 64), (256, 16), (64, 8)];

/// The fields as they stand in a line, each with a comma before it, cut so that they take at most `max` bytes; nothing
/// when even the last step leaves them too long.
pub(super) fn fit(fields: &Fields, max: usize) -> Option<Vec<u8>> {
    let whole = render(fields);
    if whole.len() <= max {
        return Some(whole);
    }
    STEPS.iter().find_map(|(text, list)| {
        let cut: Fields = fields.iter().map(|(name, value)| (*name, shorten(value, *text, *list))).collect();
        Some(render(&cut)).filter(|bytes| bytes.len() <= max)
    })
}

fn render(fields: &Fields) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, value) in fields {
        out.push(b',');
        write_field(name, value, &mut out);
    }
    out
}

fn shorten(value: &Datum, text: usize, list: usize) -> Datum {
    match value {
        Datum::Null | Datum::Bool(_) | Datum::Number(_) => value.clone(),
        Datum::Text(whole) => shorten_text(whole, text),
        Datum::List(whole) => {
            let head = Datum::List(whole.iter().take(list).map(|value| shorten(value, text, list)).collect());
            if whole.len() <= list { head } else { cut(head, whole.len(), &value.to_json()) }
        }
        Datum::Map(fields) => {
            Datum::Map(fields.iter().map(|(name, value)| (*name, shorten(value, text, list))).collect())
        }
    }
}

fn shorten_text(whole: &str, max: usize) -> Datum {
    let mut written = 0;
    let end = whole.char_indices().find_map(|(at, c)| {
        written += written_len(c);
        (written > max).then_some(at)
    });
    match end.and_then(|end| whole.get(..end)) {
        None => whole.into(),
        Some(head) => cut(head.into(), whole.len(), whole.as_bytes()),
    }
}

/// `{"head": the beginning, "len": bytes of the text or elements of the list, "sha256": of the text or of the list's JSON}`.
fn cut(head: Datum, len: usize, whole: &[u8]) -> Datum {
    let len = u64::try_from(len).unwrap_or(u64::MAX);
    Datum::Map(vec![("head", head), ("len", len.into()), ("sha256", Hash::of(whole).hex().into())])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(fields: &Fields, max: usize) -> serde_json::Value {
        let bytes = fit(fields, max).unwrap();
        assert!(bytes.len() <= max);
        let text = String::from_utf8(bytes).unwrap();
        serde_json::from_str(&format!("{{{}}}", text.strip_prefix(',').unwrap())).unwrap()
    }

    #[test]
    fn what_fits_is_left_alone() {
        let whole = vec![("command", Datum::from("x".repeat(60_000)))];
        assert_eq!(fields(&whole, 64_000)["command"].as_str().unwrap().len(), 60_000);
    }

    #[test]
    fn a_long_text_keeps_its_head_length_and_hash() {
        let command = "é".repeat(5_000_000);
        let cut = &fields(&vec![("command", command.as_str().into()), ("short", "s".into())], 64_000);
        assert_eq!(cut["command"]["len"], 10_000_000);
        assert_eq!(cut["command"]["sha256"], Hash::of(command.as_bytes()).hex());
        assert!(command.starts_with(cut["command"]["head"].as_str().unwrap()));
        assert_eq!(cut["command"]["head"].as_str().unwrap().chars().count(), 16_384 / 6);
        assert_eq!(cut["short"], "s");
    }

    #[test]
    fn a_long_list_keeps_its_head_length_and_hash() {
        let words = Datum::list((0..100_000).map(|n| n.to_string()));
        let cut = &fields(&vec![("argv", words.clone())], 64_000)["argv"];
        assert_eq!(cut["len"], 100_000);
        assert_eq!(cut["head"].as_array().unwrap().len(), 4_096);
        assert_eq!(cut["sha256"], Hash::of(&words.to_json()).hex());
    }

    #[test]
    fn the_widest_record_of_the_schema_fits() {
        let words = || Datum::list((0..300).map(|_| "\u{1}".repeat(100)));
        let commands = (0..20).map(|_| Datum::Map(vec![("program", "\u{1}".repeat(100).into()), ("argv", words())]));
        let wide: Fields =
            vec![("commands", Datum::List(commands.collect())), ("reason", "\u{202e}".repeat(4_096).into())];
        assert!(fit(&wide, 64_000).is_some());
    }

    #[test]
    fn what_cannot_fit_is_not_written() {
        assert_eq!(fit(&vec![("a", "x".repeat(100).into())], 10), None);
    }
}
