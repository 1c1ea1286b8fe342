//! The small world that scripts run in: its variables and its files, and the claim's picture of these.

use std::collections::BTreeMap;

use super::model::Stop;

/// The environment of every script.
pub(crate) const BASE: [(&str, &str); 7] = [
    ("PATH", "/stub"),
    ("HOME", "/w/d"),
    ("LC_ALL", "C.UTF-8"),
    ("PWD", "/w"),
    ("X", "x/y"),
    ("V", "a  b*"),
    ("E", ""),
];

/// What stands in the work directory before a script; directories with a slash.
pub(crate) const TREE: [&str; 6] = ["fa", "fb", "x y", "é1", "d/", "d/fc"];

/// Files, by absolute path, and whether each is a directory.
#[derive(Clone, Debug)]
pub(crate) struct World(BTreeMap<String, bool>);

/// Where a path leads.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) path: String,
    /// Whether what stands there is a directory; nothing where nothing does.
    pub(crate) directory: Option<bool>,
}

impl World {
    pub(crate) fn new() -> Self {
        let mut files = BTreeMap::from([("/".to_owned(), true), ("/w".to_owned(), true), ("/dev".to_owned(), true)]);
        files.insert("/dev/null".to_owned(), false);
        for name in TREE {
            files.insert(format!("/w/{}", name.trim_end_matches('/')), name.ends_with('/'));
        }
        Self(files)
    }

    /// Follows a path as the kernel does; there are no links. Nothing where a directory on the way is missing.
    pub(crate) fn follow(&self, cwd: &str, name: &str) -> Result<Option<Place>, Stop> {
        if name.is_empty() {
            return Ok(None);
        }
        if name.split('/').any(|part| part.len() > 255) {
            return Err(Stop::Skip("a name longer than a file's"));
        }
        let mut place = Place { path: if name.starts_with('/') { "/" } else { cwd }.to_owned(), directory: Some(true) };
        for part in name.split('/').filter(|part| !part.is_empty() && *part != ".") {
            if place.directory != Some(true) {
                return Ok(None);
            }
            place.path = match part {
                ".." => place.path.rsplit_once('/').map_or("", |(parent, _)| parent).to_owned(),
                _ => format!("{}/{part}", place.path.trim_end_matches('/')),
            };
            if place.path.is_empty() {
                "/".clone_into(&mut place.path);
            }
            place.directory = self.0.get(&place.path).copied();
            if !place.path.starts_with("/w/") && !["/", "/w", "/dev/null"].contains(&place.path.as_str()) {
                return Err(Stop::Skip("a path outside the work directory"));
            }
        }
        let dotted = name.ends_with("/.") || name.ends_with('/');
        Ok(Some(place).filter(|place| !dotted || place.directory == Some(true)))
    }

    pub(crate) fn make(&mut self, path: &str) {
        self.0.insert(path.to_owned(), false);
    }

    /// The names in a directory, in the order of their bytes.
    pub(crate) fn names(&self, directory: &str) -> Vec<String> {
        let prefix = format!("{}/", directory.trim_end_matches('/'));
        let inside = self.0.keys().filter_map(|path| path.strip_prefix(&prefix));
        inside.filter(|name| !name.is_empty() && !name.contains('/')).map(str::to_owned).collect()
    }

    /// What stands in the work directory, as the runner lists it.
    pub(crate) fn listing(&self) -> Vec<String> {
        let inside = self.0.iter().filter_map(|(path, directory)| Some((path.strip_prefix("/w/")?, directory)));
        let mut names: Vec<_> =
            inside.map(|(name, directory)| if *directory { format!("{name}/") } else { name.to_owned() }).collect();
        names.sort();
        names
    }
}
