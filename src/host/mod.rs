//! Reads the world and changes nothing: which files names stand for, and which of some names exist.

#![forbid(unsafe_code)]

mod descriptor;
mod existing;
mod locate;
mod named;
mod opened;
mod program;
mod resolve;
mod start;
mod walk;

pub use descriptor::{Identity, Opened, Place, look_at};
pub use existing::{at_present, current, existing};
pub use named::{named, settled};
pub use resolve::{Handles, resolve};
pub use start::{Start, start};
