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

/// The trace of a command: of itself, and of each command that it runs.
pub(super) fn of(policy: &PolicySet, subjects: &[Subject<'_>], inside: &Inside) -> CommandTrace {
    let mut rows = subjects.iter().zip(&inside.parts).map(|(subject, part)| {
        let fits = policy.rules.iter().map(|rule| (rule, rule.fit(subject))).filter(|(_, fit)| *fit != Fit::No);
        let matched: Vec<_> = fits.map(|(rule, fit)| (rule, super::judge::word(rule.verdict(), fit))).collect();
        let open = matched.iter().all(|(rule, _)| rule.verdict() == Verdict::Deny) && part.how == How::Itself;
        let nearest = open.then(|| near::nearest(&policy.rules, subject)).flatten();
        CommandTrace {
            canonical: subject.command.canonical.clone(),
            matched: matched.into_iter().map(|(rule, word)| (rule.place().clone(), word)).collect(),
            nearest: nearest.map(|near| (near.rule.place().clone(), near.why)),
            notes: notes(subject, &part.uses),
            inside: Vec::new(),
        }
    });
    let Some(own) = rows.next() else { return CommandTrace::default() };
    CommandTrace { inside: rows.collect(), ..own }
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
