//! Texts that may not say what they seem to say.

use crate::diagnostic::{Code, is_hidden};

use super::{super::findings::Findings, Subject, warn};

pub(super) fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for raw in subject.rules {
        for (key, text) in [("reason", raw.rule.reason()), ("hint", raw.rule.hint().unwrap_or_default())] {
            let Some(problem) = problem(text) else { continue };
            let message = format!("the `{key}` of the rule `{}` may not say what it seems to say", raw.rule.id());
            let hint = "write the word in one script, without characters that cannot be seen".to_owned();
            warn(findings, Code::ConfusableText, &subject.place(raw, key), [message, problem, hint]);
        }
    }
}

fn problem(text: &str) -> Option<String> {
    if let Some(hidden) = text.chars().find(|c| is_hidden(*c) && !matches!(c, '\n' | '\t')) {
        return Some(format!("it holds the character `{}`, which cannot be seen", hidden.escape_unicode()));
    }
    let words = text.split(|c: char| !c.is_alphabetic());
    words.into_iter().find(|word| is_mixed(word)).map(|word| format!("the word `{word}` mixes scripts"))
}

/// Scripts whose letters look like each other's.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Script {
    Latin,
    Greek,
    Cyrillic,
}

/// Whether a word has letters of more than one script that look alike (UTS 39, section 5.1, for the three that matter).
fn is_mixed(word: &str) -> bool {
    let mut scripts = word.chars().filter_map(script);
    let Some(first) = scripts.next() else { return false };
    scripts.any(|script| script != first)
}

fn script(c: char) -> Option<Script> {
    match c {
        'a'..='z' | 'A'..='Z' | '\u{c0}'..='\u{24f}' => Some(Script::Latin),
        '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' => Some(Script::Greek),
        '\u{400}'..='\u{52f}' => Some(Script::Cyrillic),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mixed_words_and_hidden_characters_are_seen() {
        assert!(problem("allows l\u{455} only").is_some_and(|why| why.contains("mixes scripts")));
        assert!(problem("a\u{202e}b").is_some_and(|why| why.contains("202e")));
        for fine in ["plain", "только чтение ls", "10 µs", "größer", "line\nfeed", "日本"] {
            assert_eq!(problem(fine), None, "{fine}");
        }
    }
}
