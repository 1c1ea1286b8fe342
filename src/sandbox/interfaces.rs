//! Interfaces of the kernel that are mounted where a job may write.
//!
//! A directory tree with a /proc or /sys of its own, as for chroot(1), may lie in a workspace. Its mounts come along with
//! it, and to the kernel's files a job of root is root: `sys/kernel/core_pattern` in a procfs names a program that runs
//! as root outside.

use std::{
    ffi::OsString,
    fs, io,
    os::unix::ffi::OsStringExt as _,
    path::{Path, PathBuf},
};

use super::{
    mounts,
    step::{At as _, Failure},
    wire::Files,
};

/// The mount points of such file systems inside the writable places.
pub(super) fn in_writable(files: &Files) -> io::Result<Vec<PathBuf>> {
    let table = fs::read("/proc/self/mountinfo")?;
    let mut found = Vec::new();
    for line in table.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let Some((point, kind)) = parse(line) else {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a line of mountinfo that makes no sense"));
        };
        if KERNEL.contains(&kind) && files.write.iter().any(|place| point.starts_with(place)) && is_there(&point)? {
            found.push(point);
        }
    }
    Ok(found)
}

/// Fails when there is one. For a job without mounts of its own, from which they cannot be hidden.
pub(super) fn none_in_writable(files: &Files) -> Result<(), Failure> {
    match in_writable(files).at("read the mounts")?.first() {
        None => Ok(()),
        Some(path) => {
            Err(Failure::new(format!("hide {}", path.display()), "needs a mount namespace, and there is none"))
        }
    }
}

/// A mount that another one covers has a path that may lead nowhere.
fn is_there(point: &Path) -> io::Result<bool> {
    match mounts::open(point) {
        Ok(_) => Ok(true),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Mount point and type: the fifth field, and the first after a field that is a hyphen (proc_pid_mountinfo(5)).
fn parse(line: &[u8]) -> Option<(PathBuf, &[u8])> {
    let mut fields = line.split(|byte| *byte == b' ');
    let point = fields.nth(4)?;
    let kind = fields.skip_while(|field| *field != b"-").nth(1)?;
    Some((unescape(point)?, kind))
}

/// Space, tab, newline and backslash stand as a backslash and three octal digits.
fn unescape(text: &[u8]) -> Option<PathBuf> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.iter();
    while let Some(byte) = rest.next() {
        if *byte == b'\\' {
            let digits = [*rest.next()?, *rest.next()?, *rest.next()?];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 8).ok()?);
        } else {
            bytes.push(*byte);
        }
    }
    Some(OsString::from_vec(bytes).into())
}

/// File systems whose files are no data but doors into the kernel, or nodes that everybody shares.
const KERNEL: [&[u8]; 20] = [
    b"binfmt_misc",
    b"bpf",
    b"cgroup",
    b"cgroup2",
    b"configfs",
    b"debugfs",
    b"devpts",
    b"devtmpfs",
    b"efivarfs",
    b"fusectl",
    b"mqueue",
    b"nfsd",
    b"nsfs",
    b"proc",
    b"pstore",
    b"resctrl",
    b"rpc_pipefs",
    b"securityfs",
    b"sysfs",
    b"tracefs",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_gives_its_mount_point_and_type() {
        let cases: [(&str, Option<(&str, &str)>); 5] = [
            ("36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw", Some(("/mnt2", "ext3"))),
            ("36 35 98:0 / /a\\040b\\134 rw - proc proc rw", Some(("/a b\\", "proc"))),
            ("36 35 98:0 / /a rw shared:1 master:2 - sysfs - rw", Some(("/a", "sysfs"))),
            ("36 35 98:0 / /a\\04", None),
            ("36 35 98:0 / /a rw", None),
        ];
        for (line, want) in cases {
            let got = parse(line.as_bytes()).map(|(point, kind)| (point, kind.to_vec()));
            assert_eq!(got, want.map(|(point, kind)| (PathBuf::from(point), kind.as_bytes().to_vec())), "{line}");
        }
    }

    #[test]
    fn only_what_lies_in_a_writable_place_counts() {
        let files = |write: &str| Files { write: vec![write.into()], ..Files::default() };
        assert!(in_writable(&files("/proc")).unwrap().contains(&PathBuf::from("/proc")));
        assert!(in_writable(&files("/usr")).unwrap().is_empty());
    }
}
