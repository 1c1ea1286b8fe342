//! Where a script starts.

use std::{
    os::fd::OwnedFd,
    path::{Path, PathBuf},
};

use rustix::fs::{Mode, OFlags, open};

use crate::{
    diagnostic::Code,
    model::{denial::Denial, workspace::Workspace},
};

use super::opened::{may_execute, real_path, words};

/// The directory in which a script starts.
#[derive(Debug)]
pub struct Start {
    /// Its absolute path, links resolved. It is text.
    pub path: PathBuf,
    pub(super) fd: OwnedFd,
}

/// Opens the working directory. Without one it is the first workspace root; a relative one starts there.
pub fn start(workspace: &Workspace, asked: Option<&Path>) -> Result<Start, Denial> {
    let first =
        workspace.roots.first().ok_or_else(|| Denial::new(Code::CwdUnusable, "the policy has no workspace root"))?;
    let path = asked.map_or_else(|| first.clone(), |asked| first.join(asked));
    let unusable = |why: &str| {
        Denial::new(Code::CwdUnusable, format!("the working directory `{}` cannot be used: {why}", path.display()))
            .with_hint(format!("name an existing directory inside {}", roots(workspace)))
    };
    let fd = open(&path, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
        .map_err(|errno| unusable(&words(errno)))?;
    let real = real_path(&fd)?;
    if !workspace.contains(&real) {
        return Err(Denial::new(
            Code::CwdOutside,
            format!("the working directory `{}` lies outside the workspace", real.display()),
        )
        .with_hint(format!("start inside {}", roots(workspace))));
    }
    may_execute(&fd).map_err(|errno| unusable(&words(errno)))?;
    Ok(Start { path: real, fd })
}

fn roots(workspace: &Workspace) -> String {
    workspace.roots.iter().map(|root| format!("`{}`", root.display())).collect::<Vec<_>>().join(" or ")
}
