//! F5: a random tree, written in a random spelling, parses to that tree.

use stockade::{
    command::{
        AndOr, Assignment, Builtin, CharSet, Connector, Direction, Glob, HereDocument, Link, List, Node, Piece,
        Pipeline, Process, Redirect, Redirection, Script, SimpleCommand, Subshell, Substitution, Word, parse,
    },
    diagnostic::{Span, is_hidden},
};

/// Choices that the bytes make; when they end, every choice is the first.
#[derive(Debug)]
pub struct Choices<'b>(std::slice::Iter<'b, u8>);

impl<'b> Choices<'b> {
    /// The choices of these bytes.
    pub fn new(bytes: &'b [u8]) -> Self {
        Self(bytes.iter())
    }

    fn below(&mut self, count: usize) -> usize {
        self.0.next().map_or(0, |byte| usize::from(*byte) % count)
    }

    fn one_of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }

    fn yes(&mut self) -> bool {
        self.below(2) == 1
    }
}

/// Asserts that two spellings of a tree parse to it.
pub fn spelled(bytes: &[u8]) {
    let mut choices = Choices::new(bytes);
    let script = tree(&mut choices);
    for _ in 0..2 {
        let text = spell(&script, &mut choices);
        let parsed = parse(&text).unwrap_or_else(|error| panic!("{text:?}: {error:?}\n{script:?}"));
        assert_eq!(parsed.unplaced(), script, "{text:?}");
    }
}

/// A random tree without places.
pub fn tree(choices: &mut Choices<'_>) -> Script {
    let mut left = 12;
    Script { text: String::new(), root: list(choices, 0, &mut left) }
}

/// A random command of literal words alone.
pub fn literal_command(choices: &mut Choices<'_>) -> Script {
    let mut words = vec![program(choices)];
    for _ in 0..choices.below(5) {
        words.push(literal(&known(choices)));
    }
    let command = SimpleCommand { assignments: vec![], words, redirections: vec![], span: none() };
    let first = Pipeline { negated: false, commands: vec![Node::Simple(command)], span: none() };
    let items = vec![AndOr { first, rest: vec![], span: none() }];
    Script { text: String::new(), root: List { items, span: none() } }
}

fn none() -> Span {
    Span::default()
}

fn list(choices: &mut Choices<'_>, depth: usize, left: &mut usize) -> List {
    let count = 1 + choices.below(3);
    let items = (0..count).map(|_| and_or(choices, depth, left)).collect();
    List { items, span: none() }
}

fn and_or(choices: &mut Choices<'_>, depth: usize, left: &mut usize) -> AndOr {
    let first = pipeline(choices, depth, left);
    let count = choices.below(4).saturating_sub(1);
    let link = |choices: &mut Choices<'_>, left: &mut usize| {
        let connector = choices.one_of(&[Connector::And, Connector::Or]);
        Link { connector, span: none(), pipeline: pipeline(choices, depth, left) }
    };
    let rest = (0..count).map(|_| link(choices, left)).collect();
    AndOr { first, rest, span: none() }
}

fn pipeline(choices: &mut Choices<'_>, depth: usize, left: &mut usize) -> Pipeline {
    let negated = choices.below(6) == 1;
    let count = 1 + choices.below(4).saturating_sub(1);
    let commands = (0..count).map(|_| node(choices, depth, left)).collect();
    Pipeline { negated, commands, span: none() }
}

fn node(choices: &mut Choices<'_>, depth: usize, left: &mut usize) -> Node {
    *left = left.saturating_sub(1);
    if depth < 4 && *left > 0 && choices.below(5) == 1 {
        return Node::Subshell(Subshell { list: list(choices, depth + 1, left), span: none() });
    }
    let mut command = simple(choices);
    // An own choice at the end of all others, so that texts without a substitution stay common.
    if *left > 1 && choices.below(4) == 1 {
        substitute(choices, depth, left, &mut command);
    }
    Node::Simple(command)
}

