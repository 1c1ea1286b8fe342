//! What this machine can do, found out by doing it, in a launcher that is thrown away.
//!
//! Kernel versions and settings say little: containers, security modules and administrators take things away. Each trial
//! runs in a process of its own, by the very functions that a launch uses.

use std::{
    io::{self, Read as _},
    os::fd::OwnedFd,
    process::ExitCode,
    time::Duration,
};

use rustix::{
    pipe::{PipeFlags, pipe_with},
    process::{WaitId, WaitIdOptions, WaitOptions, waitid, waitpid},
};
use serde::{Deserialize, Serialize};

use crate::{
    model::{
        enforcement::{Enforcement, Layer, Level},
        support::Support,
    },
    sys::{
        fork::{Fork, fork},
        landlock::abi_version,
        process::exit_now,
    },
};

use super::{
    channel::{Inbox, MESSAGE_LIMIT, send},
    landlock::{self, Ports, View},
    launcher::PROBE,
    loopback, mounts,
    namespaces::{self, Namespaces},
    privileges,
    rlimits::{self, CoreLimit},
    seccomp::{self, Internet, Numbers},
    spawn::Launcher,
    step::{At as _, Failure},
    wire::{Files, Limits, pack_enforcement, unpack_enforcement},
};

impl Launcher {
    /// Tries every layer. Blocks for some milliseconds; the answer does not change while the machine runs, so ask once.
    pub fn probe(&self) -> io::Result<Support> {
        let (socket, child) = self.start_blocking(&[PROBE])?;
        socket.set_read_timeout(Some(PROBE_TIMEOUT))?;
        let answer = receive(&socket);
        drop(socket);
        // The probe ends by itself: it waits for nothing but its own trials.
        waitid(WaitId::PidFd(std::os::fd::AsFd::as_fd(&child)), WaitIdOptions::EXITED)?;
        let Answer { layers, loopback, landlock_abi } = answer?;
        let Enforcement(layers) =
            unpack_enforcement(&layers).ok_or_else(|| io::Error::other("the probe's answer makes no sense"))?;
        let kernel = rustix::system::uname().release().to_string_lossy().into_owned();
        let loopback = loopback.map_or(Level::Full, Level::None);
        Ok(Support { layers, loopback, landlock_abi, kernel })
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    layers: Vec<(String, String, String)>,
    /// Why a job's own loopback cannot be switched on, if so.
    loopback: Option<String>,
    landlock_abi: u32,
}

fn receive(socket: &std::os::unix::net::UnixStream) -> io::Result<Answer> {
    let mut inbox = Inbox::new(MESSAGE_LIMIT);
    loop {
        if let Some(answer) = inbox.take()? {
            return Ok(answer);
        }
        if !inbox.receive(socket)? {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

/// The launcher's half.
pub(super) fn answer(socket: &OwnedFd) -> ExitCode {
    let landlock_abi = abi_version().unwrap_or(0);
    let layers = Layer::ALL.into_iter().map(|layer| (layer, level(layer, landlock_abi))).collect();
    let loopback = trial(own_loopback).err().map(|failure| failure.to_string());
    let answer = Answer { layers: pack_enforcement(&Enforcement(layers)), loopback, landlock_abi };
    match send(socket, &answer, &[]) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn level(layer: Layer, landlock_abi: u32) -> Level {
    let best = match layer {
        Layer::Landlock => landlock::level(landlock_abi),
        Layer::Namespaces | Layer::Network | Layer::Seccomp | Layer::Privileges | Layer::Rlimits => Level::Full,
    };
    match best {
        Level::None(why) => Level::None(why),
        Level::Full | Level::Partial(_) => match trial(|| attempt(layer)) {
            Ok(()) => best,
            Err(failure) => Level::None(failure.to_string()),
        },
    }
}

fn attempt(layer: Layer) -> Result<(), Failure> {
    match layer {
        Layer::Namespaces => {
            namespaces::enter(&[Namespaces { own_view: true, network: false }])?;
            // In a child, which is the init of the new namespace as in a launch.
            trial(|| mounts::apply(&Files::default(), SOME_PROCESSES))
        }
        // Together, because that is how a launch enters them.
        Layer::Network => namespaces::enter(&[Namespaces { own_view: false, network: true }]).map(|_| ()),
        Layer::Landlock => {
            privileges::drop_all()?;
            landlock::restrict(&Files::default(), View::Shared, Ports::Closed)
        }
        Layer::Seccomp => seccomp::install(&seccomp::filter(Internet::Refused, Numbers::Shared)?),
        Layer::Privileges => privileges::drop_all(),
        Layer::Rlimits => rlimits::apply(&Limits::default(), CoreLimit::of_this_machine()),
    }
}

/// Some machines let a user make a network and nothing in it.
fn own_loopback() -> Result<(), Failure> {
    namespaces::enter(&[Namespaces { own_view: false, network: true }])?;
    loopback::switch_on()
}

/// Does something in a child process, which it cannot outlive.
fn trial(attempt: impl FnOnce() -> Result<(), Failure>) -> Result<(), Failure> {
    let (reader, writer) = pipe_with(PipeFlags::CLOEXEC).at("make a pipe")?;
    match fork().at("fork a trial")? {
        Fork::Child => {
            let result = serde_json::to_vec(&attempt()).unwrap_or_default();
            let _ = rustix::io::write(&writer, &result);
            exit_now(0)
        }
        Fork::Parent(pid) => {
            drop(writer);
            let mut text = Vec::new();
            std::fs::File::from(reader).take(REPORT_LIMIT).read_to_end(&mut text).at("read a trial")?;
            waitpid(rustix::process::Pid::from_raw(pid), WaitOptions::empty()).at("end a trial")?;
            serde_json::from_slice(&text).unwrap_or_else(|_| Err(Failure::new("try", "the trial died")))
        }
    }
}

/// Any limit: whether one can be set at all is the question.
const SOME_PROCESSES: u64 = 1024;
const REPORT_LIMIT: u64 = 64 << 10;
const PROBE_TIMEOUT: Duration = Duration::from_secs(20);
