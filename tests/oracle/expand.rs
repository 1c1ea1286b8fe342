//! The claim's words: to fields and to texts.

use stockade::command::{CharSet, Glob, Piece, Word};

use super::{
    model::{Fds, Model, Scope, Stop, written},
    world::BASE,
};

/// A character of a field under way.
#[derive(Clone, Debug)]
pub(crate) enum Atom {
    Is(char),
    Any,
    One,
    OneOf(CharSet),
}

impl Atom {
    fn of(glob: &Glob) -> Self {
        match glob {
            Glob::Any => Self::Any,
            Glob::One => Self::One,
            Glob::OneOf(set) => Self::OneOf(set.clone()),
        }
    }

    pub(crate) fn written(&self) -> String {
        match self {
            Self::Is(c) => c.to_string(),
            Self::Any => "*".to_owned(),
            Self::One => "?".to_owned(),
            Self::OneOf(set) => {
                let range = |(first, last): &(char, char)| {
                    if first == last { first.to_string() } else { format!("{first}-{last}") }
                };
                let ranges: String = set.ranges.iter().map(range).collect();
                format!("[{}{ranges}]", if set.negated { "!" } else { "" })
            }
        }
    }
}

/// Whether the piece runs something.
pub(crate) fn substitutes(piece: &Piece) -> bool {
    matches!(piece, Piece::Substitution(_))
}

impl Model {
    /// What the words of a command become. Patterns are matched when all substitutions have run.
    pub(crate) fn argv(&mut self, words: &[Word], scope: &Scope) -> Result<Vec<String>, Stop> {
        let mut fields = Vec::new();
        let mut pattern = false;
        for word in words {
            if pattern && word.pieces.iter().any(substitutes) {
                self.not_dash("dash matches the patterns of a word before it expands the next");
            }
            let more = self.fields(word, scope)?;
            pattern |= more.iter().flatten().any(|atom| !matches!(atom, Atom::Is(_)));
            fields.extend(more);
        }
        let mut argv = Vec::new();
        for field in fields {
            argv.extend(self.names(&field, scope)?);
        }
        Ok(argv)
    }

    fn fields(&mut self, word: &Word, scope: &Scope) -> Result<Vec<Vec<Atom>>, Stop> {
        let mut done: Vec<Vec<Atom>> = Vec::new();
        let mut open: Option<Vec<Atom>> = word.pieces.is_empty().then(Vec::new);
        for piece in &word.pieces {
            let (text, splits) = match piece {
                Piece::Glob { glob, .. } => {
                    open.get_or_insert_default().push(Atom::of(glob));
                    continue;
                }
                Piece::Substitution(substitution) => {
                    (self.output(&substitution.list, scope, &scope.fds)?, !substitution.quoted)
                }
                Piece::Known(text) => (text.clone(), false),
                Piece::Variable { name, quoted, .. } => (value(name, *quoted, scope)?, false),
                Piece::Tilde { .. } => (value("HOME", true, scope)?, false),
                Piece::Process(_) => return Err(Stop::Skip("a process substitution")),
            };
            if splits && text.contains(['*', '?', '[', '\\']) {
                return Err(Stop::Skip("a mark of a pattern in an unquoted substitution"));
            }
            if !splits {
                open.get_or_insert_default();
            }
            for c in text.chars() {
                if splits && matches!(c, ' ' | '\t' | '\n') {
                    done.extend(open.take());
                } else {
                    open.get_or_insert_default().push(Atom::Is(c));
                }
            }
        }
        done.extend(open);
        Ok(done)
    }

    /// What a word becomes where it is neither split nor a pattern.
    pub(crate) fn text(&mut self, word: &Word, scope: &Scope, fds: &Fds) -> Result<String, Stop> {
        let mut text = String::new();
        for piece in &word.pieces {
            text.push_str(&match piece {
                Piece::Known(known) => known.clone(),
                Piece::Glob { glob, .. } => Atom::of(glob).written(),
                Piece::Substitution(substitution) => self.output(&substitution.list, scope, fds)?,
                Piece::Variable { name, quoted, .. } => value(name, *quoted, scope)?,
                Piece::Tilde { .. } => value("HOME", true, scope)?,
                Piece::Process(_) => return Err(Stop::Skip("a process substitution")),
            });
        }
        Ok(text)
    }

