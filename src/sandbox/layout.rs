//! A job's file system as an ordered list of places. Pure: paths go in, places come out.
//!
//! The root is made read-only as a whole, and places are then put on top of it, shallow ones first, so that the more
//! specific always wins. Where two say something about the same path, the order of [`Kind`] decides.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use super::{step::Failure, wire::Files};

/// What is put at a path. Where two kinds meet at one path the greater one stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// The original, read-only, where something shallower covers it.
    Read,
    /// An empty private tmpfs of limited size.
    Tmp,
    /// The original, writable, as a mount of its own: what is a mount point cannot be renamed, so that a protected place
    /// below cannot be moved aside together with its parent.
    Pin,
    /// The original, writable.
    Write,
    /// The original, read-only inside a writable place.
    Protect,
    /// One device node.
    Device,
    /// A small /dev that holds nothing but what is put into it.
    Dev,
    /// The processes of the job and nobody else's.
    Proc,
    /// Nothing: an empty directory or file that cannot be opened.
    Hide,
}

impl Kind {
    /// Whether the kind shows the files that lie there outside the sandbox.
    pub(super) fn is_original(self) -> bool {
        match self {
            Self::Read | Self::Pin | Self::Write | Self::Protect | Self::Device => true,
            Self::Tmp | Self::Dev | Self::Proc | Self::Hide => false,
        }
    }

    /// Whether mount points for deeper places have to be made, because the place starts empty.
    fn starts_empty(self) -> bool {
        match self {
            Self::Tmp | Self::Dev | Self::Hide => true,
            Self::Read | Self::Pin | Self::Write | Self::Protect | Self::Device | Self::Proc => false,
        }
    }
}

/// One place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Absolute and free of links.
    pub(super) path: PathBuf,
    /// What is put there.
    pub(super) kind: Kind,
    /// The empty place around it, in which a mount point has to be made first.
    pub(super) inside: Option<PathBuf>,
    /// Whether deeper places follow, so that one must be able to pass through.
    pub(super) passage: bool,
}

/// The places for a plan, shallow ones first. `own` are the places that every job gets.
pub(super) fn layout(files: &Files, own: &[(PathBuf, Kind)]) -> Result<Vec<Place>, Failure> {
    let mut kinds: BTreeMap<&Path, Kind> = BTreeMap::new();
    // Each list only matters within what the ones before it have made, which is why they come in this order.
    let lists = [
        (&files.hide, Kind::Hide),
        (&files.write, Kind::Write),
        (&files.read, Kind::Read),
        (&files.protect, Kind::Protect),
    ];
    let asked = lists.iter().flat_map(|(paths, kind)| paths.iter().map(|path| (path, *kind)));
    for (path, kind) in own.iter().map(|(path, kind)| (path, *kind)).chain(asked) {
        place(&mut kinds, path, kind)?;
    }
    Ok(order(&with_pins(&without_idle(kinds))))
}

/// Fails when the plan asks for something that only mounts can do: hiding what lies in a readable place, or protecting what
/// lies in a writable one. Landlock cannot take away inside what it grants (landlock(7)).
pub(super) fn without_mounts(files: &Files) -> Result<(), Failure> {
    let lies_in = |path: &Path, places: &[PathBuf]| places.iter().any(|place| path.starts_with(place));
    let exposed = files.hide.iter().find(|path| lies_in(path, &files.read) || lies_in(path, &files.write));
    let unprotected = files.protect.iter().find(|path| lies_in(path, &files.write));
    for (verb, path) in [("hide", exposed), ("protect", unprotected)] {
        if let Some(path) = path {
            return Err(Failure::new(
                format!("{verb} {}", path.display()),
                "needs a mount namespace, and there is none",
            ));
        }
    }
    Ok(())
}

fn place<'a>(kinds: &mut BTreeMap<&'a Path, Kind>, path: &'a Path, kind: Kind) -> Result<(), Failure> {
    if !path.is_absolute() || path.components().any(|part| part == std::path::Component::ParentDir) {
        return Err(Failure::new(format!("lay out {}", path.display()), "not an absolute path free of `..`"));
    }
    if path.parent().is_none() {
        return match kind {
            // The root is readable anyway; Landlock decides about what lies in it. It is never writable, so a link to it that
            // a job leaves under a protected name must not keep the next job from starting.
            Kind::Read | Kind::Protect => Ok(()),
            Kind::Tmp | Kind::Pin | Kind::Write | Kind::Device | Kind::Dev | Kind::Proc | Kind::Hide => {
                Err(Failure::new("lay out /", "the root can only be read"))
            }
        };
    }
    let around = nearest(kinds, path).map(|(_, kind)| kind);
    let wanted = match kind {
        // Outside a covered place the original is there already, and inside a writable one writing is wanted.
        Kind::Read => around.is_some_and(|kind| !kind.is_original()),
        // What is not writable needs no protection.
        Kind::Protect => around == Some(Kind::Write) || kinds.get(path) == Some(&Kind::Write),
        Kind::Tmp | Kind::Pin | Kind::Write | Kind::Device | Kind::Dev | Kind::Proc | Kind::Hide => true,
    };
    if wanted {
        let entry = kinds.entry(path).or_insert(kind);
        *entry = kind.max(*entry);
    }
    Ok(())
}

