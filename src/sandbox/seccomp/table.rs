//! The list of refused system calls, as data: name, numbers, what is refused, and why.
//!
//! Numbers are those of the kernel's tables for x86-64 and of asm-generic/unistd.h for aarch64; a test compares the ones of
//! the machine it runs on with libc's. A call that one of them does not have has no number there.

/// One system call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    #[cfg_attr(not(test), expect(dead_code, reason = "for the reader; tests ask for it"))]
    pub(super) name: &'static str,
    pub(super) x86_64: Option<u32>,
    pub(super) aarch64: Option<u32>,
    pub(super) clauses: &'static [Clause],
    #[cfg_attr(not(test), expect(dead_code, reason = "for the reader; a test asks for it"))]
    pub(super) why: &'static str,
}

/// An answer, when all tests hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clause {
    pub(super) tests: &'static [Test],
    pub(super) verdict: Verdict,
}

/// A test of the low 32 bits of the argument with that index.
#[derive(Clone, Copy, Debug)]
pub(super) enum Test {
    Is(u8, u32),
    IsNot(u8, u32),
    /// With the first number as a mask, the argument is the second.
    Masked(u8, u32, u32),
    /// At least one of these bits is set.
    HasAny(u8, u32),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Allow,
    /// EPERM
    NotPermitted,
    /// ENOSYS, for calls that libc tries first and has another way for.
    NoSuchCall,
    /// EAFNOSUPPORT
    NoSuchFamily,
    /// SIGSYS for the whole process.
    KillProcess,
}

/// What stands between a job and the internet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sandbox) enum Internet {
    /// A network namespace with nothing in it but perhaps a loopback of its own. Sockets can be made.
    Unreachable,
    /// Nothing else, so no socket can be made.
    Refused,
}

/// Whom a job can name by a number: of a process, or of an object of System V IPC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sandbox) enum Numbers {
    /// Only what is its own: it has namespaces of processes and IPC.
    Own,
    /// Everything on the machine.
    Shared,
}

/// The whole list.
pub(super) fn entries(internet: Internet, numbers: Numbers) -> Vec<Entry> {
    let socket = match internet {
        Internet::Unreachable => SOCKET_UNREACHABLE,
        Internet::Refused => SOCKET_REFUSED,
    };
    let socket = Entry {
        name: "socket",
        x86_64: Some(41),
        aarch64: Some(198),
        clauses: socket,
        why: "rare families are where the kernel's holes are; raw, MPTCP, SCTP and SMC pass by port filters",
    };
    let shared = match numbers {
        Numbers::Own => &[][..],
        Numbers::Shared => SHARED,
    };
    REFUSED.iter().chain(FILTERED).chain(shared).copied().chain([socket]).collect()
}

const NEVER: &[Clause] = &[Clause { tests: &[], verdict: Verdict::NotPermitted }];
const ABSENT: &[Clause] = &[Clause { tests: &[], verdict: Verdict::NoSuchCall }];
const OTHERWISE_ALLOW: Clause = Clause { tests: &[], verdict: Verdict::Allow };

const fn refuse(name: &'static str, x86_64: u32, aarch64: u32, why: &'static str) -> Entry {
    Entry { name, x86_64: Some(x86_64), aarch64: Some(aarch64), clauses: NEVER, why }
}

const fn refuse_x86(name: &'static str, x86_64: u32, why: &'static str) -> Entry {
    Entry { name, x86_64: Some(x86_64), aarch64: None, clauses: NEVER, why }
}

const fn filter(name: &'static str, x86_64: u32, aarch64: u32, clauses: &'static [Clause], why: &'static str) -> Entry {
    Entry { name, x86_64: Some(x86_64), aarch64: Some(aarch64), clauses, why }
}

const fn filter_x86(name: &'static str, x86_64: u32, clauses: &'static [Clause], why: &'static str) -> Entry {
    Entry { name, x86_64: Some(x86_64), aarch64: None, clauses, why }
}

