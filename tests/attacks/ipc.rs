//! Attacks over what programs of one user share by a number or a name: shared memory, semaphores, queues, datagrams to a
//! socket with a path, descriptors that a helper hands over. Rows 36, 48 and 54 of the catalogue.

use std::{fs, os::unix::net::UnixDatagram, path::Path};

use stockade::model::outcome::ExitStatus;

use crate::{
    everybody::as_everybody,
    jail::Jail,
    outside::{Victim, baseline, marker},
    ways::{BOTH, all_worked, script},
};

/// Has shared memory, a semaphore and queues until the end. Says then what has become of them.
const KEEP_OBJECTS: &str = r#"
import ctypes, os, sys
libc, key, name = ctypes.CDLL(None, use_errno=True), int(os.environ["KEY"]), os.environ["NAME"].encode()
libc.shmat.restype = ctypes.c_void_p
memory, semaphore, queue = libc.shmget(key, 4096, 0o1666), libc.semget(key, 1, 0o1666), libc.msgget(key, 0o1666)
at = libc.shmat(memory, None, 0)
ctypes.memmove(at, b"theirs", 6)
# O_CREAT | O_RDWR
posix = libc.mq_open(name, 0o102, 0o666, None)
assert min(memory, semaphore, queue, posix) >= 0
open(f"/dev/shm{name.decode()}", "w").write("theirs")
print("ready", flush=True)
sys.stdin.read()
left = os.path.exists(f"/dev/shm{name.decode()}") and open(f"/dev/shm{name.decode()}").read()
# GETVAL, IPC_NOWAIT
print(ctypes.string_at(at, 6), libc.semctl(semaphore, 0, 12), libc.msgrcv(queue, ctypes.create_string_buffer(64), 8, 0, 0o4000), libc.mq_unlink(name), left)
libc.shmctl(memory, 0, None); libc.semctl(semaphore, 0, 0); libc.msgctl(queue, 0, None)
if left: os.unlink(f"/dev/shm{name.decode()}")
"#;

/// Reaches for all of them, and changes what it can.
const USE_OBJECTS: &str = r#"
import struct
key, name = int(sys.argv[1]), sys.argv[2].encode()
libc.shmat.restype = ctypes.c_void_p
def memory():
    at = libc.shmat(libc.shmget(key, 4096, 0o666), None, 0)
    if at in (None, 2**64 - 1) or ctypes.string_at(at, 6) != b"theirs": return False
    ctypes.memmove(at, b"taken.", 6)
    return True
way("memory", memory)
# SETVAL
way("semaphore", lambda: libc.semctl(libc.semget(key, 1, 0o666), 0, 16, 7) == 0)
way("queue", lambda: libc.msgsnd(libc.msgget(key, 0o666), struct.pack("q", 1) + b"x", 1, 0o4000) == 0)
way("named queue", lambda: libc.mq_unlink(name) == 0)
way("file", lambda: open(f"/dev/shm{name.decode()}", "r+").write("taken."))
"#;

#[test]
fn row_54_shared_memory_semaphores_and_queues_of_the_host_are_out_of_reach() {
    as_everybody("ipc::row_54_shared_memory_semaphores_and_queues_of_the_host_are_out_of_reach", || {
        let name = format!("/{}", marker("object"));
        let key = (uuid::Uuid::new_v4().as_u128() % 0x7000_0000 + 1).to_string();
        let env = [("KEY", &*key), ("NAME", &*name)];
        let ways = ["memory", "semaphore", "queue", "named queue", "file"];
        let keeper = Victim::start(KEEP_OBJECTS, &env);
        all_worked(&baseline(&script(USE_OBJECTS), &[&key, &name], Path::new("/")), &ways);
        assert_eq!(keeper.verdict(), "b'taken.' 7 1 -1 taken.\n");
        for depth in BOTH {
            let keeper = Victim::start(KEEP_OBJECTS, &env);
            let ran = Jail::new(depth).python(&script(USE_OBJECTS), &[&key, &name]).run();
            assert_eq!((ran.stdout.as_str(), ran.exit), ("", ExitStatus::Code(0)), "{depth:?} {}", ran.stderr);
            assert_eq!(keeper.verdict(), "b'theirs' 0 -1 0 theirs\n", "{depth:?}");
        }
    });
}

/// Sends to a path by every socket that takes one. The last way is that of a pair whose other end is let go.
const SEND_TO_PATH: &str = r#"
import socket
to = sys.argv[1]
way("socket", lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"1", to))
way("raw", lambda: socket.socket(socket.AF_UNIX, socket.SOCK_RAW).sendto(b"2", to))
def pair(kind):
    a, b = socket.socketpair(socket.AF_UNIX, kind)
    # AF_UNSPEC
    libc.connect(a.fileno(), bytes(16), 16)
    return a.sendto(b"3", to)
