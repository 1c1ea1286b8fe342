//! From the table to instructions of the kernel's filter machine (bpf in its classic form, seccomp(2)).
//!
//! Conditions look at the low 32 bits of an argument alone. The kernel does the same for the arguments concerned, while a
//! comparison of all 64 is passed by whoever sets a high bit.

use seccompiler::{BpfProgram, sock_filter};

use super::table::{Clause, Entry, Test, Verdict};

/// A processor whose system calls the table knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arch {
    X86_64,
    Aarch64,
}

impl Arch {
    /// The one this program was built for.
    pub(super) fn native() -> Option<Self> {
        if cfg!(target_arch = "x86_64") {
            Some(Self::X86_64)
        } else if cfg!(target_arch = "aarch64") {
            Some(Self::Aarch64)
        } else {
            None
        }
    }

    /// `AUDIT_ARCH_*`, linux/audit.h: the machine's number in ELF, 64 bits, little-endian.
    pub(super) fn audit(self) -> u32 {
        let machine = match self {
            Self::X86_64 => 62,
            Self::Aarch64 => 183,
        };
        machine | 0x8000_0000 | 0x4000_0000
    }

    pub(super) fn number(self, entry: &Entry) -> Option<u32> {
        match self {
            Self::X86_64 => entry.x86_64,
            Self::Aarch64 => entry.aarch64,
        }
    }
}

/// The program for one processor. Nothing when it would be longer than the kernel takes.
pub(super) fn assemble(arch: Arch, entries: &[Entry]) -> Option<BpfProgram> {
    let mut blocks: Vec<(u32, BpfProgram)> =
        entries.iter().filter_map(|entry| Some((arch.number(entry)?, block(entry.clauses)?))).collect();
    blocks.sort_by_key(|(number, _)| *number);
    let mut program = vec![
        load(ARCH),
        jump(JEQ, arch.audit(), 1, 0),
        // Another architecture has other numbers: `int 0x80` on x86-64 reaches every call by the numbers of i386.
        answer(Verdict::KillProcess),
        load(NUMBER),
    ];
    if arch == Arch::X86_64 {
        // The x32 calls: the same calls once more under numbers with this bit. Kernels without them say the same.
        program.extend([jump(JGE, X32_BIT, 0, 1), answer(Verdict::NoSuchCall)]);
    }
    program.extend(tree(&blocks)?);
    (program.len() <= MAX_LENGTH).then_some(program)
}

/// Instructions for blocks in the order of their numbers; each path ends in an answer.
fn tree(blocks: &[(u32, BpfProgram)]) -> Option<BpfProgram> {
    if blocks.len() <= LEAF {
        let mut program = Vec::new();
        for (number, block) in blocks {
            program.push(jump(JEQ, *number, 0, u8::try_from(block.len()).ok()?));
            program.extend_from_slice(block);
        }
        program.push(answer(Verdict::Allow));
        return Some(program);
    }
    let (low, high) = blocks.split_at(blocks.len() / 2);
    let (pivot, _) = high.first()?;
    let low = tree(low)?;
    // A conditional jump reaches 255 instructions at most, an unconditional one everything.
    let mut program =
        vec![jump(JGE, *pivot, 0, 1), sock_filter { code: JA, jt: 0, jf: 0, k: u32::try_from(low.len()).ok()? }];
    program.extend(low);
    program.extend(tree(high)?);
    Some(program)
}

/// Instructions for one system call: its clauses in order, the first that holds answers. The last one always holds.
fn block(clauses: &[Clause]) -> Option<BpfProgram> {
    let mut program = Vec::new();
    for clause in clauses {
        let tests: Vec<BpfProgram> = clause.tests.iter().map(test).collect();
        // Where a test fails the rest of the clause is skipped: the tests after it, and the answer.
        let mut left: usize = tests.iter().map(Vec::len).sum();
        for mut test in tests {
            left -= test.len();
            if let Some(last) = test.last_mut() {
                let skip = u8::try_from(left + 1).ok()?;
                if last.jt == FAIL { last.jt = skip } else { last.jf = skip }
            }
            program.extend(test);
        }
        program.push(answer(clause.verdict));
    }
    Some(program)
}

/// The last instruction of a test has `FAIL` where it has to go when the test fails, to be filled in.
fn test(test: &Test) -> BpfProgram {
    match *test {
        Test::Is(argument, value) => vec![load_argument(argument), jump(JEQ, value, 0, FAIL)],
        Test::IsNot(argument, value) => vec![load_argument(argument), jump(JEQ, value, FAIL, 0)],
        Test::Masked(argument, mask, value) => {
            vec![load_argument(argument), sock_filter { code: AND, jt: 0, jf: 0, k: mask }, jump(JEQ, value, 0, FAIL)]
        }
        Test::HasAny(argument, bits) => vec![load_argument(argument), jump(JSET, bits, 0, FAIL)],
    }
}

