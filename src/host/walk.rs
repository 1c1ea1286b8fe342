//! The ways that a script can take, and the working directories in which each command may find itself. Pure, apart from what
//! the caller looks up for `cd`.
//!
//! Only `cd` and `exit` have an effect that is known before they run. Every other command may succeed or fail.

use std::{collections::BTreeSet, path::PathBuf};

use crate::command::{AndOr, Builtin, Connector, List, Node, Pipeline, Script, SimpleCommand};

/// The most directories that are kept apart; with more, nothing is known.
const MAX: usize = 16;

/// The directories in which a script may be at some point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cwds {
    /// One of these. None at all at a point that is never reached.
    Known(BTreeSet<PathBuf>),
    /// Any.
    Unknown,
}

/// A simple command, and where it may run.
#[derive(Debug)]
pub(super) struct Visit<'s> {
    /// Its place in [`Script::commands`].
    pub(super) index: usize,
    pub(super) command: &'s SimpleCommand,
    pub(super) cwds: Cwds,
}

/// Visits every command in the order of [`Script::commands`]. `enter` says where a `cd` leads that succeeds.
pub(super) fn visits<'s>(script: &'s Script, start: PathBuf, enter: impl FnMut(&Visit<'s>) -> Cwds) -> Vec<Visit<'s>> {
    let mut walk = Walk { visits: Vec::new(), enter };
    walk.list(&script.root, Cwds::one(start));
    walk.visits
}

struct Walk<'s, E> {
    visits: Vec<Visit<'s>>,
    enter: E,
}

/// Where a script may be after something has succeeded, and after it has failed.
struct After {
    success: Cwds,
    failure: Cwds,
}

impl<'s, E: FnMut(&Visit<'s>) -> Cwds> Walk<'s, E> {
    fn list(&mut self, list: &'s List, start: Cwds) -> Cwds {
        list.items.iter().fold(start, |cwds, item| {
            let after = self.and_or(item, cwds);
            after.success.or(after.failure)
        })
    }

    fn and_or(&mut self, item: &'s AndOr, start: Cwds) -> After {
        let mut after = self.pipeline(&item.first, start);
        for link in &item.rest {
            match link.connector {
                Connector::And => {
                    let next = self.pipeline(&link.pipeline, after.success);
                    after = After { success: next.success, failure: after.failure.or(next.failure) };
                }
                Connector::Or => {
                    let next = self.pipeline(&link.pipeline, after.failure);
                    after = After { success: after.success.or(next.success), failure: next.failure };
                }
            }
        }
        after
    }

    fn pipeline(&mut self, pipeline: &'s Pipeline, start: Cwds) -> After {
        let after = match pipeline.commands.as_slice() {
            [Node::Simple(command)] => self.alone(command, start),
            // Each member, and a subshell, changes a directory of its own.
            nodes => {
                for node in nodes {
                    match node {
                        Node::Simple(command) => drop(self.visit(command, &start)),
                        Node::Subshell(subshell) => drop(self.list(&subshell.list, start.clone())),
                    }
                }
                After { success: start.clone(), failure: start }
            }
        };
        if pipeline.negated { After { success: after.failure, failure: after.success } } else { after }
    }

    fn alone(&mut self, command: &'s SimpleCommand, start: Cwds) -> After {
        let entered = self.visit(command, &start);
        match (command.builtin(), entered) {
            (Some(Builtin::Cd), Some(success)) => After { success, failure: start },
            // It does not come to its end when a redirection fails.
            (Some(Builtin::Exit), _) if command.redirections.is_empty() => {
                After { success: Cwds::none(), failure: Cwds::none() }
            }
            (Some(Builtin::Exit), _) => After { success: Cwds::none(), failure: start },
            (Some(Builtin::Cd | Builtin::Null) | None, _) => After { success: start.clone(), failure: start },
        }
    }

    /// Notes a command, those inside its words first. Gives where it leads when it is a `cd`.
    fn visit(&mut self, command: &'s SimpleCommand, cwds: &Cwds) -> Option<Cwds> {
        for list in command.inner() {
            self.list(list, cwds.clone());
        }
        let visit = Visit { index: self.visits.len(), command, cwds: cwds.clone() };
        let entered = (command.builtin() == Some(Builtin::Cd)).then(|| (self.enter)(&visit));
        self.visits.push(visit);
        entered
    }
}

impl Cwds {
    pub(super) fn one(path: PathBuf) -> Self {
        Self::Known(BTreeSet::from([path]))
    }