/// A command without substitutions.
fn simple(choices: &mut Choices<'_>) -> SimpleCommand {
    let program = program(choices);
    let builtin = SimpleCommand { assignments: vec![], words: vec![program], redirections: vec![], span: none() };
    let (kind, words) = (builtin.builtin(), builtin.words);
    let mut command = SimpleCommand { assignments: vec![], words, redirections: vec![], span: none() };
    if kind.is_none() {
        command.assignments = assignments(choices);
    }
    match kind {
        Some(Builtin::Cd) => command.words.push(directory(choices)),
        Some(Builtin::Exit) => {
            let status = choices.one_of(&[None, Some("0"), Some("255"), Some("007")]);
            command.words.extend(status.map(literal));
        }
        Some(Builtin::Null) | None => {
            for _ in 0..choices.below(4) {
                command.words.push(word(choices, true));
            }
        }
    }
    command.redirections = (0..choices.below(4).saturating_sub(1)).flat_map(|_| redirection(choices)).collect();
    command
}

/// Values that use no variable assigned before.
fn assignments(choices: &mut Choices<'_>) -> Vec<Assignment> {
    (0..choices.below(4).saturating_sub(1)).map(|_| assignment(choices)).collect()
}

fn directory(choices: &mut Choices<'_>) -> Word {
    let word = word(choices, false);
    let option = matches!(word.pieces.first(), Some(Piece::Known(text)) if text.starts_with('-'));
    if option || word.pieces.is_empty() { literal("x") } else { word }
}

/// Puts substitutions into one kind of the command's words.
fn substitute(choices: &mut Choices<'_>, depth: usize, left: &mut usize, command: &mut SimpleCommand) {
    let builtin = command.builtin();
    let count = 1 + choices.below(2);
    match choices.below(3) {
        0 if builtin.is_none() && !command.assignments.is_empty() => {
            substitute_word(choices, depth, left, &mut command.assignments[0].value, false);
        }
        1 if !command.redirections.is_empty() => {
            for redirection in &mut command.redirections {
                match &mut redirection.to {
                    Redirect::Read(word) | Redirect::Write(word) | Redirect::Append(word) => {
                        substitute_word(choices, depth, left, word, true);
                    }
                    Redirect::HereString(word) => substitute_word(choices, depth, left, word, false),
                    // None stands behind one that closes.
                    Redirect::Close => break,
                    Redirect::Copy(_) | Redirect::HereDocument(_) => {}
                }
            }
        }
        _ => match builtin {
            Some(Builtin::Cd) => substitute_word(choices, depth, left, &mut command.words[1], true),
            Some(Builtin::Exit) => {}
            Some(Builtin::Null) | None => {
                for _ in 0..count {
                    let mut word = word(choices, true);
                    if choices.below(3) == 1 {
                        word.pieces = vec![Piece::Process(beside(choices, depth, left))];
                    } else {
                        substitute_word(choices, depth, left, &mut word, false);
                    }
                    command.words.push(word);
                }
            }
        },
    }
}

/// Puts a substitution before or after a word's pieces.
fn substitute_word(choices: &mut Choices<'_>, depth: usize, left: &mut usize, word: &mut Word, quoted: bool) {
    let quoted = quoted || choices.yes();
    let mut list = list(choices, depth + 1, left);
    without_documents(&mut list);
    let found = Piece::Substitution(Substitution { list, quoted, span: none() });
    // Before a tilde, or right after one, nothing may stand.
    if matches!(word.pieces.as_slice(), [Piece::Tilde { .. }]) {
        word.pieces.push(Piece::Known("/".to_owned()));
    }
    if choices.yes() && !matches!(word.pieces.first(), Some(Piece::Tilde { .. })) && !has_glob(&word.pieces) {
        word.pieces.insert(0, found);
    } else if !has_glob(&word.pieces) || !ends_in_dots(&word.pieces) {
        word.pieces.push(found);
    }
}

