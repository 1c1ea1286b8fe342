//! Attacks on the kernel by calls and sockets that no job needs: rings, keys, tracing, odd families, and every call that
//! the filter refuses. Rows 42, 43, 44, 45, 61 and 90 of the catalogue.

use crate::{
    everybody::as_everybody,
    jail::Jail,
    outside::{Victim, baseline, marker},
    ways::{BOTH, all_worked, script, work_outside_alone},
};

/// A ring does what it is told outside of the filter, so none may be made.
const RINGS: &str = r#"
ring = call(425, 425, 4, ctypes.create_string_buffer(256))
way("make a ring", lambda: ring >= 0)
way("enter one", lambda: call(426, 426, ring, 0, 0, 0, 0, 0) >= 0)
# IORING_REGISTER_PROBE
way("register with one", lambda: call(427, 427, ring, 8, ctypes.create_string_buffer(4096), 256) >= 0)
"#;

#[test]
fn row_42_no_ring_can_be_made() {
    as_everybody("surface::row_42_no_ring_can_be_made", || {
        work_outside_alone(RINGS, &[], &["make a ring", "enter one", "register with one"], &BOTH);
    });
}

/// Puts a key into the user's keyring, where it stays until the end.
const KEEP_KEY: &str = r#"
import ctypes, os, sys
libc, x86 = ctypes.CDLL(None), os.uname().machine == "x86_64"
add_key, keyctl = (248, 250) if x86 else (217, 219)
name, secret = os.environ["NAME"].encode(), os.environ["SECRET"].encode()
key = libc.syscall(add_key, b"user", name, secret, len(secret), -4)
assert key > 0
# KEYCTL_SETPERM: everything, for the user as for whoever has it in a keyring
assert libc.syscall(keyctl, 5, key, 0x3f3f0000) == 0
print("ready", flush=True)
sys.stdin.read()
# KEYCTL_UNLINK
print(libc.syscall(keyctl, 9, key, -4))
"#;

/// Finds a key by its name and reads it, adds one of its own, and looks at the session's keyring.
const USE_KEYS: &str = r#"
name, secret = sys.argv[1].encode(), sys.argv[2].encode()
def read():
    # KEYCTL_SEARCH in the user's keyring, KEYCTL_READ
    key, text = call(250, 219, 10, -4, b"user", name, 0), ctypes.create_string_buffer(256)
    return call(250, 219, 11, key, text, 256) > 0 and secret in text.raw
way("read", read)
mine = call(248, 217, b"user", name + b"-mine", b"x", 1, -4)
way("add", lambda: mine > 0)
way("request", lambda: call(249, 218, b"user", name + b"-mine", None, -4) > 0)
call(250, 219, 9, mine, -4)
# KEYCTL_JOIN_SESSION_KEYRING
way("join", lambda: call(250, 219, 1, None) > 0)
"#;

#[test]
fn row_43_keys_of_the_user_are_out_of_reach() {
    as_everybody("surface::row_43_keys_of_the_user_are_out_of_reach", || {
        let (name, secret) = (marker("key"), marker("secret"));
        let keeper = Victim::start(KEEP_KEY, &[("NAME", &name), ("SECRET", &secret)]);
        work_outside_alone(USE_KEYS, &[&name, &secret], &["read", "add", "request", "join"], &BOTH);
        assert_eq!(keeper.verdict(), "0\n");
    });
}

/// What looks into the kernel or at its pages, and what weakens the job's own memory.
const PRIMITIVES: &str = r#"
import struct
# UFFD_USER_MODE_ONLY
way("userfaultfd", lambda: call(323, 282, 1) >= 0)
# BPF_MAP_CREATE: an array of one
way("bpf", lambda: call(321, 280, 0, struct.pack("IIIII", 2, 4, 8, 1, 0) + bytes(52), 72) >= 0)
# PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK, of the user's side alone
event = bytearray(struct.pack("IIQ", 1, 112, 0) + bytes(96))
event[40:48] = struct.pack("Q", 1 << 0 | 1 << 5 | 1 << 6)
way("perf", lambda: call(298, 241, (ctypes.c_char * 112).from_buffer(event), 0, -1, -1, 0) >= 0)
# READ_IMPLIES_EXEC
way("personality", lambda: libc.personality(ctypes.c_ulong(0x0400000)) >= 0 and libc.personality(ctypes.c_ulong(0xffffffff)) == 0x400000)
if os.uname().machine == "x86_64":
    way("table", lambda: libc.syscall(154, 0, ctypes.create_string_buffer(64), 64) >= 0)
way("watch all", lambda: call(300, 262, 0, 0) >= 0)
"#;

#[test]
fn row_44_nothing_that_exploits_are_made_of() {
    as_everybody("surface::row_44_nothing_that_exploits_are_made_of", || {
        // What the administrator closes to others as well, root has.
        let root = ["userfaultfd", "bpf", "perf", "personality", "watch all"];
        let ways: &[&str] = if rustix::process::geteuid().is_root() { &root } else { &["userfaultfd", "personality"] };
        work_outside_alone(PRIMITIVES, &[], ways, &BOTH);
    });
}

/// Each family of sockets and protocol of netlink, in each type that there is.
const FAMILIES: &str = r#"
import socket
def opens(*what): return socket.socket(*what).close() is None
for family in range(1, 46):
    if family in (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK): continue
    for kind in (1, 2, 3, 5): way(f"family {family}", lambda: opens(family, kind))
