//! Which of some names exist at this moment.

use std::{
    collections::BTreeSet,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustix::io::Errno;

use crate::{
    diagnostic::Code,
    model::{denial::Denial, workspace::Workspace},
};

/// The paths that exist, links resolved, each once and in order, and files that stand in the place of their directories.
///
/// Only what is surely absent is left out. A job that closes a directory of the workspace to everybody hides what lies in
/// it from us and can open it again later, so a name that cannot be looked up below a writable place is an error: the next
/// job would run without the protection. Elsewhere jobs can change no mode, and what this user cannot reach they cannot.
pub fn existing(paths: &[PathBuf], workspace: &Workspace) -> Result<Vec<PathBuf>, Denial> {
    let mut found = BTreeSet::new();
    for path in paths {
        match path.canonicalize() {
            Ok(real) if real.to_str().is_some() => {
                found.insert(real);
            }
            // No name in a policy leads to such a path, except through a link, and it cannot stand in a plan.
            Ok(real) => return Err(not_text(&real)),
            Err(error) if is_absence(&error) => found.extend(file_in_the_way(path)),
            Err(error) if is_below_writable(path, workspace) => return Err(unknown(path, &error)),
            Err(_) => {}
        }
    }
    Ok(found.into_iter().collect())
}

/// The workspace with what is hidden and protected as it exists now, links resolved, beside the names: what a path free of
/// links has to be judged by.
pub fn current(workspace: &Workspace) -> Result<Workspace, Denial> {
    let mut current = workspace.clone();
    current.hide.extend(existing(&workspace.hide, workspace)?);
    current.protect.extend(existing(&workspace.protect, workspace)?);
    Ok(current)
}

/// The places of layers without what one of them hides or protects by a link that leads there at this moment. A link that
/// came after the load would else be below what another layer names in the place that it leads to.
pub fn at_present(workspace: &Arc<Workspace>) -> Result<Arc<Workspace>, Denial> {
    if workspace.layers.is_empty() {
        return Ok(Arc::clone(workspace));
    }
    let now: Vec<_> = workspace.layers.iter().map(current).collect::<Result<_, _>>()?;
    Ok(Arc::new(workspace.with_layers(&now)))
}

/// A link that leads to itself leads nowhere for whoever comes after the job as well.
fn is_absence(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::NOENT | Errno::NOTDIR | Errno::LOOP))
}

/// The file that stands where a path goes on. In a worktree and in a submodule of Git `.git` is a file that names the
/// directory, and whoever can exchange it exchanges the hooks and settings that were named by the path.
fn file_in_the_way(path: &Path) -> Option<PathBuf> {
    let nearest = path.ancestors().skip(1).find_map(|part| part.canonicalize().ok())?;
    nearest.is_file().then_some(nearest).filter(|file| file.to_str().is_some())
}

/// Judged by the deepest part of the path that can be looked up.
fn is_below_writable(path: &Path, workspace: &Workspace) -> bool {
    path.ancestors().find_map(|part| part.canonicalize().ok()).is_none_or(|real| workspace.is_writable(&real))
}

fn not_text(path: &Path) -> Denial {
    Denial::new(Code::PathNotText, format!("the path `{}` is not valid UTF-8", path.display()))
        .with_hint("rename the file or directory")
}

fn unknown(path: &Path, error: &io::Error) -> Denial {
    let (path, kind) = (path.display(), error.kind());
    Denial::new(Code::FileUnreadable, format!("`{path}` is to be protected and cannot be looked up: {kind}"))
        .with_hint("make the directories around it accessible again")
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        os::unix::{
            ffi::OsStrExt as _,
            fs::{PermissionsExt as _, symlink},
        },
    };

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

    fn place() -> (TempDir, PathBuf, Workspace) {
        let dir = TempDir::new().unwrap();
        let base = dir.path().canonicalize().unwrap();
        let workspace = workspace(&base);
        (dir, base, workspace)
    }

    #[test]
    fn what_comes_into_being_is_found_the_next_time() {
        let (_dir, base, workspace) = place();
        let names = [base.join("secret"), base.join("link")];
        assert_eq!(existing(&names, &workspace).unwrap(), [""; 0].map(PathBuf::from));
        fs::write(base.join("secret"), "").unwrap();
        symlink("secret", base.join("link")).unwrap();
        assert_eq!(existing(&names, &workspace).unwrap(), [base.join("secret")]);
    }

    #[test]
    fn a_file_where_a_path_goes_on_counts_itself() {
        let (_dir, base, workspace) = place();
        fs::write(base.join(".git"), "gitdir: ../main/.git/worktrees/x").unwrap();
        let names = [base.join(".git/hooks"), base.join(".git/config"), base.join("absent/x")];
        assert_eq!(existing(&names, &workspace).unwrap(), [base.join(".git")]);
    }

    #[test]
    fn a_link_to_itself_is_nothing() {
        let (_dir, base, workspace) = place();
        symlink("loop", base.join("loop")).unwrap();
        assert_eq!(
            existing(&[base.join("loop"), base.join("loop/x")], &workspace).unwrap(),
            [""; 0].map(PathBuf::from)
        );
    }

    #[test]
    fn what_cannot_be_looked_up_is_an_error_where_jobs_can_write() {
        let (_dir, base, inside) = place();
        // Longer than a name can be, which fails for root too, whom no mode keeps out.
        let names = [base.join("x".repeat(300))];
        assert_eq!(existing(&names, &inside).unwrap_err().code, Code::FileUnreadable);
        let outside = workspace(&base.join("elsewhere"));
        assert_eq!(existing(&names, &outside).unwrap(), [""; 0].map(PathBuf::from));
    }

    #[test]
    fn a_closed_directory_does_not_hide_what_it_holds() {
        let (_dir, base, workspace) = place();
        fs::create_dir_all(base.join("closed/hooks")).unwrap();
        fs::set_permissions(base.join("closed"), fs::Permissions::from_mode(0o000)).unwrap();
        let found = existing(&[base.join("closed/hooks")], &workspace);
        fs::set_permissions(base.join("closed"), fs::Permissions::from_mode(0o755)).unwrap();
        // Root looks through the mode.
        assert!(found.is_err() || found.unwrap() == [base.join("closed/hooks")]);
    }

    #[test]
    fn what_a_layer_hides_by_a_new_link_is_not_shown_by_the_other() {
        let (_dir, base, _) = place();
        fs::create_dir_all(base.join("data/sub")).unwrap();
        let none = Workspace { write: vec![], ..workspace(&base) };
        let system = Workspace { read: vec![base.join("data")], hide: vec![base.join("link")], ..none.clone() };
        let project = Workspace { read: vec![base.join("data/sub")], ..none };
        let joined = Arc::new(Workspace::layered(system, project));
        assert_eq!(at_present(&joined).unwrap().read, [base.join("data/sub")]);
        symlink("data", base.join("link")).unwrap();
        assert!(at_present(&joined).unwrap().read.is_empty());
        let alone = Arc::new(workspace(&base));
        assert!(Arc::ptr_eq(&alone, &at_present(&alone).unwrap()));
    }

    #[test]
    fn a_link_to_a_name_that_is_no_text_is_an_error() {
        let (_dir, base, workspace) = place();
        let odd = base.join(std::ffi::OsStr::from_bytes(b"odd\xff"));
        fs::write(&odd, "").unwrap();
        symlink(&odd, base.join("link")).unwrap();
        assert_eq!(existing(&[base.join("link")], &workspace).unwrap_err().code, Code::PathNotText);
    }
}
