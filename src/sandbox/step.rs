//! Steps of a launch, and how they fail.

use std::{fmt, io};

use nix::errno::Errno;
use serde::{Deserialize, Serialize};

/// A step that failed. A failed step ends the launch; nothing goes on without it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Failure {
    /// The step, and what it was about: `mount /proc`.
    pub(super) step: String,
    /// Why, in a few words.
    pub(super) why: String,
}

impl Failure {
    pub(super) fn new(step: impl Into<String>, why: impl Into<String>) -> Self {
        Self { step: step.into(), why: why.into() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "step `{}`: {}", self.step, self.why)
    }
}

/// Names the step that a call belongs to.
pub(super) trait At<T> {
    /// For a step with a fixed name.
    fn at(self, step: &str) -> Result<T, Failure>;

    /// For a step about something, a path mostly.
    fn at_thing(self, step: &str, thing: impl fmt::Display) -> Result<T, Failure>;
}

impl<T, E: Into<io::Error>> At<T> for Result<T, E> {
    fn at(self, step: &str) -> Result<T, Failure> {
        self.map_err(|error| Failure::new(step, words(&error.into())))
    }

    fn at_thing(self, step: &str, thing: impl fmt::Display) -> Result<T, Failure> {
        self.map_err(|error| Failure::new(format!("{step} {thing}"), words(&error.into())))
    }
}

/// An error in the words of the manual pages, with the constant's name that one can look up.
pub fn words(error: &io::Error) -> String {
    match error.raw_os_error().map(Errno::from_raw) {
        Some(errno) => format!("{} ({errno:?})", errno.desc().to_lowercase()),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_names_its_step_and_the_reason() {
        let failed: Result<(), _> = Err(Errno::EACCES);
        let failure = failed.at_thing("mount", "/proc").unwrap_err();
        assert_eq!(failure.to_string(), "step `mount /proc`: permission denied (EACCES)");
    }
}
