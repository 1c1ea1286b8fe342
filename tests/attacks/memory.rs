//! Attacks on the memory and the descriptors of other processes. Rows 2, 3 and 4 of the catalogue.

use std::fs;

use stockade::{model::outcome::ExitStatus, policy::StdinGrant};

use crate::{
    everybody::as_everybody,
    jail::{ISOLATED, Jail, PYTHON, finish, runtime},
    outside::{Victim, alive, baseline, marker},
    ways::{BOTH, all_worked, script},
};

/// Holds a secret at a place in its memory and in a file without a name, as descriptor 40. Says in the end what has become
/// of the bytes behind the secret. Where tracing is for ancestors alone (Yama), it lets everybody.
const HOLDER: &str = r#"
import ctypes, os, sys
libc, place = ctypes.CDLL(None), 0x200000000000
libc.prctl(0x59616d61, ctypes.c_ulong(2**64 - 1), 0, 0, 0)
libc.mmap.restype, libc.mmap.argtypes = ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_size_t] + 3 * [ctypes.c_int] + [ctypes.c_long]
# MAP_PRIVATE, MAP_ANONYMOUS, MAP_FIXED_NOREPLACE
assert libc.mmap(place, 4096, 3, 0x100022, -1, 0) == place
secret = sys.argv[1] if len(sys.argv) > 1 else os.environ["SECRET"]
ctypes.memmove(place, secret.encode().ljust(64, b"."), 64)
file = os.memfd_create("held")
os.write(file, secret.encode())
os.dup2(file, 40)
print("ready", flush=True)
sys.stdin.read()
print(ctypes.string_at(place + 64, 4))
"#;

/// Reads the secret and writes behind it, by each way there is: of the processes that it is told, or of all that it sees.
const REACH: &str = r#"
secret, place, me = sys.argv[1].encode(), 0x200000000000, os.getpid()
libc.ptrace.argtypes = 4 * [ctypes.c_long]
class Piece(ctypes.Structure): _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]
def copy(do, pid, text, at):
    here = ctypes.create_string_buffer(text, len(text))
    near, far = Piece(ctypes.addressof(here), len(text)), Piece(at, len(text))
    copied = do(pid, ctypes.byref(near), ctypes.c_ulong(1), ctypes.byref(far), ctypes.c_ulong(1), ctypes.c_ulong(0))
    return here.raw if copied == len(text) else b""
def memory(pid, flags): return os.open(f"/proc/{pid}/mem", flags)
def trace(pid, request):
    if libc.ptrace(request, pid, 0, 0) != 0: return False
    # PTRACE_INTERRUPT, for the one that does not stop by itself
    libc.ptrace(0x4207, pid, 0, 0)
    os.waitpid(pid, 0)
    # PTRACE_POKEDATA, PTRACE_DETACH
    done = request == 16 or libc.ptrace(5, pid, place + 66, 0x6363) == 0
    libc.ptrace(17, pid, 0, 0)
    return done
def reach(pid):
    way("read memory", lambda: secret in os.pread(memory(pid, os.O_RDONLY), 64, place))
    way("write memory", lambda: os.pwrite(memory(pid, os.O_RDWR), b"a", place + 64))
    way("copy from", lambda: secret in copy(libc.process_vm_readv, pid, bytes(64), place))
    way("copy to", lambda: copy(libc.process_vm_writev, pid, b"b", place + 65))
    way("seize", lambda: trace(pid, 0x4206))
    way("attach", lambda: trace(pid, 16))
    way("take", lambda: secret in os.pread(call(438, 438, os.pidfd_open(pid), 40, 0), 64, 0))
    way("descriptor", lambda: secret in os.pread(os.open(f"/proc/{pid}/fd/40", os.O_RDONLY), 64, 0))
    way("program", lambda: os.stat(f"/proc/{pid}/exe"))
    # KCMP_VM
    way("compare", lambda: call(312, 272, me, pid, 1, 0, 0) >= 0)
for pid in map(int, sys.argv[2:] or filter(str.isdigit, os.listdir("/proc"))):
    if pid != me: reach(pid)
"#;
const WAYS: [&str; 10] = [
    "read memory",
    "write memory",
    "copy from",
    "copy to",
    "seize",
    "attach",
    "take",
    "descriptor",
    "program",
    "compare",
];

#[test]
fn row_2_memory_and_descriptors_of_the_server_are_out_of_reach() {
    as_everybody("memory::row_2_memory_and_descriptors_of_the_server_are_out_of_reach", || {
        let attack = script(REACH);
        for depth in BOTH {
            let secret = marker("secret");
            let mut jail = Jail::new(depth);
            let victim = Victim::start(HOLDER, &[("SECRET", &secret)]);
            all_worked(&baseline(&attack, &[&secret, &victim.pid()], &jail.workspace()), &WAYS);
            assert_eq!(victim.verdict(), "b'abcc'\n");
            let victim = Victim::start(HOLDER, &[("SECRET", &secret)]);
            let ran = jail.python(&attack, &[&secret, &victim.pid()]).run();
            assert_eq!((ran.stdout.as_str(), ran.exit), ("", ExitStatus::Code(0)), "{depth:?} {}", ran.stderr);
            let status = fs::read_to_string(format!("/proc/{}/status", victim.pid())).unwrap();
            assert!(status.contains("TracerPid:\t0\n"), "{depth:?} {status}");
            assert_eq!(victim.verdict(), r"b'\x00\x00\x00\x00'".to_owned() + "\n", "{depth:?}");
        }
    });
}

#[test]
fn row_3_memory_and_descriptors_of_another_job_are_out_of_reach() {
    as_everybody("memory::row_3_memory_and_descriptors_of_another_job_are_out_of_reach", || {
        let attack = script(REACH);
        for depth in BOTH {
            let secret = marker("secret");
            let (mut holder, mut attacker) = (Jail::new(depth), Jail::new(depth));
            holder.command(PYTHON, &[ISOLATED, HOLDER, &secret]).plan.stdin = StdinGrant::Any;
            runtime().block_on(async {
                let mut process = holder.spawn().await.unwrap();
                let stdin = process.take_stdin();
                let job = victim(&secret);
                // From outside, where the kernel lets whoever may trace the user's processes.
                all_worked(&baseline(&attack, &[&secret, &job], &attacker.workspace()), &WAYS);
                // By the number that it has for the host, and by each that the attacker sees.
                for args in [&[&*secret, &job][..], &[&secret]] {
                    let mut other = attacker.python(&attack, args).spawn().await.unwrap();
                    let ran = finish(&mut other).await;
                    assert_eq!((ran.stdout.as_str(), ran.exit), ("", ExitStatus::Code(0)), "{depth:?} {}", ran.stderr);
                }
                drop(stdin);
                finish(&mut process).await;
            });
        }
    });
}

/// The number of the one process that has a word in its arguments and has done what it is to do.
fn victim(word: &str) -> String {
    loop {
        if let [pid] = alive(word)[..]
            && fs::read_link(format!("/proc/{pid}/fd/40")).is_ok()
        {
            return pid.to_string();
        }
        std::thread::yield_now();
    }
}
