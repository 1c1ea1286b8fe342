//! Attacks that use something up: threads, memory, descriptors, disk, the processor. Rows 21 to 24 and 27 of the catalogue.
//! What the limits of each process and the private places hold; what a job takes as a whole is not limited yet.

use std::{fs, path::Path, time::Duration};

use stockade::{
    model::{outcome::ExitStatus, size::ByteSize},
    policy::StdinGrant,
};
use tokio::{io::AsyncReadExt as _, net::unix::pipe::Receiver};

use crate::{
    everybody::as_everybody,
    jail::{Depth, Jail, finish, runtime},
    life::kernel,
    outside::baseline,
    ways::{BOTH, all_worked, script, work_outside_alone},
};

/// Starts threads, in one process and then in others, until there are no more, and keeps them.
const THREADS: &str = r#"
import threading
threading.stack_size(65536)
wait = threading.Event()
def fill():
    try:
        for n in range(600): threading.Thread(target=wait.wait, daemon=True).start()
    except (RuntimeError, MemoryError): return n
    return 600
made = fill()
for _ in range(3):
    try:
        if os.fork() == 0: fill(); sys.stdin.read(); os._exit(0)
    except OSError: pass
print(made, flush=True)
sys.stdin.read()
os._exit(0)
"#;

/// The kernel keeps the first 300 numbers of a PID namespace out of the limit. Without namespaces, and before Linux 6.14,
/// only others than root have one.
#[test]
fn row_21_threads_run_out_for_the_job_alone() {
    as_everybody("exhaust::row_21_threads_run_out_for_the_job_alone", || {
        assert_eq!(baseline(&script(THREADS), &[], Path::new("/")), "600\n");
        for depth in BOTH {
            let root = rustix::process::geteuid().is_root();
            if root && (depth == Depth::NoNamespaces || kernel() < (6, 14)) {
                continue;
            }
            let mut jail = Jail::new(depth);
            jail.plan.limits.processes = 100;
            jail.plan.stdin = StdinGrant::Any;
            runtime().block_on(async {
                let mut process = jail.python(&script(THREADS), &[]).spawn().await.unwrap();
                let stdin = process.take_stdin();
                let mut stdout = Receiver::from_owned_fd(process.take_stdout().unwrap()).unwrap();
                let mut text = [0; 8];
                let read = stdout.read(&mut text).await.unwrap();
                let made: u32 = String::from_utf8_lossy(&text[..read]).trim().parse().unwrap();
                assert!(made < 450, "{depth:?} {made}");
                // While it has all of its own, others have what they need.
                let mut other = Jail::new(Depth::Full);
                let mut next = other.command("/bin/echo", &["here"]).spawn().await.unwrap();
                assert_eq!(finish(&mut next).await.stdout, "here\n", "{depth:?}");
                drop(stdin);
                process.next().await;
                process.reap().await;
            });
        }
    });
}

/// Takes 300 megabytes by each way that is counted for the process, and locks a part of it.
const TAKE_MEMORY: &str = r#"
import mmap
big, words = 300 << 20, []
def attempt(name, take):
    try: words.append(name) if take() else None
    except (MemoryError, OSError): pass
attempt("heap", lambda: len(bytearray(big)) == big)
attempt("map", lambda: len(mmap.mmap(-1, big, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)) == big)
libc.mmap.restype = libc.sbrk.restype = ctypes.c_void_p
attempt("break", lambda: libc.sbrk(ctypes.c_long(big)) != 2**64 - 1)
part = mmap.mmap(-1, 100 << 20)
attempt("lock", lambda: libc.mlock(ctypes.byref(ctypes.c_char.from_buffer(part)), ctypes.c_size_t(100 << 20)) == 0)
print(*words)
"#;

#[test]
fn row_22_a_process_has_the_memory_that_the_plan_gives_it() {
    as_everybody("exhaust::row_22_a_process_has_the_memory_that_the_plan_gives_it", || {
        let attack = script(TAKE_MEMORY);
        let outside = baseline(&attack, &[], Path::new("/"));
        // Only root may lock as much as he likes.
        assert!(outside.starts_with("heap map break"), "{outside}");
        for depth in BOTH {
            let mut jail = Jail::new(depth);
            jail.plan.limits.memory = ByteSize(256 << 20);
            let ran = jail.python(&attack, &[]).run();
            assert_eq!((ran.stdout.as_str(), ran.exit), ("\n", ExitStatus::Code(0)), "{depth:?} {}", ran.stderr);
        }
    });
}

/// When the machine runs out the kernel takes the job, and the job cannot have it take another.
#[test]
fn row_22_the_kernel_takes_the_job_first() {
    const SPARE: &str = r#"
def spare():
    os.write(os.open("/proc/self/oom_score_adj", os.O_WRONLY), sys.argv[1].encode())
    return open("/proc/self/oom_score_adj").read().strip() == sys.argv[1]
way("spared", spare)
"#;
    as_everybody("exhaust::row_22_the_kernel_takes_the_job_first", || {
        work_outside_alone(SPARE, &["600"], &["spared"], &BOTH);
        for depth in BOTH {
            let ran = Jail::new(depth).command("/bin/cat", &["/proc/self/oom_score_adj"]).run();
            assert!(ran.stdout.trim().parse::<i32>().unwrap() >= 500, "{depth:?} {}", ran.stdout);
        }
    });
}

/// Opens, in several processes, all that there is to open, and holds it. The first says how much it has got.
const TAKE_DESCRIPTORS: &str = r#"
import select, socket
def fill(make):
    held = []
    try:
        while len(held) < 5000: held.append(make())
    except OSError: pass
    return held
