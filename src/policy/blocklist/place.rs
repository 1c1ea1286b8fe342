//! Places that no job may destroy, judged by text: the files themselves are not looked at.

use std::path::Path;

/// Directories whose whole tree belongs to the system.
const TREES: &[&str] =
    &["bin", "boot", "dev", "etc", "lib", "lib32", "lib64", "libx32", "proc", "root", "run", "sbin", "sys"];

/// Directories that belong to the system down to their own entries; further below, others may keep their work.
const TOPS: &[&str] = &["usr", "var"];

/// Directories that hold the work of many, one entry each.
const SHARED: &[&str] = &["home", "Users"];

/// Other directories of the root that are lost as a whole only on purpose.
const WHOLE: &[&str] = &["lost+found", "media", "mnt", "opt", "srv", "snap"];

/// Whether an operand names the root, a directory of the system, or somebody's home, as written or by `..`, a trailing
/// slash, or a final glob.
pub(super) fn is_precious(operand: &str, cwd: &Path) -> bool {
    if is_home(operand) {
        return true;
    }
    let parts = absolute(operand, cwd);
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    match parts.as_slice() {
        [] => true,
        [top] => [TREES, TOPS, SHARED, WHOLE].into_iter().flatten().any(|name| name == top),
        [top, rest @ ..] => {
            TREES.contains(top) || TOPS.contains(top) && rest.len() < 2 || SHARED.contains(top) && rest.len() < 2
        }
    }
}

/// Whether an operand names the home directory by the words that a shell would replace.
fn is_home(operand: &str) -> bool {
    let stripped = without_globs(operand);
    matches!(stripped, "~" | "$HOME" | "${HOME}")
        || stripped.strip_prefix('~').is_some_and(|user| !user.is_empty() && !user.contains('/'))
}

/// The components of a path from the root, with `.`, `..`, and final globs taken away.
pub(super) fn absolute(operand: &str, cwd: &Path) -> Vec<String> {
    let mut parts = Vec::new();
    let cwd = cwd.to_string_lossy();
    if !operand.starts_with('/') {
        push(&mut parts, &cwd);
    }
    push(&mut parts, if operand.starts_with('/') || operand.contains("..") { without_globs(operand) } else { operand });
    parts
}

fn push(parts: &mut Vec<String>, path: &str) {
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name.to_owned()),
        }
    }
}

/// A path without the components at its end that stand for all entries: `/*` is the root's content.
fn without_globs(path: &str) -> &str {
    let mut path = path.trim_end_matches('/');
    while let Some((before, last)) = path.rsplit_once('/') {
        if !matches!(last, "*" | ".*" | "{*,.*}" | "{.*,*}" | "." | "") {
            break;
        }
        path = before;
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn precious_places_are_seen_through_their_spellings() {
        for path in [
            "/",
            "//",
            "/.",
            "/..",
            "/*",
            "/.*",
            "/./*",
            "/tmp/..",
            "/etc",
            "/etc/",
            "/etc/ssl/certs",
            "/usr",
            "/usr/lib",
            "/usr//lib/",
            "/var/log",
            "/home",
            "/home/*",
            "/home/dev",
            "/home/dev/",
            "/home/dev/*",
            "/root",
            "/root/.ssh",
            "~",
            "~/",
            "~/*",
            "~root",
            "$HOME",
            "${HOME}/*",
            "../..",
            "../../",
            "../../*",
            "../../usr",
            "/opt",
        ] {
            assert!(is_precious(path, Path::new("/builds/project")), "{path}");
        }
    }

    #[test]
    fn other_places_are_not_precious() {
        for path in [
            ".",
            "..",
            "./build",
            "*",
            "build/*",
            "/tmp",
            "/tmp/x",
            "/tmp/*",
            "/builds/project",
            "/usr/src/app/dist",
            "/home/dev/project",
            "/home/dev/project/*",
            "~/project/target",
            "etc",
            "./etc",
            "/opt/app/cache",
            "/etcetera",
        ] {
            assert!(!is_precious(path, Path::new("/builds/project")), "{path}");
        }
    }
}