/// What runs beside a command.
fn beside(choices: &mut Choices<'_>, depth: usize, left: &mut usize) -> Process {
    let mut list = list(choices, depth + 1, left);
    without_documents(&mut list);
    Process { list, direction: choices.one_of(&[Direction::Read, Direction::Write]), span: none() }
}

/// Here-documents do not stand inside substitutions.
fn without_documents(list: &mut List) {
    for item in &mut list.items {
        let links = item.rest.iter_mut().map(|link| &mut link.pipeline);
        for node in std::iter::once(&mut item.first).chain(links).flat_map(|pipeline| &mut pipeline.commands) {
            match node {
                Node::Simple(command) => {
                    command.redirections.retain(|redirection| !matches!(redirection.to, Redirect::HereDocument(_)));
                }
                Node::Subshell(subshell) => without_documents(&mut subshell.list),
            }
        }
    }
}

fn program(choices: &mut Choices<'_>) -> Word {
    literal(choices.one_of(&[
        "ls",
        "git",
        "p",
        "a.b",
        "/usr/bin/x",
        "./x",
        "[",
        "cd",
        "exit",
        ":",
        "if",
        "time",
        "1",
        "+x",
    ]))
}

fn assignment(choices: &mut Choices<'_>) -> Assignment {
    let name = choices.one_of(&["A", "B_1", "_x", "PATH"]).to_owned();
    Assignment { name, value: word(choices, false), span: none() }
}

fn literal(text: &str) -> Word {
    let pieces = if text.is_empty() { vec![] } else { vec![Piece::Known(text.to_owned())] };
    Word { pieces, span: none() }
}

const PARTS: &[&str] = &[
    "a", "b c", "", " ", "x=y", "'", "\"", "\\", "$", "`", "*", "?", "[", "]", "{a,b}", "~", "#", "!", "|", "&&", ";",
    "<", ">", "(", ")", "é", "日", "\u{a0}", "\u{1b}", "\u{202e}", "\t", "\n", "\r", "EOF", "-n", "1", "2", "22", "..",
    "/", ":", "=", "%", "$X", "\\n", "if",
];

fn known(choices: &mut Choices<'_>) -> String {
    (0..=choices.below(4)).map(|_| choices.one_of(PARTS)).collect()
}

/// A word of any pieces, or of those that may stand where patterns and tilde mean nothing.
fn word(choices: &mut Choices<'_>, expands: bool) -> Word {
    let mut pieces = Vec::new();
    if expands && choices.below(8) == 1 {
        pieces.push(Piece::Tilde { span: none() });
        if choices.yes() {
            push_known(&mut pieces, &format!("/{}", known(choices)));
        } else {
            return Word { pieces, span: none() };
        }
    }
    for _ in 0..=choices.below(3) {
        match choices.below(6) {
            1 => {
                let name = choices.one_of(&["X", "HOME", "a_1"]).to_owned();
                pieces.push(Piece::Variable { name, quoted: choices.yes(), span: none() });
            }
            2 if expands && !ends_in_dots(&pieces) => pieces.push(Piece::Glob { glob: glob(choices), span: none() }),
            _ => push_known(&mut pieces, &known(choices)),
        }
    }
    if has_glob(&pieces) && (ends_in_dots(&pieces) || dots_before_glob(&pieces)) {
        push_known(&mut pieces, "x");
        pieces.retain(|piece| !matches!(piece, Piece::Glob { .. }));
        pieces = joined(pieces);
    }
    Word { pieces, span: none() }
}

fn push_known(pieces: &mut Vec<Piece>, text: &str) {
    match pieces.last_mut() {
        _ if text.is_empty() => {}
        Some(Piece::Known(known)) => known.push_str(text),
        _ => pieces.push(Piece::Known(text.to_owned())),
    }
}

fn joined(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut joined = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Known(text) => push_known(&mut joined, &text),
            other @ (Piece::Variable { .. }
            | Piece::Glob { .. }
            | Piece::Tilde { .. }
            | Piece::Substitution(_)
            | Piece::Process(_)) => joined.push(other),
        }
    }
    joined
}

