//! Examples inside rules: each is judged when the policy is loaded, by the matcher that judges commands.

use crate::{
    command::{self, ResolvedCommand},
    diagnostic::Code,
    model::workspace::Workspace,
};

use super::{
    assumed::assumed,
    cover::cover,
    findings::{Findings, Spanned},
    inside::inside,
    places::{assumed_workspace, named},
    programs::{Programs, Uses},
    raw::RawPolicy,
    rule::{Fit, RawRule, Rule, Verdict},
    subject::Subject,
    words::Words,
};

/// What examples are judged by: the facts about programs, and the places by assumption.
#[derive(Debug)]
pub(super) struct World {
    programs: Programs,
    workspace: Workspace,
}

/// A command of an example with those that it runs.
pub(super) struct Example {
    commands: Vec<(ResolvedCommand, Uses)>,
    variables: Vec<String>,
}

impl World {
    /// The world of a policy.
    pub(super) fn of(raw: &RawPolicy) -> Self {
        let (places, sandbox) = (raw.workspace.clone().finish(), raw.sandbox.clone().finish());
        Self { programs: Programs::with(raw.programs.clone()), workspace: assumed_workspace(&places, &sandbox) }
    }

    /// The commands of an example that run a program, from a text that is parsed as a request would be.
    pub(super) fn commands(&self, text: &str) -> Result<Vec<Example>, String> {
        let script = command::parse(text).map_err(|error| error.message)?;
        let programs = script.commands().filter(|command| command.builtin().is_none());
        let example = |command: &command::SimpleCommand| {
            let parts = inside(&self.programs, &Words::of(command, &script)).parts;
            let commands = parts.into_iter().map(|part| {
                let command = assumed(part.words.clone());
                let texts = self.programs.files(&part.words);
                (ResolvedCommand { named: named(texts, &command.cwds, &self.workspace), ..command }, part.uses)
            });
            let variables = command.assignments.iter().map(|assignment| assignment.name.clone()).collect();
            Example { commands: commands.collect(), variables }
        };
        Ok(programs.map(example).collect())
    }

    /// Why an example that the rule has to match is not matched by it.
    pub(super) fn match_problem(&self, rule: &Rule, text: &str) -> Option<String> {
        match self.commands(text) {
            Ok(examples) if joint(rule, &examples, |example| self.fit_as_written(rule, example)) == Fit::Yes => None,
            Ok(examples) => Some(self.why_not(rule, &examples)),
            Err(message) => Some(message),
        }
    }

    /// What is wrong with an example that the rule must not match. A text outside the language never runs, so no rule matches it.
    pub(super) fn no_match_problem(&self, rule: &Rule, text: &str) -> Option<(&'static str, &'static str)> {
        let examples = self.commands(text).ok()?;
        match joint(rule, &examples, |example| self.fit(rule, example)) {
            Fit::Yes => Some(("must not match, but does", "the rule matches this")),
            Fit::Maybe => {
                let label = "the rule matches this for some of what its patterns and variables stand for";
                Some(("must not match, but may", label))
            }
            Fit::No => None,
        }
    }

    /// How surely a rule applies to a command; one that forbids, also to those inside.
    fn fit(&self, rule: &Rule, example: &Example) -> Fit {
        let fit =
            |(command, uses): &(ResolvedCommand, Uses)| rule.fit(&self.subject(command, uses, &example.variables));
        match rule.verdict() {
            Verdict::Allow => example.commands.first().map_or(Fit::No, fit),
            Verdict::Ask | Verdict::Deny => example.commands.iter().map(fit).max().unwrap_or(Fit::No),
        }
    }

    /// The same, where unknown words stand for themselves.
    fn fit_as_written(&self, rule: &Rule, example: &Example) -> Fit {
        let written = |(command, _): &(ResolvedCommand, Uses)| {
            let words: Words = command.argv.clone().into();
            let uses = self.programs.uses(&words, &[], None);
            let texts = self.programs.files(&words);
            let named = named(texts, &command.cwds, &self.workspace);
            (ResolvedCommand { unknown: Vec::new(), named, ..command.clone() }, uses)
        };
        let commands = example.commands.iter().map(written).collect();
        self.fit(rule, &Example { commands, variables: example.variables.clone() })
    }

    fn subject<'a>(&'a self, command: &'a ResolvedCommand, uses: &'a Uses, variables: &'a [String]) -> Subject<'a> {
        Subject { command, uses, variables, roots: &self.workspace.roots, about: Vec::new() }
    }

    fn why_not(&self, rule: &Rule, examples: &[Example]) -> String {
        let unmatched = examples.iter().find(|example| self.fit_as_written(rule, example) != Fit::Yes);
        let Some((example, (command, uses))) = unmatched.and_then(|one| Some((one, one.commands.first()?))) else {
            return "there is no command in it".to_owned();
        };
        let subject = self.subject(command, uses, &example.variables);
        if !rule.names(command) {
            return format!("`program` does not name `{}`", command.program.name);
        }
        match (rule.verdict(), cover(rule, &subject)) {
            (Verdict::Allow, Err(super::cover::Gap::Pattern)) | (Verdict::Ask | Verdict::Deny, _) => {
                format!("the rule does not match `{}`", command.canonical)
            }
            (Verdict::Allow, Err(gap)) => gap.why(rule),
            (Verdict::Allow, Ok(_)) => format!("not all of `{}` is known", command.canonical),
        }
    }
}

/// How surely a rule matches a line: an allow rule has to match all that it does, the others match when any part is meant.
fn joint(rule: &Rule, examples: &[Example], fit: impl Fn(&Example) -> Fit) -> Fit {
    let fits = examples.iter().map(fit);
    let joint = match rule.verdict() {
        Verdict::Allow => fits.min(),
        Verdict::Ask | Verdict::Deny => fits.max(),
    };
    joint.unwrap_or(Fit::No)
}

/// Checks the examples of all rules.
pub(super) fn check_all(raw: &RawPolicy, findings: &mut Findings) {
    let world = World::of(raw);
    for rule in &raw.rules {
        for example in &rule.matching {
            if let Some(problem) = world.match_problem(&rule.rule, &example.value) {
                fails(rule, example, "has to match, and does not", &problem, findings);
            }
        }
        for example in &rule.not_matching {
            if let Some((what, label)) = world.no_match_problem(&rule.rule, &example.value) {
                fails(rule, example, what, label, findings);
            }
        }
    }
}

fn fails(raw: &RawRule, example: &Spanned<String>, what: &str, label: &str, findings: &mut Findings) {
    let message = format!("an example of the rule `{}` {what}", raw.id.value);
    findings.error(Code::ExampleFails, example, message, label);
}
