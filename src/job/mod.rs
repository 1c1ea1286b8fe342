//! Jobs: the table of what runs and ran, one supervisor for each job, and the buffers of their output.
//!
//! A job outlives the request that made it. Its supervisor is the only one that talks to its process; everybody else
//! reads the job's record and asks the supervisor. This room never judges a command and never writes a protocol.

#![forbid(unsafe_code)]

mod cursor;
mod follower;
mod inlet;
mod manager;
mod pump;
mod record;
mod ring;
mod run;
mod second;
mod streams;
mod supervisor;
mod table;
mod terminate;
mod turns;
mod view;

pub use crate::model::outcome::StreamTotals;
pub use cursor::{Cursor, ParseCursorError};
pub use follower::Follower;
pub use manager::{Accepted, Claim, Manager, Place};
pub use second::Judged;
pub use terminate::Haste;
pub use view::{JobView, Output, StreamSlice, WaitEnd, Waited};
