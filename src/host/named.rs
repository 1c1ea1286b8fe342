//! Where the files are that arguments name.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use crate::{
    command::NamedPlace,
    model::workspace::{Reach, Workspace},
};

use super::locate::{Located, locate};

/// Finds each text as a name from each of the directories, links followed. One that cannot be told is nothing, and so is
/// every relative one when no directory is known.
pub fn named(texts: BTreeSet<String>, cwds: &[PathBuf], workspace: &Workspace) -> BTreeMap<String, Option<NamedPlace>> {
    let place = |text: &String| {
        let found: Vec<_> = if text.starts_with('/') {
            vec![locate(Path::new("/"), text, workspace)]
        } else {
            cwds.iter().map(|cwd| locate(cwd, text, workspace)).collect()
        };
        NamedPlace::of(found.into_iter().map(Located::path).collect::<Option<_>>()?, workspace)
    };
    texts
        .into_iter()
        .map(|text| {
            let place = place(&text);
            (text, place)
        })
        .collect()
}

/// What is left of places when nothing more will be known: one that cannot be told is out of reach.
pub fn settled(named: BTreeMap<String, Option<NamedPlace>>) -> BTreeMap<String, Option<NamedPlace>> {
    let settle = |(text, place): (String, Option<NamedPlace>)| {
        let nowhere = || NamedPlace { path: PathBuf::from(&text), reach: Reach::Nothing, inside: false };
        let place = place.unwrap_or_else(nowhere);
        (text, Some(place))
    };
    named.into_iter().map(settle).collect()
}
