//! File name patterns, expanded: one component after the other, names in the order of their bytes.

use std::{
    fs,
    os::unix::ffi::{OsStrExt as _, OsStringExt as _},
    path::Path,
    str::Chars,
};

use crate::command::CharSet;

use super::{question::Trouble, split::Atom, tree::Glob};

/// The most names that one word may become, and the most directories that are looked into for it.
const MAX_NAMES: usize = 10_000;

/// What a word's fields become when their patterns are matched.
pub(super) fn expand(fields: Vec<Vec<Atom>>) -> Result<Vec<String>, Trouble> {
    let mut names = Vec::new();
    for field in fields {
        let literal = literal(&field);
        if field.iter().any(|atom| matches!(atom, Atom::Glob(_))) {
            let found = found(&components(&field))?;
            if found.is_empty() {
                names.push(literal);
            } else {
                names.extend(found);
            }
        } else {
            names.push(literal);
        }
        if names.len() > MAX_NAMES {
            return Err(Trouble::TooManyNames(MAX_NAMES));
        }
    }
    Ok(names)
}

/// A field as it stands, when nothing matches.
fn literal(field: &[Atom]) -> String {
    let mut text = String::new();
    for atom in field {
        match atom {
            Atom::Text(part) => text.push_str(part),
            Atom::Glob(glob) => glob.push_to(&mut text),
        }
    }
    text
}

impl Glob {
    /// Adds the part of a pattern as it is written.
    pub(super) fn push_to(&self, text: &mut String) {
        match self {
            Self::Any => text.push('*'),
            Self::One => text.push('?'),
            Self::OneOf { negated, ranges } => {
                text.push_str(if *negated { "[!" } else { "[" });
                for (first, last) in ranges {
                    text.push(*first);
                    if first != last {
                        text.extend(['-', *last]);
                    }
                }
                text.push(']');
            }
        }
    }
}

/// One name of a path, and the slashes before it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Component {
    slashes: String,
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Char(char),
    Any,
    One,
    Set(CharSet),
}

fn components(field: &[Atom]) -> Vec<Component> {
    let mut done: Vec<Component> = Vec::new();
    let mut open = Component::default();
    for atom in field {
        match atom {
            Atom::Glob(glob) => open.parts.push(Part::from(glob)),
            Atom::Text(text) => {
                for c in text.chars() {
                    if c != '/' {
                        open.parts.push(Part::Char(c));
                    } else if open.parts.is_empty() {
                        open.slashes.push(c);
                    } else {
                        let next = Component { slashes: c.to_string(), parts: Vec::new() };
                        done.push(std::mem::replace(&mut open, next));
                    }
                }
            }
        }
    }
    done.push(open);
    done
}

impl From<&Glob> for Part {
    fn from(glob: &Glob) -> Self {
        match glob {
            Glob::Any => Self::Any,
            Glob::One => Self::One,
            Glob::OneOf { negated, ranges } => Self::Set(CharSet { negated: *negated, ranges: ranges.clone() }),
        }
    }
}

/// The paths that match.
fn found(components: &[Component]) -> Result<Vec<String>, Trouble> {
    let mut paths = vec![Vec::new()];
    let mut looked = false;
    for (at, component) in components.iter().enumerate() {
        // Behind a pattern one slash is as good as several, and bash writes one.
        let slashes = if looked { component.slashes.get(..1).unwrap_or_default() } else { &component.slashes };
        paths.iter_mut().for_each(|path| path.extend_from_slice(slashes.as_bytes()));
        match component.name() {
            Some(name) => {
                paths.iter_mut().for_each(|path| path.extend_from_slice(name.as_bytes()));
                if looked && at + 1 == components.len() {
                    paths.retain(|path| exists(path));
                }
            }
            None => {
                component.refuse_dots()?;
                paths = matching(&paths, component)?;
                looked = true;
            }
        }
    }
    paths.sort_unstable();
    paths.into_iter().map(named).collect()
}

/// Whether there is a file, or with a slash behind it a directory. A link that leads to nothing is a file as well.
fn exists(path: &[u8]) -> bool {
    let file = Path::new(std::ffi::OsStr::from_bytes(path));
    if path.ends_with(b"/") { file.is_dir() } else { fs::symlink_metadata(file).is_ok() }
}

