//! A command and the commands that it runs, as those that have to be allowed one by one.

use crate::{
    command::{ResolvedCommand, ResolvedScript},
    model::{denial::Denial, request::Request},
};

use super::{
    PolicySet,
    assumed::assumed,
    inside::{How, Inside, Part},
    judge::unknown_at_start,
    near,
    programs::Need,
    rule::{Fit, Rule, Verdict},
    shell::Unknown,
    subject::Subject,
};

/// A command with those that it runs.
pub(super) struct Crew<'a> {
    pub(super) command: &'a ResolvedCommand,
    parts: &'a [Part],
    /// One for each part; the first is the command itself.
    commands: Vec<ResolvedCommand>,
    variables: Vec<String>,
}

impl<'a> Crew<'a> {
    pub(super) fn new(
        policy: &PolicySet,
        script: &ResolvedScript,
        command: &'a ResolvedCommand,
        request: &Request,
        inside: &'a Inside,
    ) -> Self {
        let own = script.variables.iter().filter(|variable| variable.index == command.index);
        let own = own.map(|variable| variable.name.clone());
        let asked = request.env.keys().filter(|name| policy.env.client_may_set(name)).cloned();
        let commands = inside.parts.iter().enumerate().map(|(at, part)| match at {
            0 => command.clone(),
            _ => of_part(part, command),
        });
        Self { command, parts: &inside.parts, commands: commands.collect(), variables: own.chain(asked).collect() }
    }

    /// What rules look at: the command itself first.
    pub(super) fn subjects(&'a self, policy: &PolicySet, roots: &'a [std::path::PathBuf]) -> Vec<Subject<'a>> {
        let subject = |(command, part): (&'a ResolvedCommand, &'a Part)| Subject {
            command,
            uses: &part.uses,
            variables: &self.variables,
            roots,
            about: policy.index.candidates(command),
        };
        self.commands.iter().zip(self.parts).map(subject).collect()
    }

    /// The refusal of a command inside, when the command itself is allowed by some of these rules. What a rule with the
    /// grant `exec` covers may run any program.
    pub(super) fn refusal(&self, policy: &PolicySet, subjects: &[Subject<'_>], allows: &[&Rule]) -> Option<Denial> {
        let mut free = vec![runs_any(allows)];
        if let Some(denial) = self.variables_refusal(policy, 0, allows) {
            return Some(denial);
        }
        for (at, (part, subject)) in self.parts.iter().zip(subjects).enumerate().skip(1) {
            let outer_is_free = free.get(part.parent).copied().unwrap_or_default();
            if outer_is_free || part.how == How::Perhaps {
                free.push(true);
                continue;
            }
            let allows = |rule: &Rule| rule.verdict() == Verdict::Allow && rule.vouches_for(subject.command);
            let fits: Vec<_> = policy.fitting(subject).filter(|(rule, _)| allows(rule)).collect();
            if fits.is_empty() {
                let nearest = near::nearest(policy, subject);
                return Some(near::no_rule(policy, subject.command, nearest.as_ref()).at(self.command.span));
            }
            if policy.shell.unknown == Unknown::Deny && !fits.iter().any(|(_, fit)| *fit == Fit::Yes) {
                let reason = format!("not all of `{}` is known yet", subject.command.canonical);
                return Some(unknown_at_start(reason, self.command.span));
            }
            let rules: Vec<&Rule> = fits.iter().map(|(rule, _)| *rule).collect();
            free.push(runs_any(&rules));
            if let Some(denial) = self.variables_refusal(policy, at, &rules) {
                return Some(denial);
            }
        }
        None
    }

    /// The refusal of a variable that a command sets for another one: it is held to what requests may set.
    fn variables_refusal(&self, policy: &PolicySet, at: usize, allows: &[&Rule]) -> Option<Denial> {
        if runs_any(allows) {
            return None;
        }
        let variables = &self.parts.get(at)?.uses.variables;
        let refused = variables.iter().find(|name| !policy.env.client_may_set(name))?;
        Some(policy.env.refusal(refused).at(self.command.span))
    }
}

fn runs_any(rules: &[&Rule]) -> bool {
    rules.iter().any(|rule| rule.grants().covers(Need::Exec))
}

/// A command inside, of which the words are known and what resolving the outer one found of its files. A program that is
/// named by a path may be one that a job has made.
fn of_part(part: &Part, outer: &ResolvedCommand) -> ResolvedCommand {
    let mut command = assumed(part.words.clone());
    command.program.writable = command.program.by_path;
    ResolvedCommand {
        index: outer.index,
        cwds: outer.cwds.clone(),
        named: outer.named.clone(),
        span: outer.span,
        ..command
    }
}
