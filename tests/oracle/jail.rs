//! The jail: namespaces of its own, a root of a handful of files, no network and no rights. What is mounted in it is seen
//! by nobody else and goes away with its last process.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use nix::sched::{CloneFlags, unshare};
use rustix::{
    mount::{MountFlags, MountPropagationFlags, UnmountFlags, mount, mount_bind, mount_change, mount_remount, unmount},
    process::{Resource, Rlimit, Signal, pivot_root, set_parent_process_death_signal, setrlimit},
    thread::{CapabilitySet, remove_capability_from_bounding_set, set_no_new_privs},
};

/// What bash reads before a script: it must not answer `echo` itself, and what no file answers shows as a command.
const BASH_ENV: &str = "enable -n echo printf pwd test [ true false kill\n\
    command_not_found_handle() { exec /bin/stub unclaimed \"$@\"; }\n";

/// Builds the root in an empty directory and runs the second stage in it. `stub` is the stub's file.
pub(crate) fn outside(root: &Path, stub: &Path) -> i32 {
    let exe = std::env::current_exe().unwrap();
    // Asked first: the first process after that is the first one of the namespace, and the last.
    let mut files = BTreeSet::new();
    for program in [shell("bash"), shell("dash"), exe.clone()] {
        files.extend(libraries(&program));
    }
    let (uid, gid) = (rustix::process::getuid(), rustix::process::getgid());
    let namespaces = CloneFlags::CLONE_NEWUSER
        | CloneFlags::CLONE_NEWNS
        | CloneFlags::CLONE_NEWPID
        | CloneFlags::CLONE_NEWNET
        | CloneFlags::CLONE_NEWIPC
        | CloneFlags::CLONE_NEWUTS;
    unshare(namespaces).expect("the oracle needs user namespaces, and the kernel refuses them");
    fs::write("/proc/self/setgroups", "deny").unwrap();
    fs::write("/proc/self/uid_map", format!("0 {} 1", uid.as_raw())).unwrap();
    fs::write("/proc/self/gid_map", format!("0 {} 1", gid.as_raw())).unwrap();
    mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC).unwrap();
    tmpfs(root);
    for dir in ["bin", "stub", "w", "log", "proc", "dev", "old", "usr/lib/locale"] {
        fs::create_dir_all(root.join(dir)).unwrap();
    }
    for file in files {
        let copy = root.join(file.strip_prefix("/").unwrap());
        fs::create_dir_all(copy.parent().unwrap()).unwrap();
        fs::copy(&file, copy).unwrap();
    }
    fs::copy(shell("bash"), root.join("bin/bash")).unwrap();
    fs::copy(shell("dash"), root.join("bin/dash")).unwrap();
    fs::copy(stub, root.join("bin/stub")).unwrap();
    fs::write(root.join("bash-env"), BASH_ENV).unwrap();
    let locale = Path::new("/usr/lib/locale/C.utf8");
    if locale.exists() {
        copy_tree(locale, &root.join("usr/lib/locale/C.utf8"));
    }
    bind(Path::new("/dev/null"), &root.join("dev/null"));
    bind(&exe, &root.join("runner"));
    for dir in ["w", "log", "stub"] {
        tmpfs(&root.join(dir));
    }
    std::env::set_current_dir(root).unwrap();
    pivot_root(".", "old").unwrap();
    std::env::set_current_dir("/").unwrap();
    let status = Command::new("/runner").arg("--inside").env_clear().status().unwrap();
    status.code().unwrap_or(1)
}

/// Finishes the root from within the process namespace, and gives up every right.
pub(crate) fn inside() {
    assert_eq!(std::process::id(), 1, "the second stage runs in a process namespace of its own");
    set_parent_process_death_signal(Some(Signal::KILL)).unwrap();
    mount("proc", "/proc", "proc", MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC, None)
        .expect("the oracle needs a /proc of its own, and the kernel refuses it");
    unmount("/old", UnmountFlags::DETACH).unwrap();
    mount_remount("/", MountFlags::BIND | MountFlags::RDONLY | MountFlags::NOSUID | MountFlags::NODEV, "").unwrap();
    set_no_new_privs(true).unwrap();
    for capability in CapabilitySet::all().iter() {
        // The kernel may know fewer of them than the library.
        let _ = remove_capability_from_bounding_set(capability);
    }
    for (resource, limit) in [(Resource::Fsize, 4 << 20), (Resource::Core, 0), (Resource::Nofile, 256)] {
        setrlimit(resource, Rlimit { current: Some(limit), maximum: Some(limit) }).unwrap();
    }
}

/// Builds the stub. The compiler is the one that links Rust programs, so it is there.
pub(crate) fn build_stub(into: &Path) -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/stub.c");
    let stub = into.join("stub");
    let compiler = Command::new("cc").args(["-O2", "-static", "-o"]).arg(&stub).arg(&source).status();
    let built = compiler.expect("the oracle needs a C compiler: install gcc").success();
    assert!(built, "cc cannot build the oracle's stub: it needs a C library to link statically (libc6-dev)");
    stub
}

/// The file of a shell.
fn shell(name: &str) -> PathBuf {
    ["/usr/bin", "/bin"]
        .iter()
        .map(|dir| Path::new(dir).join(name))
        .find(|path| path.exists())
        .unwrap_or_else(|| panic!("the oracle needs {name}: install it"))
}

/// The libraries that the loader takes for a program, as it says itself (ld.so(8)).
fn libraries(program: &Path) -> Vec<PathBuf> {
    let listed = Command::new(program).env("LD_TRACE_LOADED_OBJECTS", "1").stderr(Stdio::inherit()).output().unwrap();
    let text = String::from_utf8(listed.stdout).unwrap();
    text.split_whitespace().filter(|word| word.starts_with('/')).map(PathBuf::from).collect()
}

fn tmpfs(at: &Path) {
    mount("tmpfs", at, "tmpfs", MountFlags::NOSUID | MountFlags::NODEV, Some(c"size=64m,mode=0755")).unwrap();
}

fn bind(file: &Path, at: &Path) {
    fs::write(at, "").unwrap();
    mount_bind(file, at).unwrap();
}

fn copy_tree(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let copy = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_tree(&entry.path(), &copy);
        } else {
            fs::copy(entry.path(), copy).unwrap();
        }
    }
}
