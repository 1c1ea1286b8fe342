//! A judgement as text for people.

use std::collections::BTreeMap;

use crate::{
    cli::output::Printer,
    command::{Access, ResolvedCommand, ResolvedDirectory, ResolvedFile, ResolvedScript, SimpleCommand},
    diagnostic::visible,
    model::workspace::Reach,
    policy::CommandTrace,
    service::{Judgement, Verdict},
};

/// What stands for a path that nobody can know yet.
const LATER: &str = "not known before its turn, and judged then";

/// Prints the answer, each command with its facts and rules, and the sandbox, or where the text is refused.
pub(super) fn explain(text: &str, judgement: &Judgement, printer: &mut Printer) {
    match &judgement.verdict {
        Verdict::Allow(_) => printer.data("allow  would run"),
        Verdict::Ask(question) => {
            printer.data(format_args!("ask    would wait for a person: {} (rule `{}`)", question.reason, question.rule))
        }
        Verdict::Deny(_) => printer.data("deny   would not run"),
    }
    if let Some(script) = &judgement.script {
        let programs = script.commands.iter().zip(&judgement.trace.commands);
        let programs: BTreeMap<_, _> = programs.map(|(command, trace)| (command.index, (command, trace))).collect();
        for (index, command) in script.script.commands().enumerate() {
            Facts { script, index, printer }.all(command, programs.get(&index).copied());
        }
    }
    match &judgement.verdict {
        Verdict::Allow(allowed) => {
            printer.data("sandbox");
            for line in allowed.0.describe().lines() {
                printer.data(format_args!("   {line}"));
            }
        }
        Verdict::Ask(_) => {}
        Verdict::Deny(denial) => {
            printer.refusal(text, denial);
        }
    }
}

/// The facts of one simple command.
struct Facts<'a> {
    script: &'a ResolvedScript,
    index: usize,
    printer: &'a mut Printer,
}

impl Facts<'_> {
    fn all(&mut self, command: &SimpleCommand, program: Option<(&ResolvedCommand, &CommandTrace)>) {
        self.printer.data(format_args!("{:>2} {}", self.index + 1, visible(&command.canonical())));
        let (script, own) = (self.script, self.index);
        for variable in script.variables.iter().filter(|variable| variable.index == own) {
            self.line("sets", &variable.name);
        }
        if let Some((resolved, trace)) = program {
            self.program(resolved, trace);
        }
        for directory in script.directories.iter().filter(|directory| directory.index == own) {
            self.line("enters", &entered(directory));
        }
        for file in script.files.iter().filter(|file| file.index == own) {
            self.line(file.access.as_str(), &opened(file));
        }
    }

    fn program(&mut self, command: &ResolvedCommand, trace: &CommandTrace) {
        if command.cwds != [self.script.cwd.clone()] {
            let places: Vec<_> = command.cwds.iter().map(|cwd| cwd.display().to_string()).collect();
            self.line("in", if places.is_empty() { LATER.to_owned() } else { places.join(" or ") }.as_str());
        }
        for word in command.unknown.iter().filter_map(|at| command.argv.get(*at)) {
            self.line("later", &format!("{word}  judged again once it is known"));
        }
        let real = command.program.real.display();
        let looked_up = command.program.by_path && self.script.script.alone().is_none();
        self.line("program", &format!("{real}{}", if looked_up { "  looked up when its turn comes" } else { "" }));
        for (rule, decision) in &trace.matched {
            self.line(decision, &format!("{rule}  {}", rule.at.as_deref().unwrap_or("-")));
        }
        if let Some((rule, why)) = &trace.nearest {
            self.line("nearest", &format!("{rule}  {}  {why}", rule.at.as_deref().unwrap_or("-")));
        }
    }

    fn line(&mut self, key: &str, value: &str) {
        self.printer.data(format_args!("   {key:<9}  {}", visible(value)));
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
