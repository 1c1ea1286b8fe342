//! A judgement as text for people.

use std::collections::BTreeMap;

use crate::{
    cli::output::Printer,
    command::{Access, ResolvedCommand, ResolvedDirectory, ResolvedFile, ResolvedScript, SimpleCommand},
    diagnostic::visible,
    model::{denial::Denial, workspace::Reach},
    policy::{CommandTrace, PolicySet, Standing},
    service::{Judgement, Verdict},
};

use super::layers::{LayerSays, decided, layers};

/// What stands for a path that nobody can know yet.
const LATER: &str = "not known before its turn, and judged then";

/// So many lines say what a command does; who names a hundred files knows what they are.
const NOTES_MAX: usize = 12;

/// Prints the answer and what decided, each command with its facts and rules, the surroundings, and the refusal.
pub(super) fn explain(
    text: &str,
    policy: &PolicySet,
    judgement: &Judgement,
    surroundings: &Result<String, Denial>,
    printer: &mut Printer,
) {
    printer.data(match &judgement.verdict {
        Verdict::Allow(_) => "allow  would run",
        Verdict::Ask(_) => "ask    would wait for a person",
        Verdict::Deny(_) => "deny   would not run",
    });
    if let Some(script) = &judgement.script {
        let programs = script.commands.iter().zip(&judgement.trace.commands);
        let programs: BTreeMap<_, _> = programs.map(|(command, trace)| (command.index, (command, trace))).collect();
        for (index, command) in script.script.commands().enumerate() {
            Facts { script, index, printer }.all(command, programs.get(&index).copied());
        }
    }
    let line = |printer: &mut Printer, key: &str, value: &str| {
        printer.data(format_args!("{key:<10} {}", visible(value)));
    };
    let said: Vec<_> = layers(policy, judgement).iter().map(LayerSays::shown).collect();
    if !said.is_empty() {
        line(printer, "layers", &said.join(" · "));
    }
    line(printer, "decided", &decided(judgement));
    line(printer, "policy", &format!("{}  sha256:{}", policy.name, policy.digest));
    sandbox(judgement, surroundings, printer);
    match &judgement.verdict {
        Verdict::Allow(_) => {}
        Verdict::Ask(question) => {
            printer.refusal(text, &question.clone().unanswered());
        }
        Verdict::Deny(denial) => {
            printer.refusal(text, denial);
        }
    }
}

fn sandbox(judgement: &Judgement, surroundings: &Result<String, Denial>, printer: &mut Printer) {
    let plan = match &judgement.verdict {
        Verdict::Allow(allowed) => Some(allowed.0.describe()),
        Verdict::Ask(_) | Verdict::Deny(_) => None,
    };
    match (&plan, surroundings) {
        (Some(plan), _) => {
            printer.data("sandbox");
            let stands_above = |line: &&str| line.starts_with("rules ") || line.starts_with("policy ");
            plan.lines().filter(|line| !stands_above(line)).for_each(|line| shown(line, printer));
        }
        (None, Ok(text)) => {
            printer.data("sandbox if it ran");
            text.lines().for_each(|line| shown(line, printer));
        }
        (None, Err(denial)) => printer.data(format_args!("sandbox    none: {}", visible(&denial.reason))),
    }
}

fn shown(line: &str, printer: &mut Printer) {
    let line = match line.strip_prefix("env ") {
        Some(names) => format!("{:<10} {}", "env", numbered(names)),
        None => line.to_owned(),
    };
    printer.data(format_args!("   {line}"));
}

/// Names with numbers at their ends in short: `KEY_0..7` for eight of them.
fn numbered(names: &str) -> String {
    let split = |name: &str| {
        let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
        let number = name.get(stem.len()..).and_then(|digits| digits.parse::<usize>().ok());
        match number.filter(|_| stem.ends_with('_')) {
            Some(number) => (stem.to_owned(), Some(number)),
            None => (name.to_owned(), None),
        }
    };
    let mut runs: Vec<(String, Option<(usize, usize)>)> = Vec::new();
    for (stem, number) in names.split_ascii_whitespace().map(split) {
        match (runs.last_mut(), number) {
            (Some((last, Some((_, end)))), Some(number)) if *last == stem && number == *end + 1 => *end = number,
            (_, number) => runs.push((stem, number.map(|number| (number, number)))),
        }
    }
    let shown = runs.into_iter().map(|(stem, run)| match run {
        None => stem,
        Some((start, end)) if start == end => format!("{stem}{start}"),
        Some((start, end)) => format!("{stem}{start}..{end}"),
    });
    shown.collect::<Vec<_>>().join(" ")
}

