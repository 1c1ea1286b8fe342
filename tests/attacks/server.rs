//! Attacks on the server: its environment, memory, limits, descriptors, and the server itself by signals.
//! Rows 1, 5, 6, 7, 8, 9 and 12 of the catalogue.

use std::{fs, io::Write as _, os::fd::AsFd as _, path::Path};

use stockade::model::outcome::ExitStatus;

use crate::{
    everybody::as_everybody,
    jail::{Depth, Jail},
    outside::{Victim, baseline, marker},
    ways::{BOTH, script, work_outside_alone},
};

/// Does nothing, for as long as it is wanted.
const WAIT: &str = "print('ready', flush=True); input()";

/// Prints the number of every process whose environment or memory map holds a word.
const READ_ENVIRONMENTS: &str = r#"
import os, sys
pid, word = sys.argv[1], sys.argv[2].encode()
places = [f"/proc/{pid}/environ", f"/proc/self/../{pid}/environ", f"/proc/{pid}/task/{pid}/environ", f"/proc/{os.getppid()}/environ"]
places += [f"/proc/{p}/environ" for p in os.listdir("/proc") if p.isdigit() and int(p) != os.getpid()]
for place in places:
    try:
        if word in open(place, "rb").read(): print("read", place)
    except OSError: pass
try:
    for line in open(f"/proc/{pid}/maps"):
        if "[stack]" in line:
            start, end = (int(x, 16) for x in line.split()[0].split("-"))
            mem = open(f"/proc/{pid}/mem", "rb"); mem.seek(start)
            if word in mem.read(end - start): print("read mem")
except OSError: pass
"#;

#[test]
fn row_1_the_environment_of_the_server_is_not_readable() {
    as_everybody("server::row_1_the_environment_of_the_server_is_not_readable", || {
        let canary = marker("canary");
        let victim = Victim::start(WAIT, &[("SECRET", &canary)]);
        for depth in BOTH {
            let mut jail = Jail::new(depth);
            let outside = baseline(READ_ENVIRONMENTS, &[&victim.pid(), &canary], &jail.workspace());
            assert!(outside.contains("/environ") && outside.contains("read mem"), "{outside}");
            let inside = jail.python(READ_ENVIRONMENTS, &[&victim.pid(), &canary]).run();
            assert_eq!(inside.stdout, "", "{depth:?}");
        }
    });
}

/// Prints which signals it got.
const COUNT_SIGNALS: &str = r#"
import signal, sys
seen = set()
for s in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGURG, signal.SIGIO, signal.SIGTERM, signal.SIGCONT):
    signal.signal(s, lambda n, f: seen.add(signal.Signals(n).name))
print("ready", flush=True)
sys.stdin.read()
print(*sorted(seen))
"#;

/// Every way to send a signal, each with a signal of its own. None of them kills.
const SEND_SIGNALS: &str = r#"
import ctypes, fcntl, os, signal, socket, sys
pid, libc = int(sys.argv[1]), ctypes.CDLL(None)
def attempt(f):
    try: f()
    except OSError: pass
attempt(lambda: os.kill(pid, signal.SIGUSR1))
libc.syscall(234, pid, pid, int(signal.SIGUSR2))
attempt(lambda: signal.pidfd_send_signal(os.pidfd_open(pid), signal.SIGTERM))
attempt(lambda: os.kill(-1, signal.SIGURG))
def sigio():
    a, b = socket.socketpair()
    fcntl.fcntl(a, fcntl.F_SETOWN, pid)
    fcntl.fcntl(a, fcntl.F_SETFL, os.O_ASYNC)
    b.send(b"x")
attempt(sigio)
attempt(lambda: os.kill(pid, signal.SIGCONT))
"#;

#[test]
fn row_5_no_signal_reaches_the_server() {
    as_everybody("server::row_5_no_signal_reaches_the_server", || {
        let victim = Victim::start(COUNT_SIGNALS, &[]);
        let jail = Jail::new(Depth::Full);
        baseline(SEND_SIGNALS, &[&victim.pid()], &jail.workspace());
        assert_eq!(victim.verdict(), "SIGCONT SIGIO SIGTERM SIGURG SIGUSR1 SIGUSR2\n");
        for depth in BOTH {
            let victim = Victim::start(COUNT_SIGNALS, &[]);
            Jail::new(depth).python(SEND_SIGNALS, &[&victim.pid()]).run();
            assert_eq!(victim.verdict(), "\n", "{depth:?}");
        }
    });
}

