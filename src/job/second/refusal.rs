//! What a script that was refused half-way says about itself, in one line.

use crate::{diagnostic::visible, model::denial::Denial};

/// Which act was refused, why, what to do instead, and what had been started before.
pub(super) fn tell(act: &str, denial: &Denial, before: &[String]) -> String {
    let mut text = match act {
        "" => "the script was refused".to_owned(),
        act => format!("`{}` was refused", cut(act, LONG)),
    };
    text.push_str(&format!(" ({}): {}", denial.code, cut(&denial.reason, LONG)));
    if let Some(hint) = &denial.hint {
        text.push_str(&format!("; hint: {}", cut(hint, LONG)));
    }
    if before.is_empty() {
        text.push_str("; nothing ran before it");
        return text;
    }
    let named: Vec<String> = before.iter().take(NAMED).map(|command| format!("`{}`", cut(command, SHORT))).collect();
    text.push_str(&format!("; before it ran: {}", named.join(", ")));
    match before.len().saturating_sub(NAMED) {
        0 => {}
        more => text.push_str(&format!(" and {more} more")),
    }
    text
}

/// On one line, and not longer than so many characters.
fn cut(text: &str, most: usize) -> String {
    let text = visible(text);
    match text.char_indices().nth(most).and_then(|(end, _)| text.get(..end)) {
        Some(head) => format!("{head}…"),
        None => text.into_owned(),
    }
}

const LONG: usize = 300;
const SHORT: usize = 100;
const NAMED: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Code;

    #[test]
    fn it_says_what_why_and_what_ran_before() {
        let denial = Denial::new(Code::NoRule, "no rule allows `rm x`");
        assert_eq!(
            tell("rm x", &denial, &[]),
            "`rm x` was refused (no-rule): no rule allows `rm x`; nothing ran before it"
        );
        assert_eq!(
            tell("rm x", &denial.with_hint("ask"), &["mkdir a".into(), "ls".into()]),
            "`rm x` was refused (no-rule): no rule allows `rm x`; hint: ask; before it ran: `mkdir a`, `ls`"
        );
    }

    #[test]
    fn it_stays_one_short_line_whatever_the_script_was() {
        let denial = Denial::new(Code::NoRule, "é\n".repeat(10_000)).with_hint("x".repeat(10_000));
        let text = tell(&"a\n".repeat(10_000), &denial, &vec!["y".repeat(10_000); 300]);
        assert!(text.len() < 8_000, "{}", text.len());
        assert!(!text.contains('\n'));
        assert!(text.ends_with(" and 292 more"), "{text}");
    }
}