const MOUNTS: &str = "would undo the mounts, or add some that others trip over";
const ADMIN: &str = "changes the machine for everybody; root alone may, and a job never needs it";
const DEAD: &str = "nothing uses it any more; the kernel's oldest code";
const INSPECT: &str = "reads or changes another process";
const SURFACE: &str = "a frequent way into the kernel that builds and tests do without";
const RING: &str = "does by its own queue what the filter refuses";
const KEYS: &str = "keys of the user are not the job's, and the quota is shared";
const PAGES: &str = "moves pages of other processes";
const OTHERS: &str = "limits and priorities of other processes: a way to stop the server";
const IPC: &str = "memory, semaphores and queues of the user's other programs, which have no path";
const SETUID: &str = "leaves a file that runs as its owner for whoever comes by later";
const FAST_OPEN: &str = "a first packet with data passes by the check of connect";

const REFUSED: &[Entry] = &[
    refuse("mount", 165, 40, MOUNTS),
    refuse("umount2", 166, 39, MOUNTS),
    refuse("pivot_root", 155, 41, MOUNTS),
    refuse("chroot", 161, 51, MOUNTS),
    refuse("open_tree", 428, 428, MOUNTS),
    refuse("move_mount", 429, 429, MOUNTS),
    refuse("fsopen", 430, 430, MOUNTS),
    refuse("fsconfig", 431, 431, MOUNTS),
    refuse("fsmount", 432, 432, MOUNTS),
    refuse("fspick", 433, 433, MOUNTS),
    refuse("mount_setattr", 442, 442, MOUNTS),
    refuse("open_tree_attr", 467, 467, MOUNTS),
    refuse("unshare", 272, 97, "a new user namespace brings capabilities back"),
    refuse("setns", 308, 268, "enters a namespace by a descriptor"),
    refuse("init_module", 175, 105, ADMIN),
    refuse("finit_module", 313, 273, ADMIN),
    refuse("delete_module", 176, 106, ADMIN),
    refuse("kexec_load", 246, 104, ADMIN),
    refuse("kexec_file_load", 320, 294, ADMIN),
    refuse("reboot", 169, 142, ADMIN),
    refuse("swapon", 167, 224, ADMIN),
    refuse("swapoff", 168, 225, ADMIN),
    refuse("acct", 163, 89, ADMIN),
    refuse("quotactl", 179, 60, ADMIN),
    refuse("quotactl_fd", 443, 443, ADMIN),
    refuse("settimeofday", 164, 170, ADMIN),
    refuse("clock_settime", 227, 112, ADMIN),
    refuse("clock_adjtime", 305, 266, ADMIN),
    refuse("adjtimex", 159, 171, ADMIN),
    refuse("sethostname", 170, 161, ADMIN),
    refuse("setdomainname", 171, 162, ADMIN),
    refuse("syslog", 103, 116, ADMIN),
    refuse("vhangup", 153, 58, ADMIN),
    refuse_x86("iopl", 172, ADMIN),
    refuse_x86("ioperm", 173, ADMIN),
    refuse_x86("uselib", 134, DEAD),
    refuse_x86("sysfs", 139, DEAD),
    refuse_x86("_sysctl", 156, DEAD),
    refuse_x86("vserver", 236, DEAD),
    refuse("lookup_dcookie", 212, 18, DEAD),
    refuse("nfsservctl", 180, 42, DEAD),
    refuse("remap_file_pages", 216, 234, DEAD),
    refuse_x86("modify_ldt", 154, SURFACE),
    refuse("perf_event_open", 298, 241, SURFACE),
    refuse("bpf", 321, 280, SURFACE),
    refuse("userfaultfd", 323, 282, SURFACE),
    refuse("fanotify_init", 300, 262, SURFACE),
    refuse("ptrace", 101, 117, INSPECT),
    refuse("process_vm_readv", 310, 270, INSPECT),
    refuse("process_vm_writev", 311, 271, INSPECT),
    refuse("process_madvise", 440, 440, INSPECT),
    refuse("process_mrelease", 448, 448, INSPECT),
    refuse("pidfd_getfd", 438, 438, INSPECT),
    refuse("kcmp", 312, 272, INSPECT),
    refuse("name_to_handle_at", 303, 264, "file handles pass by every check of paths"),
    refuse("open_by_handle_at", 304, 265, "file handles pass by every check of paths"),
    refuse("io_uring_setup", 425, 425, RING),
    refuse("io_uring_enter", 426, 426, RING),
    refuse("io_uring_register", 427, 427, RING),
    refuse("keyctl", 250, 219, KEYS),
    refuse("add_key", 248, 217, KEYS),
    refuse("request_key", 249, 218, KEYS),
    refuse("move_pages", 279, 239, PAGES),
    refuse("migrate_pages", 256, 238, PAGES),
];

