//! Landlock: which files a job may use, no TCP to what is not its own, no signal and no abstract socket out of the job
//! (landlock(7)).
//!
//! The mounts decide what there is; this decides, a second time and by another part of the kernel, what may be done with
//! it. It also holds where there are no mounts. Every rule is a hard requirement: the crate's default, which drops what
//! the kernel does not know, is never used.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
};

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible as _, PathBeneath, Ruleset,
    RulesetAttr as _, RulesetCreated, RulesetCreatedAttr as _, RulesetStatus, Scope,
};

use crate::{model::enforcement::Level, sys::landlock::abi_version};

use super::{
    mounts::{self, DEVICES},
    step::{At as _, Failure},
    wire::Files,
};

/// How much of the layer a kernel with that ABI gives. All that this program relies on came with version 6.
pub(super) fn level(version: u32) -> Level {
    const ADDED: [(u32, &str); 5] = [
        (2, "renames between directories"),
        (3, "truncation"),
        (4, "TCP ports"),
        (5, "device ioctls"),
        (6, "signals and abstract sockets out of the job"),
    ];
    let missing: Vec<&str> = ADDED.iter().filter(|(since, _)| version < *since).map(|(_, what)| *what).collect();
    if version == 0 {
        Level::None("the kernel has no Landlock, or it is switched off".into())
    } else if missing.is_empty() {
        Level::Full
    } else {
        Level::Partial(format!("version {version} does not cover {}", missing.join(", ")))
    }
}

/// Where the job's private places are its own mounts, and where they are everybody's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum View {
    /// The job has mounts of its own.
    Own,
    /// The job sees the host's files, /tmp and all.
    Shared,
}

/// Whether TCP ports can be bound and connected to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ports {
    /// None.
    Closed,
    /// All of them: they belong to a network that is the job's own.
    Own,
}

/// Restricts the calling process for good. Must come after the mounts, which are refused from then on, and after all
/// descriptors that the job may not open itself are open.
pub(super) fn restrict(files: &Files, view: View, ports: Ports) -> Result<(), Failure> {
    let abi = abi()?;
    let mut rules = ruleset(abi, ports)?;
    for (path, reach) in readable(files)? {
        let access = match reach {
            Reach::All => AccessFs::from_read(abi),
            Reach::Names => AccessFs::ReadDir.into(),
        };
        rules = allow(rules, abi, &path, access)?;
    }
    for path in &files.write {
        rules = allow(rules, abi, path, writable(abi))?;
    }
    if view == View::Own {
        for path in mounts::private_places() {
            rules = allow(rules, abi, &path, writable(abi))?;
        }
        rules = allow(rules, abi, Path::new("/dev"), AccessFs::ReadDir.into())?;
    }
    for path in DEVICES.iter().map(Path::new).filter(|path| path.exists()) {
        rules = allow(rules, abi, path, AccessFs::ReadFile | AccessFs::WriteFile)?;
    }
    rules = allow(rules, abi, Path::new("/proc"), AccessFs::ReadFile | AccessFs::ReadDir)?;
    let status = rules.restrict_self().map_err(|error| refused("enforce", &error))?;
    if status.ruleset == RulesetStatus::FullyEnforced && status.no_new_privs {
        Ok(())
    } else {
        Err(Failure::new("landlock enforce", "the kernel did not enforce all of it"))
    }
}

/// What this kernel offers, as far as the crate knows it.
fn abi() -> Result<ABI, Failure> {
    let version = abi_version().at("landlock version")?;
    Ok(ABI::from(i32::try_from(version).unwrap_or(i32::MAX)))
}

fn ruleset(abi: ABI, ports: Ports) -> Result<RulesetCreated, Failure> {
    let mut rules = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(abi))
        .map_err(|error| refused("handle files", &error))?;
    if abi >= ABI::V4 && ports == Ports::Closed {
        // Handled and never granted. Rules name one port each, so all of them are granted by not handling any.
        let ports = AccessNet::BindTcp | AccessNet::ConnectTcp;
        rules = rules.handle_access(ports).map_err(|error| refused("handle TCP", &error))?;
    }
    if abi >= ABI::V6 {
        let scopes = Scope::Signal | Scope::AbstractUnixSocket;
        rules = rules.scope(scopes).map_err(|error| refused("handle scopes", &error))?;
    }
    rules.create().map_err(|error| refused("create the ruleset", &error))
}

