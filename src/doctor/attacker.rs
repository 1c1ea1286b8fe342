//! The doctor's helpers: this program once more, as an attacker, as the victim that stands in for the server, and as a
//! process in another user namespace.

use std::{
    fs::File,
    io::{self, BufRead as _, Read as _},
    os::fd::{AsFd, AsRawFd as _, OwnedFd},
    process::ExitCode,
    time::{Duration, Instant},
};

use nix::{
    sched::{CloneFlags, unshare},
    sys::{
        signal::{SigSet, Signal, kill},
        wait::{WaitStatus, waitpid},
    },
    unistd::Pid,
};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    pipe::{PipeFlags, pipe_with},
    process::{PTracer, Resource, getpriority_process, getrlimit, set_ptracer},
    stdio::stdout,
};

use crate::{
    sandbox::words,
    sys::{
        fork::{Fork, fork},
        process::{exit_now, pending_signals},
    },
};

use super::{
    act::Act,
    acts::catalogue,
    wire::{Condition, Targets, Tried, Victim},
};

/// The hidden subcommand that makes a helper of this program.
pub const HELPER_SUBCOMMAND: &str = "doctor-helper";

/// The words after it.
pub(super) const ATTACKER: &str = "attacker";
pub(super) const VICTIM: &str = "victim";
pub(super) const CELL: &str = "cell";
/// The attacker's last line.
pub(super) const END: &str = "end";

/// The main function of the hidden subcommand. Not for people: it does what the doctor tells it on standard input.
pub fn help() -> ExitCode {
    let mut words = std::env::args().skip(2);
    let done = match (words.next().as_deref(), words.next(), words.next()) {
        (Some(ATTACKER), None, None) => attack(),
        (Some(VICTIM), Some(canary), Some(file)) => suffer(&canary, &file),
        (Some(CELL), None, None) => sit(),
        _ => Err(io::ErrorKind::InvalidInput.into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// A line for the doctor, which is at the other end of the standard streams.
fn say(line: &str) -> io::Result<()> {
    write_line(stdout(), line)
}

fn write_line(to: impl AsFd, line: &str) -> io::Result<()> {
    let text = format!("{line}\n");
    let mut rest = text.as_bytes();
    while !rest.is_empty() {
        let written = rustix::io::write(&to, rest)?;
        rest = rest.get(written..).unwrap_or_default();
    }
    Ok(())
}

/// Tries every act, each in a process of its own.
fn attack() -> io::Result<()> {
    let mut order = String::new();
    io::stdin().lock().read_line(&mut order)?;
    let targets: Targets = serde_json::from_str(&order)?;
    for act in catalogue() {
        let tried = Tried { act: act.id.to_owned(), came: alone(act, &targets) };
        say(&serde_json::to_string(&tried)?)?;
    }
    say(END)
}

/// Tries an act in a child, which may die of it or hang.
fn alone(act: &Act, targets: &Targets) -> Result<String, String> {
    let started = pipe_with(PipeFlags::CLOEXEC).map_err(io::Error::from).and_then(|pipe| Ok((pipe, fork()?)));
    match started {
        Err(error) => Err(words(&error)),
        Ok(((_, writer), Fork::Child)) => {
            let came = (act.attempt)(targets).map_err(|error| words(&error));
            // Nobody else is there to hear that it failed.
            let _ = write_line(&writer, &serde_json::to_string(&came).unwrap_or_default());
            exit_now(0)
        }
        Ok(((reader, writer), Fork::Parent(pid))) => {
            drop(writer);
            outcome(&reader, Pid::from_raw(pid))
        }
    }
}

fn outcome(reader: &OwnedFd, child: Pid) -> Result<String, String> {
    let (answer, in_time) = read_line(reader);
    // One that has spoken has nothing left to do, and one that has not is not waited for.
    let _ = kill(child, Signal::SIGKILL);
    let end = waitpid(child, None);
    match (serde_json::from_slice(&answer), end) {
        (Ok(came), _) => came,
        (Err(_), _) if !in_time => Err("it did not end in time".to_owned()),
        (Err(_), Ok(WaitStatus::Signaled(_, signal, _))) => Err(format!("it died of {signal}")),
        (Err(_), Ok(_) | Err(_)) => Err("it ended without a word".to_owned()),
    }
}

/// Reads to the end of a line or of everything, and says whether that came in time. A daemon holds the pipe open.
fn read_line(from: &OwnedFd) -> (Vec<u8>, bool) {
    let end = Instant::now() + PATIENCE;
    let (mut line, mut part) = (Vec::new(), [0; 4096]);
    while !line.ends_with(b"\n") {
        let left = Timespec::try_from(end.saturating_duration_since(Instant::now())).unwrap_or_default();
        match poll(&mut [PollFd::new(from, PollFlags::IN)], Some(&left)) {
            Ok(0) | Err(_) => return (line, false),
            Ok(_) => match rustix::io::read(from, &mut part) {
                Ok(length) if length > 0 => line.extend_from_slice(part.get(..length).unwrap_or_default()),
                Ok(_) | Err(_) => break,
            },
        }
    }
    (line, true)
}

/// Stands in for the server: holds a word in its environment, its memory and an open file, and tells what became of it.
fn suffer(canary: &str, file: &str) -> io::Result<()> {
    // Whoever may trace by the ordinary rules may trace this one where Yama asks for more.
    let _ = set_ptracer(PTracer::Any);
    let mut watched = SigSet::empty();
    watched.add(Signal::SIGURG);
    watched.thread_block()?;
    let file = File::open(file)?;
    let memory = canary.as_bytes().to_vec();
    let victim = Victim {
        pid: i32::try_from(std::process::id()).map_err(io::Error::other)?,
        address: u64::try_from(memory.as_ptr().expose_provenance()).map_err(io::Error::other)?,
        length: memory.len(),
        descriptor: file.as_raw_fd(),
    };
    say(&serde_json::to_string(&victim)?)?;
    for question in io::stdin().lock().lines() {
        question?;
        say(&serde_json::to_string(&condition()?)?)?;
    }
    drop(memory);
    Ok(())
}

fn condition() -> io::Result<Condition> {
    let oom_score = std::fs::read_to_string("/proc/self/oom_score_adj")?;
    Ok(Condition {
        signalled: pending_signals()?(Signal::SIGURG as i32),
        open_files: getrlimit(Resource::Nofile).current,
        nice: getpriority_process(None)?,
        oom_score: oom_score.trim().parse().map_err(io::Error::other)?,
    })
}

/// Waits in a user namespace of its own.
fn sit() -> io::Result<()> {
    unshare(CloneFlags::CLONE_NEWUSER)?;
    say("ready")?;
    io::stdin().lock().read_to_end(&mut Vec::new()).map(|_| ())
}

/// How long an act may take.
const PATIENCE: Duration = Duration::from_millis(700);
