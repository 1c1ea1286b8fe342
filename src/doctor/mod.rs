//! The doctor: what this machine gives a sandbox, and whether a sandbox on it holds.
//!
//! Two halves. The table says how much of each layer is here, found out by doing, with facts and advice beside it. The
//! self-attack starts a job of a policy, in which this program tries the acts of a catalogue of hostile ones. Each act is
//! first tried without a sandbox, against things of the doctor's own; one that does not work there says nothing. What counts
//! is what came of an act, as it is seen from outside or as a word that the job can only have from where it may not look.
//!
//! This room changes no setting, asks nothing of the network, leaves nothing behind, and loosens no sandbox: what a job of a
//! policy gets is what every job gets.

#![forbid(unsafe_code)]

mod act;
mod acts;
mod advice;
mod attack;
mod attacker;
mod cgroup;
mod error;
mod facts;
mod ground;
mod judge;
mod log;
mod sides;
mod stage;
mod table;
mod wire;

pub use act::Group;
pub use advice::Advice;
pub use attack::{Attack, Subject, attack};
pub use attacker::{HELPER_SUBCOMMAND, help};
pub use error::AttackError;
pub use facts::{Fact, Facts};
pub use judge::{Row, Status};
pub use log::log_problem;
pub use table::{Given, Part, RIGHTS, Right, table};
