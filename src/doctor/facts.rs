//! Facts about the machine, each with the file that says it. Nothing is concluded from them but advice: what the machine
//! can do is found out by doing it.

use std::{fs, path::Path};

/// One fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// The name that stays.
    pub key: &'static str,
    /// What it is.
    pub what: &'static str,
    /// What it is here; nothing when the kernel does not have it or this user may not see it.
    pub value: Option<String>,
    /// Where it was read.
    pub source: String,
}

/// All facts about the machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts(pub Vec<Fact>);

impl Facts {
    /// Looks.
    pub fn of_this_machine() -> Self {
        let system = rustix::system::uname();
        let mut facts = vec![
            fact("kernel", "kernel release", Some(system.release().to_string_lossy().into_owned()), "uname(2)"),
            fact("processor", "processor", Some(std::env::consts::ARCH.to_owned()), "this program"),
            fact("user", "user", Some(rustix::process::geteuid().as_raw().to_string()), "geteuid(2)"),
            container(Path::new("/")),
            namespace(),
        ];
        facts.extend(FILES.iter().map(|(key, what, path)| fact(key, what, text(Path::new(path)), path)));
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let of_status = |key, what, name: &str| {
            let value = super::acts::own_status(&status, name);
            fact(key, what, value, &format!("/proc/self/status, {name}"))
        };
        facts.push(of_status("filter-outside", "seccomp around the doctor itself", "Seccomp"));
        facts.push(of_status("no-new-privs-outside", "no_new_privs on the doctor itself", "NoNewPrivs"));
        facts.push(of_status("capabilities-outside", "capabilities of the doctor itself", "CapEff"));
        Self(facts)
    }

    /// The value of one.
    pub(super) fn value(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|fact| fact.key == key)?.value.as_deref()
    }
}

type File = (&'static str, &'static str, &'static str);

/// Facts that are what a file holds.
const FILES: [File; 10] = [
    ("max-user-namespaces", "user namespaces at most", "/proc/sys/user/max_user_namespaces"),
    ("userns-clone", "user namespaces for everybody (Debian)", "/proc/sys/kernel/unprivileged_userns_clone"),
    (
        "apparmor-userns",
        "user namespaces restricted by AppArmor",
        "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
    ),
    ("yama", "who may trace whom (Yama)", "/proc/sys/kernel/yama/ptrace_scope"),
    ("lsm", "security modules", "/sys/kernel/security/lsm"),
    ("core-pattern", "where core dumps go", "/proc/sys/kernel/core_pattern"),
    ("io-uring-disabled", "io_uring disabled", "/proc/sys/kernel/io_uring_disabled"),
    ("bpf-disabled", "BPF disabled for ordinary users", "/proc/sys/kernel/unprivileged_bpf_disabled"),
    ("perf-paranoid", "performance counters restricted", "/proc/sys/kernel/perf_event_paranoid"),
    ("legacy-tiocsti", "typing into terminals by TIOCSTI", "/proc/sys/dev/tty/legacy_tiocsti"),
];

fn fact(key: &'static str, what: &'static str, value: Option<String>, source: &str) -> Fact {
    Fact { key, what, value, source: source.to_owned() }
}

fn text(path: &Path) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// Signs of a container. Their absence proves nothing.
fn container(root: &Path) -> Fact {
    let mut signs: Vec<(String, String)> = Vec::new();
    let mut sign = |name: &str, path: &str| signs.push((name.to_owned(), path.to_owned()));
    for (name, path) in [("docker", "/.dockerenv"), ("podman", "/run/.containerenv")] {
        if root.join(path.trim_start_matches('/')).exists() {
            sign(name, path);
        }
    }
    if let Some(name) = text(&root.join("run/systemd/container")) {
        sign(&name, "/run/systemd/container");
    }
    let groups = text(&root.join("proc/1/cgroup")).unwrap_or_default();
    for name in ["docker", "kubepods", "containerd", "libpod", "lxc"] {
        if groups.contains(name) {
            sign(name, "/proc/1/cgroup");
        }
    }
    if text(&root.join("proc/sys/kernel/osrelease")).is_some_and(|text| text.to_lowercase().contains("microsoft")) {
        sign("wsl", "/proc/sys/kernel/osrelease");
    }
    let (names, paths): (Vec<_>, Vec<_>) = signs.into_iter().unzip();
    let what = "container";
    if names.is_empty() {
        fact(CONTAINER, what, None, "/.dockerenv, /run/.containerenv, /run/systemd/container, /proc/1/cgroup")
    } else {
        fact(CONTAINER, what, Some(names.join(", ")), &paths.join(", "))
    }
}

/// The first PID namespace of a machine has a number that is fixed (include/uapi/linux/nsfs.h).
fn namespace() -> Fact {
    const FIRST: &str = "pid:[4026531836]";
    let link = fs::read_link("/proc/self/ns/pid").ok();
    let value = link.map(|link| match link.to_str() {
        Some(FIRST) => "the machine's first".to_owned(),
        _ => "not the machine's first".to_owned(),
    });
    fact("pid-namespace", "PID namespace", value, "/proc/self/ns/pid")
}

pub(super) const CONTAINER: &str = "container";

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_fact_has_a_key_of_its_own_and_a_source() {
        let Facts(facts) = Facts::of_this_machine();
        let keys: BTreeSet<_> = facts.iter().map(|fact| fact.key).collect();
        assert_eq!(keys.len(), facts.len());
        assert!(facts.iter().all(|fact| !fact.source.is_empty()));
        assert!(facts.iter().any(|fact| fact.key == "kernel" && fact.value.is_some()));
    }

    #[test]
    fn a_container_is_told_by_its_signs() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(container(root.path()).value, None);
        fs::write(root.path().join(".dockerenv"), "").unwrap();
        fs::create_dir_all(root.path().join("proc/1")).unwrap();
        fs::write(root.path().join("proc/1/cgroup"), "0::/kubepods/besteffort/x\n").unwrap();
        let found = container(root.path());
        assert_eq!(found.value.as_deref(), Some("docker, kubepods"));
        assert_eq!(found.source, "/.dockerenv, /proc/1/cgroup");
    }
}
