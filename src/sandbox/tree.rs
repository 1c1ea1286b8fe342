//! Killing a whole tree of processes where no PID namespace does it: stop and walk.
//!
//! A process that is stopped cannot fork, so the walk stops each one before it looks for its children. What lost its parent
//! has become a child of the job's init, which is a subreaper (prctl(2)), and is found in the next round.

use std::{collections::BTreeSet, fs, time::Duration};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

/// Stops and then kills all descendants of a process that one walk meets.
pub(super) fn kill_descendants(root: u32) {
    let met = walk(root, |pid| signal(pid, Signal::SIGSTOP));
    for pid in met {
        signal(pid, Signal::SIGKILL);
    }
}

/// Walks until nothing alive is met. A process that forks and ends for ever can be in between two places that one walk
/// looks at; not in many walks in a row.
pub(super) fn kill_all_descendants(root: u32) {
    for _ in 0..WALKS {
        kill_descendants(root);
        if count_descendants(root, root) == 0 {
            return;
        }
        std::thread::sleep(PAUSE);
    }
}

/// The living descendants of a process but one.
pub(super) fn count_descendants(root: u32, but: u32) -> u32 {
    count(walk(root, |_| {}).into_iter(), but)
}

/// The living processes of a PID namespace but its init and one other, as its own /proc shows them.
pub(super) fn count_in_own_namespace(but: u32) -> u32 {
    let Ok(entries) = fs::read_dir("/proc") else { return 0 };
    count(entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter(|pid| *pid != 1), but)
}

/// The living processes of a session.
pub(super) fn count_session(session: u32) -> u32 {
    let Ok(entries) = fs::read_dir("/proc") else { return 0 };
    let stats = entries.flatten().filter_map(|entry| fs::read_to_string(entry.path().join("stat")).ok());
    let member = |stat: &String| session_of(stat) == Some(session) && !matches!(state(stat), Some('Z' | 'X') | None);
    u32::try_from(stats.filter(member).count()).unwrap_or(u32::MAX)
}

/// The descendants of a process, calling `visit` on each before its children are looked for.
fn walk(root: u32, mut visit: impl FnMut(u32)) -> BTreeSet<u32> {
    let mut met = BTreeSet::new();
    let mut queue = children(root);
    while let Some(pid) = queue.pop() {
        if met.insert(pid) {
            visit(pid);
            queue.extend(children(pid));
        }
    }
    met
}

/// The children of all threads of a process. None when it has just ended.
fn children(pid: u32) -> Vec<u32> {
    let Ok(tasks) = fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    let lists = tasks.flatten().filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    lists.flat_map(|list| list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>()).collect()
}

fn signal(pid: u32, signal: Signal) {
    if let Ok(pid) = i32::try_from(pid) {
        // One that has ended by itself needs none.
        let _ = kill(Pid::from_raw(pid), signal);
    }
}

fn count(pids: impl Iterator<Item = u32>, but: u32) -> u32 {
    u32::try_from(pids.filter(|pid| *pid != but && is_alive(*pid)).count()).unwrap_or(u32::MAX)
}

fn is_alive(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|text| !matches!(state(&text), Some('Z' | 'X') | None))
}

/// The state follows the name, which may hold spaces and parentheses (proc_pid_stat(5)).
fn state(stat: &str) -> Option<char> {
    stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next())
}

/// After the state come parent, group and session (proc_pid_stat(5)).
fn session_of(stat: &str) -> Option<u32> {
    stat.rsplit_once(") ")?.1.split(' ').nth(3)?.parse().ok()
}

/// Against a process that does not die at all: one that waits for a disk, say.
const WALKS: usize = 200;
const PAUSE: Duration = Duration::from_millis(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_is_read_past_any_name() {
        assert_eq!(state("12 (cat) S 1 12"), Some('S'));
        assert_eq!(state("12 (a) Z (b) R 1 12"), Some('R'));
        assert_eq!(state("12"), None);
        assert_eq!(session_of("12 (a) 1 (b) R 1 12 34 0"), Some(34));
    }

    #[test]
    fn oneself_is_alive_and_nobody_is_not() {
        assert!(is_alive(std::process::id()));
        assert!(!is_alive(u32::MAX));
    }
}
