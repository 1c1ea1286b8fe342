//! How a job is ended, as a pure function of what has happened.
//!
//! ```text
//! Running --request--> Asked (TERM sent) --grace over--> Killed (KILL to the tree) --patience over--> Forced
//!    \------------ at once, or no grace ------------------^
//! ```
//!
//! Requests after the first never change the reason: the one that came first is the one that is told. A later one may
//! still take the rest of the grace away.

use std::time::{Duration, Instant};

use crate::model::outcome::Reason;

/// That a job shall end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ending {
    /// Why.
    pub(super) reason: Reason,
    /// How fast.
    pub(super) haste: Haste,
}

/// How fast a job shall end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Haste {
    /// It is asked first and has the policy's grace to obey.
    Grace,
    /// It is killed without being asked, or without being waited for any longer.
    AtOnce,
}

/// What the supervisor has to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// Nothing.
    None,
    /// SIGTERM to the command's process group.
    Term,
    /// SIGKILL to every process of the job, by its init.
    KillTree,
    /// SIGKILL to the init itself, with which the kernel ends the rest.
    ForceKill,
}

/// Where a job stands on its way out.
#[derive(Clone, Debug)]
pub(super) struct Terminator {
    stage: Stage,
    reason: Option<Reason>,
    grace: Duration,
    signals: Vec<&'static str>,
}

#[derive(Clone, Copy, Debug)]
enum Stage {
    Running,
    /// Until when the job may end by itself; for ever when the clock does not reach that far.
    Asked(Option<Instant>),
    Killed(Instant),
    Forced,
}

impl Terminator {
    pub(super) fn new(grace: Duration) -> Self {
        Self { stage: Stage::Running, reason: None, grace, signals: Vec::new() }
    }

    /// Somebody wants the job ended.
    pub(super) fn request(&mut self, ending: Ending, now: Instant) -> Action {
        match self.stage {
            Stage::Running => {
                self.reason = Some(ending.reason);
                if self.grace.is_zero() || ending.haste == Haste::AtOnce {
                    self.kill(now)
                } else {
                    self.stage = Stage::Asked(now.checked_add(self.grace));
                    self.signals.push("TERM");
                    Action::Term
                }
            }
            Stage::Asked(_) if ending.haste == Haste::AtOnce => self.kill(now),
            Stage::Asked(_) | Stage::Killed(_) | Stage::Forced => Action::None,
        }
    }

    /// The moment at which [`Self::expire`] has to be called next.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match self.stage {
            Stage::Asked(at) => at,
            Stage::Killed(at) => Some(at),
            Stage::Running | Stage::Forced => None,
        }
    }

    /// The deadline has come, or has not.
    pub(super) fn expire(&mut self, now: Instant) -> Action {
        match self.stage {
            Stage::Asked(Some(at)) if now >= at => self.kill(now),
            Stage::Killed(at) if now >= at => {
                self.stage = Stage::Forced;
                Action::ForceKill
            }
            Stage::Running | Stage::Asked(_) | Stage::Killed(_) | Stage::Forced => Action::None,
        }
    }

    fn kill(&mut self, now: Instant) -> Action {
        self.stage = Stage::Killed(now + PATIENCE);
        self.signals.push("KILL");
        Action::KillTree
    }

    /// Why the job is being ended, when it is.
    pub(super) fn reason(&self) -> Option<&Reason> {
        self.reason.as_ref()
    }

    /// The signals that were sent, in order, for the log.
    pub(super) fn signals(&self) -> Vec<String> {
        self.signals.iter().map(|signal| (*signal).to_owned()).collect()
    }
}

/// How long the init may take to end its tree before the server ends the init.
const PATIENCE: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    fn ending(reason: Reason, haste: Haste) -> Ending {
        Ending { reason, haste }
    }

    #[test]
    fn term_then_grace_then_kill_then_force() {
        let start = Instant::now();
        let mut t = Terminator::new(Duration::from_secs(5));
        assert_eq!(t.expire(start), Action::None);
        assert_eq!(t.request(ending(Reason::Cancelled, Haste::Grace), start), Action::Term);
        assert_eq!(t.signals(), ["TERM"]);
        assert_eq!(t.expire(start + Duration::from_secs(4)), Action::None);
        assert_eq!(t.deadline(), Some(start + Duration::from_secs(5)));
        assert_eq!(t.expire(start + Duration::from_secs(5)), Action::KillTree);
        assert_eq!(t.expire(start + Duration::from_secs(5)), Action::None);
        assert_eq!(t.expire(start + Duration::from_secs(6)), Action::ForceKill);
        assert_eq!(t.deadline(), None);
        assert_eq!(t.signals(), ["TERM", "KILL"]);
    }

    #[test]
    fn the_first_reason_stays() {
        let now = Instant::now();
        let mut t = Terminator::new(Duration::from_secs(5));
        assert_eq!(t.request(ending(Reason::Timeout, Haste::Grace), now), Action::Term);
        assert_eq!(t.request(ending(Reason::Cancelled, Haste::Grace), now), Action::None);
        assert_eq!(t.reason(), Some(&Reason::Timeout));
    }

    #[test]
    fn a_second_request_may_take_the_rest_of_the_grace_away() {
        let now = Instant::now();
        let mut t = Terminator::new(Duration::from_secs(5));
        assert_eq!(t.request(ending(Reason::Cancelled, Haste::Grace), now), Action::Term);
        assert_eq!(t.request(ending(Reason::Shutdown, Haste::AtOnce), now), Action::KillTree);
        assert_eq!(t.request(ending(Reason::Shutdown, Haste::AtOnce), now), Action::None);
        assert_eq!((t.reason(), t.signals()), (Some(&Reason::Cancelled), vec!["TERM".to_owned(), "KILL".to_owned()]));
    }

    #[test]
    fn no_grace_kills_at_once() {
        for (grace, haste) in [(Duration::ZERO, Haste::Grace), (Duration::from_secs(5), Haste::AtOnce)] {
            let mut t = Terminator::new(grace);
            assert_eq!(t.request(ending(Reason::Cancelled, haste), Instant::now()), Action::KillTree);
            assert_eq!(t.signals(), ["KILL"]);
        }
    }

    #[test]
    fn a_grace_beyond_the_clock_never_ends() {
        let mut t = Terminator::new(Duration::MAX);
        assert_eq!(t.request(ending(Reason::Cancelled, Haste::Grace), Instant::now()), Action::Term);
        assert_eq!(t.deadline(), None);
    }
}
