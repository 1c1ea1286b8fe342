//! Attacks that want more power: capabilities, namespaces, mounts, other numbers of system calls. Rows 57, 60 and 94.

use std::fs;

use crate::{
    everybody::as_everybody,
    jail::{Depth, Jail},
    outside::baseline,
};

const BOTH: [Depth; 2] = [Depth::Full, Depth::NoNamespaces];

#[test]
fn row_94_the_first_instruction_is_confined() {
    as_everybody("power::row_94_the_first_instruction_is_confined", || {
        for depth in BOTH {
            let status = Jail::new(depth).command("/bin/cat", &["/proc/self/status"]).run().stdout;
            let field = |name: &str| {
                let line = status.lines().find(|line| line.starts_with(name)).unwrap();
                line.split_whitespace().skip(1).collect::<Vec<_>>().join(" ")
            };
            assert_eq!(field("NoNewPrivs:"), "1");
            assert_eq!(field("Seccomp:"), "2");
            assert_eq!(field("Seccomp_filters:"), "1");
            for set in ["CapInh:", "CapPrm:", "CapEff:", "CapAmb:"] {
                assert_eq!(field(set), "0000000000000000", "{set} {depth:?}");
            }
            // Someone without any power cannot shrink what exec might give; no_new_privs makes that nothing.
            if depth == Depth::Full || rustix::process::geteuid().is_root() {
                assert_eq!(field("CapBnd:"), "0000000000000000", "{depth:?}");
            }
            assert_eq!(field("SigIgn:"), "0000000000000000");
            assert_eq!(field("SigBlk:"), "0000000000000000");
            if rustix::process::geteuid().is_root() {
                assert_eq!(field("Groups:"), "");
            }
        }
    });
}

/// Prints every door that opens. Each runs in a process of its own.
const GAIN: &str = r#"
import ctypes, os, socket, sys
libc = ctypes.CDLL(None, use_errno=True)
def door(name, f):
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        try: ok = f()
        except OSError: ok = False
        if ok: print(name, flush=True)
        os._exit(0)
    os.waitpid(pid, 0)
CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWPID = 0x10000000, 0x20000, 0x20000000
def clone(flags):
    pid = libc.syscall(56, ctypes.c_ulong(flags | 17), 0, 0, 0, 0)
    if pid == 0: os._exit(0)
    return pid > 0
door("unshare user", lambda: libc.unshare(CLONE_NEWUSER) == 0)
door("unshare user and mounts", lambda: libc.unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0)
door("clone user", lambda: clone(CLONE_NEWUSER))
door("ptrace", lambda: libc.ptrace(0, 0, 0, 0) == 0)
door("keyring", lambda: libc.syscall(250, 1, None) > 0)
door("io_uring", lambda: libc.syscall(425, 4, ctypes.create_string_buffer(256)) >= 0)
door("userfaultfd", lambda: libc.syscall(323, 1) >= 0)
door("socket alg", lambda: socket.socket(38, 5) is not None)
door("socket vsock", lambda: socket.socket(40, 1) is not None)
if os.getuid() == 0:
    door("unshare mounts", lambda: libc.unshare(CLONE_NEWNS) == 0)
    door("chroot", lambda: os.chroot("/usr") is None)
    door("mknod", lambda: os.mknod("node", 0o020666, os.makedev(1, 3)) is None)
    door("socket packet", lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW) is not None)
    door("socket raw", lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1) is not None)
    door("chown", lambda: (open("file", "w").close(), os.chown("file", 1, 1)) and True)
    door("sethostname", lambda: libc.sethostname(socket.gethostname().encode(), len(socket.gethostname())) == 0)
    door("shadow", lambda: len(open("/etc/shadow").read()) > 0 and os.seteuid(1) is None)
"#;

#[test]
fn row_60_no_door_to_power_opens() {
    as_everybody("power::row_60_no_door_to_power_opens", || {
        let bare = tempfile::tempdir().unwrap();
        let outside = baseline(GAIN, &[], bare.path());
        let want = if rustix::process::geteuid().is_root() { 15 } else { 7 };
        // Not every kernel has every odd socket family; the rest must open, or the attack proves nothing.
        assert!(outside.lines().count() >= want, "only these open outside:\n{outside}");
        for depth in BOTH {
            let inside = Jail::new(depth).python(GAIN, &[]).run();
            assert_eq!(inside.stdout, "", "{depth:?}");
        }
    });
}

/// `int 0x80` reaches system calls by the numbers of i386, which a filter for x86-64 does not know.
#[cfg(target_arch = "x86_64")]
#[test]
fn row_72_calls_of_another_architecture_kill() {
    const INT_80: &str = r#"
import ctypes, mmap
code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
# mov eax, 20 (getpid of i386); int 0x80; ret
code.write(b"\xb8\x14\x00\x00\x00\xcd\x80\xc3")
print(ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))() > 0, flush=True)
"#;
    as_everybody("power::row_72_calls_of_another_architecture_kill", || {
        let bare = tempfile::tempdir().unwrap();
        assert_eq!(baseline(INT_80, &[], bare.path()), "True\n");
        for depth in BOTH {
            let inside = Jail::new(depth).python(INT_80, &[]).run();
            assert_eq!(inside.stdout, "", "{depth:?}");
            assert_eq!(inside.exit, stockade::model::outcome::ExitStatus::Signal(31), "{depth:?}");
        }
    });
}

#[test]
fn row_17_the_init_can_be_neither_killed_nor_read() {
    as_everybody("power::row_17_the_init_can_be_neither_killed_nor_read", || {
        let script = r#"
import os, signal
init = os.getppid()
for s in (signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM):
    try: os.kill(init, s)
    except OSError: pass
for name in ("mem", "environ", "maps", "fd/3", "root"):
    try:
        os.open(f"/proc/{init}/{name}", os.O_RDONLY)
        print("opened", name)
    except OSError: pass
print("alive")
"#;
        for depth in BOTH {
            let ran = Jail::new(depth).python(script, &[]).run();
            assert_eq!(ran.stdout, "alive\n", "{depth:?}");
            assert_eq!(ran.exit, stockade::model::outcome::ExitStatus::Code(0));
        }
    });
}

#[test]
fn only_the_jobs_own_processes_are_seen() {
    as_everybody("power::only_the_jobs_own_processes_are_seen", || {
        let script = "import os; print(*sorted(p for p in os.listdir('/proc') if p.isdigit()))";
        assert_eq!(Jail::new(Depth::Full).python(script, &[]).run().stdout, "1 2\n");
    });
}

#[test]
fn the_host_name_is_the_sandboxes_and_the_hosts_stays() {
    let before = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    let ran = Jail::new(Depth::Full).command("/bin/uname", &["-n"]).run();
    assert_eq!(ran.stdout, "stockade\n");
    assert_eq!(fs::read_to_string("/proc/sys/kernel/hostname").unwrap(), before);
}