const FILTERED: &[Entry] = &[
    filter("clone", 56, 220, NEW_NAMESPACES, "a new user namespace brings capabilities back"),
    filter("clone3", 435, 435, ABSENT, "its flags lie in memory, where a filter cannot look; libc falls back to clone"),
    filter(
        "openat2",
        437,
        437,
        ABSENT,
        "its mode lies in memory, where a filter cannot look; callers fall back to openat",
    ),
    filter("prlimit64", 302, 261, NOT_SELF, OTHERS),
    filter("sched_setscheduler", 144, 119, NOT_SELF, OTHERS),
    filter("sched_setparam", 142, 118, NOT_SELF, OTHERS),
    filter("sched_setattr", 314, 274, NOT_SELF, OTHERS),
    filter("setpriority", 141, 140, PRIORITY, OTHERS),
    filter("ioprio_set", 251, 30, IO_PRIORITY, OTHERS),
    filter("fcntl", 72, 25, LEASES, "a lease on a file makes everybody else wait who opens it"),
    filter_x86("chmod", 90, MODE_1, SETUID),
    filter("fchmod", 91, 52, MODE_1, SETUID),
    filter("fchmodat", 268, 53, MODE_2, SETUID),
    filter("fchmodat2", 452, 452, MODE_2, SETUID),
    filter_x86("creat", 85, MODE_1, SETUID),
    filter_x86("open", 2, CREATE_1, SETUID),
    filter("openat", 257, 56, CREATE_2, SETUID),
    filter_x86("mknod", 133, NODE_1, "device nodes, and files that run as their owner"),
    filter("mknodat", 259, 33, NODE_2, "device nodes, and files that run as their owner"),
    filter("ioctl", 16, 29, TERMINAL, "types into the terminal of somebody else (CVE-2017-5226, CVE-2023-28100)"),
    filter("personality", 135, 92, PERSONALITY, "makes memory executable that should not be"),
    filter("socketpair", 53, 199, SOCKETPAIR, "a datagram socket of a pair can be sent to any path afterwards"),
    filter("sendto", 44, 206, FLAGS_3, FAST_OPEN),
    filter("sendmsg", 46, 211, FLAGS_2, FAST_OPEN),
    filter("sendmmsg", 307, 269, FLAGS_3, FAST_OPEN),
];

/// What reaches others where there are no namespaces to keep them apart. Landlock does not look at these.
const SHARED: &[Entry] = &[
    // A thread may set its own by the number 0 alone: a filter cannot tell the number of another of the same program.
    filter("sched_setaffinity", 203, 122, NOT_SELF, OTHERS),
    refuse("shmget", 29, 194, IPC),
    refuse("shmat", 30, 196, IPC),
    refuse("shmctl", 31, 195, IPC),
    refuse("semget", 64, 190, IPC),
    refuse("semop", 65, 193, IPC),
    refuse("semctl", 66, 191, IPC),
    refuse("semtimedop", 220, 192, IPC),
    refuse("msgget", 68, 186, IPC),
    refuse("msgsnd", 69, 189, IPC),
    refuse("msgrcv", 70, 188, IPC),
    refuse("msgctl", 71, 187, IPC),
    refuse("mq_open", 240, 180, IPC),
    refuse("mq_unlink", 241, 181, IPC),
];

/// CLONE_NEW* of namespaces(7) that clone takes.
const NEW_NAMESPACES: &[Clause] = &[refused(&[Test::HasAny(0, 0x7e02_0000)]), OTHERWISE_ALLOW];
const NOT_SELF: &[Clause] = &[refused(&[Test::IsNot(0, 0)]), OTHERWISE_ALLOW];
/// PRIO_USER and PRIO_PGRP of 0 are others too.
const PRIORITY: &[Clause] = &[refused(&[Test::IsNot(0, 0)]), refused(&[Test::IsNot(1, 0)]), OTHERWISE_ALLOW];
/// IOPRIO_WHO_PROCESS is 1.
const IO_PRIORITY: &[Clause] = &[refused(&[Test::IsNot(0, 1)]), refused(&[Test::IsNot(1, 0)]), OTHERWISE_ALLOW];

