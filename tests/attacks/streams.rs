//! Attacks on the streams of the server and on terminals. Rows 10, 11 and 40 of the catalogue; what a real client sees of
//! it is in `client_sees`.

use std::fs;

use stockade::model::outcome::ExitStatus;

use crate::{
    everybody::as_everybody,
    jail::Jail,
    outside::{Victim, baseline},
    ways::{BOTH, all_worked, script},
};

/// Stands in for the server between two pipes, with a word unread in the first. Says in the end what it got.
const BETWEEN_PIPES: &str = r#"
import os, sys
(r, w), (r2, w2) = os.pipe(), os.pipe()
os.write(w, b"request")
os.dup2(r, 50); os.dup2(w2, 51)
print("ready", flush=True)
sys.stdin.read()
os.set_blocking(r, False); os.set_blocking(r2, False)
def rest(fd):
    try: return os.read(fd, 99)
    except BlockingIOError: return b""
print(rest(r), rest(r2))
"#;

/// Reads what the server was sent and writes in its name, by its descriptors.
const MEDDLE: &str = r#"
pid = int(sys.argv[1])
path = lambda name: f"/proc/{pid}/fd/{name}"
way("steal", lambda: os.read(os.open(path(50), os.O_RDONLY | os.O_NONBLOCK), 3))
way("speak", lambda: os.write(os.open(path(51), os.O_WRONLY | os.O_NONBLOCK), b"a"))
taken = lambda fd: call(438, 438, os.pidfd_open(pid), fd, 0)
way("steal by number", lambda: os.read(taken(50), 3))
way("speak by number", lambda: os.write(taken(51), b"b"))
"#;

#[test]
fn row_10_nobody_speaks_for_the_server_or_reads_what_it_was_sent() {
    as_everybody("streams::row_10_nobody_speaks_for_the_server_or_reads_what_it_was_sent", || {
        let ways = ["steal", "speak", "steal by number", "speak by number"];
        for depth in BOTH {
            let mut jail = Jail::new(depth);
            let server = Victim::start(BETWEEN_PIPES, &[]);
            all_worked(&baseline(&script(MEDDLE), &[&server.pid()], &jail.workspace()), &ways);
            assert_eq!(server.verdict(), "b't' b'ab'\n");
            let server = Victim::start(BETWEEN_PIPES, &[]);
            let ran = jail.python(&script(MEDDLE), &[&server.pid()]).run();
            assert_eq!((ran.stdout.as_str(), ran.exit), ("", ExitStatus::Code(0)), "{depth:?} {}", ran.stderr);
            assert_eq!(server.verdict(), "b'request' b''\n", "{depth:?}");
        }
    });
}

/// A person's terminal: says which it is, and in the end what was typed in it and what was written on it.
const TERMINAL: &str = r#"
import os, sys, tty
person, side = os.openpty()
tty.setraw(side)
open(os.environ["FILE"], "w").write(os.ttyname(side))
print("ready", flush=True)
sys.stdin.read()
os.set_blocking(person, False); os.set_blocking(side, False)
def rest(fd):
    try: return os.read(fd, 99)
    except OSError: return b""
print("typed", rest(side), "written", rest(person))
"#;

/// Types into a terminal and writes on it, after it has become the terminal of a session of its own.
const TYPE: &str = r#"
import fcntl, termios
path = sys.argv[1]
if os.getsid(0) != os.getpid(): os.fork() and os._exit(os.waitstatus_to_exitcode(os.wait()[1])); os.setsid()
terminal = lambda: os.open(path, os.O_RDWR | os.O_NONBLOCK)
# TIOCSCTTY
way("take", lambda: fcntl.ioctl(terminal(), termios.TIOCSCTTY, 0) == 0)
way("type", lambda: fcntl.ioctl(terminal(), termios.TIOCSTI, b"x") is not None)
way("own", lambda: fcntl.ioctl(os.open("/dev/tty", os.O_RDWR), termios.TIOCSTI, b"y") is not None)
way("write", lambda: os.write(terminal(), b"z"))
way("new", lambda: os.openpty())
"#;

#[test]
fn row_40_no_terminal_can_be_had_typed_into_or_written_on() {
    as_everybody("streams::row_40_no_terminal_can_be_had_typed_into_or_written_on", || {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("name");
        let start = || {
            let person = Victim::start(TERMINAL, &[("FILE", file.to_str().unwrap())]);
            (person, fs::read_to_string(&file).unwrap())
        };
        let (person, path) = start();
        // Newer kernels let root alone type, unless they are told otherwise.
        let typing = rustix::process::geteuid().is_root() || legacy_typing();
        let outside = baseline(&script(TYPE), &[&path], dir.path());
        all_worked(&outside, if typing { &["take", "type", "own", "write", "new"] } else { &["take", "write", "new"] });
        let typed = if typing { "typed b'xy'" } else { "typed b''" };
        assert_eq!(person.verdict(), format!("{typed} written b'z'\n"));
        for depth in BOTH {
            let (person, path) = start();
            let ran = Jail::new(depth).python(&script(TYPE), &[&path]).run();
            assert_eq!((ran.stdout.as_str(), ran.exit), ("", ExitStatus::Code(0)), "{depth:?} {}", ran.stderr);
            assert_eq!(person.verdict(), "typed b'' written b''\n", "{depth:?}");
        }
    });
}

fn legacy_typing() -> bool {
    fs::read_to_string("/proc/sys/dev/tty/legacy_tiocsti").is_ok_and(|text| text.trim() == "1")
}
