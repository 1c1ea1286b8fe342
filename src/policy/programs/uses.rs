//! What a command does, by its words and the facts of its program.

use super::{
    super::words::Words,
    added::may_do_more,
    address::{behind_scheme, is_elsewhere, percent_decoded},
    facts::{Effect, Facts, Kind, Need, Operand},
    library,
    line::{Given, Line, read},
    scan::{self, Found},
};

/// What one command does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Uses {
    /// Whether anything is known of the program.
    pub(in super::super) modelled: bool,
    /// What it needs, with the place of the word that says so; place 0 for what the program does always.
    pub(in super::super) needs: Vec<(Need, usize)>,
    /// The places of words that the facts do not list, with what they are.
    pub(in super::super) unlisted: Vec<usize>,
    /// Whether unknown words may be options, or the values of options.
    pub(in super::super) open: bool,
    /// Whether the program is one that runs commands of its arguments.
    pub(in super::super) runs: bool,
    /// The files that it names.
    pub(in super::super) files: Vec<NamedFile>,
    /// The variables that it sets for what it runs.
    pub(in super::super) variables: Vec<String>,
    /// The commands that it runs.
    pub(in super::super) inner: Vec<Inner>,
    /// Texts that it hands to a shell.
    pub(in super::super) texts: Vec<String>,
    /// The words of the subcommand.
    pub(in super::super) subcommand: Vec<String>,
    pub(in super::super) options: Vec<Used>,
    /// The places of the operands.
    pub(in super::super) operands: Vec<usize>,
}

/// A file that a command names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) struct NamedFile {
    /// As it is written, from the working directory.
    pub(in super::super) text: String,
    pub(in super::super) written: bool,
    /// The place of its word.
    pub(in super::super) at: usize,
}

/// A command that another one runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Inner {
    pub(in super::super) words: Words,
    /// The place of its first word.
    pub(in super::super) at: usize,
    /// Directories into which the outer one may have gone, from the working directory.
    pub(in super::super) bases: Vec<String>,
    /// Whether words follow that nobody knows before, and the texts in whose place such words stand.
    pub(in super::super) added: Option<Vec<String>>,
}

/// An option that a command has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Used {
    /// As it is spelled in its word.
    pub(in super::super) written: String,
    /// All spellings of all options that it may be.
    pub(in super::super) spellings: Vec<String>,
    /// Whether it is one option and no other.
    pub(in super::super) is_certain: bool,
    pub(in super::super) value: Option<String>,
    /// The place of its word.
    pub(in super::super) at: usize,
}

/// What a command does by the facts of its program; without facts, what can be told from its words alone. The bases are
/// directories from which its relative names may start, beside the working directory. With `added`, words follow that
/// nobody knows, and stand in place of its texts.
pub(in super::super) fn uses(words: &Words, facts: Option<&Facts>, bases: &[String], added: Option<&[String]>) -> Uses {
    let unknown = Facts::default();
    let line = read(words, facts.unwrap_or(&unknown));
    let mut judge = Judge {
        words,
        uses: Uses { modelled: facts.is_some(), ..Uses::default() },
        bases: bases.to_vec(),
        places: Vec::new(),
    };
    judge.uses.open = line.open;
    if facts.is_some() {
        judge.line(&line);
        if let Some(places) = added
            && may_do_more(&line, words, places)
        {
            judge.uses.needs.push((Need::Code, words.argv.len()));
        }
    }
    judge.uses.runs = line.path.iter().any(|facts| runs(facts));
    let mut uses = judge.uses;
    uses.subcommand = line.subcommand.iter().filter_map(|at| words.argv.get(*at)).cloned().collect();
    uses.options = line.options.iter().map(used).collect();
    uses.operands = line.operands;
    uses
}

/// Whether facts know of commands among the arguments.
fn runs(facts: &Facts) -> bool {
    let command = |kind: Kind| matches!(kind, Kind::Command | Kind::Shell);
    facts.options.iter().any(|option| command(option.kind) || option.effects.contains(&Effect::Inner))
        || facts.operands.iter().flatten().any(|operand| command(operand.kind))
}

fn used(given: &Given<'_>) -> Used {
    let spellings = given.may_be.iter().flat_map(|fact| &fact.spellings).cloned().collect();
    let value = given.value.as_ref().map(|(_, value)| value.clone());
    Used { written: given.written.clone(), spellings, is_certain: given.may_be.len() == 1, value, at: given.at }
}

/// Names of the standard input.
const INPUT: &[&str] = &["-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"];

