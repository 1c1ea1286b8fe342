//! Names of environment variables, and patterns over them with `*` for any text.

/// A name in which `*` stands for any text, also none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NameGlob(String);

impl NameGlob {
    /// Reads a pattern: letters, digits, underscores and `*`.
    pub(super) fn new(text: &str) -> Result<Self, &'static str> {
        if text.is_empty() {
            return Err("an empty name names nothing");
        }
        if text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'*') {
            Ok(Self(text.to_owned()))
        } else {
            Err("a name holds letters, digits, `_`, and `*` for any text")
        }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a name fits.
    pub(super) fn is_match(&self, name: &str) -> bool {
        fits(&self.0, name)
    }
}

/// Whether a name fits a pattern with `*` for any text.
pub(super) fn fits(pattern: &str, name: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut left) = name.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        // The earliest place leaves most for the parts that follow.
        match left.split_once(part) {
            Some((_, after)) => left = after,
            None => return false,
        }
    }
    left.ends_with(last)
}

/// Whether a name can name a variable: not empty, without `=` and NUL.
pub(super) fn is_possible(name: &str) -> bool {
    !name.is_empty() && !name.contains(['=', '\0'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, name, fit) in [
            ("LANG", "LANG", true),
            ("LANG", "LANGUAGE", false),
            ("LC_*", "LC_ALL", true),
            ("LC_*", "LC_", true),
            ("LC_*", "XLC_ALL", false),
            ("*_TOKEN", "GH_TOKEN", true),
            ("*_TOKEN", "GH_TOKENS", false),
            ("*KEY*", "MONKEYS", true),
            ("A*B*A", "ABA", true),
            ("A*A", "A", false),
            ("*", "", true),
            ("**", "x", true),
        ] {
            assert_eq!(fits(pattern, name), fit, "{pattern} {name}");
        }
    }

    #[test]
    fn patterns_hold_nothing_but_names_and_stars() {
        assert!(NameGlob::new("CARGO_*").is_ok());
        for text in ["", "A=B", "A-B", "[AB]", "A?", "É"] {
            assert!(NameGlob::new(text).is_err(), "{text}");
        }
    }
}