/// Takes out what hides something in a hidden place. Only now, because what is put back in between came later.
fn without_idle(kinds: BTreeMap<&Path, Kind>) -> BTreeMap<&Path, Kind> {
    let hidden = |path: &Path| nearest(&kinds, path).is_some_and(|(_, around)| around == Kind::Hide);
    kinds
        .iter()
        .filter(|(path, kind)| **kind != Kind::Hide || !hidden(path))
        .map(|(path, kind)| (*path, *kind))
        .collect()
}

/// Adds the directories between each protected place and the writable one around it. Around one that is writable itself, or
/// lies in a protected one, nothing is: a pin there would make writable what is not.
fn with_pins<'a>(kinds: &BTreeMap<&'a Path, Kind>) -> BTreeMap<&'a Path, Kind> {
    let mut all = kinds.clone();
    for (path, kind) in kinds {
        if *kind == Kind::Protect
            && let Some((around, Kind::Write)) = nearest(kinds, path)
        {
            for parent in path.ancestors().skip(1).take_while(|parent| *parent != around) {
                all.entry(parent).or_insert(Kind::Pin);
            }
        }
    }
    all
}

fn order(kinds: &BTreeMap<&Path, Kind>) -> Vec<Place> {
    let mut places: Vec<Place> = kinds
        .iter()
        .map(|(path, kind)| Place {
            path: path.to_path_buf(),
            kind: *kind,
            inside: nearest(kinds, path).filter(|(_, kind)| kind.starts_empty()).map(|(path, _)| path.to_path_buf()),
            passage: kinds.keys().any(|other| other != path && other.starts_with(path)),
        })
        .collect();
    places.sort_by_key(|place| place.path.components().count());
    places
}

