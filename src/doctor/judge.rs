//! What came of each act, by its effect.

use std::collections::BTreeMap;

use super::{
    act::{Act, Effect, Group, Here, Holder, Proof},
    acts::catalogue,
};

/// One act and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The act's name, which stays.
    pub id: &'static str,
    /// What it is about.
    pub group: Group,
    /// What it does.
    pub what: &'static str,
    /// What came of it.
    pub status: Status,
}

/// What came of an act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// It works outside, and in the job it came to nothing; what is on that holds it.
    Held(Vec<&'static str>),
    /// It got through, although something is there that should hold it.
    Broken(Vec<&'static str>),
    /// It got through, and nothing that would hold it is there: why.
    Open(String),
    /// It got through, and is meant to: why.
    Allowed(&'static str),
    /// It says nothing about the sandbox: why.
    NotTried(String),
}

impl Status {
    /// The word in reports.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Held(_) => "held",
            Self::Broken(_) => "BROKEN",
            Self::Open(_) => "open",
            Self::Allowed(_) => "allowed",
            Self::NotTried(_) => "not tried",
        }
    }
}

/// How all acts went on one side.
#[derive(Clone, Debug)]
pub(super) struct Side {
    /// The word that was hidden there.
    pub(super) canary: String,
    /// What the attacker told of each act.
    pub(super) came: BTreeMap<String, Result<String, String>>,
    /// What was seen from outside.
    pub(super) seen: Vec<Effect>,
}

impl Side {
    /// Whether an act got through, and if not why not. Nothing when it was never tried.
    fn through(&self, act: &Act) -> Option<Result<(), String>> {
        let came = self.came.get(act.id)?;
        let got_through = match (act.proof, came) {
            (Proof::Gained, came) => came.is_ok(),
            (Proof::Canary, Ok(gained)) => gained.contains(&self.canary),
            (Proof::Canary, Err(_)) => false,
            (Proof::Seen(effect), _) => self.seen.contains(&effect),
        };
        let why = || came.as_ref().err().cloned().unwrap_or_else(|| "it has no effect here".to_owned());
        Some(if got_through { Ok(()) } else { Err(why()) })
    }
}

/// The rows of a report. `machine` is what could hold an act, `job` what was on.
pub(super) fn rows(outside: &Side, inside: &Side, machine: &Here<'_>, job: &Here<'_>) -> Vec<Row> {
    let row = |act: &Act| Row {
        id: act.id,
        group: act.group,
        what: act.what,
        status: status(act, outside.through(act), inside.through(act), machine, job),
    };
    catalogue().map(row).collect()
}

type Through = Option<Result<(), String>>;

fn status(act: &Act, outside: Through, inside: Through, machine: &Here<'_>, job: &Here<'_>) -> Status {
    match (outside, inside) {
        (None, _) => Status::NotTried("the attacker ended before it came to this".to_owned()),
        (Some(Err(why)), _) => Status::NotTried(format!("does not work outside either: {why}")),
        (Some(Ok(())), None) => Status::NotTried("the job ended before it came to this".to_owned()),
        (Some(Ok(())), Some(Err(_))) => Status::Held(there(act, job)),
        (Some(Ok(())), Some(Ok(()))) if act.holders.is_empty() => Status::Allowed("jobs may execute what they make"),
        (Some(Ok(())), Some(Ok(()))) => match there(act, machine) {
            should if should.is_empty() => Status::Open(nothing_holds(act)),
            should => Status::Broken(should),
        },
    }
}

