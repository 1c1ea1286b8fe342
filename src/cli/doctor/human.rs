//! The doctor's report as text for people.

use std::path::PathBuf;

use crate::{
    diagnostic::visible,
    doctor::{Attack, Given, Group, Part, RIGHTS, Row, Status},
    model::enforcement::{Layer, Level},
    service::Setup,
};

use super::{Examined, Report, holds};

/// All lines, in sections.
pub(super) fn lines(report: &Report) -> Vec<String> {
    let mut lines = vec!["layers".to_owned()];
    lines.extend(report.table.iter().flat_map(|given| given_lines(given, report.support.landlock_abi)));
    lines.extend(["".to_owned(), "machine".to_owned()]);
    lines.extend(report.facts.0.iter().map(|fact| {
        let value = fact.value.as_deref().unwrap_or("-");
        format!("  {:<40} {:<24} {}", fact.what, visible(value), fact.source)
    }));
    lines.push(String::new());
    lines.extend(policy_lines(&report.policy));
    match &report.attack {
        Some(Ok(attack)) => {
            lines.push(String::new());
            lines.extend(attack_lines(attack));
        }
        Some(Err(error)) => lines.extend(["".to_owned(), format!("attack   none: {}", visible(&error.to_string()))]),
        None => {}
    }
    lines.extend(["".to_owned(), conclusion(report)]);
    lines
}

fn given_lines(given: &Given, landlock_abi: u32) -> Vec<String> {
    let about = [given.note.as_deref(), given.level.missing()].into_iter().flatten().collect::<Vec<_>>().join("; ");
    let head = format!("  {:<15} {:<8} {}", given.part.as_str(), given.level.as_str(), visible(&about));
    let mut lines = vec![head.trim_end().to_owned()];
    if given.part == Part::Layer(Layer::Landlock) && given.level.as_str() != "none" {
        let missing = RIGHTS.iter().filter(|right| right.since > landlock_abi);
        lines.extend(
            missing.map(|right| format!("    without version {}, {}: {}", right.since, right.what, right.without)),
        );
    }
    if let Some(advice) = &given.advice {
        lines.push(format!("    lost   {}", advice.lost));
        lines.push(format!("    to do  {}", advice.todo));
    }
    lines
}

fn policy_lines(policy: &Examined) -> Vec<String> {
    let Some(setup) = &policy.setup else {
        return vec!["policy   does not load, so a server would not start; the findings are below".to_owned()];
    };
    let require: Vec<_> = setup.policy.sandbox.require.iter().map(|layer| layer.as_str()).collect();
    let starts = match policy.findings.first() {
        None => format!("starts: what it requires is here ({})", require.join(", ")),
        Some((_, finding)) => format!("would not start: {}", visible(&finding.message)),
    };
    let mut lines = vec![format!("policy `{}`", visible(&setup.policy.name)), format!("  {starts}")];
    lines.extend(places(setup).iter().map(|(name, paths)| format!("  {name:<10} {}", place_text(name, paths))));
    lines
}

/// What is hidden and protected by name need not be there, and mostly is not.
fn place_text(name: &str, paths: &[PathBuf]) -> String {
    let by_name = ["hide", "protect"].contains(&name);
    let shown = paths.iter().filter(|path| !by_name || path.exists());
    let mut words: Vec<_> = shown.map(|path| visible(&path.display().to_string()).into_owned()).collect();
    match paths.len() - words.len() {
        0 if words.is_empty() => "-".to_owned(),
        0 => words.join(" "),
        more => {
            words.push(format!("({more} more that are not there)"));
            words.join(" ")
        }
    }
}

/// The places of a policy as they were resolved here.
pub(super) fn places(setup: &Setup) -> Vec<(&'static str, Vec<PathBuf>)> {
    let workspace = &setup.workspace;
    vec![
        ("roots", workspace.roots.clone()),
        ("programs", workspace.search_path.clone()),
        ("read", workspace.read.clone()),
        ("write", workspace.write.clone()),
        ("hide", workspace.hide.clone()),
        ("protect", workspace.protect.clone()),
        ("log", vec![setup.log_dir.clone()]),
    ]
}

fn attack_lines(attack: &Attack) -> Vec<String> {
    let on = attack.enforcement.0.iter().filter(|(_, level)| *level == Level::Full);
    let on: Vec<_> = on.map(|(layer, _)| layer.as_str()).collect();
    let mut lines = vec![format!("attack   with {} on", on.join(", "))];
    if let Some(why) = &attack.refusal {
        lines.push(format!("  no job of this policy starts here: {}", visible(why)));
        lines.push(
            "  to do  give jobs namespaces, or keep `hide` and `protect` out of what the policy lets jobs reach"
                .to_owned(),
        );
        lines.push("  the attack went on without what the policy hides and protects".to_owned());
    }
    for group in Group::ALL {
        lines.push(format!("  {}", group.as_str()));
        lines.extend(attack.rows.iter().filter(|row| row.group == group).map(row_line));
    }
    if attack.survivors > 0 {
        lines.push(format!("  BROKEN: processes of the job that live on: {}", attack.survivors));
    }
    lines
}

fn row_line(row: &Row) -> String {
    let about = match &row.status {
        Status::Held(by) => by.join(", "),
        Status::Broken(by) => format!("although {} should hold it", by.join(" and ")),
        Status::Open(why) | Status::NotTried(why) => visible(why).into_owned(),
        Status::Allowed(why) => (*why).to_owned(),
    };
    format!("    {:<9} {:<42} {about}", row.status.as_str(), row.what)
}

fn conclusion(report: &Report) -> String {
    let starts = match (&report.attack, report.policy.starts()) {
        (_, false) => "a server with this policy does not start here",
        (Some(Ok(attack)), true) if attack.refusal.is_some() => {
            "a server with this policy starts here, and no job does"
        }
        (Some(Err(_)), true) => "a server with this policy starts here, and the attack did not",
        (Some(Ok(_)) | None, true) => "a server with this policy starts here",
    };
    let Some(Ok(attack)) = &report.attack else { return format!("conclusion: {starts}; nothing was attacked") };
    let count = |word: &str| attack.rows.iter().filter(|row| row.status.as_str() == word).count();
    let (held, broken, open, untried) = (count("held"), count("BROKEN"), count("open"), count("not tried"));
    let verdict = if holds(attack) { "the sandbox holds" } else { "the sandbox does NOT hold" };
    format!("conclusion: {starts}; {verdict}: {held} held, {broken} broken, {open} open, {untried} not tried")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(status: Status) -> String {
        row_line(&Row { id: "tcp", group: Group::Network, what: "connect", status })
    }

    #[test]
    fn a_row_says_what_came_of_it_and_by_what() {
        assert!(row(Status::Held(vec!["network", "landlock"])).ends_with("network, landlock"));
        assert!(row(Status::Broken(vec!["network"])).contains("BROKEN"));
        assert!(row(Status::NotTried("it\ndoes not".to_owned())).contains("it\\ndoes not"));
    }

    #[test]
    fn missing_rights_are_named_with_what_they_mean() {
        let given = Given {
            part: Part::Layer(Layer::Landlock),
            level: Level::Partial("version 5 does not cover signals".to_owned()),
            note: Some("version 5".to_owned()),
            advice: None,
        };
        let lines = given_lines(&given, 5);
        assert_eq!(lines.len(), 5, "{lines:?}");
        assert!(lines[1].contains("without version 6") && lines[1].contains("can signal every process"));
    }
}