struct Judge<'w> {
    words: &'w Words,
    uses: Uses,
    /// Directories from which relative names may start, beside the working directory.
    bases: Vec<String>,
    /// Texts that stand for words which nobody knows before.
    places: Vec<String>,
}

impl Judge<'_> {
    fn line(&mut self, line: &Line<'_>) {
        let has = |effect: Effect| {
            line.options.iter().any(|given| given.may_be.iter().any(|fact| fact.effects.contains(&effect)))
        };
        // What makes a use look harmless has to hold of all that the beginning of a name may be.
        let is_surely = |given: &Given<'_>, effect: Effect| {
            !given.may_be.is_empty() && given.may_be.iter().all(|fact| fact.effects.contains(&effect))
        };
        let surely = |effect: Effect| line.options.iter().any(|given| is_surely(given, effect));
        // Some programs obey an operand before they read the next word.
        let first = line.operands.first().copied().unwrap_or(usize::MAX);
        let stops = line.options.iter().any(|given| given.at < first && is_surely(given, Effect::Stop));
        self.replaces(line);
        // A directory holds for every name, wherever it stands.
        for given in &line.options {
            for _ in given.may_be.iter().filter(|fact| fact.kind == Kind::Cd) {
                for (at, value) in values(given) {
                    self.word(Kind::Cd, at, value, line.facts);
                }
            }
        }
        for given in &line.options {
            self.option(given, line.facts);
        }
        self.uses.unlisted.extend(&line.unlisted);
        let fills = has(Effect::Script) || line.options.iter().any(modules);
        if stops {
            return;
        }
        for facts in &line.path {
            self.need_all(&facts.always, 0);
        }
        if !line.facts.sub.is_empty() && (line.operands.is_empty() || line.facts.operands.is_none()) {
            // Only the outer program is there.
            if line.subcommand.is_empty() && !line.facts.alone {
                self.uses.unlisted.push(0);
            }
            return;
        }
        if self.module(line) {
            return;
        }
        if line.operands.len() + usize::from(fills) < line.facts.least {
            self.need_all(&line.facts.bare, 0);
        }
        self.operands(line, has(Effect::Script), [has(Effect::Edits), surely(Effect::Reads)]);
    }

    /// Whether a program of its own runs as a module, such as `python3 -m pytest`: then what follows are its arguments.
    fn module(&mut self, line: &Line<'_>) -> bool {
        let given = line.options.iter().find(|given| modules(given));
        let Some((at, name)) = given.and_then(|given| given.value.as_ref()) else { return false };
        let Some(facts) = library::find(name).filter(|_| line.facts.modules.contains(name)) else { return false };
        let words = self.words.from(at + 1).after(vec![name.clone()]);
        let own = uses(&words, Some(facts), &self.bases, None);
        self.uses.needs.extend(own.needs.into_iter().map(|(need, place)| (need, place + at)));
        self.uses.unlisted.extend(own.unlisted.into_iter().map(|place| place + at));
        self.uses.files.extend(own.files.into_iter().map(|file| NamedFile { at: file.at + at, ..file }));
        self.uses.variables.extend(own.variables);
        self.uses.inner.extend(own.inner.into_iter().map(|inner| Inner { at: inner.at + at, ..inner }));
        self.uses.texts.extend(own.texts);
        self.uses.open |= own.open;
        true
    }

    fn option(&mut self, given: &Given<'_>, facts: &Facts) {
        for fact in &given.may_be {
            for effect in &fact.effects {
                if let Effect::Need(need) = effect {
                    self.uses.needs.push((*need, given.at));
                }
            }
            if let Some((start, end)) = given.inner {
                self.uses.needs.push((Need::Exec, given.at));
                let words = self.words.part(start, end);
                match &given.value {
                    // `--exec=touch`: the first word is glued.
                    Some((at, value)) => self.inner(*at, words.after(vec![value.clone()]), facts.appends),
                    None => self.inner(start, words, facts.appends),
                }
            } else if fact.kind != Kind::Cd {
                values(given).for_each(|(at, value)| self.word(fact.kind, at, value, facts));
            }
        }
    }

    fn operands(&mut self, line: &Line<'_>, scripted: bool, [edits, reads]: [bool; 2]) {
        let facts = line.facts;
        let kinds = facts.operands.as_deref().unwrap_or_default();
        let kinds = kinds.get(usize::from(scripted).min(kinds.len())..).unwrap_or_default();
        let mut places = line.operands.as_slice();
        let mut kinds = kinds;
        if let Some((Operand { kind: Kind::Assign, .. }, rest)) = kinds.split_first() {
            kinds = rest;
            while let Some((at, after)) = places.split_first()
                && let Some(variable) = self.words.argv.get(*at).and_then(|word| assigned(word))
            {
                self.uses.variables.push(variable);
                places = after;
            }
            if places.is_empty() && !line.operands.is_empty() {
                self.need_all(&facts.bare, 0);
            }
        }
        for (index, at) in places.iter().enumerate() {
            let Some(word) = self.words.argv.get(*at) else { continue };
            if self.key(facts, *at, word) {
                continue;
            }
            let kind = match kind(kinds, index, places.len()) {
                Some(Kind::Read) if edits => Kind::Write,
                Some(Kind::Write) if reads => Kind::Read,
                Some(Kind::WriteThere) if reads => Kind::ReadThere,
                Some(kind) => kind,
                None => {
                    self.uses.unlisted.push(*at);
                    continue;
                }
            };
            if kind == Kind::Command {
                self.inner(*at, self.words.from(*at), facts.appends);
                return;
            }
            self.word(kind, *at, word, facts);
            if kind == Kind::Run {
                self.compiler_word(*at, word);
            }
        }
    }

    /// What stands behind `--` for a compiler is an option of it, or a file with more of them.
    fn compiler_word(&mut self, at: usize, word: &str) {
        if word.starts_with('@') {
            self.uses.needs.push((Need::Config, at));
        }
        if let Some(letters) = word.strip_prefix('-') {
            self.file(letters.get(1..).unwrap_or_default(), false, at);
            self.file(after(letters, "=").unwrap_or_default(), false, at);
        }
    }

    /// Notes the texts that stand for words which nobody knows before.
    fn replaces(&mut self, line: &Line<'_>) {
        let replaces = |given: &&Given<'_>| given.may_be.iter().any(|fact| fact.effects.contains(&Effect::Replaces));
        for given in line.options.iter().filter(replaces) {
            let text = given.value.as_ref().map_or("{}", |(_, value)| value.as_str());
            self.places.push(text.to_owned());
        }
    }

    /// Whether an operand is one of the form `key=value`, where the program has such.
    fn key(&mut self, facts: &Facts, at: usize, word: &str) -> bool {
        let Some((name, value)) = word.split_once('=').filter(|_| !facts.keys.is_empty()) else { return false };
        match facts.keys.iter().find(|key| key.name == name) {
            Some(key) => self.word(key.kind, at, value, facts),
            None => self.uses.unlisted.push(at),
        }
        true
    }

    fn word(&mut self, kind: Kind, at: usize, text: &str, facts: &Facts) {
        if self.words.unknown.contains(&at) {
            return self.unknown_word(kind, at, text);
        }
        match kind {
            Kind::Data => {}
            Kind::Read => self.file(text, false, at),
            Kind::Write => self.file(text, true, at),
            Kind::ReadThere | Kind::WriteThere if is_elsewhere(text) => self.uses.needs.push((Need::Network, at)),
            Kind::ReadThere => self.file(text, false, at),
            Kind::WriteThere => self.file(text, true, at),
            Kind::Pipe if text.starts_with(['|', '!']) => {
                self.uses.needs.push((Need::Exec, at));
                self.uses.texts.push(text.get(1..).unwrap_or_default().to_owned());
            }
            Kind::Pipe => self.file(text, true, at),
            Kind::Cd => {
                self.file(text, false, at);
                let joined: Vec<_> = self.bases.iter().map(|base| join(base, text)).collect();
                self.bases.push(text.to_owned());
                self.bases.extend(joined);
            }
            // The code comes from the input.
            Kind::Run if INPUT.contains(&text) => self.uses.needs.push((Need::Code, at)),
            Kind::Run => {
                self.file(text, false, at);
                self.uses.needs.push((Need::Run, at));
            }
            Kind::Need(need) => {
                self.uses.needs.push((need, at));
                // The program that it names, mostly as text for a shell.
                self.uses.texts.extend((need == Need::Exec).then(|| text.to_owned()));
            }
            Kind::AtFile => {
                let marked = text.strip_prefix(['@', '<']).or_else(|| after(text, "=@").or_else(|| after(text, "=<")));
                if let Some(path) = marked {
                    self.file(path, false, at);
                }
            }
            Kind::Assign => match assigned(text) {
                Some(variable) => self.uses.variables.push(variable),
                None => self.uses.unlisted.push(at),
            },
            Kind::Shell => {
                self.uses.needs.push((Need::Exec, at));
                self.uses.texts.push(text.to_owned());
            }
            Kind::Sed => self.found(scan::sed(text), at),
            Kind::Awk => self.found(scan::awk(text), at),
            Kind::Jq => self.found(scan::jq(text), at),
            Kind::Sql => self.found(scan::sql(text), at),
            Kind::Make => self.found(scan::make(text), at),
            Kind::Modules if facts.modules.iter().any(|own| own == text) => self.uses.needs.push((Need::Run, at)),
            Kind::Modules => self.uses.needs.push((Need::Code, at)),
            // A command takes all words behind it, which a single value cannot.
            Kind::Command => self.uses.needs.push((Need::Exec, at)),
        }
    }

    /// What nobody knows is judged when it is known, but for the directory in which it begins.
    fn unknown_word(&mut self, kind: Kind, at: usize, text: &str) {
        let known = text.split(['*', '?', '[', '$', '`', '"', '\'', '\\', '<', '>']).next().unwrap_or_default();
        let Some((directory, _)) = known.rsplit_once('/') else { return };
        let directory = if directory.is_empty() { "/" } else { directory };
        let read = matches!(kind, Kind::Read | Kind::ReadThere | Kind::Run | Kind::Cd);
        let written = matches!(kind, Kind::Write | Kind::WriteThere | Kind::Pipe);
        if read || written {
            self.file(directory, written, at);
        }
    }

    fn found(&mut self, found: Vec<Found>, at: usize) {
        for found in found {
            match found {
                Found::Need(need) => self.uses.needs.push((need, at)),
                Found::Read(path) => self.file(&path, false, at),
                Found::Write(path) => self.file(&path, true, at),
            }
        }
    }

    /// A dash alone is the standard input or output.
    fn file(&mut self, text: &str, written: bool, at: usize) {
        if text == "-" || text.is_empty() {
            return;
        }
        if text.contains("://") {
            self.uses.needs.push((Need::Network, at));
        }
        // Some programs put the home directory there themselves.
        if text.starts_with('~') {
            self.uses.needs.push((if written { Need::Write } else { Need::Read }, at));
        }
        // A file by its address, such as `file:/etc/passwd`, is one as well.
        let decoded = behind_scheme(text).filter(|path| path.contains('%')).map(percent_decoded);
        for text in [Some(text), behind_scheme(text), decoded.as_deref()].into_iter().flatten() {
            let bases = self.bases.iter().map(|base| join(base, text));
            let texts: Vec<_> = bases.chain([text.to_owned()]).collect();
            self.uses.files.extend(texts.into_iter().map(|text| NamedFile { text, written, at }));
        }
    }

    fn inner(&mut self, at: usize, words: Words, appends: bool) {
        let added = appends.then(|| self.places.clone());
        self.uses.inner.push(Inner { words, at, bases: self.bases.clone(), added });
    }

    fn need_all(&mut self, needs: &[Need], at: usize) {
        self.uses.needs.extend(needs.iter().map(|need| (*need, at)));
    }
}