/// F_SETLEASE and F_SETDELEG. A file that can be read is enough for a lease that holds writers up for 45 seconds.
const LEASES: &[Clause] = &[refused(&[Test::Is(1, 1024)]), refused(&[Test::Is(1, 1040)]), OTHERWISE_ALLOW];

/// S_ISUID and S_ISGID.
const SPECIAL: u32 = 0o6000;
/// O_CREAT and what O_TMPFILE has of its own, equal on both processors.
const CREATES: u32 = 0o100 | 0o20_000_000;
const S_IFMT: u32 = 0o170_000;
const S_IFCHR: u32 = 0o020_000;
const S_IFBLK: u32 = 0o060_000;

const MODE_1: &[Clause] = &[refused(&[Test::HasAny(1, SPECIAL)]), OTHERWISE_ALLOW];
const MODE_2: &[Clause] = &[refused(&[Test::HasAny(2, SPECIAL)]), OTHERWISE_ALLOW];
const CREATE_1: &[Clause] = &[refused(&[Test::HasAny(1, CREATES), Test::HasAny(2, SPECIAL)]), OTHERWISE_ALLOW];
const CREATE_2: &[Clause] = &[refused(&[Test::HasAny(2, CREATES), Test::HasAny(3, SPECIAL)]), OTHERWISE_ALLOW];
const NODE_1: &[Clause] = &[
    refused(&[Test::HasAny(1, SPECIAL)]),
    refused(&[Test::Masked(1, S_IFMT, S_IFCHR)]),
    refused(&[Test::Masked(1, S_IFMT, S_IFBLK)]),
    OTHERWISE_ALLOW,
];
const NODE_2: &[Clause] = &[
    refused(&[Test::HasAny(2, SPECIAL)]),
    refused(&[Test::Masked(2, S_IFMT, S_IFCHR)]),
    refused(&[Test::Masked(2, S_IFMT, S_IFBLK)]),
    OTHERWISE_ALLOW,
];

/// TIOCSTI and TIOCLINUX, ioctl_tty(2).
const TERMINAL: &[Clause] = &[refused(&[Test::Is(1, 0x5412)]), refused(&[Test::Is(1, 0x541c)]), OTHERWISE_ALLOW];

/// PER_LINUX, PER_LINUX32, UNAME26 with either, ADDR_NO_RANDOMIZE for debuggers, and the question.
const PERSONALITY: &[Clause] = &[
    allowed(&[Test::Is(0, 0)]),
    allowed(&[Test::Is(0, 0x0008)]),
    allowed(&[Test::Is(0, 0x0002_0000)]),
    allowed(&[Test::Is(0, 0x0002_0008)]),
    allowed(&[Test::Is(0, 0x0004_0000)]),
    allowed(&[Test::Is(0, 0xffff_ffff)]),
    refused(&[]),
];

/// MSG_FASTOPEN
const FLAGS_2: &[Clause] = &[refused(&[Test::HasAny(2, 0x2000_0000)]), OTHERWISE_ALLOW];
const FLAGS_3: &[Clause] = &[refused(&[Test::HasAny(3, 0x2000_0000)]), OTHERWISE_ALLOW];

const AF_UNIX: u32 = 1;
const AF_INET: u32 = 2;
const AF_INET6: u32 = 10;
const AF_NETLINK: u32 = 16;
/// The kind of socket without SOCK_NONBLOCK and SOCK_CLOEXEC.
const TYPE: u32 = 0xf;
const SOCK_DGRAM: u32 = 2;
/// For UNIX sockets another word for SOCK_DGRAM.
const SOCK_RAW: u32 = 3;

const UNIX_DATAGRAM: Clause = refused(&[Test::Is(0, AF_UNIX), Test::Masked(1, TYPE, SOCK_DGRAM)]);
const UNIX_RAW: Clause = refused(&[Test::Is(0, AF_UNIX), Test::Masked(1, TYPE, SOCK_RAW)]);
const SOCKETPAIR: &[Clause] = &[UNIX_DATAGRAM, UNIX_RAW, OTHERWISE_ALLOW];