fn load(offset: u32) -> sock_filter {
    sock_filter { code: LD, jt: 0, jf: 0, k: offset }
}

/// The low half of an argument; both processors are little-endian.
fn load_argument(argument: u8) -> sock_filter {
    load(ARGUMENTS + u32::from(argument) * 8)
}

fn jump(code: u16, value: u32, yes: u8, no: u8) -> sock_filter {
    sock_filter { code, jt: yes, jf: no, k: value }
}

fn answer(verdict: Verdict) -> sock_filter {
    let code = match verdict {
        Verdict::Allow => libc::SECCOMP_RET_ALLOW,
        Verdict::NotPermitted => libc::SECCOMP_RET_ERRNO | libc::EPERM.unsigned_abs(),
        Verdict::NoSuchCall => libc::SECCOMP_RET_ERRNO | libc::ENOSYS.unsigned_abs(),
        Verdict::NoSuchFamily => libc::SECCOMP_RET_ERRNO | libc::EAFNOSUPPORT.unsigned_abs(),
        Verdict::KillProcess => libc::SECCOMP_RET_KILL_PROCESS,
    };
    sock_filter { code: RET, jt: 0, jf: 0, k: code }
}

// linux/bpf_common.h
const LD: u16 = 0x20;
const AND: u16 = 0x54;
const JA: u16 = 0x05;
const JEQ: u16 = 0x15;
const JGE: u16 = 0x35;
const JSET: u16 = 0x45;
const RET: u16 = 0x06;

// Offsets in `struct seccomp_data`, seccomp(2).
const NUMBER: u32 = 0;
const ARCH: u32 = 4;
const ARGUMENTS: u32 = 16;

const X32_BIT: u32 = 0x4000_0000;
/// `BPF_MAXINSNS`
const MAX_LENGTH: usize = 4096;
/// Numbers compared one after the other at the end of the search.
const LEAF: usize = 3;
/// Stands for a jump that is not known yet.
const FAIL: u8 = u8::MAX;

#[cfg(test)]
mod tests {
    use super::{
        super::table::{Internet, Numbers, entries},
        *,
    };

    /// The kernel's machine, as far as the filter uses it.
    fn run(program: &BpfProgram, arch: u32, number: u32, args: [u64; 6]) -> u32 {
        let (mut at, mut a) = (0, 0u32);
        loop {
            let i = &program[at];
            at += 1;
            match i.code {
                LD => {
                    a = match i.k {
                        NUMBER => number,
                        ARCH => arch,
                        offset => {
                            assert_eq!((offset - ARGUMENTS) % 8, 0);
                            (args[((offset - ARGUMENTS) / 8) as usize] & 0xffff_ffff) as u32
                        }
                    }
                }
                AND => a &= i.k,
                JA => at += i.k as usize,
                JEQ => at += usize::from(if a == i.k { i.jt } else { i.jf }),
                JGE => at += usize::from(if a >= i.k { i.jt } else { i.jf }),
                JSET => at += usize::from(if a & i.k != 0 { i.jt } else { i.jf }),
                RET => return i.k,
                other => panic!("instruction {other:#x}"),
            }
        }
    }

    const BOTH: [Arch; 2] = [Arch::X86_64, Arch::Aarch64];

    /// The filters for a job with all its namespaces and for one with none.
    const TABLES: [(Internet, Numbers); 2] =
        [(Internet::Unreachable, Numbers::Own), (Internet::Refused, Numbers::Shared)];

    fn programs() -> Vec<(Arch, Vec<Entry>, BpfProgram)> {
        let tables =
            BOTH.into_iter().flat_map(|arch| TABLES.map(|(internet, numbers)| (arch, entries(internet, numbers))));
        tables.map(|(arch, table)| (arch, table.clone(), assemble(arch, &table).unwrap())).collect()
    }

    #[track_caller]
    fn check(name: &str, args: [u64; 6], want: Verdict) {
        let mut found = false;
        for (arch, table, program) in programs() {
            let Some(entry) = table.iter().find(|entry| entry.name == name) else { continue };
            found = true;
            if let Some(number) = arch.number(entry) {
                assert_eq!(run(&program, arch.audit(), number, args), answer(want).k, "{name} {args:?} {arch:?}");
            }
        }
        assert!(found, "no table names {name}");
    }

    const HIGH: u64 = 1 << 32;

    #[test]
    fn every_entry_answers_as_its_clauses_say() {
        for (arch, table, program) in programs() {
            for entry in table {
                let Some(number) = arch.number(&entry) else { continue };
                if let [Clause { tests: [], verdict }] = entry.clauses {
                    let got = run(&program, arch.audit(), number, [0; 6]);
                    assert_eq!(got, answer(*verdict).k, "{} {arch:?}", entry.name);
                }
            }
        }
    }

