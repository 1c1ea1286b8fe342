//! What is known of a program, for those who look at rules or tell people, and not at commands.

use std::collections::BTreeSet;

use super::facts::{Effect, Facts, Kind, Need, OptionFact, Syntax, Takes};

/// Whether a command can have a subcommand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Listed {
    /// The facts list it.
    Yes,
    /// They do not; what has it is a use that nobody knows.
    No,
    /// Words in its place are operands.
    Never,
}

/// The facts of a program or of one of its subcommands.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Known<'f>(&'f Facts);

/// One option of it.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct KnownOption<'f>(&'f OptionFact);

impl<'f> Known<'f> {
    pub(super) fn new(facts: &'f Facts) -> Self {
        Self(facts)
    }

    pub(in super::super) fn names(self) -> &'f [String] {
        &self.0.names
    }

    /// Where the facts come from, and the file that holds them.
    pub(in super::super) fn source(self) -> (&'f str, &'f str) {
        (&self.0.source, &self.0.file)
    }

    pub(in super::super) fn syntax(self) -> &'static str {
        self.0.syntax.as_str()
    }

    pub(in super::super) fn options(self) -> impl Iterator<Item = KnownOption<'f>> {
        self.0.options.iter().map(KnownOption)
    }

    /// The kinds of the operands as facts write them; nothing when every operand is unknown.
    pub(in super::super) fn operands(self) -> Option<Vec<String>> {
        let word = |operand: &super::facts::Operand| match operand.repeats {
            true => format!("{}...", operand.kind.as_str()),
            false => operand.kind.as_str().to_owned(),
        };
        self.0.operands.as_ref().map(|operands| operands.iter().map(word).collect())
    }

    /// Operands of the form `key=value`, each with the kind of its value.
    pub(in super::super) fn keys(self) -> Vec<(&'f str, &'static str)> {
        self.0.keys.iter().map(|key| (key.name.as_str(), key.kind.as_str())).collect()
    }

    /// What every use needs.
    pub(in super::super) fn always(self) -> &'f [Need] {
        &self.0.always
    }

    /// What a use with fewer operands than this needs.
    pub(in super::super) fn bare(self) -> (&'f [Need], usize) {
        (&self.0.bare, self.0.least)
    }

    pub(in super::super) fn subcommands(self) -> impl Iterator<Item = Self> {
        self.0.sub.iter().map(Self)
    }

    /// Whether it has subcommands and is harmless without one.
    pub(in super::super) fn is_harmless_alone(self) -> bool {
        self.0.alone
    }

    /// Whether it adds words that nobody knows to the command that it runs.
    pub(in super::super) fn appends(self) -> bool {
        self.0.appends
    }

    /// Whether it goes by a first argument without a dash as by a cluster of options.
    pub(in super::super) fn is_bundled(self) -> bool {
        self.0.bundle
    }

    pub(in super::super) fn modules(self) -> &'f [String] {
        &self.0.modules
    }

    /// A subcommand by its words.
    pub(in super::super) fn subcommand(self, words: &[String]) -> Option<Self> {
        words.iter().try_fold(self, |known, word| known.subcommands().find(|sub| sub.0.is_called(word)))
    }

    /// Whether a command of it can have the subcommand.
    pub(in super::super) fn lists(self, words: &[String]) -> Listed {
        let Some((first, rest)) = words.split_first() else { return Listed::Yes };
        match self.subcommands().find(|sub| sub.0.is_called(first)) {
            Some(sub) => sub.lists(rest),
            None if self.0.sub.is_empty() || !rest.is_empty() => Listed::Never,
            None => Listed::No,
        }
    }

    /// The facts that the options of a command may belong to: those of the program, of the subcommands on the way to the
    /// wanted ones, and of all below these. Without wanted ones, all there are.
    pub(in super::super) fn among(self, wanted: &[Vec<String>]) -> Vec<Self> {
        let mut found = vec![self];
        let everything = [Vec::new()];
        for words in if wanted.is_empty() { everything.as_slice() } else { wanted } {
            let way = (1..words.len()).filter_map(|count| self.subcommand(words.get(..count)?));
            found.extend(way);
            let Some(end) = self.subcommand(words) else { continue };
            found.extend((!words.is_empty()).then_some(end));
            end.add_below(&mut found);
        }
        found
    }

    fn add_below(self, found: &mut Vec<Self>) {
        for sub in self.subcommands() {
            found.push(sub);
            sub.add_below(found);
        }
    }

    /// The option of that spelling.
    pub(in super::super) fn option(self, spelling: &str) -> Option<KnownOption<'f>> {
        let bare = spelling.trim_start_matches('-');
        let is_number = spelling.len() == 2 && bare.bytes().all(|byte| byte.is_ascii_digit());
        let is = |own: &str| {
            own == spelling
                || self.0.syntax == Syntax::Words && spelling.starts_with('-') && own.trim_start_matches('-') == bare
                || is_number && own == "-0"
                || own.strip_suffix('*').is_some_and(|start| !start.is_empty() && spelling.starts_with(start))
        };
        self.options().find(|option| option.spellings().iter().any(|own| is(own)))
    }

    /// What some use of it can need, without its subcommands.
    pub(in super::super) fn can_need(self) -> BTreeSet<Need> {
        let facts = self.0;
        let mut needs: BTreeSet<Need> = facts.always.iter().chain(&facts.bare).copied().collect();
        needs.extend(facts.options.iter().flat_map(|option| KnownOption(option).can_need()));
        let kinds = facts.operands.iter().flatten().map(|operand| operand.kind);
        needs.extend(kinds.chain(facts.keys.iter().map(|key| key.kind)).flat_map(kind_needs));
        // To words that a wrapper appends it may not matter what was meant.
        let last = facts.operands.as_ref().and_then(|operands| operands.last());
        let takes_more = last.is_some_and(|operand| operand.repeats);
        let harmful = needs.iter().any(|need| !matches!(need, Need::Read | Need::Write | Need::Network));
        if !takes_more || harmful || !facts.sub.is_empty() {
            needs.insert(Need::Code);
        }
        needs
    }

    /// Whether what it runs is told it by its ordinary arguments or its input, and not by some option alone.
    pub(in super::super) fn runs_what_it_is_given(self) -> bool {
        let facts = self.0;
        let runs = |need: &Need| matches!(need, Need::Exec | Need::Code);
        let is_code =
            |kind: Kind| matches!(kind, Kind::Command | Kind::Shell) || matches!(kind, Kind::Need(need) if runs(&need));
        facts.always.iter().chain(&facts.bare).any(runs)
            || facts.operands.iter().flatten().any(|operand| is_code(operand.kind))
            || facts.options.iter().any(|option| is_code(option.kind) && option.effects.contains(&Effect::Script))
    }
}