/// The names in these directories that match. What cannot be read has none, as in a shell.
fn matching(directories: &[Vec<u8>], component: &Component) -> Result<Vec<Vec<u8>>, Trouble> {
    let mut found = Vec::new();
    for directory in directories {
        let place: &[u8] = if directory.is_empty() { b"." } else { directory };
        let Ok(entries) = fs::read_dir(Path::new(std::ffi::OsStr::from_bytes(place))) else { continue };
        for name in entries.flatten().map(|entry| entry.file_name()) {
            if component.matches(&name.to_string_lossy()) {
                found.push([directory.as_slice(), name.as_bytes()].concat());
            }
            if found.len() > MAX_NAMES {
                return Err(Trouble::TooManyNames(MAX_NAMES));
            }
        }
    }
    Ok(found)
}

/// A path that may be an argument.
fn named(path: Vec<u8>) -> Result<String, Trouble> {
    match std::ffi::OsString::from_vec(path).into_string() {
        Ok(name) if name.starts_with('-') => Err(Trouble::OptionLikeName(name)),
        Ok(name) => Ok(name),
        Err(path) => Err(Trouble::NameNotText(path.to_string_lossy().into_owned())),
    }
}

impl Component {
    /// The name, when it is no pattern.
    fn name(&self) -> Option<String> {
        let char = |part: &Part| match part {
            Part::Char(c) => Some(*c),
            Part::Any | Part::One | Part::Set(_) => None,
        };
        self.parts.iter().map(char).collect()
    }

    /// Refuses a pattern that begins with nothing but dots: `.*` stands for `.` and `..` too in some shells.
    fn refuse_dots(&self) -> Result<(), Trouble> {
        let first = self.parts.iter().find(|part| **part != Part::Char('.'));
        let dots = self.parts.first() == Some(&Part::Char('.')) && !matches!(first, Some(Part::Char(_)));
        if !dots {
            return Ok(());
        }
        let mut text = String::new();
        self.parts.iter().for_each(|part| part.push_to(&mut text));
        Err(Trouble::DotPattern(text))
    }

    /// Whether the pattern matches a name. A dot at its start is matched by a dot only.
    fn matches(&self, name: &str) -> bool {
        if name.starts_with('.') && self.parts.first() != Some(&Part::Char('.')) {
            return false;
        }
        matches(&self.parts, name)
    }
}

impl Part {
    fn takes(&self, c: char) -> bool {
        match self {
            Self::Char(own) => *own == c,
            Self::Any => false,
            Self::One => true,
            Self::Set(set) => set.matches(c),
        }
    }

    fn push_to(&self, text: &mut String) {
        match self {
            Self::Char(c) => text.push(*c),
            Self::Any => text.push('*'),
            Self::One => text.push('?'),
            Self::Set(CharSet { negated, ranges }) => {
                Glob::OneOf { negated: *negated, ranges: ranges.clone() }.push_to(text);
            }
        }
    }
}

/// Whether the parts match the whole name: after a mismatch the last star takes one character more, which is enough,
/// because what an earlier one could give up the last one can take.
fn matches(parts: &[Part], name: &str) -> bool {
    let (mut parts, mut rest) = (parts.iter(), name.chars());
    let mut star = None;
    loop {
        let (mut after, mut ahead) = (parts.clone(), rest.clone());
        match (after.next(), ahead.next()) {
            (Some(Part::Any), _) => {
                star = Some((after.clone(), rest.clone()));
                parts = after;
            }
            (Some(part), Some(c)) if part.takes(c) => (parts, rest) = (after, ahead),
            (None, None) => return true,
            (Some(_) | None, _) => match star.as_mut().and_then(again) {
                Some(further) => (parts, rest) = further,
                None => return false,
            },
        }
    }
}

/// Where to go on when a star takes one character more, if there is one.
fn again<'n, P: Clone>((after, from): &mut (P, Chars<'n>)) -> Option<(P, Chars<'n>)> {
    from.next()?;
    Some((after.clone(), from.clone()))
}

#[cfg(test)]
mod tests;