fn has_glob(pieces: &[Piece]) -> bool {
    pieces.iter().any(|piece| matches!(piece, Piece::Glob { .. }))
}

/// Whether the last name consists of dots, as far as it is known.
fn ends_in_dots(pieces: &[Piece]) -> bool {
    match pieces.last() {
        Some(Piece::Known(text)) => {
            text.rsplit('/').next().is_some_and(|name| !name.is_empty() && name.chars().all(|c| c == '.'))
        }
        _ => false,
    }
}

fn dots_before_glob(pieces: &[Piece]) -> bool {
    (0..pieces.len()).any(|at| matches!(pieces[at], Piece::Glob { .. }) && ends_in_dots(&pieces[..at]))
}

fn glob(choices: &mut Choices<'_>) -> Glob {
    match choices.below(3) {
        0 => Glob::Any,
        1 => Glob::One,
        _ => {
            let negated = choices.yes();
            let ranges: &[(char, char)] = choices.one_of(&[
                &[('a', 'z')][..],
                &[('a', 'a'), ('-', '-')],
                &[('-', '-'), ('0', '9')],
                &[('A', 'Z'), ('_', '_'), (',', ',')],
                &[('-', '-')],
            ]);
            Glob::OneOf(CharSet { negated, ranges: ranges.to_vec() })
        }
    }
}

fn file(choices: &mut Choices<'_>) -> Word {
    let mut word = word(choices, false);
    if choices.below(6) == 1 {
        word.pieces = vec![Piece::Tilde { span: none() }, Piece::Known("/f".to_owned())];
    }
    word
}

fn redirection(choices: &mut Choices<'_>) -> Vec<Redirection> {
    let fd = choices.one_of(&[0, 1, 2, 3, 9]);
    let one = |fd, to| vec![Redirection { fd, to, span: none() }];
    match choices.below(9) {
        0 => one(fd, Redirect::Write(file(choices))),
        1 => one(fd, Redirect::Append(file(choices))),
        2 => one(fd, Redirect::Read(file(choices))),
        3 => one(fd, Redirect::Copy(choices.one_of(&[0, 1, 2, 5]))),
        4 => one(fd, Redirect::Close),
        5 => one(fd, Redirect::HereString(file(choices))),
        6 => {
            let to = if choices.yes() { Redirect::Append(file(choices)) } else { Redirect::Write(file(choices)) };
            [one(1, to), one(2, Redirect::Copy(1))].concat()
        }
        _ => {
            let line = |choices: &mut Choices<'_>| {
                choices.one_of(&["a\n", "\n", "\tb c\n", "EOF \n", "it's \"x\n", "é # | (\n", "$X `y` \\z\n"])
            };
            let body = (0..choices.below(4)).map(|_| line(choices)).collect();
            one(0, Redirect::HereDocument(HereDocument { body, span: none() }))
        }
    }
}

/// Writes a tree in one of its spellings.
pub fn spell(script: &Script, choices: &mut Choices<'_>) -> String {
    let mut speller = Speller { text: String::new(), bodies: String::new(), inside: 0, choices };
    if speller.choices.below(4) == 1 {
        speller.text.push_str("# comment | ( ' \n\n  ");
    }
    speller.list(&script.root);
    if !speller.bodies.is_empty() || speller.choices.yes() {
        speller.line();
    }
    if speller.text.ends_with("\\\n") {
        speller.text.push('\n');
    }
    speller.text
}

struct Speller<'c, 'b> {
    text: String,
    bodies: String,
    /// Substitutions that are open.
    inside: usize,
    choices: &'c mut Choices<'b>,
}

impl Speller<'_, '_> {
    fn list(&mut self, list: &List) {
        for (at, item) in list.items.iter().enumerate() {
            if at > 0 {
                self.gap();
                if self.choices.yes() || !self.may_end_line() {
                    self.text.push(';');
                    self.blank();
                } else {
                    self.line();
                }
            }
            self.and_or(item);
        }
    }

