//! What is told about a judgement.

use super::{
    PolicySet,
    decision::{CommandTrace, Standing},
    inside::{How, Inside},
    near,
    programs::{Need, Uses},
    rule::{Fit, Rule, Verdict},
    subject::Subject,
};

/// The trace of a command: what it does, and of each command that it runs the rules as well.
pub(super) fn of(policy: &PolicySet, subjects: &[Subject<'_>], inside: &Inside) -> CommandTrace {
    let mut rows: Vec<CommandTrace> = Vec::with_capacity(inside.parts.len());
    // Whether the rule that allows a command covers all that it runs.
    let mut free: Vec<bool> = Vec::new();
    for (at, (subject, part)) in subjects.iter().zip(&inside.parts).enumerate() {
        let canonical = subject.command.canonical.clone();
        let row = CommandTrace { canonical, notes: notes(subject, &part.uses), ..CommandTrace::default() };
        if inside.parts.len() == 1 {
            return row;
        }
        let fitting: Vec<_> = policy.fitting(subject).collect();
        let outer_is_free = at > 0 && free.get(part.parent).copied().unwrap_or_default();
        let standing = match part.how {
            How::Perhaps => Standing::Text,
            How::Itself if outer_is_free => Standing::Covered,
            How::Itself => Standing::Own,
        };
        // The command itself is allowed by the rules that do for certain, where there are such.
        let sure = fitting.iter().any(|(rule, fit)| rule.verdict() == Verdict::Allow && *fit == Fit::Yes);
        let least = if at == 0 && sure { Fit::Yes } else { Fit::Maybe };
        free.push(standing != Standing::Own || runs_any(&fitting, least, subject));
        rows.push(if at == 0 { row } else { with_rules(row, policy, subject, &fitting, standing) });
    }
    nested(rows, inside)
}

/// Puts each command into the one that runs it.
fn nested(mut rows: Vec<CommandTrace>, inside: &Inside) -> CommandTrace {
    while rows.len() > 1 {
        let Some(row) = rows.pop() else { break };
        let parent = inside.parts.get(rows.len()).map_or(0, |part| part.parent);
        if let Some(parent) = rows.get_mut(parent) {
            parent.inside.insert(0, row);
        }
    }
    rows.pop().unwrap_or_default()
}

/// Whether the rules that allow a command let it run anything.
fn runs_any(fitting: &[(&Rule, Fit)], least: Fit, subject: &Subject<'_>) -> bool {
    let allows = fitting.iter().filter(|(rule, fit)| rule.verdict() == Verdict::Allow && *fit >= least);
    allows.into_iter().any(|(rule, _)| rule.vouches_for(subject.command) && rule.grants().covers(Need::Exec))
}

fn with_rules(
    row: CommandTrace,
    policy: &PolicySet,
    subject: &Subject<'_>,
    fitting: &[(&Rule, Fit)],
    standing: Standing,
) -> CommandTrace {
    let open = standing == Standing::Own && fitting.iter().all(|(rule, _)| rule.verdict() == Verdict::Deny);
    let nearest = open.then(|| near::nearest(policy, subject)).flatten();
    let matched = fitting.iter().map(|(rule, fit)| (rule.place().clone(), super::judge::word(rule.verdict(), *fit)));
    CommandTrace {
        matched: matched.collect(),
        nearest: nearest.map(|near| (near.rule.place().clone(), near.why)),
        standing,
        ..row
    }
}

/// What a command does beside what is harmless, in words.
fn notes(subject: &Subject<'_>, uses: &Uses) -> Vec<String> {
    let mut notes = Vec::new();
    if !uses.modelled {
        notes.push("nothing is known of what this program can do".to_owned());
    }
    for (need, at) in &uses.needs {
        notes.push(format!("`{}` {} ({need})", subject.word(*at), need.does()));
    }
    for at in &uses.unlisted {
        notes.push(format!("it is not known what `{}` does", subject.word(*at)));
    }
    for file in &uses.files {
        let verb = if file.written { "writes" } else { "reads" };
        let place = match subject.place(file) {
            Some(place) if place.inside => String::new(),
            Some(place) => format!("  at `{}`, outside the workspace", place.path.display()),
            None => "  not known yet".to_owned(),
        };
        notes.push(format!("{verb} `{}`{place}", file.text));
    }
    notes.dedup();
    notes
}
