//! What settings take away from a policy. They can only narrow it.

use std::time::Duration;

use regex::Regex;

use crate::{
    command::ResolvedCommand,
    model::{limits::lower, size::ByteSize},
};

use super::{PolicySet, rule::Fit};

/// What settings take away from a policy. They can only narrow it.
#[derive(Clone, Debug, Default)]
pub struct Narrowing {
    /// At most so many running jobs.
    pub jobs: Option<usize>,
    /// At most so much output kept of each stream.
    pub output: Option<ByteSize>,
    /// At most so much wall-clock time.
    pub wall: Option<Duration>,
    /// The command must match one of these, anchored at both ends, over its canonical text.
    pub commands: Option<Vec<Regex>>,
}

impl PolicySet {
    /// Takes away what settings take away.
    #[must_use]
    pub fn narrowed(mut self, by: &Narrowing) -> Self {
        let limits = &mut self.limits;
        limits.jobs = by.jobs.map_or(limits.jobs, |jobs| jobs.min(limits.jobs));
        limits.output = by.output.map_or(limits.output, |output| output.min(limits.output));
        limits.wall = by.wall.map_or(limits.wall, |wall| lower(wall, limits.wall));
        // Where several policies hold, each of them judges.
        let layers = self.layers.iter_mut().map(|layer| &mut layer.set.narrowing);
        for lists in layers.chain([&mut self.narrowing]) {
            lists.extend(by.commands.clone());
        }
        self
    }

    /// Whether every list of patterns from the settings has one that matches. What is not fully known may match any.
    pub(super) fn settings_allow(&self, command: &ResolvedCommand) -> Fit {
        let fits = |patterns: &Vec<Regex>| {
            if command.is_exact() {
                Fit::of(patterns.iter().any(|pattern| matches_all(pattern, &command.canonical)))
            } else if patterns.is_empty() {
                Fit::No
            } else {
                Fit::Maybe
            }
        };
        self.narrowing.iter().map(fits).min().unwrap_or(Fit::Yes)
    }
}

/// The settings anchor their patterns. Should one not be anchored, a match of a part is still no match.
fn matches_all(pattern: &Regex, text: &str) -> bool {
    pattern.find_iter(text).any(|found| found.range() == (0..text.len()))
}
