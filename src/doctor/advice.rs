//! What is lost without a part of the sandbox, and what to do about it. Pure: levels and facts go in, words come out.

use crate::model::enforcement::{Layer, Level};

use super::{
    facts::{CONTAINER, Facts},
    table::Part,
};

/// Advice about something that is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    /// What is lost, on one line.
    pub lost: String,
    /// What to do, on one line.
    pub todo: String,
}

/// The advice on a part that is not all there.
pub(super) fn advise(part: Part, level: &Level, facts: &Facts) -> Option<Advice> {
    let missing = level.missing()?;
    let advice = |lost: &str, todo: &str| Advice { lost: lost.to_owned(), todo: todo.to_owned() };
    Some(match part {
        Part::Layer(Layer::Namespaces) => advice(
            "jobs see the host's processes, share its /tmp names and memory segments, can change modes of their user's files \
             and reach sockets by path; what a policy hides or protects inside granted places keeps jobs from starting",
            user_namespaces(missing, facts),
        ),
        Part::Layer(Layer::Network) => advice(
            "seccomp refuses internet sockets instead, so programs fail that make one without using it",
            user_namespaces(missing, facts),
        ),
        Part::Layer(Layer::Landlock) => landlock(level, facts),
        Part::Layer(Layer::Seccomp) => advice(
            "io_uring, BPF, keyrings, tracing, foreign architectures and limits of other processes stay open to jobs",
            "use a kernel with CONFIG_SECCOMP_FILTER; gVisor and other kernels in user space may have none",
        ),
        Part::Layer(Layer::Privileges) => advice(
            "jobs could keep or regain rights, so nothing starts",
            "mount /proc for the server, and let it call prctl(2) and capset(2)",
        ),
        Part::Layer(Layer::Rlimits) => {
            advice("jobs would have no limits, so nothing starts", "let the server lower its own limits (setrlimit(2))")
        }
        Part::Cgroup => advice(
            "no limit on the memory and processes of a job as a whole; limits are for each process, and a kill walks the tree",
            "delegate a group: `Delegate=yes` in the unit, or `systemd-run --user --scope -p Delegate=yes stockade serve`; \
             in a container mount /sys/fs/cgroup writable with `--cgroupns=private`",
        ),
        Part::CoreDumps => advice(
            "where dumps go to a program, a crash of a job runs it on the host",
            "let the server read /proc/sys/kernel/core_pattern, or set it to a plain file name",
        ),
        Part::DenialRecords => advice(
            "the kernel's own records of what Landlock and seccomp denied cannot be read; answers do not depend on them",
            "give the server CAP_AUDIT_READ, on a kernel that was started with `audit=1`",
        ),
    })
}

/// What keeps user namespaces away, the surest sign first.
fn user_namespaces(missing: &str, facts: &Facts) -> &'static str {
    let is = |key, value| facts.value(key) == Some(value);
    let contained = facts.value(CONTAINER).is_some();
    if is("max-user-namespaces", "0") {
        "sysctl -w user.max_user_namespaces=15000"
    } else if is("userns-clone", "0") {
        "sysctl -w kernel.unprivileged_userns_clone=1"
    } else if is("apparmor-userns", "1") {
        "give the program an AppArmor profile with `userns,`, or sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"
    } else if contained && missing.contains("/proc") {
        "start the container with `--security-opt systempaths=unconfined` (Docker), `--security-opt unmask=ALL` (Podman) or \
         `procMount: Unmasked` (Kubernetes): where parts of /proc are covered no new one may be mounted"
    } else if contained || is("filter-outside", "2") {
        "start the container with `--security-opt seccomp=FILE` and a profile that allows unshare, mount and pivot_root to \
         everybody, or with `--security-opt seccomp=unconfined` and, with AppArmor, `--security-opt apparmor=unconfined`"
    } else {
        "use a kernel with CONFIG_USER_NS, CONFIG_PID_NS and CONFIG_NET_NS, and look for a security module that refuses them"
    }
}

fn landlock(level: &Level, facts: &Facts) -> Advice {
    let todo = match level {
        Level::Full | Level::Partial(_) => "use a kernel from 6.12 on, whose Landlock is version 6",
        Level::None(_) if facts.value("lsm").is_some_and(|list| !list.split(',').any(|name| name == "landlock")) => {
            "boot with `lsm=landlock,` and then what /sys/kernel/security/lsm says"
        }
        Level::None(_) if facts.value("filter-outside") == Some("2") => {
            "update the container's engine: its filter may refuse landlock_create_ruleset(2)"
        }
        Level::None(_) => "use a kernel from 6.12 on with CONFIG_SECURITY_LANDLOCK and `landlock` in its `lsm=`",
    };
    let lost = match level {
        Level::Full | Level::Partial(_) => "what the missing rights cover, below",
        Level::None(_) => "nothing but mounts keeps jobs from files, and nothing at all where there are no namespaces",
    };
    Advice { lost: lost.to_owned(), todo: todo.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::{super::facts::Fact, *};

    fn facts(list: &[(&'static str, &str)]) -> Facts {
        let fact = |(key, value): &(&'static str, &str)| Fact {
            key,
            what: "",
            value: Some((*value).to_owned()),
            source: String::new(),
        };
        Facts(list.iter().map(fact).collect())
    }

    fn todo(layer: Layer, level: &Level, list: &[(&'static str, &str)]) -> String {
        advise(Part::Layer(layer), level, &facts(list)).unwrap().todo
    }

    #[test]
    fn what_is_all_there_needs_no_advice() {
        for layer in Layer::ALL {
            assert_eq!(advise(Part::Layer(layer), &Level::Full, &Facts::default()), None);
        }
    }

    #[test]
    fn user_namespaces_are_advised_on_by_what_keeps_them_away() {
        let none = Level::None("step `enter namespaces`: operation not permitted (EPERM)".to_owned());
        let masked = Level::None("step `mount /proc`: operation not permitted (EPERM)".to_owned());
        for (facts, level, want) in [
            ([("max-user-namespaces", "0"), (CONTAINER, "docker")], &none, "user.max_user_namespaces"),
            ([("userns-clone", "0"), ("yama", "1")], &none, "unprivileged_userns_clone"),
            ([("apparmor-userns", "1"), ("yama", "1")], &none, "apparmor_restrict_unprivileged_userns"),
            ([(CONTAINER, "docker"), ("yama", "1")], &masked, "systempaths=unconfined"),
            ([(CONTAINER, "docker"), ("yama", "1")], &none, "seccomp=unconfined"),
            ([("filter-outside", "2"), ("yama", "1")], &none, "seccomp=unconfined"),
            ([("apparmor-userns", "0"), ("yama", "1")], &none, "CONFIG_USER_NS"),
        ] {
            let said = todo(Layer::Namespaces, level, &facts);
            assert!(said.contains(want), "{facts:?}: {said}");
            assert!(!said.contains('\n') && !said.ends_with('.'), "{said}");
        }
    }

    #[test]
    fn landlock_is_advised_on_by_why_it_is_missing() {
        let none = Level::None("off".to_owned());
        assert!(todo(Layer::Landlock, &none, &[("lsm", "lockdown,capability,yama")]).contains("boot with"));
        assert!(todo(Layer::Landlock, &none, &[("filter-outside", "2")]).contains("container's engine"));
        assert!(todo(Layer::Landlock, &Level::Partial("version 4".to_owned()), &[]).contains("6.12"));
    }
}
