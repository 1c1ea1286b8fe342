//! The words of a command as its program reads them: subcommand, options with their values, operands.

use super::{
    super::words::Words,
    facts::{Effect, Facts, Kind, OptionFact, Syntax, Takes},
};

/// A command line, read by the facts of its program.
#[derive(Debug)]
pub(super) struct Line<'f> {
    /// The facts that hold where the operands stand: of the program, or of its subcommand.
    pub(super) facts: &'f Facts,
    /// The facts on the way, the program's first.
    pub(super) path: Vec<&'f Facts>,
    /// The places of the subcommand's words.
    pub(super) subcommand: Vec<usize>,
    pub(super) options: Vec<Given<'f>>,
    /// The places of the operands.
    pub(super) operands: Vec<usize>,
    /// The places of words that the facts do not list.
    pub(super) unlisted: Vec<usize>,
    /// Whether words that are not known stand where they may be options, or the values of options.
    pub(super) open: bool,
    /// Whether a word behind the last one would be an operand, whatever it is.
    pub(super) ended: bool,
}

/// One option as given.
#[derive(Debug)]
pub(super) struct Given<'f> {
    /// The place of its word.
    pub(super) at: usize,
    /// Its spelling in that word: `-o` of `-uo/tmp/x`, `--outp` of `--outp=x`.
    pub(super) written: String,
    /// What it may be: several when it is the beginning of several.
    pub(super) may_be: Vec<&'f OptionFact>,
    /// Its value and the place of the word that holds it.
    pub(super) value: Option<(usize, String)>,
    /// The places of a command that it runs: first and behind the last.
    pub(super) inner: Option<(usize, usize)>,
}

/// Reads the words behind a program's name.
pub(super) fn read<'f>(words: &Words, facts: &'f Facts) -> Line<'f> {
    let line = Line {
        facts,
        path: vec![facts],
        subcommand: Vec::new(),
        options: Vec::new(),
        operands: Vec::new(),
        unlisted: Vec::new(),
        open: false,
        ended: false,
    };
    let mut reader = Reader { words, line, at: 1, ended: facts.syntax == Syntax::None };
    reader.read();
    Line { ended: reader.ended, ..reader.line }
}

struct Reader<'w, 'f> {
    words: &'w Words,
    line: Line<'f>,
    at: usize,
    /// Whether all words that follow are operands.
    ended: bool,
}