/// The facts of one simple command.
struct Facts<'a> {
    script: &'a ResolvedScript,
    index: usize,
    printer: &'a mut Printer,
}

impl Facts<'_> {
    fn all(&mut self, command: &SimpleCommand, program: Option<(&ResolvedCommand, &CommandTrace)>) {
        let number = self.index + 1;
        self.printer.data(format_args!("{number:>2} {}", visible(&command.canonical())));
        let (script, own) = (self.script, self.index);
        for variable in script.variables.iter().filter(|variable| variable.index == own) {
            self.line(3, "sets", &variable.name);
        }
        if let Some((resolved, trace)) = program {
            self.program(resolved);
            self.rules(3, &number.to_string(), trace);
        }
        for directory in script.directories.iter().filter(|directory| directory.index == own) {
            self.line(3, "enters", &entered(directory));
        }
        for file in script.files.iter().filter(|file| file.index == own) {
            self.line(3, file.access.as_str(), &opened(file));
        }
    }

    fn program(&mut self, command: &ResolvedCommand) {
        if command.cwds != [self.script.cwd.clone()] {
            let places: Vec<_> = command.cwds.iter().map(|cwd| cwd.display().to_string()).collect();
            self.line(3, "in", if places.is_empty() { LATER.to_owned() } else { places.join(" or ") }.as_str());
        }
        for word in command.unknown.iter().filter_map(|at| command.argv.get(*at)) {
            self.line(3, "later", &format!("{word}  judged again once it is known"));
        }
        let real = command.program.real.display();
        let looked_up = command.program.by_path && self.script.script.alone().is_none();
        self.line(3, "program", &format!("{real}{}", if looked_up { "  looked up when its turn comes" } else { "" }));
    }

    /// What a command does, the rules about it, and the same for each command that it runs.
    fn rules(&mut self, indent: usize, number: &str, trace: &CommandTrace) {
        for (at, note) in trace.notes.iter().take(NOTES_MAX).enumerate() {
            self.line(indent, if at == 0 { "does" } else { "" }, note);
        }
        if let Some(more) = trace.notes.len().checked_sub(NOTES_MAX).filter(|more| *more > 0) {
            self.line(indent, "", &format!("and {more} more"));
        }
        for (rule, decision) in &trace.matched {
            self.line(indent, decision, &format!("{rule}  {}", rule.at.as_deref().unwrap_or("-")));
        }
        if let Some((rule, why)) = &trace.nearest {
            self.line(indent, "nearest", &format!("{rule}  {}  {why}", rule.at.as_deref().unwrap_or("-")));
        }
        match trace.standing {
            Standing::Own if trace.matched.is_empty() => self.line(indent, "no rule", "allows it"),
            Standing::Own => {}
            Standing::Covered => {
                self.line(indent, "covered", "the rule that allows the command around it grants `exec`");
            }
            Standing::Text => self.line(indent, "text", "another program reads this; rules that forbid look at it"),
        }
        for (at, inner) in trace.inside.iter().enumerate() {
            let number = format!("{number}.{}", at + 1);
            self.printer.data(format_args!("{:indent$}{number} {}", "", visible(&inner.canonical)));
            self.rules(indent + number.len() + 1, &number, inner);
        }
    }

    fn line(&mut self, indent: usize, key: &str, value: &str) {
        self.printer.data(format_args!("{:indent$}{key:<9}  {}", "", visible(value)));
    }
}

fn entered(directory: &ResolvedDirectory) -> String {
    match &directory.place {
        Some((path, true)) => path.display().to_string(),
        Some((path, false)) => format!("{}  outside the workspace", path.display()),
        None => LATER.to_owned(),
    }
}

fn opened(file: &ResolvedFile) -> String {
    let Some((path, reach)) = &file.place else { return LATER.to_owned() };
    let needed = if file.access.writes() { Reach::Write } else { Reach::Read };
    let verb = match file.access {
        Access::Read => "read",
        Access::Write | Access::Append => "write",
    };
    if *reach >= needed { path.display().to_string() } else { format!("{}  jobs cannot {verb} there", path.display()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_numbered_names_are_told_in_short() {
        assert_eq!(numbered("A_0 A_1 A_2 B_0 C HOME2 X_9"), "A_0..2 B_0 C HOME2 X_9");
    }
}