const SOCKET_REFUSED: &[Clause] = &[
    UNIX_DATAGRAM,
    UNIX_RAW,
    allowed(&[Test::Is(0, AF_UNIX)]),
    allowed(&[Test::Is(0, AF_NETLINK), Test::Is(2, 0)]),
    Clause { tests: &[], verdict: Verdict::NoSuchFamily },
];

const SOCKET_UNREACHABLE: &[Clause] = &[
    UNIX_DATAGRAM,
    UNIX_RAW,
    allowed(&[Test::Is(0, AF_UNIX)]),
    allowed(&[Test::Is(0, AF_NETLINK), Test::Is(2, 0)]),
    allowed_internet(&[Test::Is(0, AF_INET), Test::Masked(1, TYPE, 1), Test::Is(2, 0)]),
    allowed_internet(&[Test::Is(0, AF_INET), Test::Masked(1, TYPE, 1), Test::Is(2, 6)]),
    allowed_internet(&[Test::Is(0, AF_INET), Test::Masked(1, TYPE, 2), Test::Is(2, 0)]),
    allowed_internet(&[Test::Is(0, AF_INET), Test::Masked(1, TYPE, 2), Test::Is(2, 17)]),
    allowed_internet(&[Test::Is(0, AF_INET6), Test::Masked(1, TYPE, 1), Test::Is(2, 0)]),
    allowed_internet(&[Test::Is(0, AF_INET6), Test::Masked(1, TYPE, 1), Test::Is(2, 6)]),
    allowed_internet(&[Test::Is(0, AF_INET6), Test::Masked(1, TYPE, 2), Test::Is(2, 0)]),
    allowed_internet(&[Test::Is(0, AF_INET6), Test::Masked(1, TYPE, 2), Test::Is(2, 17)]),
    Clause { tests: &[], verdict: Verdict::NoSuchFamily },
];

const fn refused(tests: &'static [Test]) -> Clause {
    Clause { tests, verdict: Verdict::NotPermitted }
}

const fn allowed(tests: &'static [Test]) -> Clause {
    Clause { tests, verdict: Verdict::Allow }
}

