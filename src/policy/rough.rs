//! The commands of a text that our own language does not read, as they look to somebody who knows shells. There may be more
//! than run, and fewer: only rules that forbid look at them.

/// Words before which no command begins, and behind which one does.
const KEYWORDS: &[&str] =
    &["if", "then", "elif", "else", "while", "until", "do", "time", "!", "exec", "command", "builtin", "eval"];

/// The words of each command.
pub(super) fn commands(text: &str) -> impl Iterator<Item = Vec<String>> {
    let parts = text.split([';', '|', '&', '\n', '(', ')', '{', '}', '`']);
    parts
        .map(|part| {
            let words = part.split_whitespace().map(|word| word.replace(['"', '\'', '\\'], ""));
            words.skip_while(|word| KEYWORDS.contains(&word.as_str()) || is_assignment(word)).collect::<Vec<_>>()
        })
        .filter(|argv| !argv.is_empty())
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    })
}