    #[test]
    fn calls_that_the_table_does_not_name_are_allowed() {
        for (arch, table, program) in programs() {
            let named: Vec<u32> = table.iter().filter_map(|entry| arch.number(entry)).collect();
            for number in (0..600).filter(|number| !named.contains(number)) {
                assert_eq!(
                    run(&program, arch.audit(), number, [u64::MAX; 6]),
                    libc::SECCOMP_RET_ALLOW,
                    "{number} {arch:?}"
                );
            }
        }
    }

    #[test]
    fn another_architecture_kills_and_x32_does_not_exist() {
        for (arch, _, program) in programs() {
            assert_eq!(run(&program, 0x4000_0003, 39, [0; 6]), libc::SECCOMP_RET_KILL_PROCESS);
            let x32 = run(&program, arch.audit(), 0x4000_0000 | 41, [0; 6]);
            let want = if arch == Arch::X86_64 { answer(Verdict::NoSuchCall).k } else { libc::SECCOMP_RET_ALLOW };
            assert_eq!(x32, want);
        }
    }

    #[test]
    fn new_namespaces_are_refused_and_threads_are_not() {
        let thread = 0x003d_0f00;
        check("clone", [thread, 0, 0, 0, 0, 0], Verdict::Allow);
        check("clone", [17, 0, 0, 0, 0, 0], Verdict::Allow);
        check("clone", [0x1000_0000 | 17, 0, 0, 0, 0, 0], Verdict::NotPermitted);
        check("clone", [HIGH | 0x0002_0000 | 17, 0, 0, 0, 0, 0], Verdict::NotPermitted);
        check("clone3", [0; 6], Verdict::NoSuchCall);
    }

    #[test]
    fn limits_of_others_are_refused_and_ones_own_are_not() {
        check("prlimit64", [0, 7, 0, 0, 0, 0], Verdict::Allow);
        check("prlimit64", [1234, 7, 0, 0, 0, 0], Verdict::NotPermitted);
        check("setpriority", [0, 0, 19, 0, 0, 0], Verdict::Allow);
        check("setpriority", [0, 1234, 19, 0, 0, 0], Verdict::NotPermitted);
        check("setpriority", [2, 0, 19, 0, 0, 0], Verdict::NotPermitted);
        check("sched_setscheduler", [1234, 5, 0, 0, 0, 0], Verdict::NotPermitted);
        check("ioprio_set", [1, 1234, 0, 0, 0, 0], Verdict::NotPermitted);
    }

    #[test]
    fn where_numbers_are_shared_nobody_elses_objects_can_be_named() {
        check("sched_setaffinity", [0, 8, 0, 0, 0, 0], Verdict::Allow);
        check("sched_setaffinity", [1234, 8, 0, 0, 0, 0], Verdict::NotPermitted);
        check("shmget", [0x1234, 1, 0, 0, 0, 0], Verdict::NotPermitted);
        let own: Vec<&str> = entries(Internet::Refused, Numbers::Own).iter().map(|entry| entry.name).collect();
        assert!(
            !own.contains(&"sched_setaffinity") && !own.contains(&"shmget"),
            "both are needed where they do no harm"
        );
    }

    #[test]
    fn setuid_bits_are_refused_however_they_are_set() {
        for mode in [0o4755, 0o2755, 0o6000, HIGH | 0o4755] {
            check("chmod", [0, mode, 0, 0, 0, 0], Verdict::NotPermitted);
            check("fchmod", [3, mode, 0, 0, 0, 0], Verdict::NotPermitted);
            check("fchmodat", [3, 0, mode, 0, 0, 0], Verdict::NotPermitted);
            check("fchmodat2", [3, 0, mode, 0, 0, 0], Verdict::NotPermitted);
            check("creat", [0, mode, 0, 0, 0, 0], Verdict::NotPermitted);
            check("open", [0, 0o101, mode, 0, 0, 0], Verdict::NotPermitted);
            check("openat", [3, 0, 0o101, mode, 0, 0], Verdict::NotPermitted);
            check("openat", [3, 0, 0o20_000_002, mode, 0, 0], Verdict::NotPermitted);
            check("mknod", [0, 0o100_000 | mode, 0, 0, 0, 0], Verdict::NotPermitted);
            check("mknodat", [3, 0, 0o100_000 | mode, 0, 0, 0], Verdict::NotPermitted);
        }
        for mode in [0o755, 0o1777, 0o600] {
            check("chmod", [0, mode, 0, 0, 0, 0], Verdict::Allow);
            check("openat", [3, 0, 0o101, mode, 0, 0], Verdict::Allow);
        }
        // Without O_CREAT the mode is whatever the register holds.
        check("openat", [3, 0, 0o2, 0o7777, 0, 0], Verdict::Allow);
        check("openat2", [0; 6], Verdict::NoSuchCall);
    }

