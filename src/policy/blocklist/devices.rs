//! Entries about devices: what would overwrite a disk or the kernel's memory.

use std::path::Path;

use super::{Entry, argv::Invocation, place::absolute};

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        id: "format-device",
        reason: "this makes a file system or a partition table on a device, and what was there is lost",
        hint: "work on an image file inside the workspace",
        refuses: &[
            &["mkfs", "/dev/sda1"],
            &["mkfs", "-t", "ext4", "/dev/sda1"],
            &["mkfs.ext4", "/dev/nvme0n1p1"],
            &["mke2fs", "//dev/./vda"],
            &["fdisk", "/dev/sda"],
            &["parted", "-s", "/dev/sda", "mklabel", "gpt"],
            &["wipefs", "-a", "/dev/sda"],
            &["mkswap", "/dev/sdb2"],
            &["blkdiscard", "/dev/sdb"],
            &["/sbin/mkfs.xfs", "-f", "/dev/mapper/root"],
        ],
        passes: &[
            &["echo", "fdisk", "/dev/sda"],
            &["git", "commit", "-m", "fix fdisk docs"],
            &["mkfs.ext4", "./disk.img"],
            &["fdisk", "-l"],
            &["man", "mkfs"],
        ],
        applies: formats,
    },
    WRITE,
];

/// Also what a redirection to a device meets.
pub(super) const WRITE: Entry = Entry {
    id: "write-device",
    reason: "this writes to a device, past every file system on it",
    hint: "write to a file inside the workspace",
    refuses: &[
        &["dd", "if=/dev/zero", "of=/dev/sda"],
        &["dd", "of=//dev/sda", "bs=1M"],
        &["dd", "of=/dev/../dev/nvme0n1"],
        &["dd", "of=/dev/mem"],
        &["tee", "/dev/sda"],
        &["tee", "-a", "/dev/vda1"],
        &["cp", "image.iso", "/dev/sdb"],
        &["mv", "x", "/dev/disk/by-id/usb"],
        &["shred", "-n", "1", "/dev/sda"],
        &["truncate", "-s", "0", "/dev/sda"],
    ],
    passes: &[
        &["dd", "if=/dev/zero", "of=disk.img", "count=1"],
        &["dd", "if=/dev/urandom", "of=/dev/null"],
        &["dd", "if=x", "of=/dev/stdout"],
        &["tee", "/dev/null"],
        &["tee", "/dev/stderr"],
        &["cp", "dev/sda", "x"],
        &["echo", "of=/dev/sda"],
    ],
    applies: writes,
};

/// Devices that every program may write: they keep nothing, or are the program's own streams (null(4), stdin(3)).
const HARMLESS: &[&str] =
    &["null", "zero", "full", "random", "urandom", "stdin", "stdout", "stderr", "tty", "fd", "shm", "pts"];

fn formats(command: &Invocation<'_>) -> bool {
    const FORMATTERS: &[&str] = &[
        "mkfs",
        "mke2fs",
        "mkdosfs",
        "mkntfs",
        "mkswap",
        "fdisk",
        "sfdisk",
        "cfdisk",
        "gdisk",
        "sgdisk",
        "parted",
        "wipefs",
        "blkdiscard",
        "badblocks",
        "hdparm",
        "cryptsetup",
        "pvcreate",
        "tune2fs",
        "resize2fs",
        "zpool",
    ];
    (command.is(FORMATTERS) || command.name.starts_with("mkfs."))
        && command.args.iter().any(|arg| is_device(arg, command.cwd))
}

fn writes(command: &Invocation<'_>) -> bool {
    if command.is(&["dd"]) {
        let outputs = command.args.iter().filter_map(|arg| arg.strip_prefix("of="));
        return outputs.into_iter().any(|path| is_device(path, command.cwd));
    }
    // `cp /dev/sda x` reads the device; nobody needs that here either.
    command.is(&["tee", "cp", "mv", "install", "shred", "truncate", "ddrescue", "dcfldd"])
        && command.args.iter().any(|arg| is_device(arg, command.cwd))
}

/// Whether a path, as written, names a device that holds something.
pub(super) fn is_device(path: &str, cwd: &Path) -> bool {
    match absolute(path, cwd).as_slice() {
        [dev, name, ..] => dev == "dev" && !HARMLESS.contains(&name.as_str()),
        [] | [_] => false,
    }
}