impl<'f> KnownOption<'f> {
    pub(in super::super) fn spellings(self) -> &'f [String] {
        &self.0.spellings
    }

    /// How facts write that it takes a value: nothing, `=`, `=?` or `=2`.
    pub(in super::super) fn value(self) -> &'static str {
        match self.0.takes {
            Takes::Nothing => "",
            Takes::Value => "=",
            Takes::Glued => "=?",
            Takes::Two => "=2",
        }
    }

    pub(in super::super) fn kind(self) -> &'static str {
        self.0.kind.as_str()
    }

    pub(in super::super) fn effects(self) -> impl Iterator<Item = &'static str> {
        self.0.effects.iter().map(|effect| effect.as_str())
    }

    /// Whether it can stand without a value, and whether with one.
    pub(in super::super) fn takes(self) -> (bool, bool) {
        match self.0.takes {
            Takes::Nothing => (true, false),
            Takes::Glued => (true, true),
            Takes::Value | Takes::Two => (false, true),
        }
    }

    /// What its use needs whatever its value is.
    pub(in super::super) fn always_needs(self) -> BTreeSet<Need> {
        let effects = self.0.effects.iter().filter_map(|effect| match effect {
            Effect::Need(need) => Some(*need),
            Effect::Inner => Some(Need::Exec),
            Effect::Stop | Effect::Edits | Effect::Reads | Effect::Script | Effect::Replaces => None,
        });
        let valued = match self.0.takes {
            Takes::Value | Takes::Two => Some(self.0.kind),
            Takes::Nothing | Takes::Glued => None,
        };
        let by_value = valued.and_then(|kind| {
            if let Kind::Need(need) = kind {
                return Some(need);
            }
            matches!(kind, Kind::Shell | Kind::Command).then_some(Need::Exec)
        });
        effects.chain(by_value).collect()
    }

    /// What some use of it can need.
    pub(in super::super) fn can_need(self) -> BTreeSet<Need> {
        let edits = self.0.effects.contains(&Effect::Edits).then_some(Need::Write);
        let reads = self.0.effects.contains(&Effect::Reads).then_some(Need::Read);
        let by_value = (self.0.takes != Takes::Nothing).then(|| kind_needs(self.0.kind));
        self.always_needs().into_iter().chain(edits).chain(reads).chain(by_value.unwrap_or_default()).collect()
    }
}

/// What a word of a kind can need. A file's name may be an address.
fn kind_needs(kind: Kind) -> Vec<Need> {
    match kind {
        Kind::Data | Kind::Assign => vec![],
        Kind::Read | Kind::ReadThere | Kind::Cd | Kind::AtFile => vec![Need::Read, Need::Network],
        Kind::Write | Kind::WriteThere => vec![Need::Read, Need::Write, Need::Network],
        Kind::Pipe => vec![Need::Write, Need::Exec, Need::Network],
        Kind::Run => vec![Need::Read, Need::Run, Need::Network],
        Kind::Need(need) => vec![need],
        Kind::Command | Kind::Shell => vec![Need::Exec],
        Kind::Modules => vec![Need::Code, Need::Run],
        Kind::Sed | Kind::Awk | Kind::Jq | Kind::Sql | Kind::Make => Need::ALL.to_vec(),
    }
}