/// Plain TCP and UDP are named one by one: what is not named has ways around every filter.
const fn allowed_internet(tests: &'static [Test]) -> Clause {
    allowed(tests)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_entry_is_there_once_with_a_reason_and_ends_in_an_answer() {
        for (internet, numbers) in [(Internet::Unreachable, Numbers::Own), (Internet::Refused, Numbers::Shared)] {
            let all = entries(internet, numbers);
            let names: BTreeSet<_> = all.iter().map(|entry| entry.name).collect();
            assert_eq!(names.len(), all.len());
            for number in [|e: &Entry| e.x86_64, |e: &Entry| e.aarch64] {
                let numbers: Vec<_> = all.iter().filter_map(number).collect();
                assert_eq!(numbers.iter().collect::<BTreeSet<_>>().len(), numbers.len());
            }
            for entry in &all {
                assert!(entry.clauses.last().is_some_and(|clause| clause.tests.is_empty()), "{}", entry.name);
                assert!(!entry.why.is_empty(), "{}", entry.name);
            }
        }
    }

    macro_rules! same_numbers {
        ($($name:ident = $constant:ident),* $(,)?) => {
            $(assert_eq!(number(stringify!($name), OWN), Some(libc::$constant), stringify!($name));)*
        };
    }

    fn number(name: &str, column: fn(&Entry) -> Option<u32>) -> Option<libc::c_long> {
        entries(Internet::Refused, Numbers::Shared)
            .iter()
            .find(|entry| entry.name == name)
            .and_then(column)
            .map(libc::c_long::from)
    }

    #[cfg(target_arch = "x86_64")]
    const OWN: fn(&Entry) -> Option<u32> = |entry| entry.x86_64;
    #[cfg(target_arch = "aarch64")]
    const OWN: fn(&Entry) -> Option<u32> = |entry| entry.aarch64;

    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    #[test]
    fn numbers_are_those_of_this_machine() {
        same_numbers!(
            mount = SYS_mount,
            umount2 = SYS_umount2,
            pivot_root = SYS_pivot_root,
            chroot = SYS_chroot,
            open_tree = SYS_open_tree,
            move_mount = SYS_move_mount,
            fsopen = SYS_fsopen,
            fsconfig = SYS_fsconfig,
            fsmount = SYS_fsmount,
            fspick = SYS_fspick,
            mount_setattr = SYS_mount_setattr,
            unshare = SYS_unshare,
            setns = SYS_setns,
            init_module = SYS_init_module,
            finit_module = SYS_finit_module,
            delete_module = SYS_delete_module,
            kexec_load = SYS_kexec_load,
            kexec_file_load = SYS_kexec_file_load,
            reboot = SYS_reboot,
            swapon = SYS_swapon,
            swapoff = SYS_swapoff,
            acct = SYS_acct,
            quotactl = SYS_quotactl,
            quotactl_fd = SYS_quotactl_fd,
            settimeofday = SYS_settimeofday,
            clock_settime = SYS_clock_settime,
            clock_adjtime = SYS_clock_adjtime,
            adjtimex = SYS_adjtimex,
            sethostname = SYS_sethostname,
            setdomainname = SYS_setdomainname,
            syslog = SYS_syslog,
            vhangup = SYS_vhangup,
            lookup_dcookie = SYS_lookup_dcookie,
            nfsservctl = SYS_nfsservctl,
            remap_file_pages = SYS_remap_file_pages,
            perf_event_open = SYS_perf_event_open,
            bpf = SYS_bpf,
            userfaultfd = SYS_userfaultfd,
            fanotify_init = SYS_fanotify_init,
            ptrace = SYS_ptrace,
            process_vm_readv = SYS_process_vm_readv,
            process_vm_writev = SYS_process_vm_writev,
            process_madvise = SYS_process_madvise,
            process_mrelease = SYS_process_mrelease,
            pidfd_getfd = SYS_pidfd_getfd,
            kcmp = SYS_kcmp,
            name_to_handle_at = SYS_name_to_handle_at,
            open_by_handle_at = SYS_open_by_handle_at,
            io_uring_setup = SYS_io_uring_setup,
            io_uring_enter = SYS_io_uring_enter,
            io_uring_register = SYS_io_uring_register,
            keyctl = SYS_keyctl,
            add_key = SYS_add_key,
            request_key = SYS_request_key,
            move_pages = SYS_move_pages,
            migrate_pages = SYS_migrate_pages,
            clone = SYS_clone,
            clone3 = SYS_clone3,
            openat2 = SYS_openat2,
            prlimit64 = SYS_prlimit64,
            sched_setscheduler = SYS_sched_setscheduler,
            sched_setparam = SYS_sched_setparam,
            sched_setattr = SYS_sched_setattr,
            setpriority = SYS_setpriority,
            ioprio_set = SYS_ioprio_set,
            fchmod = SYS_fchmod,
            fchmodat = SYS_fchmodat,
            openat = SYS_openat,
            mknodat = SYS_mknodat,
            fcntl = SYS_fcntl,
            ioctl = SYS_ioctl,
            personality = SYS_personality,
            socketpair = SYS_socketpair,
            sendto = SYS_sendto,
            sendmsg = SYS_sendmsg,
            sendmmsg = SYS_sendmmsg,
            socket = SYS_socket,
            sched_setaffinity = SYS_sched_setaffinity,
            shmget = SYS_shmget,
            shmat = SYS_shmat,
            shmctl = SYS_shmctl,
            semget = SYS_semget,
            semop = SYS_semop,
            semctl = SYS_semctl,
            semtimedop = SYS_semtimedop,
            msgget = SYS_msgget,
            msgsnd = SYS_msgsnd,
            msgrcv = SYS_msgrcv,
            msgctl = SYS_msgctl,
            mq_open = SYS_mq_open,
            mq_unlink = SYS_mq_unlink,
        );
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn numbers_that_others_lack_are_those_of_this_machine() {
        same_numbers!(
            iopl = SYS_iopl,
            ioperm = SYS_ioperm,
            uselib = SYS_uselib,
            sysfs = SYS_sysfs,
            _sysctl = SYS__sysctl,
            vserver = SYS_vserver,
            modify_ldt = SYS_modify_ldt,
            chmod = SYS_chmod,
            fchmodat2 = SYS_fchmodat2,
            creat = SYS_creat,
            open = SYS_open,
            mknod = SYS_mknod,
        );
    }
}