way("pair", lambda: pair(socket.SOCK_DGRAM))
way("raw pair", lambda: pair(socket.SOCK_RAW))
"#;

/// The daemon's socket lies in the workspace, where mounts and Landlock let a job get at it.
#[test]
fn row_48_no_datagram_reaches_a_path() {
    as_everybody("ipc::row_48_no_datagram_reaches_a_path", || {
        for depth in BOTH {
            let mut jail = Jail::new(depth);
            let path = jail.workspace().join("s");
            let daemon = UnixDatagram::bind(&path).unwrap();
            daemon.set_nonblocking(true).unwrap();
            let heard = || std::iter::from_fn(|| daemon.recv(&mut [0; 8]).ok()).count();
            let args = [path.to_str().unwrap()];
            let outside = baseline(&script(SEND_TO_PATH), &args, &jail.workspace());
            all_worked(&outside, &["socket", "raw", "pair", "raw pair"]);
            assert_eq!(heard(), 4);
            let ran = jail.python(&script(SEND_TO_PATH), &args).run();
            assert_eq!((heard(), ran.exit), (0, ExitStatus::Code(0)), "{depth:?} {} {}", ran.stdout, ran.stderr);
        }
    });
}

/// A helper outside that gives whoever connects two directories: one of the job's own and one beside it.
const HELPER: &str = r#"
import os, socket
s = socket.socket(socket.AF_UNIX)
s.bind(os.environ["SOCKET"]); s.listen()
print("ready", flush=True)
while True:
    other, _ = s.accept()
    socket.send_fds(other, [b"x"], [os.open(os.environ[name], os.O_RDONLY | os.O_DIRECTORY) for name in ("OWN", "PLACE")])
"#;

/// Takes the directories and works from there.
const FROM_DIRECTORY: &str = r#"
import socket
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])
_, (own, place), _, _ = socket.recv_fds(s, 1, 2)
print("own", os.read(os.open("note", os.O_RDONLY, dir_fd=own), 9))
way("read", lambda: os.read(os.open("secret", os.O_RDONLY, dir_fd=place), 9))
way("write", lambda: os.write(os.open("secret", os.O_WRONLY | os.O_APPEND, dir_fd=place), b"x"))
way("make", lambda: os.open("new", os.O_CREAT | os.O_WRONLY, dir_fd=place) >= 0)
way("again", lambda: os.listdir(f"/proc/self/fd/{place}"))
way("up", lambda: os.open("../outside/secret", os.O_RDONLY, dir_fd=place) >= 0)
way("move", lambda: os.rename("secret", "moved", src_dir_fd=place, dst_dir_fd=own) is None)
"#;

/// What somebody outside hands over is handed over; a directory opens no way to what lies in it.
#[test]
fn row_36_a_directory_that_is_handed_over_leads_nowhere() {
    as_everybody("ipc::row_36_a_directory_that_is_handed_over_leads_nowhere", || {
        for depth in BOTH {
            let mut jail = Jail::new(depth);
            let (ws, outside) = (jail.workspace(), jail.outside());
            fs::write(ws.join("note"), "mine").unwrap();
            let fresh = || fs::write(outside.join("secret"), "theirs").unwrap();
            fresh();
            let socket = ws.join("s");
            let [socket, own, place] = [&socket, &ws, &outside].map(|path| path.to_str().unwrap());
            let helper = Victim::start(HELPER, &[("SOCKET", socket), ("OWN", own), ("PLACE", place)]);
            let found = baseline(&script(FROM_DIRECTORY), &[socket], &ws);
            all_worked(&found, &["own b'mine'", "read", "write", "make", "again", "up", "move"]);
            for name in [outside.join("new"), ws.join("moved")] {
                fs::remove_file(name).unwrap();
            }
            fresh();
            let ran = jail.python(&script(FROM_DIRECTORY), &[socket]).run();
            drop(helper);
            assert_eq!(
                (ran.stdout.as_str(), ran.exit),
                ("own b'mine'\n", ExitStatus::Code(0)),
                "{depth:?} {}",
                ran.stderr
            );
            assert_eq!(fs::read_to_string(outside.join("secret")).unwrap(), "theirs", "{depth:?}");
            assert_eq!(fs::read_dir(&outside).unwrap().count(), 1, "{depth:?}");
        }
    });
}
