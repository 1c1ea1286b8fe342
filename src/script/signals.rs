//! The signals that ask a script to end.
//!
//! They go to every process of the job's group. Taken as usual they would end the executor at once, and with it, by the
//! init's hand, programs that have only just been asked. So the executor holds them back: its programs get them, it starts
//! nothing more, waits for what runs, and dies of the signal itself.

use std::io;

use nix::sys::signal::{SigSet, Signal};
use rustix::process::{Signal as Number, kill_current_process_group};

use crate::sys::process::pending_signals;

const HELD: [(Signal, Number); 4] = [
    (Signal::SIGTERM, Number::TERM),
    (Signal::SIGINT, Number::INT),
    (Signal::SIGHUP, Number::HUP),
    (Signal::SIGQUIT, Number::QUIT),
];

/// Holds them back, here and in every process that is forked from now on.
pub(super) fn hold() -> io::Result<()> {
    Ok(set().thread_block()?)
}

/// Lets them through. One that has come meanwhile ends this process: none of them is caught or ignored.
pub(super) fn release() -> io::Result<()> {
    Ok(set().thread_unblock()?)
}

/// Whether one has come.
pub(super) fn came() -> bool {
    // Unable to look is reason enough to end.
    pending().is_none_or(|mut numbers| numbers.next().is_some())
}

/// Gives those that have come to a new process, which starts without, and to whatever that has started since. To the
/// whole group, because nobody else knows what that is. For who holds it back a second one is the same as the first; a
/// program that was running may see two.
pub(super) fn pass_on() {
    for number in pending().into_iter().flatten() {
        // This process is in the group, so there is somebody to get it.
        let _ = kill_current_process_group(number);
    }
}

/// Runs something that may wait for ever, and may be ended in the midst of it.
pub(super) fn exposed<T>(run: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    release()?;
    let done = run();
    hold()?;
    done
}

fn pending() -> Option<impl Iterator<Item = Number>> {
    let pending = pending_signals().ok()?;
    Some(HELD.into_iter().filter(move |(signal, _)| pending(*signal as i32)).map(|(_, number)| number))
}

fn set() -> SigSet {
    HELD.into_iter().map(|(signal, _)| signal).collect()
}