    #[test]
    fn devices_are_not_made_and_fifos_are() {
        check("mknodat", [3, 0, 0o020_666, 0x103, 0, 0], Verdict::NotPermitted);
        check("mknodat", [3, 0, 0o060_666, 0x103, 0, 0], Verdict::NotPermitted);
        check("mknodat", [3, 0, 0o010_666, 0, 0, 0], Verdict::Allow);
    }

    #[test]
    fn terminals_take_no_fake_input() {
        check("ioctl", [0, 0x5412, 0, 0, 0, 0], Verdict::NotPermitted);
        check("ioctl", [0, HIGH | 0x5412, 0, 0, 0, 0], Verdict::NotPermitted);
        check("ioctl", [0, 0x541c, 0, 0, 0, 0], Verdict::NotPermitted);
        check("ioctl", [0, 0x5401, 0, 0, 0, 0], Verdict::Allow);
    }

    #[test]
    fn personalities_that_weaken_memory_are_refused() {
        for allowed in [0, 8, 0x20000, 0x20008, 0x40000, 0xffff_ffff] {
            check("personality", [allowed, 0, 0, 0, 0, 0], Verdict::Allow);
        }
        check("personality", [0x0040_0000, 0, 0, 0, 0, 0], Verdict::NotPermitted);
    }

    #[test]
    fn only_common_socket_families_exist() {
        // UNIX stream and seqpacket, with flags.
        check("socket", [1, 1, 0, 0, 0, 0], Verdict::Allow);
        check("socket", [1, 0o2_004_005, 0, 0, 0, 0], Verdict::Allow);
        check("socket", [1, 2, 0, 0, 0, 0], Verdict::NotPermitted);
        check("socket", [HIGH | 1, 2, 0, 0, 0, 0], Verdict::NotPermitted);
        check("socketpair", [1, 1, 0, 0, 0, 0], Verdict::Allow);
        check("socketpair", [1, 0o2_000_002, 0, 0, 0, 0], Verdict::NotPermitted);
        check("socketpair", [1, 3, 0, 0, 0, 0], Verdict::NotPermitted);
        // NETLINK_ROUTE and nothing else of netlink.
        check("socket", [16, 3, 0, 0, 0, 0], Verdict::Allow);
        check("socket", [16, 3, 9, 0, 0, 0], Verdict::NoSuchFamily);
        // AF_PACKET, AF_ALG, AF_VSOCK, AF_XDP, AF_SMC.
        for family in [17, 38, 40, 44, 43, HIGH | 17] {
            check("socket", [family, 1, 0, 0, 0, 0], Verdict::NoSuchFamily);
        }
    }

    #[test]
    fn internet_sockets_are_refused_unless_there_is_nothing_to_reach() {
        for arch in BOTH {
            for (internet, want) in
                [(Internet::Unreachable, Verdict::Allow), (Internet::Refused, Verdict::NoSuchFamily)]
            {
                let all = entries(internet, Numbers::Own);
                let program = assemble(arch, &all).unwrap();
                let socket = arch.number(all.iter().find(|entry| entry.name == "socket").unwrap()).unwrap();
                for args in [[2, 1, 0, 0, 0, 0], [10, 2, 17, 0, 0, 0], [2, 0o2_000_001, 6, 0, 0, 0]] {
                    assert_eq!(run(&program, arch.audit(), socket, args), answer(want).k, "{args:?} {internet:?}");
                }
                // Raw, MPTCP, SCTP, SMC: never.
                for args in [[2, 3, 1, 0, 0, 0], [2, 1, 262, 0, 0, 0], [2, 5, 132, 0, 0, 0], [10, 1, 256, 0, 0, 0]] {
                    assert_ne!(
                        run(&program, arch.audit(), socket, args),
                        libc::SECCOMP_RET_ALLOW,
                        "{args:?} {internet:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn fast_open_is_refused() {
        let flag = 0x2000_0000;
        check("sendto", [3, 0, 0, flag, 0, 0], Verdict::NotPermitted);
        check("sendmsg", [3, 0, HIGH | flag, 0, 0, 0], Verdict::NotPermitted);
        check("sendmmsg", [3, 0, 0, flag | 0x4000, 0, 0], Verdict::NotPermitted);
        check("sendto", [3, 0, 0, 0x4000, 0, 0], Verdict::Allow);
    }

    #[test]
    fn the_program_is_short_and_shallow() {
        for (_, _, program) in programs() {
            assert!(program.len() < 700, "{}", program.len());
        }
    }
}
