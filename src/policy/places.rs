//! Places by assumption: what `host` would find if every file were there, no link anywhere, and the workspace `/workspace`.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Component, Path, PathBuf},
};

use crate::{command::NamedPlace, model::workspace::Workspace};

use super::{
    Places, SandboxRules,
    assumed::{CWD, HOME},
    path::WORKSPACE,
};

/// The places of a policy as they would be with the workspace at `/workspace`. Patterns with `*` name no place here.
pub(super) fn assumed_workspace(places: &Places, sandbox: &SandboxRules) -> Workspace {
    let all = |written: &[String]| {
        let plain = written.iter().filter(|path| !path.contains(['*', '?', '[']));
        plain.map(|path| rooted(path)).collect::<Vec<_>>()
    };
    let mut roots = vec![PathBuf::from(CWD)];
    roots.extend(places.roots.iter().filter(|root| root.starts_with(['/', '~'])).map(|root| rooted(root)));
    let protect = places.protect.iter().map(|name| Path::new(CWD).join(name)).collect();
    Workspace {
        roots,
        search_path: vec!["/usr/bin".into()],
        read: all(&sandbox.read),
        write: all(&sandbox.write),
        hide: all(&sandbox.hide),
        protect,
        home: HOME.into(),
        layers: Vec::new(),
    }
}

/// Where each text leads from each of the directories.
pub(super) fn named(
    texts: BTreeSet<String>,
    cwds: &[PathBuf],
    workspace: &Workspace,
) -> BTreeMap<String, Option<NamedPlace>> {
    let place = |text: &String| NamedPlace::of(cwds.iter().map(|cwd| tidy(&cwd.join(text))).collect(), workspace);
    texts
        .into_iter()
        .map(|text| {
            let place = place(&text);
            (text, place)
        })
        .collect()
}

/// A path without `.` and `..`, as if there were no links.
pub(super) fn tidy(path: &Path) -> PathBuf {
    let mut tidied = PathBuf::from("/");
    for component in path.components() {
        match component {
            Component::ParentDir => {
                tidied.pop();
            }
            Component::Normal(name) => tidied.push(name),
            Component::RootDir | Component::CurDir | Component::Prefix(_) => {}
        }
    }
    tidied
}

fn rooted(path: &str) -> PathBuf {
    match path.strip_prefix('~') {
        Some(rest) => Path::new(HOME).join(rest.trim_start_matches('/')),
        None if path == WORKSPACE => PathBuf::from(CWD),
        None => PathBuf::from(path),
    }
}