makes = (lambda: os.open("/dev/null", os.O_RDONLY), os.pipe, lambda: os.eventfd(0), socket.socketpair, lambda: select.epoll())
for make in makes:
    if os.fork() == 0:
        fill(make)
        sys.stdin.read()
        os._exit(0)
import resource
held = fill(makes[0])
print(len(held) <= resource.getrlimit(resource.RLIMIT_NOFILE)[1] and len(held) < 5000, flush=True)
sys.stdin.read()
"#;

#[test]
fn row_23_descriptors_run_out_for_the_job_alone() {
    as_everybody("exhaust::row_23_descriptors_run_out_for_the_job_alone", || {
        let outside = baseline(
            &script("held = [os.open('/dev/null', 0) for _ in range(900)]\nprint(len(held))"),
            &[],
            Path::new("/"),
        );
        assert_eq!(outside, "900\n", "the attack does not work outside");
        for depth in BOTH {
            let mut jail = Jail::new(depth);
            jail.plan.limits.files = 300;
            jail.plan.stdin = StdinGrant::Any;
            runtime().block_on(async {
                let mut process = jail.python(&script(TAKE_DESCRIPTORS), &[]).spawn().await.unwrap();
                let stdin = process.take_stdin();
                tokio::time::sleep(Duration::from_millis(300)).await;
                // As the server would: files, and another job.
                let held: Vec<_> = (0..100).map(|_| fs::File::open("/dev/null").unwrap()).collect();
                let mut other = Jail::new(depth);
                let mut next = other.command("/bin/echo", &["here"]).spawn().await.unwrap();
                assert_eq!(finish(&mut next).await.stdout, "here\n", "{depth:?}");
                drop((held, stdin));
                let ran = finish(&mut process).await;
                assert_eq!(
                    (ran.stdout.as_str(), ran.exit),
                    ("True\n", ExitStatus::Code(0)),
                    "{depth:?} {}",
                    ran.stderr
                );
            });
        }
    });
}

/// Gets ahead of everybody at the processor and the disk.
const GET_AHEAD: &str = r#"
way("nice", lambda: os.setpriority(os.PRIO_PROCESS, 0, -20) is None)
way("fifo", lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50)) is None)
way("round robin", lambda: os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(50)) is None)
import struct
# SCHED_DEADLINE: 5 of 10 milliseconds
way("deadline", lambda: call(314, 274, 0, struct.pack("IIQiIQQQ", 48, 6, 0, 0, 0, 5000000, 10000000, 10000000), 0) == 0)
# IOPRIO_WHO_PROCESS and IOPRIO_CLASS_RT
way("disk", lambda: call(251, 30, 1, 0, 1 << 13) == 0)
"#;

#[test]
fn row_24_no_job_gets_ahead_of_others() {
    as_everybody("exhaust::row_24_no_job_gets_ahead_of_others", || {
        let root = ["nice", "fifo", "round robin", "disk"];
        // Nobody else may outside either.
        let ways: &[&str] = if rustix::process::geteuid().is_root() { &root } else { &[] };
        work_outside_alone(GET_AHEAD, &[], ways, &BOTH);
    });
}

/// Fills a directory in the ways that a size alone does not count.
const FILL: &str = r#"
import errno, signal
os.chdir(sys.argv[1])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
way("sparse", lambda: os.truncate(os.open("sparse", os.O_CREAT | os.O_RDWR), 1 << 40) is None)
way("allocate", lambda: os.posix_fallocate(os.open("allocated", os.O_CREAT | os.O_RDWR), 0, 3 << 20) is None)
way("append", lambda: os.write(os.open("appended", os.O_CREAT | os.O_WRONLY), bytes(3 << 20)) == 3 << 20)
way("seek", lambda: os.pwrite(os.open("far", os.O_CREAT | os.O_RDWR), b"x", 1 << 40))
"#;

#[test]
fn row_27_no_file_grows_beyond_the_limit() {
    as_everybody("exhaust::row_27_no_file_grows_beyond_the_limit", || {
        let bare = tempfile::tempdir().unwrap();
        let outside = baseline(&script(FILL), &[bare.path().to_str().unwrap()], bare.path());
        all_worked(&outside, &["sparse", "allocate", "append", "seek"]);
        for depth in BOTH {
            let mut jail = Jail::new(depth);
            jail.plan.limits.file_size = ByteSize(2 << 20);
            let ws = jail.workspace();
            let ran = jail.python(&script(FILL), &[ws.to_str().unwrap()]).run();
            assert_eq!((ran.stdout.as_str(), ran.exit), ("", ExitStatus::Code(0)), "{depth:?} {}", ran.stderr);
            for entry in fs::read_dir(&ws).unwrap() {
                assert!(entry.unwrap().metadata().unwrap().len() <= 2 << 20, "{depth:?}");
            }
        }
    });
}

/// A private place has as few names as it has bytes, however they are made.
#[test]
fn row_27_a_private_place_runs_out_of_names_before_the_machine_does() {
    const NAMES: &str = r#"
os.chdir(sys.argv[1])
def until(make):
    for n in range(50000):
        try: make(n)
        except OSError: return n
    return n
print(until(lambda n: open("n" + str(n), "w").close()) >= 49999)
"#;
    as_everybody("exhaust::row_27_a_private_place_runs_out_of_names_before_the_machine_does", || {
        let bare = tempfile::tempdir().unwrap();
        assert_eq!(baseline(&script(NAMES), &[bare.path().to_str().unwrap()], bare.path()), "True\n");
        for place in ["/tmp", "/var/tmp", "/dev/shm"] {
            // 64 MiB of room: 16,384 names.
            let ran = Jail::new(Depth::Full).python(&script(NAMES), &[place]).run();
            assert_eq!(ran.stdout, "False\n", "{place} {}", ran.stderr);
        }
    });
}
