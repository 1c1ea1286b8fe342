//! The directory of the audit log: whether a server could write there, without writing.

use std::{io, path::Path};

use rustix::fs::{Access, access};

use crate::{
    config::secure::{open_directory, trusts_way},
    diagnostic::{Code, Diagnostic},
    sandbox::words,
};

/// Why a server could not keep its log in a directory. It is made when it is not there.
pub fn log_problem(dir: &Path) -> Option<Diagnostic> {
    let usable = match dir.try_exists() {
        Ok(true) => open_directory(dir).map(|_| ()),
        Ok(false) | Err(_) => trusts_way(dir),
    };
    if let Err(insecure) = usable {
        return Some(insecure.into());
    }
    let nearest = dir.ancestors().find(|step| step.exists())?;
    let error: io::Error = access(nearest, Access::WRITE_OK | Access::EXEC_OK).err()?.into();
    let message = format!("the log in `{}` cannot be written: {}", dir.display(), words(&error));
    let hint = "give this user the directory, or name another by `[audit] dir` or XDG_STATE_HOME";
    Some(Diagnostic::error(Code::AuditUnavailable, message).with_hint(hint))
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use super::*;

    #[test]
    fn a_directory_of_ones_own_will_do_whether_it_is_there_or_not() {
        let place = tempfile::tempdir().unwrap();
        assert_eq!(log_problem(&place.path().join("a/b")), None);
        assert!(!place.path().join("a").exists());
        assert_eq!(log_problem(place.path()), None);
    }

    #[test]
    fn one_that_others_can_write_is_refused_and_so_is_a_place_where_nothing_can_be_made() {
        let place = tempfile::tempdir().unwrap();
        fs::set_permissions(place.path(), fs::Permissions::from_mode(0o777)).unwrap();
        assert_eq!(log_problem(place.path()).unwrap().code, Code::FileWritable);
        assert_eq!(log_problem(Path::new("/proc/sys/log")).unwrap().code, Code::AuditUnavailable);
    }
}