/// What the value of an option may be, and its place: `-o=x` is x to some programs.
fn values<'g>(given: &'g Given<'_>) -> impl Iterator<Item = (usize, &'g str)> {
    let (at, value) = given.value.as_ref().map_or((given.at, None), |(at, value)| (*at, Some(value.as_str())));
    let short = value.filter(|_| at == given.at && given.written.len() == 2).and_then(|value| value.strip_prefix('='));
    [value, short].into_iter().flatten().map(move |value| (at, value))
}

fn modules(given: &Given<'_>) -> bool {
    given.may_be.iter().any(|fact| fact.kind == Kind::Modules)
}

/// The kind of one of several operands.
pub(super) fn kind(kinds: &[Operand], index: usize, count: usize) -> Option<Kind> {
    let Some(repeat) = kinds.iter().position(|operand| operand.repeats) else {
        return kinds.get(index).map(|operand| operand.kind);
    };
    let tail = kinds.len() - repeat - 1;
    let from_end = count - index;
    if index < repeat && (count > tail || from_end > tail) {
        kinds.get(index).map(|operand| operand.kind)
    } else if from_end <= tail {
        kinds.get(kinds.len() - from_end).map(|operand| operand.kind)
    } else {
        kinds.get(repeat).map(|operand| operand.kind)
    }
}

/// The name in `NAME=value`.
fn assigned(word: &str) -> Option<String> {
    let (name, _) = word.split_once('=')?;
    (!name.is_empty()).then(|| name.to_owned())
}

fn after<'t>(text: &'t str, mark: &str) -> Option<&'t str> {
    text.split_once(mark).map(|(_, rest)| rest)
}

fn join(base: &str, text: &str) -> String {
    if text.starts_with('/') { text.to_owned() } else { format!("{}/{text}", base.trim_end_matches('/')) }
}
