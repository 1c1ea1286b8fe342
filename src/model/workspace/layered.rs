//! The places of two policies that hold together: what both of them let jobs reach.
//!
//! Lists of places cannot be cut with each other by their paths alone. A path of one policy may lie in what the other one
//! hides, or in a place that jobs of the other one have for themselves, where the host's files are not seen. So each path that
//! either of them names is held against all that both say about it.

use std::path::{Path, PathBuf};

use super::{Cover, Reach, Workspace};

impl Workspace {
    /// The places of the system's policy with another policy under it. Programs are looked up where the system's policy says.
    /// There are no roots when none of one policy lies in one of the other.
    pub fn layered(system: Self, project: Self) -> Self {
        let roots = common_roots(&system.roots, &project.roots);
        let candidates = |lists: [&Vec<PathBuf>; 2]| union(lists.into_iter().flatten().cloned());
        let mut joined = Self {
            search_path: system.search_path.clone(),
            read: candidates([&system.read, &project.read]),
            write: candidates([&system.write, &project.write]),
            hide: candidates([&system.hide, &project.hide]),
            protect: protect(&roots, [&system, &project]),
            home: system.home.clone(),
            roots,
            layers: Vec::new(),
        };
        joined.keep_common(&[system.clone(), project.clone()]);
        joined.layers = vec![system, project];
        joined
    }

    /// The same places, without what one of the layers does not let jobs reach now that more is known of what it hides and
    /// protects. The layers are in their order.
    #[must_use]
    pub fn with_layers(&self, now: &[Self]) -> Self {
        let mut places = self.clone();
        places.keep_common(now);
        places
    }

    /// Takes out what does not reach the host's files in each of the layers. What only some of them let jobs write is read.
    fn keep_common(&mut self, layers: &[Self]) {
        let common = |path: &Path| layers.iter().map(|layer| layer.reach_of_host(path)).min().unwrap_or(Reach::Nothing);
        let (written, read): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.write).into_iter().partition(|path| common(path) == Reach::Write);
        self.write = written;
        self.read.extend(read);
        self.read.retain(|path| common(path) >= Reach::Read);
        self.read = union(std::mem::take(&mut self.read));
    }

    /// How far jobs reach at the file that lies there outside the sandbox. What they have for themselves is another one.
    fn reach_of_host(&self, path: &Path) -> Reach {
        match self.cover(path) {
            Cover::Original(reach) => reach,
            Cover::Own(_) => Reach::Nothing,
        }
    }
}

/// What lies in a root of each. The order is the project's, whose jobs start in the first one.
fn common_roots(system: &[PathBuf], project: &[PathBuf]) -> Vec<PathBuf> {
    let deeper = |one: &PathBuf, other: &PathBuf| match (one.starts_with(other), other.starts_with(one)) {
        (true, _) => Some(one.clone()),
        (false, true) => Some(other.clone()),
        (false, false) => None,
    };
    let pairs = project.iter().flat_map(|one| system.iter().filter_map(move |other| deeper(one, other)));
    let mut roots: Vec<PathBuf> = Vec::new();
    pairs.for_each(|root| {
        if !roots.contains(&root) {
            roots.push(root);
        }
    });
    roots
}

/// What either protects, and below each common root what either protects below a root of its own: `.git/hooks` of the
/// system's policy is meant for the project's directory as well. A place that jobs of one of them have for themselves stays
/// theirs: to protect it would show them what lies there outside.
fn protect(roots: &[PathBuf], layers: [&Workspace; 2]) -> Vec<PathBuf> {
    let own = layers.into_iter().flat_map(|layer| layer.protect.iter().cloned());
    let names = layers.into_iter().flat_map(|layer| {
        layer.protect.iter().flat_map(|path| layer.roots.iter().filter_map(move |root| path.strip_prefix(root).ok()))
    });
    let names = names.filter(|name| !name.as_os_str().is_empty());
    let below = names.flat_map(|name| roots.iter().map(move |root| root.join(name)));
    union(own.chain(below).filter(|path| !layers.iter().any(|layer| layer.is_own(path))))
}