    fn and_or(&mut self, item: &AndOr) {
        self.pipeline(&item.first);
        for link in &item.rest {
            self.gap();
            self.text.push_str(if link.connector == Connector::And { "&&" } else { "||" });
            self.gap_or_line();
            self.pipeline(&link.pipeline);
        }
    }

    fn pipeline(&mut self, pipeline: &Pipeline) {
        if pipeline.negated {
            self.text.push('!');
            self.blank();
        }
        for (at, node) in pipeline.commands.iter().enumerate() {
            if at > 0 {
                self.gap();
                self.text.push('|');
                // `|&` and `;&` are operators of their own.
                self.blank_or_line();
            }
            match node {
                Node::Simple(command) => self.simple(command),
                Node::Subshell(subshell) => {
                    self.text.push('(');
                    self.blank();
                    self.list(&subshell.list);
                    match self.choices.below(3) {
                        0 => self.gap(),
                        2 if self.may_end_line() => self.line(),
                        _ => self.text.push_str(" ;"),
                    }
                    self.text.push(')');
                }
            }
        }
    }

    fn simple(&mut self, command: &SimpleCommand) {
        let mut redirections = redirections(&command.redirections).into_iter();
        for assignment in &command.assignments {
            self.maybe(&mut redirections);
            self.text.push_str(&assignment.name);
            self.text.push('=');
            if !assignment.value.pieces.is_empty() || self.choices.yes() {
                self.word(&assignment.value, false);
            }
            self.blank();
        }
        let mut words = command.words.as_slice();
        while let Some((word, rest)) = words.split_first() {
            let program = words.len() == command.words.len();
            self.maybe(&mut redirections);
            words = match (program, braced(words)) {
                (false, Some((text, count))) if self.choices.yes() => {
                    self.text.push_str(&text);
                    &words[count..]
                }
                _ => {
                    self.word(word, program);
                    rest
                }
            };
            self.blank();
        }
        for redirection in redirections {
            self.redirection(redirection);
            self.blank();
        }
    }

