//! What the stubs recorded, and how it is held against a claim.

use super::{
    model::{Claim, Status},
    runner::Outcome,
    world::BASE,
};

/// One command that ran.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Event {
    pub(crate) argv: Vec<String>,
    /// What the script added to the environment.
    pub(crate) env: Vec<String>,
    pub(crate) cwd: String,
    /// Descriptor, mode and file of each.
    pub(crate) fds: Vec<String>,
    pub(crate) stdin: Option<String>,
}

/// The records of a run.
pub(crate) fn events(log: &[u8]) -> Vec<Event> {
    let mut events = Vec::new();
    let mut event = None;
    for item in log.split(|byte| *byte == 0) {
        let text = String::from_utf8_lossy(item).into_owned();
        let Some(tag) = text.chars().next() else {
            events.extend(event.take());
            continue;
        };
        let rest = text[1..].to_owned();
        let blank = Event { argv: vec![], env: vec![], cwd: String::new(), fds: vec![], stdin: None };
        let event = event.get_or_insert(blank);
        match tag {
            'a' => event.argv.push(rest),
            'e' if !inherited(&rest) => event.env.push(rest),
            'c' => event.cwd = rest,
            'd' => event.fds.push(rest),
            'i' => event.stdin = Some(rest),
            _ => {}
        }
        event.env.sort();
    }
    events
}

fn inherited(entry: &str) -> bool {
    let (name, value) = entry.split_once('=').unwrap_or((entry, ""));
    ["PWD", "OLDPWD", "_", "SHLVL", "BASH_ENV"].contains(&name) || BASE.contains(&(name, value))
}

/// What differs between the claim and a run, if anything.
pub(crate) fn difference(claim: &Claim, outcome: &Outcome) -> Option<String> {
    let claimed = normal(claim, claim.events.clone());
    let real = normal(claim, events(&outcome.log));
    if claimed != real {
        return Some(format!("  claimed {claimed:?}\n  ran     {real:?}\n  said    {:?}", outcome.errors));
    }
    let status = match claim.status {
        Status::Code(code) => outcome.status == i32::from(code),
        Status::Failed => (1..=2).contains(&outcome.status),
    };
    if !status {
        return Some(format!("  claimed {:?}, status {}, said {:?}", claim.status, outcome.status, outcome.errors));
    }
    if claim.files != outcome.files {
        return Some(format!("  claimed files {:?}\n  real files    {:?}", claim.files, outcome.files));
    }
    outcome.errors.contains(": not found").then(|| format!("  an unclaimed command: {:?}", outcome.errors))
}

fn normal(claim: &Claim, mut events: Vec<Event>) -> Vec<Event> {
    if claim.empty_document {
        for event in &mut events {
            for fd in &mut event.fds {
                *fd = fd.replace("r-/dev/null", "r-nothing").replace("r-pipe", "r-nothing");
            }
            event.stdin = event.stdin.take().filter(|text| !text.is_empty());
        }
    }
    if !claim.ordered {
        events.sort();
    }
    events
}
