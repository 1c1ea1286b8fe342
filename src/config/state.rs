//! Where the server keeps what it writes, and whether jobs can reach what must be out of their reach.

use std::path::{Path, PathBuf};

use crate::{
    diagnostic::{Code, Diagnostic},
    model::workspace::Workspace,
};

/// The directory of the audit log: the policy's, else a folder of the state directory.
///
/// The state directory follows the XDG Base Directory Specification where `XDG_STATE_HOME` is set to an absolute path;
/// otherwise it is `/var/lib/stockade` for root and `~/.local/state/stockade` for others.
pub fn log_dir(policy: Option<&str>, environment: &dyn Fn(&str) -> Option<String>, home: &Path) -> PathBuf {
    if let Some(dir) = policy {
        return dir.strip_prefix("~/").map_or_else(|| PathBuf::from(dir), |rest| home.join(rest));
    }
    let xdg = environment("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let state = match xdg {
        Some(path) => path.join("stockade"),
        None if rustix::process::geteuid().is_root() => PathBuf::from("/var/lib/stockade"),
        None => home.join(".local/state/stockade"),
    };
    state.join("audit")
}

/// The directory for policies that a user writes: `stockade` below `XDG_CONFIG_HOME` where that is an absolute path, else
/// below `~/.config`.
pub fn policy_dir(environment: &dyn Fn(&str) -> Option<String>, home: &Path) -> PathBuf {
    let xdg = environment("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    xdg.unwrap_or_else(|| home.join(".config")).join("stockade")
}

/// What lies where jobs can write although it decides or records what they do.
pub fn exposed<'a>(paths: impl IntoIterator<Item = &'a Path>, workspace: &Workspace) -> Vec<Diagnostic> {
    paths.into_iter().filter_map(|path| exposure(path, workspace)).collect()
}

fn exposure(path: &Path, workspace: &Workspace) -> Option<Diagnostic> {
    let real = settle(path);
    // Either way round: a job that can write below the log's directory can plant streams there.
    let root = workspace.write.iter().find(|root| real.starts_with(root) || root.starts_with(&real))?;
    let (path, root, inside) = (path.display(), root.display(), real.starts_with(root));
    let message = if inside {
        format!("`{path}` lies in `{root}`, where jobs can write")
    } else {
        format!("`{path}` holds `{root}`, where jobs can write")
    };
    Some(
        Diagnostic::error(Code::FileExposed, message)
            .with_hint("start in the directory of the project, not above it; or move the file out of the workspace"),
    )
}

/// The path without links, as far as it exists.
pub fn settle(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    for existing in absolute.ancestors() {
        if let (Ok(real), Ok(rest)) = (existing.canonicalize(), absolute.strip_prefix(existing)) {
            // Joining an empty rest would add a slash.
            return if rest.as_os_str().is_empty() { real } else { real.join(rest) };
        }
    }
    absolute
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::symlink};

    use tempfile::TempDir;

    use super::*;

    fn workspace(root: &Path) -> Workspace {
        Workspace {
            roots: vec![root.into()],
            search_path: vec![],
            read: vec![],
            write: vec![root.into()],
            hide: vec![],
            protect: vec![],
            home: "/".into(),
            layers: Vec::new(),
        }
    }

    #[test]
    fn the_policy_decides_then_the_variable() {
        let xdg = |name: &str| (name == "XDG_STATE_HOME").then(|| "/state".to_owned());
        let home = Path::new("/home/u");
        assert_eq!(log_dir(Some("/var/log/x"), &xdg, home), Path::new("/var/log/x"));
        assert_eq!(log_dir(Some("~/log"), &xdg, home), Path::new("/home/u/log"));
        assert_eq!(log_dir(None, &xdg, home), Path::new("/state/stockade/audit"));
        let relative = |name: &str| (name == "XDG_STATE_HOME").then(|| "state".to_owned());
        assert!(log_dir(None, &relative, home).is_absolute());
    }

    #[test]
    fn policies_of_a_user_lie_in_the_configuration_directory() {
        let home = Path::new("/home/u");
        let xdg = |value: &'static str| move |name: &str| (name == "XDG_CONFIG_HOME").then(|| value.to_owned());
        assert_eq!(policy_dir(&xdg("/etc/xdg"), home), Path::new("/etc/xdg/stockade"));
        assert_eq!(policy_dir(&xdg("relative"), home), Path::new("/home/u/.config/stockade"));
        assert_eq!(policy_dir(&|_| None, home), Path::new("/home/u/.config/stockade"));
    }

    #[test]
    fn a_directory_around_a_writable_root_is_exposed() {
        let dir = TempDir::new().unwrap();
        let base = dir.path().canonicalize().unwrap();
        fs::create_dir_all(base.join("state/audit/work")).unwrap();
        let workspace = workspace(&base.join("state/audit/work"));
        assert_eq!(exposed([base.join("state/audit").as_path()], &workspace)[0].code, Code::FileExposed);
        assert_eq!(exposed([base.join("state/audit/other").as_path()], &workspace).len(), 0);
    }

    #[test]
    fn a_file_in_a_writable_root_is_exposed_by_every_road_to_it() {
        let dir = TempDir::new().unwrap();
        let base = dir.path().canonicalize().unwrap();
        fs::create_dir(base.join("work")).unwrap();
        symlink(base.join("work"), base.join("alias")).unwrap();
        let workspace = workspace(&base.join("work"));
        for inside in ["work/policy.toml", "work/not/yet/there", "alias/log", "work"] {
            assert_eq!(exposed([base.join(inside).as_path()], &workspace).len(), 1, "{inside}");
        }
        for outside in ["policy.toml", "workspace/x", "work-beside"] {
            assert_eq!(exposed([base.join(outside).as_path()], &workspace).len(), 0, "{outside}");
        }
    }
}