/// Prints which signals it got. What would kill it is ignored; what it catches is counted.
const COUNT_OWNED: &str = r#"
import os, signal, sys
os.setpgid(0, 0)
seen = set()
for s in range(signal.SIGRTMIN, signal.SIGRTMIN + 6): signal.signal(s, lambda n, f: seen.add(n - signal.SIGRTMIN))
print("ready", flush=True)
sys.stdin.read()
print(*sorted(seen))
"#;

/// Makes a process the owner of sockets and pipes whose events are told by a signal, each way with a signal of its own.
const OWN: &str = r#"
import ctypes, fcntl, os, signal, socket, struct, sys
pid = int(sys.argv[1])
F_SETSIG, F_SETOWN_EX, F_OWNER_TID, F_OWNER_PID, F_OWNER_PGRP = 10, 15, 0, 1, 2
def event(number, own):
    a, b = socket.socketpair()
    fcntl.fcntl(a, F_SETSIG, signal.SIGRTMIN + number)
    try: own(a)
    except OSError: return
    fcntl.fcntl(a, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
    b.send(b"x")
def owner(kind): return lambda s: fcntl.fcntl(s, F_SETOWN_EX, struct.pack("ii", kind, pid))
event(0, lambda s: fcntl.fcntl(s, fcntl.F_SETOWN, pid))
event(1, lambda s: fcntl.fcntl(s, fcntl.F_SETOWN, -pid))
event(2, owner(F_OWNER_TID))
event(3, owner(F_OWNER_PID))
event(4, owner(F_OWNER_PGRP))
# SIOCSPGRP
event(5, lambda s: fcntl.ioctl(s, 0x8902, struct.pack("i", pid)))
"#;

#[test]
fn row_6_no_event_of_a_descriptor_is_told_to_the_server() {
    as_everybody("server::row_6_no_event_of_a_descriptor_is_told_to_the_server", || {
        let victim = Victim::start(COUNT_OWNED, &[]);
        baseline(OWN, &[&victim.pid()], &Jail::new(Depth::Full).workspace());
        assert_eq!(victim.verdict(), "0 1 2 3 4 5\n");
        for depth in BOTH {
            let victim = Victim::start(COUNT_OWNED, &[]);
            let ran = Jail::new(depth).python(OWN, &[&victim.pid()]).run();
            assert_eq!(ran.exit, ExitStatus::Code(0), "{depth:?} {}", ran.stderr);
            assert_eq!(victim.verdict(), "\n", "{depth:?}");
        }
    });
}

const LOWER_LIMITS: &str = r#"
import os, resource, sys
pid = int(sys.argv[1])
for name in ("NOFILE", "CORE", "FSIZE", "CPU"):
    try: resource.prlimit(pid, getattr(resource, "RLIMIT_" + name), (16, 16))
    except OSError: pass
try: os.sched_setscheduler(pid, os.SCHED_IDLE, os.sched_param(0))
except OSError: pass
try: os.setpriority(os.PRIO_PROCESS, pid, 19)
except OSError: pass
for name, value in (("oom_score_adj", "1000"), ("coredump_filter", "0")):
    try: open(f"/proc/{pid}/{name}", "w").write(value)
    except OSError: pass
"#;

#[test]
fn row_7_limits_and_priorities_of_the_server_stay() {
    as_everybody("server::row_7_limits_and_priorities_of_the_server_stay", || {
        let state = |victim: &Victim| {
            let read = |name: &str| fs::read_to_string(format!("/proc/{}/{name}", victim.pid())).unwrap();
            let stat = read("stat");
            let after: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
            // Priority, nice value, and policy, proc_pid_stat(5).
            [
                read("limits"),
                after[15].into(),
                after[16].into(),
                after[38].into(),
                read("oom_score_adj"),
                read("coredump_filter"),
            ]
        };
        let jail = Jail::new(Depth::Full);
        let victim = Victim::start(WAIT, &[]);
        let before = state(&victim);
        baseline(LOWER_LIMITS, &[&victim.pid()], &jail.workspace());
        for (was, is) in before.iter().zip(state(&victim)) {
            assert_ne!(*was, is, "the attack does not work outside");
        }
        for depth in BOTH {
            let victim = Victim::start(WAIT, &[]);
            let before = state(&victim);
            Jail::new(depth).python(LOWER_LIMITS, &[&victim.pid()]).run();
            assert_eq!(state(&victim), before, "{depth:?}");
        }
    });
}

/// Puts a process behind all others, by each way that has to do with the processor and the disk.
const HOLD_BACK: &str = r#"
pid = int(sys.argv[1])
def attribute(policy, nice): return (ctypes.c_uint32 * 14)(56, policy, 0, 0, nice)
# IOPRIO_WHO_PROCESS and IOPRIO_CLASS_IDLE
call(251, 30, 1, pid, 3 << 13)
def attempt(f):
    try: f()
    except OSError: pass
attempt(lambda: os.sched_setaffinity(pid, {max(os.sched_getaffinity(0))}))
# SCHED_BATCH
call(314, 274, pid, attribute(3, 7), 0)
"#;

#[test]
fn row_8_the_server_keeps_its_place_at_the_processor() {
    as_everybody("server::row_8_the_server_keeps_its_place_at_the_processor", || {
        let attack = script(HOLD_BACK);
        let ask = script("pid = int(sys.argv[1])\nprint(call(252, 31, 1, pid))\nprint(os.sched_getscheduler(pid))");
        let state = |victim: &Victim| {
            let status = fs::read_to_string(format!("/proc/{}/status", victim.pid())).unwrap();
            let allowed = status.lines().find(|line| line.starts_with("Cpus_allowed:")).unwrap().to_owned();
            let told = baseline(&ask, &[&victim.pid()], Path::new("/"));
            told.lines().map(str::to_owned).chain([allowed]).collect::<Vec<_>>()
        };
        let victim = Victim::start(WAIT, &[]);
        let before = state(&victim);
        baseline(&attack, &[&victim.pid()], Path::new("/"));
        for (was, is) in before.iter().zip(state(&victim)) {
            // With one processor there is none to be kept from.
            assert!(*was != is || is.starts_with("Cpus_allowed:\t1"), "the attack does not work outside: {is}");
        }
        for depth in BOTH {
            let victim = Victim::start(WAIT, &[]);
            let before = state(&victim);
            let ran = Jail::new(depth).python(&attack, &[&victim.pid()]).run();
            assert_eq!(ran.exit, ExitStatus::Code(0), "{depth:?} {}", ran.stderr);
            assert_eq!(state(&victim), before, "{depth:?}");
        }
    });
}

/// Writes what can be written of a process, and what tells the kernel how to treat it.
const WRITE_PROC: &str = r#"
for name in ("oom_score_adj", "oom_adj", "coredump_filter", "clear_refs", "autogroup", "timerslack_ns", "sched"):
    def write(): return os.write(os.open(f"/proc/{sys.argv[1]}/{name}", os.O_WRONLY), b"1")
    way(name, write)
"#;

#[test]
fn row_9_no_file_of_the_server_in_proc_can_be_written() {
    as_everybody("server::row_9_no_file_of_the_server_in_proc_can_be_written", || {
        let victim = Victim::start(WAIT, &[]);
        let ways = ["oom_score_adj", "coredump_filter", "clear_refs"];
        work_outside_alone(WRITE_PROC, &[&victim.pid()], &ways, &BOTH);
    });
}

/// Prints each descriptor beyond the streams, and whether it gives a word away.
const READ_DESCRIPTORS: &str = r#"
import os, sys
for name in sorted(os.listdir("/proc/self/fd"), key=int):
    fd = int(name)
    if fd < 3: continue
    try: target = os.readlink(f"/proc/self/fd/{fd}")
    except OSError: continue
    print(fd, target, flush=True)
    try: print("leaked" if sys.argv[1].encode() in os.pread(fd, 4096, 0) else "")
    except OSError: pass
"#;

#[test]
fn row_12_descriptors_of_the_server_do_not_leak() {
    as_everybody("server::row_12_descriptors_of_the_server_do_not_leak", || {
        let canary = marker("canary");
        let mut secret = tempfile::tempfile().unwrap();
        secret.write_all(canary.as_bytes()).unwrap();
        // A descriptor that somebody forgot to close on exec.
        let leak = rustix::io::dup(secret.as_fd()).unwrap();
        for depth in BOTH {
            let mut jail = Jail::new(depth);
            let outside = baseline(READ_DESCRIPTORS, &[&canary], &jail.workspace());
            assert!(outside.contains("leaked"), "{outside}");
            let inside = jail.python(READ_DESCRIPTORS, &[&canary]).run();
            assert_eq!(inside.stdout, "", "{depth:?}");
        }
        drop(leak);
    });
}
