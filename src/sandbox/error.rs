//! Why a job was not started.

use std::{fmt, io};

use crate::model::enforcement::Layer;

use super::step::{Failure, words};

/// Why a job was not started. Whatever the reason, nothing of it is left running.
#[derive(Debug)]
pub enum LaunchError {
    /// The receipt is for another plan: what would run is not what was recorded.
    WrongReceipt,
    /// The plan cannot be carried out in the form it has.
    Plan(String),
    /// The launcher could not be started or spoken to.
    Launcher(io::Error),
    /// A step of the launch failed.
    Step {
        /// The step, and what it was about.
        step: String,
        /// Why, in a few words.
        why: String,
    },
    /// The launcher said something that makes no sense.
    Protocol(&'static str),
    /// The launcher ended without a word.
    Died,
    /// The launcher was not done in time.
    TimedOut,
}

impl LaunchError {
    /// The name of the step that failed, when the launcher got that far.
    pub fn step(&self) -> Option<&str> {
        match self {
            Self::Step { step, .. } => Some(step),
            Self::WrongReceipt
            | Self::Plan(_)
            | Self::Launcher(_)
            | Self::Protocol(_)
            | Self::Died
            | Self::TimedOut => None,
        }
    }
}

impl fmt::Display for LaunchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongReceipt => f.write_str("the receipt of the audit log is for another plan"),
            Self::Plan(why) => write!(f, "the plan cannot be carried out: {why}"),
            Self::Launcher(error) => write!(f, "the launcher could not be started: {}", words(error)),
            Self::Step { step, why } => write!(f, "step `{step}`: {why}"),
            Self::Protocol(what) => write!(f, "the launcher sent {what}"),
            Self::Died => f.write_str("the launcher ended without a report"),
            Self::TimedOut => f.write_str("the launcher was not done in time"),
        }
    }
}

impl std::error::Error for LaunchError {}

impl From<Failure> for LaunchError {
    fn from(failure: Failure) -> Self {
        Self::Step { step: failure.step, why: failure.why }
    }
}

/// The step that fails when a required layer is not fully there.
pub(super) fn require(layer: Layer) -> String {
    format!("require {}", layer.as_str())
}