/// The deepest place that a path lies in, the path's own not counted.
fn nearest<'a>(kinds: &BTreeMap<&'a Path, Kind>, path: &Path) -> Option<(&'a Path, Kind)> {
    path.ancestors().skip(1).find_map(|parent| kinds.get_key_value(parent)).map(|(path, kind)| (*path, *kind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::workspace::Reach;

    fn paths(list: &[&str]) -> Vec<PathBuf> {
        list.iter().map(PathBuf::from).collect()
    }

    fn own() -> Vec<(PathBuf, Kind)> {
        [
            ("/proc", Kind::Proc),
            ("/dev", Kind::Dev),
            ("/dev/null", Kind::Device),
            ("/tmp", Kind::Tmp),
            ("/run", Kind::Hide),
        ]
        .map(|(path, kind)| (PathBuf::from(path), kind))
        .to_vec()
    }

    fn files(read: &[&str], write: &[&str], hide: &[&str], protect: &[&str]) -> Files {
        Files { read: paths(read), write: paths(write), hide: paths(hide), protect: paths(protect), tmp: 0 }
    }

    fn kind_at(files: &Files, path: &str) -> Option<Kind> {
        let places = layout(files, &own()).unwrap();
        places.into_iter().find(|place| place.path == Path::new(path)).map(|place| place.kind)
    }

    #[test]
    fn shallow_places_come_before_deep_ones() {
        let places = layout(&files(&[], &["/tmp/a/ws", "/ws"], &["/ws/x/y"], &[]), &own()).unwrap();
        let depths: Vec<_> = places.iter().map(|place| place.path.components().count()).collect();
        assert!(depths.is_sorted(), "{places:?}");
    }

    #[test]
    fn a_workspace_in_a_covered_place_is_put_back() {
        let places = layout(&files(&[], &["/tmp/a/ws"], &[], &[]), &own()).unwrap();
        let ws = places.iter().find(|place| place.path == Path::new("/tmp/a/ws")).unwrap();
        assert_eq!((ws.kind, ws.inside.as_deref()), (Kind::Write, Some(Path::new("/tmp"))));
    }

    #[test]
    fn what_is_readable_is_only_put_back_where_it_is_covered() {
        let plan = files(&["/usr", "/tmp/tools", "/ws/docs"], &["/ws"], &[], &[]);
        assert_eq!(kind_at(&plan, "/usr"), None);
        assert_eq!(kind_at(&plan, "/tmp/tools"), Some(Kind::Read));
        assert_eq!(kind_at(&plan, "/ws/docs"), None);
    }

    #[test]
    fn a_readable_place_that_is_covered_itself_stays_covered() {
        let plan = files(&["/proc", "/dev", "/tmp", "/run"], &[], &[], &[]);
        for (path, kind) in [("/proc", Kind::Proc), ("/dev", Kind::Dev), ("/tmp", Kind::Tmp), ("/run", Kind::Hide)] {
            assert_eq!(kind_at(&plan, path), Some(kind), "{path}");
        }
    }

    #[test]
    fn hide_beats_write_at_one_path_and_the_deeper_wins_otherwise() {
        assert_eq!(kind_at(&files(&[], &["/ws"], &["/ws"], &[]), "/ws"), Some(Kind::Hide));
        let nested = files(&[], &["/home/u/ws"], &["/home/u", "/home/u/ws/secret"], &[]);
        assert_eq!(kind_at(&nested, "/home/u"), Some(Kind::Hide));
        assert_eq!(kind_at(&nested, "/home/u/ws"), Some(Kind::Write));
        assert_eq!(kind_at(&nested, "/home/u/ws/secret"), Some(Kind::Hide));
    }

    #[test]
    fn a_hidden_place_in_a_hidden_place_is_hidden_once_and_what_is_put_back_between_counts() {
        let plan = files(&["/home/u/tools"], &[], &["/home/u", "/home/u/.ssh", "/home/u/tools/key"], &[]);
        assert_eq!(kind_at(&plan, "/home/u/.ssh"), None);
        assert_eq!(kind_at(&plan, "/home/u/tools"), Some(Kind::Read));
        assert_eq!(kind_at(&plan, "/home/u/tools/key"), Some(Kind::Hide));
    }

    #[test]
    fn the_kernels_own_places_are_never_the_hosts() {
        let plan = files(&[], &["/proc", "/dev"], &[], &[]);
        assert_eq!(kind_at(&plan, "/proc"), Some(Kind::Proc));
        assert_eq!(kind_at(&plan, "/dev"), Some(Kind::Dev));
    }

    #[test]
    fn the_parents_of_a_protected_place_are_pinned_up_to_the_writable_one() {
        let plan = files(&[], &["/ws"], &[], &["/ws/a/.git/hooks"]);
        assert_eq!(kind_at(&plan, "/ws/a/.git/hooks"), Some(Kind::Protect));
        assert_eq!(kind_at(&plan, "/ws/a/.git"), Some(Kind::Pin));
        assert_eq!(kind_at(&plan, "/ws/a"), Some(Kind::Pin));
        assert_eq!(kind_at(&plan, "/ws"), Some(Kind::Write));
    }

    /// Links under protected names can lead anywhere in the workspace, and to it.
    #[test]
    fn nothing_is_pinned_outside_a_writable_place() {
        let itself = files(&[], &["/home/u/ws"], &[], &["/home/u/ws", "/home/u/ws/.git/hooks"]);
        let kinds = ["/home", "/home/u", "/home/u/ws", "/home/u/ws/.git", "/home/u/ws/.git/hooks"];
        assert_eq!(kinds.map(|path| kind_at(&itself, path)), [None, None, Some(Kind::Protect), None, None]);
        let covered = files(&[], &["/tmp/a/ws"], &[], &["/tmp/a/ws"]);
        assert_eq!(kind_at(&covered, "/tmp/a"), None);
        let nested = files(&[], &["/ws"], &[], &["/ws/a/b/c", "/ws/a"]);
        assert_eq!(["/ws/a", "/ws/a/b"].map(|path| kind_at(&nested, path)), [Some(Kind::Protect), None]);
        let two = files(&[], &["/ws", "/ws/a/in"], &[], &["/ws/a/in", "/ws/a/in/x/y"]);
        assert_eq!(
            ["/ws/a", "/ws/a/in", "/ws/a/in/x"].map(|path| kind_at(&two, path)),
            [Some(Kind::Pin), Some(Kind::Protect), None]
        );
    }

    #[test]
    fn what_cannot_be_written_needs_no_protection() {
        let plan = files(&[], &["/ws"], &["/ws/hidden"], &["/etc/x", "/ws/hidden/x"]);
        assert_eq!(kind_at(&plan, "/etc/x"), None);
        assert_eq!(kind_at(&plan, "/ws/hidden/x"), None);
    }

    #[test]
    fn a_place_with_deeper_ones_can_be_passed_through() {
        let places = layout(&files(&[], &["/home/u/ws"], &["/home/u"], &[]), &own()).unwrap();
        let passage = |path: &str| places.iter().find(|place| place.path == Path::new(path)).unwrap().passage;
        assert!(passage("/home/u"));
        assert!(!passage("/home/u/ws"));
        assert!(!passage("/run"));
    }

    #[test]
    fn what_only_mounts_can_do_fails_without_them() {
        assert!(without_mounts(&files(&["/usr"], &["/ws"], &["/home/u/.ssh", "/run"], &["/etc/x"])).is_ok());
        assert!(without_mounts(&files(&["/home/u"], &[], &["/home/u/.ssh"], &[])).is_err());
        assert!(without_mounts(&files(&[], &["/ws"], &["/ws"], &[])).is_err());
        assert!(without_mounts(&files(&[], &["/ws"], &[], &["/ws/.git/hooks"])).is_err());
    }

    #[test]
    fn the_root_and_paths_that_climb_are_refused() {
        assert!(layout(&files(&[], &["/"], &[], &[]), &own()).is_err());
        assert!(layout(&files(&[], &[], &["/"], &[]), &own()).is_err());
        assert!(layout(&files(&[], &["/ws/../etc"], &[], &[]), &own()).is_err());
        assert!(layout(&files(&["etc"], &[], &[], &[]), &own()).is_err());
        assert!(layout(&files(&["/"], &[], &[], &[]), &own()).is_ok());
        assert!(layout(&files(&[], &["/ws"], &[], &["/"]), &own()).is_ok());
    }

    /// What a job can do at a path by the places that were laid out, and by what Landlock grants beside them.
    fn can(places: &[Place], files: &Files, path: &Path) -> Reach {
        let at = |path: &Path| places.iter().find(|place| place.path == path).map(|place| place.kind);
        match path.ancestors().find_map(at) {
            Some(Kind::Hide | Kind::Dev) => Reach::Nothing,
            Some(Kind::Device | Kind::Write | Kind::Pin | Kind::Tmp) => Reach::Write,
            Some(Kind::Proc | Kind::Read | Kind::Protect) => Reach::Read,
            None if files.read.iter().any(|place| path.starts_with(place)) => Reach::Read,
            None => Reach::Nothing,
        }
    }

    /// What the first judgement says of a path is never more than what the job then has.
    #[test]
    fn no_judgement_promises_more_than_there_is() {
        let pool = [
            "/tmp",
            "/tmp/a",
            "/tmp/a/b",
            "/ws",
            "/ws/a",
            "/ws/a/b",
            "/ws/c",
            "/usr",
            "/usr/x",
            "/proc",
            "/proc/x",
            "/dev",
            "/dev/null",
            "/dev/shm",
            "/dev/shm/x",
            "/run",
            "/run/x",
            "/var/tmp/x",
            "/home/u",
            "/home/u/k",
        ];
        let probes: Vec<PathBuf> = pool
            .iter()
            .flat_map(|path| [PathBuf::from(path), Path::new(path).join("z"), Path::new(path).join("a")])
            .filter(|path| {
                !path.starts_with("/dev/null/") && path != Path::new("/dev/null/z") && path != Path::new("/dev/null/a")
            })
            .collect();
        let mut own = own();
        own.extend([("/dev/shm", Kind::Tmp), ("/var/tmp", Kind::Tmp)].map(|(path, kind)| (PathBuf::from(path), kind)));
        let mut state = 7_u64;
        let mut next = || {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 33) as usize
        };
        let (mut exact, mut less) = (0, 0);
        for _ in 0..1_000 {
            let mut pick = |most: usize| -> Vec<PathBuf> {
                let n = next() % (most + 1);
                (0..n).map(|_| PathBuf::from(pool[next() % pool.len()])).collect()
            };
            let files = Files { read: pick(3), write: pick(3), hide: pick(2), protect: pick(2), tmp: 0 };
            let mut all = own.clone();
            for top in ["/ws", "/usr", "/home", "/var"] {
                let top = PathBuf::from(top);
                if !files.read.iter().chain(&files.write).any(|place| top.starts_with(place)) {
                    all.push((top, Kind::Hide));
                }
            }
            let places = layout(&files, &all).unwrap();
            let workspace = crate::model::workspace::Workspace {
                roots: vec![],
                search_path: vec![],
                read: files.read.clone(),
                write: files.write.clone(),
                hide: files.hide.clone(),
                protect: files.protect.clone(),
                home: "/".into(),
                layers: Vec::new(),
            };
            for path in &probes {
                let (said, is) = (workspace.reach(path), can(&places, &files, path));
                assert!(said <= is, "{path:?}: said {said:?}, is {is:?} in {files:?}");
                *if said == is { &mut exact } else { &mut less } += 1;
            }
            for pin in places.iter().filter(|place| place.kind == Kind::Pin) {
                let around = |place: &&PathBuf| pin.path.starts_with(place) && pin.path != **place;
                assert!(files.write.iter().any(|place| around(&place)), "{pin:?} in {files:?}");
            }
        }
        assert!(less * 20 < exact, "a promise of nothing would hold as well: {less} of {exact} are less");
    }
}