    /// The names that a field matches, or the field itself.
    fn names(&mut self, field: &[Atom], scope: &Scope) -> Result<Vec<String>, Stop> {
        if field.iter().all(|atom| matches!(atom, Atom::Is(_))) {
            return Ok(vec![written(field)]);
        }
        self.looked.insert("*".to_owned());
        let found = self.walk(field, scope, false)?;
        if found != self.walk(field, scope, true)? {
            self.not_dash("dash matches bytes");
        }
        if found.iter().any(|name| name.starts_with('-')) {
            return Err(Stop::Skip("a pattern that matches a name like an option"));
        }
        Ok(if found.is_empty() { vec![written(field)] } else { found })
    }

    fn walk(&self, field: &[Atom], scope: &Scope, bytes: bool) -> Result<Vec<String>, Stop> {
        let parts: Vec<_> = field.split(|atom| matches!(atom, Atom::Is('/'))).collect();
        let mut found = vec![String::new()];
        for (at, part) in parts.iter().enumerate() {
            let mut next = Vec::new();
            let last = at + 1 == parts.len();
            let literal = part.iter().all(|atom| matches!(atom, Atom::Is(_)));
            let dots = part.iter().take_while(|atom| matches!(atom, Atom::Is('.'))).count();
            if dots > 0 && part.get(dots).is_some_and(|atom| !matches!(atom, Atom::Is(_))) {
                return Err(Stop::Skip("a pattern of dots"));
            }
            for prefix in &found {
                let directory = if prefix.is_empty() { "." } else { prefix.as_str() };
                let Some(place) = self.world.follow(&scope.cwd, directory)? else { continue };
                if place.directory != Some(true) {
                    continue;
                }
                if literal {
                    next.push(format!("{prefix}{}", written(part)));
                } else {
                    if place.path == "/" {
                        return Err(Stop::Skip("a path outside the work directory"));
                    }
                    let fitting = self.world.names(&place.path).into_iter().filter(|name| fits(part, name, bytes));
                    next.extend(fitting.map(|name| format!("{prefix}{name}")));
                }
            }
            if !last {
                next.iter_mut().for_each(|name| name.push('/'));
            }
            found = next;
        }
        let mut there = Vec::new();
        for name in found {
            if self.world.follow(&scope.cwd, &name)?.is_some_and(|place| place.directory.is_some()) {
                there.push(name);
            }
        }
        there.sort();
        Ok(there)
    }
}

fn fits(part: &[Atom], name: &str, bytes: bool) -> bool {
    if name.starts_with('.') && !matches!(part.first(), Some(Atom::Is('.'))) {
        return false;
    }
    if !bytes {
        return matches(part, &name.chars().collect::<Vec<_>>());
    }
    let spread = |c: char| c.to_string().bytes().map(char::from).collect::<Vec<_>>();
    let mut atoms = Vec::new();
    for atom in part {
        match atom {
            Atom::Is(c) => atoms.extend(spread(*c).into_iter().map(Atom::Is)),
            Atom::Any | Atom::One | Atom::OneOf(_) => atoms.push(atom.clone()),
        }
    }
    matches(&atoms, &name.bytes().map(char::from).collect::<Vec<_>>())
}

fn matches(part: &[Atom], name: &[char]) -> bool {
    match (part.split_first(), name.split_first()) {
        (None, _) => name.is_empty(),
        (Some((Atom::Any, rest)), _) => (0..=name.len()).any(|at| matches(rest, &name[at..])),
        (Some(_), None) => false,
        (Some((Atom::Is(wanted), rest)), Some((c, after))) => wanted == c && matches(rest, after),
        (Some((Atom::One, rest)), Some((_, after))) => matches(rest, after),
        (Some((Atom::OneOf(set), rest)), Some((c, after))) => set.matches(*c) && matches(rest, after),
    }
}

fn value(name: &str, quoted: bool, scope: &Scope) -> Result<String, Stop> {
    let base = BASE.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    let value = if name == "PWD" { Some(scope.cwd.clone()) } else { base };
    let value = value.ok_or(Stop::Skip("a variable that is not set"))?;
    let plain = !value.is_empty() && value.chars().all(|c| c.is_ascii_alphanumeric() || "_./:=@%+,-".contains(c));
    if quoted || plain { Ok(value) } else { Err(Stop::Skip("an unquoted variable that could split")) }
}
