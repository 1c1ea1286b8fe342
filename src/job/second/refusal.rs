//! What a script that was refused half-way says about itself.

use crate::{
    diagnostic::visible,
    model::{denial::Denial, outcome::RefusedAct},
};

/// The commands that were let run, as far as they are going to be told. A canonical text can be megabytes long, and a script
/// has hundreds of commands.
#[derive(Debug, Default)]
pub(super) struct Before {
    first: Vec<String>,
    more: usize,
}

impl Before {
    pub(super) fn push(&mut self, command: &str) {
        if self.first.len() < NAMED {
            self.first.push(cut(command, SHORT));
        } else {
            self.more = self.more.saturating_add(1);
        }
    }

    fn tell(&self) -> String {
        if self.first.is_empty() {
            return "nothing ran before it".to_owned();
        }
        let named: Vec<String> = self.first.iter().map(|command| format!("`{command}`")).collect();
        let more = if self.more == 0 { String::new() } else { format!(" and {} more", self.more) };
        format!("before it ran: {}{more}", named.join(", "))
    }
}

/// Which act was refused, why, what to do instead, and what had been started before.
pub(super) fn tell(act: &str, denial: Denial, before: &Before) -> RefusedAct {
    let mut text = match act {
        "" => "the script was refused".to_owned(),
        act => format!("`{}` was refused", cut(act, LONG)),
    };
    text.push_str(&format!(" ({}): {}", denial.code, cut(&denial.reason, LONG)));
    if let Some(hint) = &denial.hint {
        text.push_str(&format!("; hint: {}", cut(hint, LONG)));
    }
    let before = before.tell();
    text.push_str(&format!("; {before}"));
    RefusedAct { denial, before, text }
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

    fn before(commands: impl IntoIterator<Item = String>) -> Before {
        let mut before = Before::default();
        commands.into_iter().for_each(|command| before.push(&command));
        before
    }

    #[test]
    fn it_says_what_why_and_what_ran_before() {
        let denial = Denial::new(Code::NoRule, "no rule allows `rm x`");
        assert_eq!(
            tell("rm x", denial.clone(), &before([])).text,
            "`rm x` was refused (no-rule): no rule allows `rm x`; nothing ran before it"
        );
        assert_eq!(
            tell("rm x", denial.with_hint("ask"), &before(["mkdir a".into(), "ls".into()])).text,
            "`rm x` was refused (no-rule): no rule allows `rm x`; hint: ask; before it ran: `mkdir a`, `ls`"
        );
    }

    #[test]
    fn it_stays_one_short_line_whatever_the_script_was() {
        let denial = Denial::new(Code::NoRule, "é\n".repeat(10_000)).with_hint("x".repeat(10_000));
        let before = before(vec!["y".repeat(10_000); 300]);
        assert!(before.first.iter().map(String::len).sum::<usize>() < 1_000, "of the rest only the number is kept");
        let text = tell(&"a\n".repeat(10_000), denial, &before).text;
        assert!(text.len() < 8_000, "{}", text.len());
        assert!(!text.contains('\n'));
        assert!(text.ends_with(" and 292 more"), "{text}");
    }
}
