//! The sandbox: the only room that starts processes or becomes one.
//!
//! Two programs live here. The server's half (`spawn`, `process`, `probe`) starts a launcher and holds its socket. The
//! launcher's half (`launcher`, `init`, `command`) is the same binary started anew, with one thread: it builds the
//! sandbox from a plan, step by step, becomes the init of the job, and starts the command in it. One restriction, one
//! file: `mounts` with its pure `layout` and `interfaces`, `loopback`, `landlock`, `seccomp`, `rlimits`, `privileges`,
//! `descriptors`.
//!
//! This room decides nothing: it carries out a plan or fails with the name of the step, and then nothing is left running.
//! It never weakens a step that fails, never prints, and never runs a command without a receipt of the audit log.

#![forbid(unsafe_code)]

mod asker;
mod channel;
mod command;
mod descriptors;
mod doorbell;
mod enforcement;
mod error;
mod init;
mod interfaces;
mod landlock;
mod launcher;
mod layout;
mod loopback;
mod mounts;
mod namespaces;
mod privileges;
mod probe;
mod process;
mod rlimits;
mod seccomp;
mod spawn;
mod step;
mod tree;
mod wire;

pub use doorbell::{Caller, Doorbell};
pub use error::LaunchError;
pub use launcher::{LAUNCH_SUBCOMMAND, launch};
pub use process::{Process, Report};
pub use spawn::Launcher;