    fn maybe<'r>(&mut self, redirections: &mut impl Iterator<Item = &'r [Redirection]>) {
        if self.choices.below(4) == 1
            && let Some(redirection) = redirections.next()
        {
            self.redirection(redirection);
            self.blank();
        }
    }

    fn redirection(&mut self, redirection: &[Redirection]) {
        let [first, rest @ ..] = redirection else { return };
        if !rest.is_empty() {
            self.text.push_str(if matches!(first.to, Redirect::Append(_)) { "&>>" } else { "&>" });
            self.target(first);
            return;
        }
        let input = match &first.to {
            Redirect::Read(_) | Redirect::HereString(_) | Redirect::HereDocument(_) => true,
            Redirect::Copy(_) | Redirect::Close => self.choices.yes(),
            Redirect::Write(_) | Redirect::Append(_) => false,
        };
        if first.fd != u8::from(!input) || self.choices.yes() {
            self.text.push_str(&first.fd.to_string());
        }
        let arrow = if input { "<" } else { ">" };
        match &first.to {
            Redirect::Read(_) => self.text.push('<'),
            Redirect::Write(_) => {
                let operator = self.choices.one_of(&[">", ">|"]);
                self.text.push_str(operator);
            }
            Redirect::Append(_) => self.text.push_str(">>"),
            Redirect::HereString(_) => self.text.push_str("<<<"),
            Redirect::Copy(from) => self.text.push_str(&format!("{arrow}&{from}")),
            Redirect::Close => self.text.push_str(&format!("{arrow}&-")),
            Redirect::HereDocument(document) => self.document(&document.body),
        }
        self.target(first);
    }

    fn target(&mut self, redirection: &Redirection) {
        if let Some(word) = redirection.word() {
            self.text.push_str(["", " ", "\t "][self.choices.below(3)]);
            self.word(word, false);
        }
    }

    fn document(&mut self, body: &str) {
        let plain = !body.contains(['$', '`', '\\']);
        let strip = !body.starts_with('\t') && !body.contains("\n\t") && self.choices.yes();
        let delimiter = self.choices.one_of(&["EOF", "E_1", "x.y-z+", "7"]);
        self.text.push_str(if strip { "<<-" } else { "<<" });
        self.text.push_str(&match self.choices.below(4) {
            0 => format!("'{delimiter}'"),
            1 => format!(" \"{delimiter}\""),
            2 => format!("\\{delimiter}"),
            _ if plain => delimiter.to_owned(),
            _ => format!("''{delimiter}"),
        });
        let tabs = if strip { ["", "\t", "\t\t"][self.choices.below(3)] } else { "" };
        for line in body.lines() {
            self.bodies.push_str(&format!("{tabs}{line}\n"));
        }
        self.bodies.push_str(&format!("{tabs}{delimiter}\n"));
    }

    fn word(&mut self, word: &Word, program: bool) {
        if word.pieces.is_empty() {
            let empty = self.choices.one_of(&["''", "\"\"", "$''", "''\"\""]);
            self.text.push_str(empty);
        }
        let mut after_tilde = false;
        for piece in &word.pieces {
            match piece {
                Piece::Known(text) if after_tilde => {
                    self.text.push('/');
                    self.known(&text[1..], false);
                }
                Piece::Known(text) => self.known(text, program),
                Piece::Variable { name, quoted: false, .. } => self.text.push_str(&format!("${{{name}}}")),
                Piece::Variable { name, quoted: true, .. } => {
                    let form = if self.choices.yes() { format!("\"${name}\"") } else { format!("\"${{{name}}}\"") };
                    self.text.push_str(&form);
                }
                Piece::Glob { glob, .. } => self.text.push_str(&pattern(glob)),
                Piece::Tilde { .. } => self.text.push('~'),
                Piece::Substitution(found) => self.substitution(found),
                Piece::Process(found) => self.process(found),
            }
            after_tilde = matches!(piece, Piece::Tilde { .. });
        }
    }

    fn process(&mut self, found: &Process) {
        let inner = self.inner(&found.list);
        let arrow = if found.direction == Direction::Read { "<" } else { ">" };
        self.text.push_str(&format!("{arrow}({inner})"));
    }

    /// The text of a list that stands in a word.
    fn inner(&mut self, list: &List) -> String {
        let outer = std::mem::take(&mut self.text);
        self.inside += 1;
        self.gap();
        // `$((` is arithmetic.
        if self.text.is_empty() && matches!(list.items[0].first.commands[0], Node::Subshell(_)) {
            self.text.push(' ');
        }
        self.list(list);
        self.gap();
        self.inside -= 1;
        std::mem::replace(&mut self.text, outer)
    }

    /// A substitution, between backticks where these say the same.
    fn substitution(&mut self, found: &Substitution) {
        let inner = self.inner(&found.list);
        let odd = |at: usize| inner[at + 1..].is_empty() || inner[at + 1..].starts_with(['$', '\\', '\n']);
        let wide = inner.contains('`') || inner.match_indices('\\').any(|(at, _)| odd(at));
        let quote = if found.quoted { "\"" } else { "" };
        if wide || found.quoted && inner.contains('"') || self.choices.yes() {
            self.text.push_str(&format!("{quote}$({inner}){quote}"));
        } else {
            self.text.push_str(&format!("{quote}`{inner}`{quote}"));
        }
    }

    /// Known text, each character in a style of its own. A reserved word begins with a quote.
    fn known(&mut self, text: &str, program: bool) {
        if program && matches!(text, "if" | "time") {
            self.text.push_str("''");
        }
        for c in text.chars() {
            let bare = c.is_ascii_alphanumeric() || "_@%+=:,./-".contains(c);
            let escape = !is_hidden(c) && c != '\n' && (c.is_ascii() || c == 'é');
            match self.choices.below(5) {
                _ if is_hidden(c) && !matches!(c, '\n' | '\t') => self.escape(c),
                0 | 1 if bare => self.text.push(c),
                2 if escape => self.text.push_str(&format!("\\{c}")),
                3 if "$`\"\\".contains(c) => self.text.push_str(&format!("\"\\{c}\"")),
                3 => self.text.push_str(&format!("\"{c}\"")),
                4 => self.escape(c),
                _ if c == '\'' => self.text.push_str("\\'"),
                _ => self.text.push_str(&format!("'{c}'")),
            }
        }
    }

    fn escape(&mut self, c: char) {
        let code = u32::from(c);
        self.text.push_str(&match code {
            0..0x80 if self.choices.yes() => format!("$'\\x{code:02x}'"),
            0..0x80 => format!("$'\\{code:03o}'"),
            0x80..0x1_0000 => format!("$'\\u{code:04x}'"),
            _ => format!("$'\\U{code:08X}'"),
        });
    }

    fn blank(&mut self) {
        let blank = self.choices.one_of(&[" ", "  ", "\t", " \\\n ", " \\\n"]);
        self.text.push_str(blank);
    }

    fn gap(&mut self) {
        if self.choices.yes() {
            self.text.push(' ');
        }
    }

    /// The lines of a here-document do not begin inside a substitution.
    fn may_end_line(&self) -> bool {
        self.inside == 0 || self.bodies.is_empty()
    }

    fn gap_or_line(&mut self) {
        if self.choices.below(4) == 1 && self.may_end_line() { self.line() } else { self.gap() }
    }

    fn blank_or_line(&mut self) {
        if self.choices.below(4) == 1 && self.may_end_line() { self.line() } else { self.blank() }
    }

    fn line(&mut self) {
        let end = self.choices.one_of(&["\n", " # ( ' \" comment\n"]);
        self.text.push_str(end);
        self.text.push_str(&std::mem::take(&mut self.bodies));
        let more = self.choices.one_of(&["", "\n", " \t\n# more\n"]);
        self.text.push_str(more);
    }
}

