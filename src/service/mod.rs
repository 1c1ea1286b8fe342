//! The journey of one request, and the handle through which the doors use the house.
//!
//! This room holds the order of things and no mechanism. It knows no protocol and no terminal.

#![forbid(unsafe_code)]

mod house;
mod judge;
mod pipeline;
mod setup;

pub use house::{StartError, Stockade};
pub use judge::{Judgement, Verdict, judge};
pub use setup::{Options, Setup, SetupError, home, own_principal, prepare};