for protocol in range(1, 24): way(f"netlink {protocol}", lambda: opens(socket.AF_NETLINK, socket.SOCK_RAW, protocol))
for family in (socket.AF_INET, socket.AF_INET6):
    for protocol in (1, 58): way("echo", lambda: opens(family, socket.SOCK_DGRAM, protocol))
    way("raw", lambda: opens(family, socket.SOCK_RAW, 1))
    for protocol in (132, 136, 256, 262): way(f"protocol {protocol}", lambda: opens(family, socket.SOCK_STREAM, protocol))
"#;

#[test]
fn row_45_no_odd_family_of_sockets_can_be_had() {
    as_everybody("surface::row_45_no_odd_family_of_sockets_can_be_had", || {
        // AF_VSOCK and AF_ALG need a kernel that has them; what every kernel has, everybody may make.
        let all: &[&str] = &["netlink 15", "netlink 16"];
        let root: &[&str] = &["netlink 15", "netlink 16", "family 17", "raw"];
        let ways = if rustix::process::geteuid().is_root() { root } else { all };
        work_outside_alone(FAMILIES, &[], ways, &BOTH);
    });
}

/// Settings of the machine, each set to what it is.
const SETTINGS: &str = r#"
import socket, struct
name = socket.gethostname().encode()
way("host name", lambda: libc.sethostname(name, len(name)) == 0)
# ADJ_SETOFFSET by nothing
way("clock", lambda: libc.adjtimex(struct.pack("I", 0x100) + bytes(252)) >= 0)
# SYSLOG_ACTION_SIZE_BUFFER
way("messages", lambda: libc.klogctl(10, None, 0) > 0)
way("accounting", lambda: libc.acct(None) == 0)
for path in ("/proc/sysrq-trigger", "/proc/sys/kernel/core_pattern", "/proc/sys/vm/drop_caches", "/proc/sys/kernel/hostname",
             "/proc/sys/kernel/randomize_va_space", "/sys/kernel/mm/ksm/run", "/sys/power/state", "/proc/irq/default_smp_affinity"):
    way(path, lambda: os.open(path, os.O_WRONLY) >= 0)
"#;

#[test]
fn row_61_settings_of_the_machine_stay() {
    as_everybody("surface::row_61_settings_of_the_machine_stay", || {
        let root: &[&str] = &[
            "host name",
            "clock",
            "messages",
            "accounting",
            "/proc/sys/kernel/core_pattern",
            "/proc/sys/vm/drop_caches",
            "/proc/sys/kernel/hostname",
        ];
        // Nobody else may do any of it in the first place.
        let ways = if rustix::process::geteuid().is_root() { root } else { &[] };
        work_outside_alone(SETTINGS, &[], ways, &BOTH);
    });
}

/// Makes each call with arguments of which no sense can be made. Who gets past the filter hears so from the kernel:
/// a bad address, a bad descriptor, a bad value. Nothing comes of it.
const KNOCK: &str = r#"
import errno
calls = { "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51), "open_tree": (428, 428),
    "move_mount": (429, 429), "fsopen": (430, 430), "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433),
    "mount_setattr": (442, 442), "unshare": (272, 97), "setns": (308, 268), "finit_module": (313, 273),
    "delete_module": (176, 106), "kexec_load": (246, 104), "reboot": (169, 142), "swapon": (167, 224), "swapoff": (168, 225),
    "quotactl": (179, 60), "clock_settime": (227, 112), "fanotify_init": (300, 262), "process_vm_readv": (310, 270),
    "process_madvise": (440, 440), "process_mrelease": (448, 448), "pidfd_getfd": (438, 438), "name_to_handle_at": (303, 264),
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "keyctl": (250, 219), "add_key": (248, 217),
    "request_key": (249, 218), "move_pages": (279, 239), "migrate_pages": (256, 238), "bpf": (321, 280),
    "perf_event_open": (298, 241), "userfaultfd": (323, 282), "clone3": (435, 435), "openat2": (437, 437) }
for name, numbers in calls.items():
    def knock():
        ctypes.set_errno(0)
        call(*numbers, -1, -1, -1, -1, -1, -1)
        return ctypes.get_errno() not in (errno.EPERM, errno.ENOSYS)
    way(name, knock)
"#;

#[test]
fn row_90_calls_that_no_job_needs_do_not_reach_the_kernel() {
    as_everybody("surface::row_90_calls_that_no_job_needs_do_not_reach_the_kernel", || {
        // What the kernel asks for the power to do before it looks at anything else, others cannot reach outside either.
        let all =
            ["setns", "unshare", "pidfd_getfd", "clone3", "openat2", "io_uring_setup", "keyctl", "process_madvise"];
        let root = ["umount2", "quotactl", "fsconfig", "mount_setattr", "swapon", "swapoff", "reboot"];
        let knock = script(KNOCK);
        let outside = baseline(&knock, &[], Jail::new(BOTH[0]).workspace().as_path());
        all_worked(&outside, &all);
        if rustix::process::geteuid().is_root() {
            all_worked(&outside, &root);
        }
        work_outside_alone(KNOCK, &[], &all, &BOTH);
    });
}
