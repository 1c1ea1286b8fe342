//! Reads the world and changes nothing: which files names stand for, and which of some names exist.

#![forbid(unsafe_code)]

mod existing;
mod resolve;

pub use existing::existing;
pub use resolve::{Handles, resolve};