/// The first words as braces, where they are plain numbers in a row or plain texts, and how many of them.
fn braced(words: &[Word]) -> Option<(String, usize)> {
    let plain = |word: &Word| {
        let text = word.literal()?;
        (!text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "%-".contains(c))).then_some(text)
    };
    let texts: Vec<_> = words.iter().map_while(plain).take(4).collect();
    match texts.as_slice() {
        [first, second, ..] if first == "1" && second == "2" => Some(("{1..2}".to_owned(), 2)),
        [first, second] => Some((format!("{{{first},{second}}}"), 2)),
        [first, middle @ .., last] if !middle.is_empty() => {
            Some((format!("{{{first},{},{last}}}", middle.join(",")), texts.len()))
        }
        _ => None,
    }
}

/// The redirections one by one, with `&>` as a group of two.
fn redirections(all: &[Redirection]) -> Vec<&[Redirection]> {
    let mut groups = Vec::new();
    let mut rest = all;
    while let Some(first) = rest.first() {
        let both = first.fd == 1
            && matches!(first.to, Redirect::Write(_) | Redirect::Append(_))
            && rest.get(1).is_some_and(|second| second.fd == 2 && second.to == Redirect::Copy(1));
        let (group, after) = rest.split_at(if both { 2 } else { 1 });
        groups.push(group);
        rest = after;
    }
    groups
}

fn pattern(glob: &Glob) -> String {
    match glob {
        Glob::Any => "*".to_owned(),
        Glob::One => "?".to_owned(),
        Glob::OneOf(set) => {
            let range = |(first, last): &(char, char)| {
                if first == last { first.to_string() } else { format!("{first}-{last}") }
            };
            let ranges: String = set.ranges.iter().map(range).collect();
            format!("[{}{ranges}]", if set.negated { "!" } else { "" })
        }
    }
}
