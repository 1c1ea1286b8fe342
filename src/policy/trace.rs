//! What is told about a judgement.

use super::{
    PolicySet,
    decision::CommandTrace,
    inside::{How, Inside},
    near,
    programs::Uses,
    rule::{Fit, Verdict},
    subject::Subject,
};

/// The trace of a command: what it does, and of each command that it runs the rules as well.
pub(super) fn of(policy: &PolicySet, subjects: &[Subject<'_>], inside: &Inside) -> CommandTrace {
    let mut rows = subjects.iter().zip(&inside.parts).enumerate().map(|(at, (subject, part))| {
        let row = CommandTrace {
            canonical: subject.command.canonical.clone(),
            notes: notes(subject, &part.uses),
            ..CommandTrace::default()
        };
        if at == 0 { row } else { with_rules(row, policy, subject, part.how) }
    });
    let Some(own) = rows.next() else { return CommandTrace::default() };
    CommandTrace { inside: rows.collect(), ..own }
}

fn with_rules(row: CommandTrace, policy: &PolicySet, subject: &Subject<'_>, how: How) -> CommandTrace {
    let rules = policy.rules_about(subject.command);
    let fits = rules.iter().map(|rule| (*rule, rule.fit(subject))).filter(|(_, fit)| *fit != Fit::No);
    let matched: Vec<_> = fits.map(|(rule, fit)| (rule, super::judge::word(rule.verdict(), fit))).collect();
    let open = matched.iter().all(|(rule, _)| rule.verdict() == Verdict::Deny) && how == How::Itself;
    let nearest = open.then(|| near::nearest(policy, subject)).flatten();
    CommandTrace {
        matched: matched.into_iter().map(|(rule, word)| (rule.place().clone(), word)).collect(),
        nearest: nearest.map(|near| (near.rule.place().clone(), near.why)),
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