/// How much of a readable place is granted by one rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// Everything in it.
    All,
    /// Its names. What may be read in it has rules of its own.
    Names,
}

/// The readable places, those with a hidden place inside taken apart around it.
///
/// A mount hides a name only until somebody outside puts another file there, as whoever saves by renaming does: then the
/// mount is gone (rename(2)), and the new file would be open to a job that runs by then. It has no rule, so it is not.
fn readable(files: &Files) -> Result<Vec<(PathBuf, Reach)>, Failure> {
    let mut found = Vec::new();
    let mut left = files.read.clone();
    while let Some(path) = left.pop() {
        let holds_hidden = files.hide.iter().any(|hidden| *hidden != path && hidden.starts_with(&path));
        // Where a job may write no rule can be kept back.
        if !holds_hidden || files.write.iter().any(|place| path.starts_with(place)) {
            found.push((path, Reach::All));
            continue;
        }
        for entry in fs::read_dir(&path).at_thing("landlock list", path.display())? {
            let entry = entry.at_thing("landlock list", path.display())?;
            let link = entry.file_type().at_thing("landlock list", path.display())?.is_symlink();
            if !link && !files.hide.contains(&entry.path()) {
                left.push(entry.path());
            }
        }
        found.push((path, Reach::Names));
    }
    Ok(found)
}

/// All but making and driving devices, which nobody needs in a workspace.
fn writable(abi: ABI) -> BitFlags<AccessFs> {
    AccessFs::from_all(abi) & !(AccessFs::MakeChar | AccessFs::MakeBlock | AccessFs::IoctlDev)
}

fn allow(rules: RulesetCreated, abi: ABI, path: &Path, access: BitFlags<AccessFs>) -> Result<RulesetCreated, Failure> {
    let at = mounts::open(path).at_thing("landlock open", path.display())?;
    let mode = rustix::fs::fstat(&at).at_thing("landlock open", path.display())?.st_mode;
    // The kernel refuses rights that only a directory has for a file; that must not lose the whole rule.
    let access =
        if rustix::fs::FileType::from_raw_mode(mode).is_dir() { access } else { access & AccessFs::from_file(abi) };
    rules.add_rule(PathBeneath::new(at, access)).map_err(|error| refused(&format!("allow {}", path.display()), &error))
}

fn refused(what: &str, error: &impl fmt::Display) -> Failure {
    Failure::new(format!("landlock {what}"), error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_level_follows_the_version() {
        assert!(matches!(level(0), Level::None(_)));
        assert!(matches!(level(1), Level::Partial(text) if text.contains("renames") && text.contains("signals")));
        assert!(matches!(level(5), Level::Partial(text) if !text.contains("ioctls") && text.contains("signals")));
        assert_eq!(level(6), Level::Full);
        assert_eq!(level(99), Level::Full);
    }

    #[test]
    fn a_readable_place_is_taken_apart_around_what_it_hides() {
        let dir = tempfile::tempdir().unwrap();
        let base = dir.path().canonicalize().unwrap();
        fs::create_dir_all(base.join("a/b")).unwrap();
        for name in ["a/b/key", "a/b/note", "a/file"] {
            fs::write(base.join(name), "").unwrap();
        }
        std::os::unix::fs::symlink("file", base.join("a/link")).unwrap();
        let mut files =
            Files { read: vec![base.clone(), "/usr".into()], hide: vec![base.join("a/b/key")], ..Files::default() };
        let mut found = readable(&files).unwrap();
        found.sort_by(|(a, _), (b, _)| a.cmp(b));
        let mut want = vec![
            (base.clone(), Reach::Names),
            (base.join("a"), Reach::Names),
            (base.join("a/b"), Reach::Names),
            (base.join("a/b/note"), Reach::All),
            (base.join("a/file"), Reach::All),
            ("/usr".into(), Reach::All),
        ];
        want.sort_by(|(a, _), (b, _)| a.cmp(b));
        assert_eq!(found, want);
        files.write = vec![base.clone()];
        assert!(readable(&files).unwrap().contains(&(base, Reach::All)));
    }

    #[test]
    fn writable_places_give_no_devices_at_any_version() {
        for version in 1..=9 {
            let access = writable(ABI::from(version));
            assert!(!access.intersects(AccessFs::MakeChar | AccessFs::MakeBlock | AccessFs::IoctlDev), "{version}");
            assert!(access.contains(AccessFs::WriteFile | AccessFs::Execute), "{version}");
        }
    }
}