    fn none() -> Self {
        Self::Known(BTreeSet::new())
    }

    /// In any of both.
    pub(super) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Known(mut all), Self::Known(more)) => {
                all.extend(more);
                if all.len() <= MAX { Self::Known(all) } else { Self::Unknown }
            }
            (Self::Known(_) | Self::Unknown, Self::Known(_) | Self::Unknown) => Self::Unknown,
        }
    }

    /// The directories; none when they are not known.
    pub(super) fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        let known = match self {
            Self::Known(paths) => Some(paths),
            Self::Unknown => None,
        };
        known.into_iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::parse;

    /// `index:directory,directory` of each command, in a world where every directory exists but those called `new`.
    fn walked(text: &str) -> String {
        let script = parse(text).unwrap();
        let enter = |visit: &Visit<'_>| {
            let Some(name) = visit.command.words[1].literal().filter(|name| name != "new") else {
                return Cwds::Unknown;
            };
            match &visit.cwds {
                Cwds::Unknown if !name.starts_with('/') => Cwds::Unknown,
                Cwds::Unknown => Cwds::one(name.into()),
                Cwds::Known(paths) => Cwds::Known(paths.iter().map(|path| path.join(&name)).collect()),
            }
        };
        let visits = visits(&script, "/w".into(), enter);
        let indices: Vec<_> = visits.iter().map(|visit| visit.index).collect();
        assert_eq!(indices, (0..script.commands().count()).collect::<Vec<_>>());
        assert!(script.commands().zip(&visits).all(|(command, visit)| std::ptr::eq(command, visit.command)));
        let shown = visits.iter().map(|visit| {
            let cwds = match &visit.cwds {
                Cwds::Unknown => "?".to_owned(),
                Cwds::Known(paths) => paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(","),
            };
            format!("{}:{cwds}", visit.command.words[0].literal().unwrap())
        });
        shown.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn every_way_is_followed() {
        for (text, places) in [
            ("a; b", "a:/w b:/w"),
            ("cd x && a", "cd:/w a:/w/x"),
            ("cd x; a", "cd:/w a:/w,/w/x"),
            ("cd x || a", "cd:/w a:/w"),
            ("cd x || exit 1; a", "cd:/w exit:/w a:/w/x"),
            ("cd x && a || b; c", "cd:/w a:/w/x b:/w,/w/x c:/w,/w/x"),
            ("cd x || cd y && a", "cd:/w cd:/w a:/w/x,/w/y"),
            ("! cd x && a || b", "cd:/w a:/w b:/w,/w/x"),
            ("! cd x || a", "cd:/w a:/w/x"),
            ("cd x && cd y && a", "cd:/w cd:/w/x a:/w/x/y"),
            ("cd x && (cd y && a) && b", "cd:/w cd:/w/x a:/w/x/y b:/w/x"),
            ("(exit; a); b", "exit:/w a: b:/w"),
            ("exit 3; a; (b)", "exit:/w a: b:"),
            ("exit 3 > f; a", "exit:/w a:/w"),
            ("exit > f && a", "exit:/w a:"),
            ("exit || cd x; cd y; a", "exit:/w cd: cd: a:"),
            ("cd x | cd y | a; b", "cd:/w cd:/w a:/w b:/w"),
            ("a | (cd x; b) | c", "a:/w cd:/w b:/w,/w/x c:/w"),
            ("a && cd x; b", "a:/w cd:/w b:/w,/w/x"),
            (": && cd x && a", "::/w cd:/w a:/w/x"),
            ("a \"$(cd x && b)\" && c", "cd:/w b:/w/x a:/w c:/w"),
            ("cd x && a $(b) > \"f\" && c", "cd:/w b:/w/x a:/w/x c:/w/x"),
            ("cd \"$(a)\" && b", "a:/w cd:/w b:?"),
            ("cd new && a; b", "cd:/w a:? b:?"),
            ("cd new || a; cd /x && b", "cd:/w a:/w cd:? b:/x"),
            ("cd new && cd x && b", "cd:/w cd:? b:?"),
        ] {
            assert_eq!(walked(text), places, "{text}");
        }
    }

    #[test]
    fn many_directories_are_no_longer_kept_apart() {
        let four = "cd a; cd b; cd c; cd d; x";
        assert!(walked(four).ends_with("/w/d"), "{}", walked(four));
        assert_eq!(walked(four).rsplit(' ').next().unwrap().split(',').count(), 16);
        assert!(walked("cd a; cd b; cd c; cd d; cd e; x").ends_with("x:?"));
    }
}