impl<'f> Reader<'_, 'f> {
    fn read(&mut self) {
        if self.line.facts.bundle {
            self.bundle();
        }
        while let Some(word) = self.words.argv.get(self.at) {
            let word = word.as_str();
            if self.words.unknown.contains(&self.at) {
                self.line.open |= !self.ended;
                self.line.operands.push(self.at);
                self.at += 1;
            } else if self.ended || !self.is_option(word) {
                self.operand(word);
            } else if word == "--" {
                self.dashes();
            } else {
                self.option(word);
            }
        }
    }

    /// `--` ends the options, but where the facts know it as one: `find -- . -delete` has options behind it, and to some
    /// interpreters it says that the code comes from the input.
    fn dashes(&mut self) {
        let at = self.at;
        let fact = self.line.facts.options.iter().find(|option| option.spellings.iter().any(|own| own == "--"));
        self.ended |= fact.is_none_or(|fact| !fact.effects.is_empty());
        self.at += 1;
        if let Some(fact) = fact {
            self.give(at, "--".to_owned(), vec![fact], None, false);
        }
    }

    fn is_option(&self, word: &str) -> bool {
        match word.as_bytes() {
            [] | [b'-'] => false,
            [b'-', ..] => true,
            // `find` has `!` and `(`, `vim` has `+command`.
            _ => self.spelled(word).is_some(),
        }
    }

    fn operand(&mut self, word: &str) {
        let at = self.at;
        self.at += 1;
        if self.line.facts.sub.is_empty() || !self.line.operands.is_empty() {
            self.line.operands.push(at);
            self.ended |= self.line.facts.syntax == Syntax::Posix;
            return;
        }
        match self.line.facts.sub.iter().find(|sub| sub.is_called(word)) {
            Some(sub) => {
                self.line.subcommand.push(at);
                self.line.facts = sub;
                self.line.path.push(sub);
                self.ended = sub.syntax == Syntax::None;
            }
            // `yq .a f` needs no subcommand.
            None if self.line.facts.operands.is_some() => {
                self.line.operands.push(at);
                self.ended |= self.line.facts.syntax == Syntax::Posix;
            }
            None => {
                self.line.unlisted.push(at);
                // What it means is anybody's guess, and so are the words behind it.
                self.line.subcommand.push(at);
                self.line.operands.extend(at + 1..self.words.argv.len());
                self.at = self.words.argv.len();
            }
        }
    }

    fn option(&mut self, word: &str) {
        let at = self.at;
        self.at += 1;
        if let Some((fact, glued)) = self.spelled(word) {
            let written = word.strip_suffix(glued.as_str()).unwrap_or(word).to_owned();
            let starred =
                fact.spellings.iter().any(|own| own.ends_with('*') && word.starts_with(own.trim_end_matches('*')));
            let value = (starred && !glued.is_empty() && fact.takes != Takes::Nothing).then_some((at, glued));
            return self.give(at, written, vec![fact], value, true);
        }
        match self.line.facts.syntax {
            Syntax::Words => self.whole(at, word),
            Syntax::Gnu | Syntax::Posix | Syntax::None if word.starts_with("--") => self.long(at, word),
            Syntax::Gnu | Syntax::Posix | Syntax::None => self.cluster(at, word.get(1..).unwrap_or_default()),
        }
    }

    /// The option that is spelled like the whole word, or begins like it with a star, and what stands behind the star.
    fn spelled(&self, word: &str) -> Option<(&'f OptionFact, String)> {
        let facts = self.line.facts;
        let exact = facts.options.iter().find(|option| option.spellings.iter().any(|own| own == word));
        let short = word.len() <= 2;
        // A letter by itself is read as the beginning of a cluster, so that the next word can be its value.
        if let Some(option) = exact.filter(|_| !short || facts.syntax == Syntax::Words || !word.starts_with('-')) {
            return Some((option, String::new()));
        }
        let starred = facts.options.iter().flat_map(|option| option.spellings.iter().map(move |own| (option, own)));
        let starred = starred.filter_map(|(option, own)| Some((option, own.strip_suffix('*')?)));
        let fitting = starred.filter(|(_, start)| word.starts_with(start) && !start.is_empty());
        let (option, start) = fitting.max_by_key(|(_, start)| start.len())?;
        Some((option, word.strip_prefix(start).unwrap_or_default().to_owned()))
    }

    /// `-name`, `--name`, `-name=value`.
    fn whole(&mut self, at: usize, word: &str) {
        let (name, value) = split(word);
        let bare = name.trim_start_matches('-');
        let facts = self.line.facts;
        let fact = facts.options.iter().find(|option| {
            option.spellings.iter().any(|own| own.starts_with('-') && own.trim_start_matches('-') == bare)
        });
        match fact {
            Some(fact) if fact.takes != Takes::Nothing || may_follow_a_flag(value.as_deref()) => {
                self.give(at, name.to_owned(), vec![fact], value.map(|value| (at, value)), true);
            }
            Some(_) | None => self.unlisted(at, name, value),
        }
    }

    fn long(&mut self, at: usize, word: &str) {
        let (name, value) = split(word);
        let facts = self.line.facts;
        let spells = |option: &&OptionFact, fits: &dyn Fn(&str) -> bool| option.spellings.iter().any(|own| fits(own));
        let exact: Vec<_> = facts.options.iter().filter(|option| spells(option, &|own| own == name)).collect();
        let may_be = match exact.as_slice() {
            [] => facts.options.iter().filter(|option| spells(option, &|own| own.starts_with(name))).collect(),
            _ => exact,
        };
        // A flag has no value; some programs make one a word of its own, or the flag's opposite.
        let flag = value.is_some() && may_be.iter().all(|fact| fact.takes == Takes::Nothing);
        match may_be.as_slice() {
            [] => self.unlisted(at, name, value),
            _ if flag => self.unlisted(at, name, value),
            _ => self.give(at, name.to_owned(), may_be, value.map(|value| (at, value)), true),
        }
    }

    /// Short options in one word, without the dash before them.
    fn cluster(&mut self, at: usize, letters: &str) {
        let mut rest = letters.chars();
        while let Some(letter) = rest.next() {
            let written = format!("-{letter}");
            let facts = self.line.facts;
            let spelled =
                |name: &str| facts.options.iter().find(|option| option.spellings.iter().any(|own| own == name));
            let number = if letter.is_ascii_digit() { spelled("-0") } else { None };
            let Some(fact) = spelled(&written).or(number) else {
                self.line.options.push(Given { at, written, may_be: Vec::new(), value: None, inner: None });
                self.line.unlisted.push(at);
                // The rest may be its value or more letters; each is looked at by rules that forbid.
                continue;
            };
            if fact.takes == Takes::Nothing {
                self.give(at, written, vec![fact], None, false);
                continue;
            }
            let glued = rest.as_str().to_owned();
            let value = (!glued.is_empty()).then_some((at, glued));
            return self.give(at, written, vec![fact], value, true);
        }
    }

    /// `tar cf x`: a cluster without a dash whose values are the words behind it.
    fn bundle(&mut self) {
        let Some(letters) = self.words.argv.get(1).filter(|word| !word.starts_with('-')) else { return };
        if self.words.unknown.contains(&1) {
            return;
        }
        self.at = 2;
        for letter in letters.chars() {
            let written = format!("-{letter}");
            let facts = self.line.facts;
            match facts.options.iter().find(|option| option.spellings.contains(&written)) {
                Some(fact) => self.give(1, written, vec![fact], None, fact.takes == Takes::Value),
                None => self.unlisted(1, &written, None),
            }
        }
    }

    fn give(
        &mut self,
        at: usize,
        written: String,
        may_be: Vec<&'f OptionFact>,
        value: Option<(usize, String)>,
        takes_next: bool,
    ) {
        let is = |effect: Effect| may_be.iter().any(|fact| fact.effects.contains(&effect));
        let mut given = Given { at, written, value, inner: None, may_be: may_be.clone() };
        if is(Effect::Inner) {
            let end = self.end_of_command();
            given.inner = Some((self.at, end));
            // Each may stand for several words, the end of the command among them.
            self.line.open |= self.words.unknown.iter().any(|place| (self.at..=end).contains(place));
            self.at = end.saturating_add(1);
        } else if given.value.is_none() && may_be.iter().any(|fact| fact.takes == Takes::Two) {
            let second = self.at + 1;
            given.value = self.words.argv.get(second).map(|word| (second, word.clone()));
            self.line.open |= self.words.unknown.iter().any(|place| (self.at..=second).contains(place));
            self.at += 2;
        } else if given.value.is_none() && takes_next && may_be.iter().any(|fact| fact.takes == Takes::Value) {
            given.value = self.words.argv.get(self.at).map(|word| (self.at, word.clone()));
            self.line.open |= self.words.unknown.contains(&self.at);
            // Of what may be several options one may take no value.
            self.at += usize::from(may_be.iter().all(|fact| fact.takes == Takes::Value));
        }
        self.ended |= may_be.iter().any(|fact| fact.kind == Kind::Modules);
        self.line.options.push(given);
    }

    /// The place of the `;` that ends a command, or of a `+` behind `{}` (find(1), `-exec`).
    fn end_of_command(&self) -> usize {
        let argv = &self.words.argv;
        let ends = |at: usize| match argv.get(at).map(String::as_str) {
            Some(";") => true,
            Some("+") => at.checked_sub(1).and_then(|before| argv.get(before)).is_some_and(|before| before == "{}"),
            _ => false,
        };
        (self.at..argv.len()).find(|at| ends(*at)).unwrap_or(argv.len())
    }

    fn unlisted(&mut self, at: usize, name: &str, value: Option<String>) {
        let value = value.map(|value| (at, value));
        self.line.options.push(Given { at, written: name.to_owned(), may_be: Vec::new(), value, inner: None });
        self.line.unlisted.push(at);
    }
}

/// Whether a value behind the `=` of an option that takes none only switches it. Another one means something else.
fn may_follow_a_flag(value: Option<&str>) -> bool {
    value.is_none_or(|value| matches!(value, "true" | "false"))
}

/// The name and the value of `--name=value`.
fn split(word: &str) -> (&str, Option<String>) {
    match word.split_once('=') {
        Some((name, value)) => (name, Some(value.to_owned())),
        None => (word, None),
    }
}
