//! Entries about the system as a whole: power, privileges, the kernel, mounts, accounts, work that outlives the job.

use super::{Entry, argv::Invocation};

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        id: "power",
        reason: "this stops or restarts the machine",
        hint: "leave the machine running; a job ends with its command",
        refuses: &[
            &["shutdown", "-h", "now"],
            &["reboot"],
            &["halt"],
            &["poweroff", "-f"],
            &["init", "0"],
            &["telinit", "6"],
            &["systemctl", "poweroff"],
            &["systemctl", "--no-wall", "reboot"],
            &["systemctl", "-f", "kexec"],
            &["/sbin/shutdown", "now"],
        ],
        passes: &[
            &["systemctl", "status", "reboot.target"],
            &["echo", "reboot"],
            &["npm", "init", "0"],
            &["git", "log", "--grep", "shutdown"],
        ],
        applies: stops_the_machine,
    },
    Entry {
        id: "privilege",
        reason: "this runs a command as another user; a job has the rights it has, and the kernel gives it no others",
        hint: "run the command itself",
        refuses: &[
            &["sudo", "ls"],
            &["sudo", "-n", "true"],
            &["su", "-", "root"],
            &["doas", "ls"],
            &["pkexec", "ls"],
            &["runuser", "-u", "root", "ls"],
            &["env", "sudo", "ls"],
            &["nohup", "timeout", "5", "sudo", "ls"],
        ],
        passes: &[&["echo", "sudo"], &["grep", "-r", "sudo", "."], &["which", "sudo"], &["nice", "grep", "su", "x"]],
        applies: |command| {
            command.is(&[
                "sudo", "sudo-rs", "sudoedit", "su", "su-rs", "doas", "pkexec", "runuser", "run0", "sg", "newgrp",
            ])
        },
    },
    Entry {
        id: "kernel",
        reason: "this loads code into the kernel or changes its settings",
        hint: "ask the machine's operator",
        refuses: &[
            &["insmod", "x.ko"],
            &["rmmod", "x"],
            &["modprobe", "x"],
            &["kexec", "-e"],
            &["sysctl", "-w", "kernel.sysrq=1"],
            &["sysctl", "kernel.sysrq=1"],
            &["sysctl", "-p"],
        ],
        passes: &[&["lsmod"], &["modinfo", "x"], &["sysctl", "-a"], &["sysctl", "kernel.sysrq"], &["echo", "modprobe"]],
        applies: changes_the_kernel,
    },
    Entry {
        id: "mounts",
        reason: "this changes what the file system looks like or steps out of the sandbox's view of it",
        hint: "work on the files as they are",
        refuses: &[
            &["mount", "/dev/sda1", "/mnt"],
            &["mount", "--bind", "/", "x"],
            &["mount", "-a"],
            &["umount", "/tmp"],
            &["chroot", "/x", "ls"],
            &["unshare", "-r", "ls"],
            &["nsenter", "-t", "1", "ls"],
            &["pivot_root", "a", "b"],
        ],
        passes: &[&["mount"], &["mount", "-l"], &["findmnt"], &["echo", "mount"], &["ls", "mount"]],
        applies: changes_mounts,
    },
    Entry {
        id: "schedule",
        reason: "this leaves work behind that runs after the job and outside its sandbox",
        hint: "run the command as a job of its own",
        refuses: &[
            &["crontab", "-e"],
            &["crontab", "jobs.txt"],
            &["crontab", "-r"],
            &["crontab", "-"],
            &["at", "now", "+", "1", "minute"],
            &["batch"],
            &["systemd-run", "--user", "ls"],
        ],
        passes: &[&["crontab", "-l"], &["cat", "at"], &["echo", "crontab", "-r"], &["git", "show", "HEAD:batch"]],
        applies: schedules,
    },
    Entry {
        id: "accounts",
        reason: "this changes users, groups or passwords",
        hint: "ask the machine's operator",
        refuses: &[
            &["useradd", "x"],
            &["userdel", "-r", "x"],
            &["usermod", "-aG", "sudo", "x"],
            &["groupadd", "x"],
            &["passwd", "root"],
            &["chpasswd"],
            &["adduser", "x"],
            &["visudo"],
        ],
        passes: &[&["cat", "/etc/passwd"], &["id"], &["getent", "passwd"], &["grep", "useradd", "Dockerfile"]],
        applies: |command| {
            command.is(&[
                "useradd",
                "userdel",
                "usermod",
                "groupadd",
                "groupdel",
                "groupmod",
                "groupmems",
                "passwd",
                "chpasswd",
                "chgpasswd",
                "newusers",
                "adduser",
                "deluser",
                "addgroup",
                "delgroup",
                "gpasswd",
                "chsh",
                "chfn",
                "chage",
                "vipw",
                "vigr",
                "visudo",
            ])
        },
    },
];

fn stops_the_machine(command: &Invocation<'_>) -> bool {
    const VERBS: &[&str] = &[
        "poweroff",
        "reboot",
        "halt",
        "kexec",
        "soft-reboot",
        "suspend",
        "hibernate",
        "hybrid-sleep",
        "rescue",
        "emergency",
    ];
    if command.is(&["init", "telinit"]) {
        return ["0", "1", "6", "s", "S"].iter().any(|level| command.has(level));
    }
    command.is(&["shutdown", "reboot", "halt", "poweroff"])
        || command.is(&["systemctl", "loginctl"]) && VERBS.iter().any(|verb| command.has(verb))
}

fn changes_the_kernel(command: &Invocation<'_>) -> bool {
    if command.is(&["sysctl"]) {
        let parts = command.parts();
        let sets = parts.operands.iter().any(|operand| operand.contains('='));
        return sets
            || parts.short('w')
            || parts.short('p')
            || ["write", "load", "system"].iter().any(|l| parts.long(l));
    }
    command.is(&["insmod", "rmmod", "modprobe", "kexec", "bpftool"])
}

fn changes_mounts(command: &Invocation<'_>) -> bool {
    if command.is(&["mount"]) {
        const LISTS: &[&str] = &["-l", "--show-labels", "-V", "--version", "-h", "--help"];
        return !command.args.iter().all(|arg| LISTS.contains(&arg.as_str()));
    }
    command.is(&["umount", "chroot", "unshare", "nsenter", "pivot_root", "switch_root", "swapon", "swapoff", "losetup"])
}

fn schedules(command: &Invocation<'_>) -> bool {
    if command.is(&["crontab"]) {
        return !matches!(command.args, [list] if list == "-l");
    }
    command.is(&["at", "batch", "systemd-run"])
}
