//! The audit log: what happened, in an order that cannot be changed later without being seen.
//!
//! This room owns the format on disk, the one thread that writes it, and the walk that verifies it. It records what it is
//! given and decides nothing. What it must never do: lose a record that it has acknowledged, acknowledge one that is not
//! durable, append to a file that it did not make, or hold a secret: values of environment variables and input of jobs do
//! not come here.
//!
//! `event` and `policy` say what can be recorded and `encode` how; `fit` and `datum` make one line of it; `chain` links the lines;
//! `queue`, `commit` and `storage` bring them to disk behind the handle in `writer`; `verify` reads them back. Signed
//! commits join as a kind that `commit` adds to a batch, segments as names that `storage` gives, anchors as a step after
//! its sync.

#![forbid(unsafe_code)]

mod chain;
mod commit;
mod datum;
mod digest;
mod encode;
mod error;
mod event;
mod fit;
mod policy;
mod queue;
mod receipt;
mod storage;
#[cfg(test)]
mod tests;
mod verify;
mod writer;

pub use chain::{Flaw, What};
pub use digest::{Hash, KeyedDigest};
pub use error::{OpenError, RecordError};
pub use event::{
    Act, Acted, Answer, Decided, Event, Exited, Judged, Killed, Opened, Requested, ServerStart, Started, Typed,
};
pub use policy::{LayerLoad, PolicyFinding, PolicyLoad, PolicyReload, PolicyReloadFailed};
pub use receipt::Receipt;
pub use verify::{Completeness, Conclusion, Fault, Integrity, Report, StreamReport, verify_dir, verify_file};
pub use writer::{Pending, Writer};