/// Each path once, shallow ones before what lies in them.
fn union(paths: impl IntoIterator<Item = PathBuf>) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = paths.into_iter().collect();
    paths.sort();
    paths.dedup();
    paths
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn paths(list: &[&str]) -> Vec<PathBuf> {
        list.iter().map(PathBuf::from).collect()
    }

    fn places(roots: &[&str], read: &[&str], write: &[&str], hide: &[&str], protect: &[&str]) -> Workspace {
        Workspace {
            roots: paths(roots),
            search_path: paths(&[if roots.is_empty() { "/bin" } else { "/usr/bin" }]),
            read: paths(read),
            write: paths(write),
            hide: paths(hide),
            protect: paths(protect),
            home: "/home/u".into(),
            layers: Vec::new(),
        }
    }

    #[test]
    fn roots_are_what_lies_in_a_root_of_each_in_the_order_of_the_project() {
        for (system, project, common) in [
            (&["/srv"][..], &["/srv/b", "/srv/a"][..], &["/srv/b", "/srv/a"][..]),
            (&["/srv/a", "/srv/b"], &["/srv"], &["/srv/a", "/srv/b"]),
            (&["/srv/a", "/home"], &["/srv/a/x", "/srv/b"], &["/srv/a/x"]),
            (&["/srv/a"], &["/srv/ab"], &[]),
            (&["/a"], &["/a"], &["/a"]),
        ] {
            let [system, project] = [system, project].map(|roots| places(roots, &[], &[], &[], &[]));
            assert_eq!(Workspace::layered(system, project).roots, paths(common));
        }
    }

    #[test]
    fn programs_are_looked_up_where_the_system_says() {
        let [system, project] = [&["/srv"][..], &[]].map(|roots| places(roots, &[], &[], &[], &[]));
        assert_eq!(Workspace::layered(system.clone(), project.clone()).search_path, paths(&["/usr/bin"]));
        assert_eq!(Workspace::layered(project, system).search_path, paths(&["/bin"]));
    }

    #[test]
    fn what_one_of_them_hides_is_not_shown_by_a_deeper_path_of_the_other() {
        let system = places(&[], &["/home/u"], &[], &["/home/u/secret"], &[]);
        let project = places(&[], &["/home/u/secret/x"], &["/home/u/secret/y"], &[], &[]);
        let joined = Workspace::layered(system, project);
        assert_eq!((joined.read.len(), joined.write.len()), (0, 0), "{joined:?}");
        assert_eq!(joined.reach(Path::new("/home/u/secret/x/a")), Reach::Nothing);
    }

    #[test]
    fn a_private_tmp_of_one_of_them_is_private() {
        let system = places(&[], &["/usr"], &["/tmp"], &[], &[]);
        let project = places(&[], &["/usr/lib"], &["/ws"], &[], &[]);
        let joined = Workspace::layered(system, project);
        assert_eq!((joined.read.as_slice(), joined.write.len()), (&paths(&["/usr/lib"])[..], 0));
        assert!(joined.is_own(Path::new("/tmp/x")));
    }

    #[test]
    fn what_the_system_protects_is_protected_below_the_projects_roots() {
        let system = places(&["/srv"], &[], &["/srv"], &[], &["/srv/.git/hooks"]);
        let project = places(&["/srv/a"], &[], &["/srv/a"], &[], &["/srv/a/.envrc"]);
        let joined = Workspace::layered(system, project);
        assert_eq!(joined.write, paths(&["/srv/a"]));
        for (path, reach) in [
            ("/srv/a/x", Reach::Write),
            ("/srv/a/.git/hooks/x", Reach::Read),
            ("/srv/a/.envrc", Reach::Read),
            ("/srv/b", Reach::Nothing),
        ] {
            assert_eq!(joined.reach(Path::new(path)), reach, "{path}");
        }
    }

    #[test]
    fn what_is_hidden_later_is_taken_out_and_nothing_comes_back() {
        let system = places(&[], &["/data"], &["/data/out"], &["/home/u/link"], &[]);
        let project = places(&[], &["/data/x"], &["/data/out/y"], &[], &[]);
        let joined = Workspace::layered(system.clone(), project.clone());
        assert_eq!(
            (joined.read.as_slice(), joined.write.as_slice()),
            (&paths(&["/data/x"])[..], &paths(&["/data/out/y"])[..])
        );
        // The link leads to /data by now, and what the project names in it would lie on top.
        let mut now = system.clone();
        now.hide.push("/data".into());
        let later = joined.with_layers(&[now, project.clone()]);
        assert_eq!((later.read.len(), later.write.len()), (0, 1), "{later:?}");
        let mut now = system;
        now.protect.push("/data/out".into());
        let later = joined.with_layers(&[now, project]);
        assert_eq!((later.read.as_slice(), later.write.len()), (&paths(&["/data/out/y", "/data/x"])[..], 0));
    }

    #[test]
    fn where_one_layer_lets_jobs_write_a_program_is_writable() {
        let system = places(&[], &["/opt"], &["/opt"], &[], &[]);
        let joined = Workspace::layered(system, places(&[], &["/opt"], &[], &[], &[]));
        assert!(joined.is_writable(Path::new("/opt/tool")) && !joined.is_writable(Path::new("/usr/bin")));
        assert_eq!(joined.reach(Path::new("/opt/tool")), Reach::Read);
    }

    const POOL: &[&str] = &[
        "/",
        "/a",
        "/a/b",
        "/a/b/c",
        "/a/b/c/d",
        "/a/e",
        "/tmp",
        "/tmp/x",
        "/tmp/x/y",
        "/var",
        "/var/tmp",
        "/var/tmp/x",
        "/dev",
        "/dev/null",
        "/run/x",
        "/proc",
    ];

    fn some(most: usize) -> impl Strategy<Value = Vec<&'static str>> {
        prop::collection::vec(prop::sample::select(POOL), 0..=most)
    }

    /// The sandbox writes no root, and nobody writes around what is private.
    fn written() -> impl Strategy<Value = Vec<&'static str>> {
        some(3).prop_map(|paths| paths.into_iter().filter(|path| !["/", "/var"].contains(path)).collect())
    }

    fn any_places() -> impl Strategy<Value = Workspace> {
        (some(3), written(), some(2), some(2), prop::sample::subsequence(&["/a", "/a/b", "/tmp/x"], 0..=2))
            .prop_map(|(read, write, hide, protect, roots)| places(&roots, &read, &write, &hide, &protect))
    }

    fn probes() -> impl Iterator<Item = PathBuf> {
        POOL.iter().flat_map(|path| [PathBuf::from(path), Path::new(path).join("z")])
    }

    proptest! {
        #[test]
        fn two_layers_reach_what_both_reach_and_no_more(one in any_places(), other in any_places()) {
            let joined = Workspace::layered(one.clone(), other.clone());
            for path in probes() {
                let [a, b] = [&one, &other].map(|places| places.reach_of_host(&path));
                prop_assert!(joined.reach_of_host(&path) <= a.min(b), "{path:?}");
                // What the other one protects below the common roots is all that is taken away beside.
                let less = joined.protect.iter().any(|protected| path.starts_with(protected));
                prop_assert!(less || joined.reach_of_host(&path) == a.min(b), "{path:?}");
                let hidden = |places: &Workspace| places.cover(&path) == Cover::Own(Reach::Nothing);
                prop_assert!(!(hidden(&one) || hidden(&other)) || joined.reach(&path) == Reach::Nothing, "{path:?}");
                prop_assert!(!joined.contains(&path) || one.contains(&path) && other.contains(&path));
                prop_assert_eq!(joined.contains(&path), one.contains(&path) && other.contains(&path));
            }
        }

        #[test]
        fn the_order_of_the_layers_changes_no_reach_and_the_same_layer_twice_changes_nothing(one in any_places(), other in any_places()) {
            let (joined, turned) = (Workspace::layered(one.clone(), other.clone()), Workspace::layered(other, one.clone()));
            let twice = Workspace::layered(one.clone(), one.clone());
            // A policy that makes all of /tmp writable and protects all of it means nothing; two of them leave it private.
            let idle = |path: &PathBuf| one.write.contains(path) && one.protect.contains(path);
            prop_assume!(!paths(&["/tmp", "/var/tmp"]).iter().any(idle));
            for path in probes() {
                prop_assert_eq!(joined.reach_of_host(&path), turned.reach_of_host(&path), "{:?}", path);
                prop_assert_eq!(twice.reach_of_host(&path), one.reach_of_host(&path), "{:?}", path);
            }
        }

        #[test]
        fn what_is_known_later_only_takes_away(one in any_places(), other in any_places(), hide in some(2), protect in some(2)) {
            let joined = Workspace::layered(one.clone(), other.clone());
            let mut now = one;
            now.hide.extend(paths(&hide));
            now.protect.extend(paths(&protect));
            let mut later = joined.with_layers(&[now.clone(), other]);
            later.hide.extend(paths(&hide));
            later.protect.extend(paths(&protect));
            for path in probes() {
                prop_assert!(later.reach_of_host(&path) <= joined.reach_of_host(&path).min(now.reach_of_host(&path)), "{path:?}");
            }
        }
    }
}
