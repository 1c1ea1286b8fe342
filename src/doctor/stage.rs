//! What attacks are aimed at, on one side: a victim, a process in another namespace, listeners, files. And what can be seen
//! of it all afterwards.

use std::{
    fs::{self, File},
    io,
    net::{Ipv4Addr, TcpListener, UdpSocket},
    os::{
        fd::OwnedFd,
        linux::net::SocketAddrExt as _,
        unix::{
            fs::{FileTypeExt as _, PermissionsExt as _, symlink},
            net::{SocketAddr, UnixDatagram, UnixListener},
        },
    },
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use rustix::{
    fs::{FlockOperation, Mode, OFlags, flock, open},
    io::Errno,
};
use uuid::Uuid;

use crate::{
    sandbox::{Launcher, Outside},
    sys::{forbidden::unshare_memory, keyring},
};

use super::{
    act::Effect,
    acts::{core_pattern, filters},
    attacker::{CELL, HELPER_SUBCOMMAND, VICTIM},
    wire::{CANARY, Condition, DATAGRAM, FRESH, LINK, LOCK, NODE, PLAIN, Ports, STREAM, SUID, Targets},
};

/// What the attacks of one side are aimed at.
#[derive(Debug)]
pub(super) struct Stage {
    /// The word that nobody inside may get to know.
    pub(super) canary: String,
    pub(super) targets: Targets,
    victim: Outside,
    before: Condition,
    listeners: Listeners,
    _cell: Option<Outside>,
    /// Open over an exec, as by a mistake of the server's.
    _leak: OwnedFd,
}

/// Where an attack is heard.
#[derive(Debug)]
struct Listeners {
    /// Plain, with the first packet, by MPTCP, and by datagrams; nothing on a machine without a loopback device.
    internet: Option<(TcpListener, TcpListener, TcpListener, UdpSocket)>,
    by_name: UnixListener,
    by_path: UnixListener,
    datagrams: UnixDatagram,
}

/// The places of a stage, for the plan of the job.
#[derive(Clone, Debug)]
pub(super) struct Places {
    /// Where the job works.
    pub(super) work: PathBuf,
    /// What it may only read.
    pub(super) readable: PathBuf,
    /// Inside the readable place, what it may not see.
    pub(super) hidden: PathBuf,
    /// Inside the place where it works, what it may not change.
    pub(super) protected: PathBuf,
    outside: PathBuf,
}

impl Places {
    /// Makes the directories.
    pub(super) fn make(ground: &Path) -> io::Result<Self> {
        let (work, readable) = (ground.join("work"), ground.join("readable"));
        let places = Self {
            outside: ground.join("outside"),
            hidden: readable.join("hidden"),
            protected: work.join("protected"),
            work,
            readable,
        };
        for place in [&places.outside, &places.hidden, &places.protected] {
            fs::create_dir_all(place)?;
        }
        fs::write(places.hidden.join("name"), "x")?;
        fs::write(places.outside.join(PLAIN), UNTOUCHED)?;
        fs::set_permissions(places.outside.join(PLAIN), fs::Permissions::from_mode(MODE))?;
        symlink(places.outside.join(CANARY), places.work.join(LINK))?;
        Ok(places)
    }
}

impl Stage {
    /// Puts everything up. The session keyring of this thread must be one of its own by now.
    pub(super) fn set(launcher: &Launcher, places: &Places) -> io::Result<Self> {
        let canary = format!("canary-{}", Uuid::new_v4().simple());
        let path = places.outside.join(CANARY);
        fs::write(&path, &canary)?;
        let key = format!("stockade-doctor-{}", Uuid::new_v4().simple());
        // Where the kernel has no keys, or a filter around us refuses them, the act fails outside as well.
        let _ = keyring::add_key(&key, canary.as_bytes());
        let mut victim = victim(launcher, &canary, &path)?;
        let at = serde_json::from_str(&victim.hear()?)?;
        let before = ask(&mut victim)?;
        let socket_name = format!("stockade-doctor-{}", Uuid::new_v4().simple());
        let (listeners, ports) = listen(&places.outside, &socket_name)?;
        let cell = cell(launcher);
        let targets = Targets {
            victim: at,
            cell: cell.as_ref().and_then(|cell| i32::try_from(cell.pid()).ok()),
            outside: places.outside.clone(),
            work: places.work.clone(),
            hidden: Vec::new(),
            readable: Vec::new(),
            protected: Vec::new(),
            ports,
            socket_name,
            key,
            segment: segment(),
            variables: Vec::new(),
            filters: filters()?,
            keep_from_crashing: dumps_go_elsewhere(),
        };
        let leak = open(&path, OFlags::RDONLY, Mode::empty())?;
        Ok(Self { canary, targets, victim, before, listeners, _cell: cell, _leak: leak })
    }

    /// What came of the attacks. The attackers must have ended by now.
    pub(super) fn look(&mut self) -> io::Result<Vec<Effect>> {
        let now = ask(&mut self.victim)?;
        let Targets { outside, work, segment, .. } = &self.targets;
        let plain = outside.join(PLAIN);
        let written = outside.join(FRESH).exists() || fs::read(&plain).ok().as_deref() != Some(UNTOUCHED.as_bytes());
        let mode = fs::metadata(&plain).map(|about| about.permissions().mode() & 0o7777);
        let suid = fs::metadata(work.join(SUID)).map(|about| about.permissions().mode() & 0o6000);
        let node = fs::symlink_metadata(work.join(NODE)).map(|about| about.file_type().is_char_device());
        let mut seen = vec![
            (Effect::FileWritten, written),
            // A file that is gone has no mode, and counts as written.
            (Effect::ModeChanged, mode.is_ok_and(|mode| mode != MODE)),
            (Effect::SetUserId, suid.is_ok_and(|bits| bits != 0)),
            (Effect::DeviceNode, node.unwrap_or(false)),
            (Effect::Signalled, now.signalled),
            (Effect::LimitLowered, now.open_files != self.before.open_files),
            (Effect::PriorityLowered, now.nice != self.before.nice),
            (Effect::OomScoreRaised, now.oom_score != self.before.oom_score),
            (Effect::SharedMemory, unshare_memory(*segment)),
            (Effect::Daemon, holds_lock(&work.join(LOCK))?),
        ];
        seen.extend(self.listeners.heard());
        Ok(seen.into_iter().filter_map(|(effect, seen)| seen.then_some(effect)).collect())
    }

    /// Waits until no daemon is left that was told to end.
    pub(super) fn settle(&self) -> io::Result<()> {
        for _ in 0..LOOKS {
            if !holds_lock(&self.targets.work.join(LOCK))? {
                return Ok(());
            }
            thread::sleep(PAUSE);
        }
        Err(io::ErrorKind::TimedOut.into())
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // Whatever stopped the doctor half-way, nothing of it stays.
        unshare_memory(self.targets.segment);
    }
}

impl Listeners {
    fn heard(&self) -> Vec<(Effect, bool)> {
        let mut heard = vec![
            (Effect::AbstractSocket, self.by_name.accept().is_ok()),
            (Effect::SocketWithPath, self.by_path.accept().is_ok()),
            (Effect::DatagramPair, self.datagrams.recv(&mut [0; 8]).is_ok()),
        ];
        if let Some((tcp, fast_open, mptcp, udp)) = &self.internet {
            heard.extend([
                (Effect::Tcp, tcp.accept().is_ok()),
                (Effect::FastOpen, fast_open.accept().is_ok()),
                (Effect::Mptcp, mptcp.accept().is_ok()),
                (Effect::Udp, udp.recv(&mut [0; 8]).is_ok()),
            ]);
        }
        heard
    }
}

fn listen(outside: &Path, name: &str) -> io::Result<(Listeners, Option<Ports>)> {
    let by_name = UnixListener::bind_addr(&SocketAddr::from_abstract_name(name)?)?;
    let by_path = UnixListener::bind(outside.join(STREAM))?;
    let datagrams = UnixDatagram::bind(outside.join(DATAGRAM))?;
    by_name.set_nonblocking(true)?;
    by_path.set_nonblocking(true)?;
    datagrams.set_nonblocking(true)?;
    let (internet, ports) = internet().ok().unzip();
    Ok((Listeners { internet, by_name, by_path, datagrams }, ports))
}

type Internet = (TcpListener, TcpListener, TcpListener, UdpSocket);

fn internet() -> io::Result<(Internet, Ports)> {
    let listener = || {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        io::Result::Ok((listener.local_addr()?.port(), listener))
    };
    let ((tcp, a), (fast_open, b), (mptcp, c)) = (listener()?, listener()?, listener()?);
    let datagrams = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    datagrams.set_nonblocking(true)?;
    let ports = Ports { tcp, fast_open, mptcp, udp: datagrams.local_addr()?.port() };
    Ok(((a, b, c, datagrams), ports))
}

fn victim(launcher: &Launcher, canary: &str, file: &Path) -> io::Result<Outside> {
    let file = file.to_str().ok_or(io::ErrorKind::InvalidInput)?;
    launcher.start_outside(&[HELPER_SUBCOMMAND, VICTIM, canary, file], &[("SECRET", canary)], Path::new("/"))
}

fn ask(victim: &mut Outside) -> io::Result<Condition> {
    victim.tell("?")?;
    Ok(serde_json::from_str(&victim.hear()?)?)
}

/// Nothing where this user may make no user namespace.
fn cell(launcher: &Launcher) -> Option<Outside> {
    let mut cell = launcher.start_outside(&[HELPER_SUBCOMMAND, CELL], &[], Path::new("/")).ok()?;
    cell.hear().is_ok().then_some(cell)
}

/// Any number but zero, which would be a segment of its own for everybody who asks.
fn segment() -> i32 {
    let [a, b, c, d, ..] = *Uuid::new_v4().as_bytes();
    i32::from_ne_bytes([a, b, c, d | 1]) | 1
}

/// A dump that stays in the working directory goes with the ground.
fn dumps_go_elsewhere() -> bool {
    core_pattern().map_or(true, |pattern| pattern.starts_with(['|', '/', '@']))
}

fn holds_lock(path: &Path) -> io::Result<bool> {
    match File::open(path).map(|file| flock(file, FlockOperation::NonBlockingLockExclusive)) {
        Ok(Ok(())) => Ok(false),
        Ok(Err(Errno::WOULDBLOCK)) => Ok(true),
        Ok(Err(errno)) => Err(errno.into()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

const UNTOUCHED: &str = "untouched";
const MODE: u32 = 0o600;
const LOOKS: u32 = 200;
const PAUSE: Duration = Duration::from_millis(5);