/// What of an act's holders is there.
fn there(act: &Act, here: &Here<'_>) -> Vec<&'static str> {
    let mut names = Vec::new();
    for holder in act.holders.iter().filter(|holder| holder.is_there(here)) {
        if !names.contains(&holder.as_str()) {
            names.push(holder.as_str());
        }
    }
    names
}

fn nothing_holds(act: &Act) -> String {
    let need = |holder: &Holder| match holder {
        Holder::Landlock(since) if *since > 1 => Some(format!("`landlock` version {since}")),
        Holder::Landlock(_) | Holder::Layer(_) | Holder::NoSockets => Some(format!("`{}`", holder.as_str())),
        // Nothing that one could get.
        Holder::LessPower | Holder::Launcher | Holder::Init => None,
    };
    let needs: Vec<_> = act.holders.iter().filter_map(need).collect();
    format!("nothing here holds it; it takes {}", needs.join(" or "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        enforcement::{Layer, Level},
        support::Support,
    };

    fn side(came: &[(&str, Result<&str, &str>)], seen: &[Effect]) -> Side {
        let own = |how: &Result<&str, &str>| how.map(str::to_owned).map_err(str::to_owned);
        Side {
            canary: "canary".to_owned(),
            came: came.iter().map(|(act, how)| ((*act).to_owned(), own(how))).collect(),
            seen: seen.to_vec(),
        }
    }

    fn without(layers: &[Layer]) -> Support {
        let mut support = Support::full();
        for (layer, level) in &mut support.layers {
            if layers.contains(layer) {
                *level = Level::None("not here".to_owned());
            }
        }
        support
    }

    fn of(id: &str, outside: &Side, inside: &Side, machine: &Support) -> Status {
        let here = Here { layers: &machine.layers, landlock_abi: machine.landlock_abi, powerful: false };
        let rows = rows(outside, inside, &here, &here);
        rows.into_iter().find(|row| row.id == id).unwrap().status
    }

    #[test]
    fn what_works_outside_and_not_inside_is_held_by_what_is_on() {
        let (outside, inside) = (side(&[("file-read", Ok("canary"))], &[]), side(&[("file-read", Err("no"))], &[]));
        let held = |machine| of("file-read", &outside, &inside, &machine);
        assert_eq!(held(Support::full()), Status::Held(vec!["namespaces", "landlock"]));
        assert_eq!(held(without(&[Layer::Namespaces])), Status::Held(vec!["landlock"]));
    }

    #[test]
    fn what_got_through_is_broken_where_something_should_hold_it_and_open_elsewhere() {
        let both = side(&[("server-seen", Ok("the canary here"))], &[]);
        assert_eq!(of("server-seen", &both, &both, &Support::full()), Status::Broken(vec!["namespaces"]));
        let open = of("server-seen", &both, &both, &without(&[Layer::Namespaces]));
        assert!(matches!(open, Status::Open(why) if why.contains("`namespaces`")));
    }

    #[test]
    fn what_nothing_is_meant_to_hold_is_allowed() {
        let both = side(&[("memory-program", Ok("it ran"))], &[]);
        assert!(matches!(of("memory-program", &both, &both, &Support::full()), Status::Allowed(_)));
    }

    #[test]
    fn an_act_that_fails_outside_says_nothing() {
        let (outside, inside) = (side(&[("bpf", Err("EPERM"))], &[]), side(&[("bpf", Ok("a map"))], &[]));
        assert!(
            matches!(of("bpf", &outside, &inside, &Support::full()), Status::NotTried(why) if why.contains("EPERM"))
        );
    }

    #[test]
    fn words_without_an_effect_are_not_believed() {
        let (told, seen) = (side(&[("tcp", Ok("connected"))], &[]), side(&[("tcp", Err("no"))], &[Effect::Tcp]));
        assert!(matches!(of("tcp", &told, &told, &Support::full()), Status::NotTried(_)));
        assert!(matches!(of("tcp", &seen, &told, &Support::full()), Status::Held(_)));
        // And an effect counts whatever was told.
        assert!(matches!(of("tcp", &seen, &seen, &Support::full()), Status::Broken(_)));
    }

    #[test]
    fn a_job_that_ends_early_is_not_one_that_holds() {
        let outside = side(&[("bpf", Ok("a map"))], &[]);
        assert!(matches!(of("bpf", &outside, &side(&[], &[]), &Support::full()), Status::NotTried(_)));
    }

    #[test]
    fn landlock_counts_from_the_version_that_covers_the_act() {
        let both = side(&[("server-signal", Ok("sent"))], &[Effect::Signalled]);
        let mut machine = without(&[Layer::Namespaces]);
        assert_eq!(of("server-signal", &both, &both, &machine), Status::Broken(vec!["landlock"]));
        machine.landlock_abi = 5;
        assert!(matches!(of("server-signal", &both, &both, &machine), Status::Open(_)));
    }
}
