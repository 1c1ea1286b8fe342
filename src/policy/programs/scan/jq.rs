//! Filters of jq(1) 1.7, and expressions of yq 4: neither runs programs, but both can print the environment and load files.

use super::{super::facts::Need, Found};

/// What a filter does beside computing.
pub(in super::super) fn jq(filter: &str) -> Vec<Found> {
    // Where a string ends cannot be told when a comment, or what is put into a string, may hold quotes.
    let quotes = !filter.contains('#') && !filter.contains("\\(");
    let told = words(filter, quotes).into_iter().filter(|word| word.before != '.');
    told.filter_map(|word| need(word.name, word.after)).map(Found::Need).collect()
}

fn need(name: &str, after: Option<char>) -> Option<Need> {
    match name {
        // `{env: 1}` is a key.
        "env" if after == Some(':') => None,
        "env" | "ENV" | "$ENV" | "strenv" | "envsubst" => Some(Need::Secrets),
        "import" | "include" | "modulemeta" | "get_search_list" => Some(Need::Config),
        "load" | "load_str" | "load_xml" | "load_props" | "load_base64" => Some(Need::Read),
        "system" => Some(Need::Exec),
        "eval" => Some(Need::Code),
        _ => None,
    }
}

struct Word<'f> {
    name: &'f str,
    /// The character right before it.
    before: char,
    /// The first character behind it that is no blank.
    after: Option<char>,
}

/// The words of a filter, with or without those of its strings.
fn words(filter: &str, quotes: bool) -> Vec<Word<'_>> {
    let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '$');
    let mut words: Vec<Word<'_>> = Vec::new();
    let (mut rest, mut before) = (filter, ' ');
    while let Some(first) = rest.chars().next() {
        let length = if first == '"' && quotes {
            let end = end_of_string(rest.get(1..).unwrap_or_default());
            (end + 2).min(rest.len())
        } else if part(first) {
            let length = rest.find(|c: char| !part(c)).unwrap_or(rest.len());
            let (name, behind) = rest.split_at_checked(length).unwrap_or((rest, ""));
            words.push(Word { name, before, after: behind.trim_start().chars().next() });
            length
        } else {
            first.len_utf8()
        };
        let (taken, behind) = rest.split_at_checked(length).unwrap_or((rest, ""));
        before = taken.chars().last().unwrap_or(' ');
        rest = behind;
    }
    words
}

fn end_of_string(text: &str) -> usize {
    let mut quoted = false;
    for (at, c) in text.char_indices() {
        if c == '"' && !quoted {
            return at;
        }
        quoted = c == '\\' && !quoted;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::{super::shown, *};

    #[test]
    fn what_computes_alone_is_harmless() {
        for filter in [
            ".",
            ".a | .b",
            ".[\"key; with\"]",
            ".environment",
            "{a: .b, c: \"$(x)\"}",
            ".env",
            ".a.env",
            "{env: 1}",
            "map(.load)",
            "\"env\"",
            "select(.name == \"import\")",
            "[.[] | {n: .name}] | length",
            ".x.import",
            "@base64 \"\\(.a)\"",
            ".items[].env.x",
        ] {
            assert!(jq(filter).is_empty(), "{filter}: {:?}", jq(filter));
        }
    }

    #[test]
    fn the_environment_and_files_are_found() {
        for (filter, expected) in [
            ("env", "secrets"),
            ("env.HOME", "secrets"),
            ("$ENV.PATH", "secrets"),
            (". | env", "secrets"),
            ("\"x \\(env.A)\"", "secrets"),
            ("\"a\\\"\" | env", "secrets"),
            ("import \"x\" as x; x::f", "config"),
            ("include \"x\"; .", "config"),
            ("load(\"/etc/shadow\")", "read"),
            ("strenv(HOME)", "secrets"),
            ("{a: env}", "secrets"),
            ("..|env", "secrets"),
            (".. env", "secrets"),
            ("# \"\nenv # \"", "secrets"),
            ("\"\\(\")\" | \"x\")\" | env", "secrets"),
            ("$ ENV", "secrets"),
            ("eval(\"stre\" + \"nv(HOME)\")", "code"),
        ] {
            assert!(shown(&jq(filter)).contains(&expected.to_owned()), "{filter}: {:?}", jq(filter));
        }
    }
}
