//! Why there was no self-attack.

use std::{fmt, io};

use crate::{
    model::denial::Denial,
    sandbox::{LaunchError, words},
};

/// Why there was no self-attack.
#[derive(Debug)]
pub enum AttackError {
    /// Something of the doctor's own failed.
    Own {
        /// What it was about to do.
        doing: &'static str,
        /// Why it could not.
        why: String,
    },
    /// No job can be planned.
    Plan(Denial),
    /// No job can be started, whatever is left out.
    Launch(LaunchError),
}

impl fmt::Display for AttackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own { doing, why } => write!(f, "the doctor could not {doing}: {why}"),
            Self::Plan(denial) => write!(f, "no job can be planned: {}", denial.reason),
            Self::Launch(error) => write!(f, "no job can be started: {error}"),
        }
    }
}

impl std::error::Error for AttackError {}

/// Names what the doctor was about to do.
pub(super) trait Own<T> {
    fn own(self, doing: &'static str) -> Result<T, AttackError>;
}

impl<T> Own<T> for io::Result<T> {
    fn own(self, doing: &'static str) -> Result<T, AttackError> {
        self.map_err(|error| AttackError::Own { doing, why: words(&error) })
    }
}
