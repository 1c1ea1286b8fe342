//! Pieces of a word to fields (POSIX.1-2024, section 2.6.5, with the blanks that `IFS` holds where nobody set it).

use super::{question::Trouble, tree::Glob};

/// What a field is made of: text that means nothing but itself, and parts of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Atom {
    Text(String),
    Glob(Glob),
}

/// The fields of a word under way.
#[derive(Debug, Default)]
pub(super) struct Fields {
    done: Vec<Vec<Atom>>,
    /// The field that the next piece belongs to, if one is open.
    open: Option<Vec<Atom>>,
}

impl Fields {
    /// Adds what is never split. An empty text makes a field all the same.
    pub(super) fn whole(&mut self, atom: Atom) {
        self.open.get_or_insert_default().push(atom);
    }

    /// Adds what is split at blanks. Where it holds a character of a pattern, a shell would look for files.
    pub(super) fn split(&mut self, text: &str) -> Result<(), Trouble> {
        if let Some(c) = text.chars().find(|c| matches!(c, '*' | '?' | '[' | '\\')) {
            return Err(Trouble::OutputPattern(c));
        }
        let mut parts = text.split([' ', '\t', '\n']);
        if let Some(first) = parts.next() {
            self.part(first);
        }
        for part in parts {
            self.done.extend(self.open.take());
            self.part(part);
        }
        Ok(())
    }

    fn part(&mut self, part: &str) {
        if !part.is_empty() {
            self.whole(Atom::Text(part.to_owned()));
        }
    }

    pub(super) fn finish(mut self) -> Vec<Vec<Atom>> {
        self.done.extend(self.open);
        self.done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pieces that begin with `=` are whole, the others are split.
    fn fields(pieces: &[&str]) -> Vec<String> {
        let mut fields = Fields::default();
        for piece in pieces {
            match piece.strip_prefix('=') {
                Some(text) => fields.whole(Atom::Text(text.to_owned())),
                None => fields.split(piece).unwrap(),
            }
        }
        fields.finish().into_iter().map(|atoms| atoms.into_iter().map(text).collect()).collect()
    }

    fn text(atom: Atom) -> String {
        match atom {
            Atom::Text(text) => text,
            Atom::Glob(_) => panic!("no patterns here"),
        }
    }

    #[test]
    fn text_is_split_at_blanks() {
        assert_eq!(fields(&["a b\tc\n\nd"]), ["a", "b", "c", "d"]);
        assert_eq!(fields(&[" a "]), ["a"]);
        assert_eq!(fields(&["a\u{a0}b\u{b}c"]), ["a\u{a0}b\u{b}c"]);
    }

    #[test]
    fn nothing_is_no_field() {
        assert_eq!(fields(&[""]), [""; 0]);
        assert_eq!(fields(&[" \n"]), [""; 0]);
        assert_eq!(fields(&["", " "]), [""; 0]);
    }

    #[test]
    fn quoted_nothing_is_a_field() {
        assert_eq!(fields(&["="]), [""]);
        assert_eq!(fields(&["=", " "]), [""]);
        assert_eq!(fields(&[" ", "="]), [""]);
        assert_eq!(fields(&["=", " x"]), ["", "x"]);
    }

    #[test]
    fn neighbours_join_where_no_blank_is_between() {
        assert_eq!(fields(&["=x", "a b", "=y"]), ["xa", "by"]);
        assert_eq!(fields(&["=x", " a ", "=y"]), ["x", "a", "y"]);
        assert_eq!(fields(&["a", "b c"]), ["ab", "c"]);
        assert_eq!(fields(&["a ", "b"]), ["a", "b"]);
        assert_eq!(fields(&["=x", "", "=y"]), ["xy"]);
        assert_eq!(fields(&["=x", " ", "=y"]), ["x", "y"]);
        assert_eq!(fields(&["=a b", "c"]), ["a bc"]);
    }

    #[test]
    fn patterns_in_split_text_are_trouble() {
        for c in ['*', '?', '[', '\\'] {
            assert_eq!(Fields::default().split(&format!("a {c}")), Err(Trouble::OutputPattern(c)));
        }
    }
}
