//! The journey of one request, and the handle through which the doors use the house.
//!
//! This room holds the order of things and no mechanism. It knows no protocol and no terminal.

#![forbid(unsafe_code)]

mod edition;
mod house;
mod judge;
mod origin;
mod pipeline;
mod reload;
mod setup;

pub use edition::PolicyView;
pub use house::{StartError, Stockade};
pub use judge::{Judgement, Verdict, judge, outline};
pub use origin::{Origin, home};
pub use reload::Reloaded;
pub use setup::{Options, Setup, SetupError, own_principal, prepare};
