//! `[[rule]]`: one statement about commands.

use std::collections::BTreeSet;

use globset::{GlobBuilder, GlobMatcher};

use crate::{
    command::{self, ResolvedCommand},
    diagnostic::{Code, Diagnostic},
    model::denial::RuleRef,
};

use super::{
    args::Args,
    cover::cover,
    findings::Spanned,
    forbid::applies,
    grants::{self, Grants},
    name::NameGlob,
    path::check_plain,
    pattern::{Pattern, Reach},
    program::{self, ProgramName},
    programs::Need,
    reader::Reader,
    subject::Subject,
};

/// What a rule says about the commands that it matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// They may run.
    Allow,
    /// A person has to say yes.
    Ask,
    /// They may not run.
    Deny,
}

/// What a job may receive on its standard input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StdinGrant {
    /// Nothing: it is /dev/null.
    None,
    /// Anything.
    Any,
    /// Lines that match, anchored at both ends.
    Matching(Pattern),
}

/// Whether a rule applies to a command, as far as that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    /// It does not, whatever the unknown words turn out to be.
    No,
    /// It may.
    Maybe,
    /// It does, whatever they turn out to be.
    Yes,
}

/// One rule of a policy.
#[derive(Clone, Debug)]
pub struct Rule {
    place: RuleRef,
    verdict: Verdict,
    programs: Vec<ProgramName>,
    command: Option<Pattern>,
    args: Option<Args>,
    cwd: Option<Vec<GlobMatcher>>,
    env: Option<Vec<NameGlob>>,
    grants: Grants,
    needs: BTreeSet<Need>,
    stdin: StdinGrant,
    reason: String,
    hint: Option<String>,
}

/// A rule as written, with what is checked once all of it is known.
#[derive(Clone, Debug)]
pub(super) struct RawRule {
    pub(super) id: Spanned<String>,
    pub(super) rule: Rule,
    pub(super) matching: Vec<Spanned<String>>,
    pub(super) not_matching: Vec<Spanned<String>>,
}

const ID_MAX: usize = 64;

impl Verdict {
    /// The word in policies, answers and the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Ask => "ask",
            Self::Deny => "deny",
        }
    }

    pub(super) fn from_word(word: &str) -> Result<Self, &'static str> {
        [Self::Allow, Self::Ask, Self::Deny]
            .into_iter()
            .find(|verdict| verdict.as_str() == word)
            .ok_or("a decision is `allow`, `ask` or `deny`")
    }
}

impl Fit {
    /// What is known for certain.
    pub(super) fn of(fits: bool) -> Self {
        if fits { Self::Yes } else { Self::No }
    }
}

impl Rule {
    /// The layer, the id and the place of the rule.
    pub fn place(&self) -> &RuleRef {
        &self.place
    }

    /// The same rule, named as one of another layer.
    pub(super) fn in_layer(mut self, layer: &str) -> Self {
        layer.clone_into(&mut self.place.layer);
        self
    }

    /// The id.
    pub fn id(&self) -> &str {
        &self.place.id
    }

    /// What the rule says.
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// The programs that the rule names; none when it goes by its command pattern alone.
    pub fn programs(&self) -> impl Iterator<Item = &str> {
        self.programs.iter().map(ProgramName::as_str)
    }

    /// The pattern over the canonical text of a command.
    pub fn command(&self) -> Option<&Pattern> {
        self.command.as_ref()
    }

    /// What the rule grants on standard input.
    pub fn stdin(&self) -> &StdinGrant {
        &self.stdin
    }

    /// Why the rule is there; possibly empty.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// What to do instead.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// What the rule asks of arguments.
    pub(super) fn args(&self) -> Option<&Args> {
        self.args.as_ref()
    }

    /// The directories in which the rule holds.
    pub(super) fn cwd(&self) -> Option<&[GlobMatcher]> {
        self.cwd.as_deref()
    }

    /// The variables that may be set for a command, or that the rule forbids.
    pub(super) fn env(&self) -> Option<&[NameGlob]> {
        self.env.as_deref()
    }

    /// The uses that the rule covers beside the harmless ones.
    pub(super) fn grants(&self) -> &Grants {
        &self.grants
    }

    /// The uses that the rule forbids or wants to be asked about.
    pub(super) fn needs(&self) -> &BTreeSet<Need> {
        &self.needs
    }

    /// How surely the rule applies to a command. An allow rule takes a program's name narrowly, the others widely.
    pub(super) fn fit(&self, subject: &Subject<'_>) -> Fit {
        match self.verdict {
            Verdict::Allow => cover(self, subject).unwrap_or(Fit::No),
            Verdict::Ask | Verdict::Deny => applies(self, subject),
        }
    }

    /// How surely `command` matches.
    pub(super) fn fits_pattern(&self, command: &ResolvedCommand) -> Fit {
        let Some(pattern) = &self.command else { return Fit::Yes };
        match command.unknown.iter().min() {
            None => Fit::of(pattern.is_match(&command.canonical)),
            Some(first) => {
                let known = command::canonical(command.argv.get(..*first).unwrap_or_default());
                // Nothing may stand in the place of an unknown word, or a blank and more.
                let may = pattern.is_match(&known) || pattern.may_start(&format!("{known} "));
                if may { Fit::Maybe } else { Fit::No }
            }
        }
    }

    /// Whether the rule names the program of a command, or names none.
    pub(super) fn names(&self, command: &ResolvedCommand) -> bool {
        self.programs.is_empty() || self.programs.iter().any(|name| self.takes(name, command))
    }

    /// Whether the rule names the program of a command by its path.
    fn names_by_path(&self, command: &ResolvedCommand) -> bool {
        self.programs.iter().any(|name| name.is_path() && self.takes(name, command))
    }

    /// Whether the rule takes the file behind a command's program: one that a job can write need not be what it was when it
    /// was judged, so a name alone does not vouch for it.
    pub(super) fn vouches_for(&self, command: &ResolvedCommand) -> bool {
        !command.program.writable || self.names_by_path(command)
    }

    fn takes(&self, name: &ProgramName, command: &ResolvedCommand) -> bool {
        match self.verdict {
            Verdict::Allow => name.is_exactly(command),
            Verdict::Ask | Verdict::Deny => name.may_be(command),
        }
    }
}

impl RawRule {
    /// Reads one rule of the policy called `layer`. What is wrong with it is in the findings.
    pub(super) fn read(mut table: Reader<'_, '_>, layer: &str) -> Option<Self> {
        let id = id(&mut table);
        let verdict = required(&mut table, "decision", |table| table.parsed("decision", Verdict::from_word));
        let reach = match verdict.as_ref().map(|verdict| verdict.value) {
            Some(Verdict::Allow) | None => Reach::Permits,
            Some(Verdict::Ask | Verdict::Deny) => Reach::Forbids,
        };
        let programs = programs(&mut table);
        let command = pattern(&mut table, "command", reach);
        if programs.is_none() && command.is_none() && !table.holds("command") && !table.holds("needs") {
            table.missing("program", "a rule needs `program`, `command`, or both");
        }
        let stdin = stdin(&mut table, verdict.as_ref().map(|verdict| verdict.value));
        let reason = reason(&mut table, verdict.as_ref().map(|verdict| verdict.value));
        let hint = table.text("hint").map(|hint| hint.value);
        let (matching, not_matching) = examples(&mut table);
        let args = table.table("args", "`args`").map(|table| Args::read(table, reach));
        let permits = reach == Reach::Permits;
        let (grants, needs) = (Grants::read(&mut table, permits), grants::needs(&mut table, permits));
        let (cwd, env) = (directories(&mut table), variables(&mut table));
        let at = Some(table.source().place(table.place().span.start));
        table.finish();

        let (id, verdict) = (id?, verdict?.value);
        let place = RuleRef { layer: layer.to_owned(), id: id.value.clone(), at };
        let programs = programs.unwrap_or_default();
        let rule = Rule { place, verdict, programs, command, args, cwd, env, grants, needs, stdin, reason, hint };
        Some(Self { id, rule, matching, not_matching })
    }
}

fn required<T>(
    table: &mut Reader<'_, '_>,
    key: &'static str,
    read: impl FnOnce(&mut Reader<'_, '_>) -> Option<T>,
) -> Option<T> {
    if !table.holds(key) {
        table.missing(key, "every rule needs one");
    }
    read(table)
}

fn id(table: &mut Reader<'_, '_>) -> Option<Spanned<String>> {
    required(table, "id", |table| {
        table.parsed("id", |text| {
            let fits = text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
            if fits && !text.is_empty() && text.len() <= ID_MAX {
                Ok(text.to_owned())
            } else {
                Err("an id is 1 to 64 letters, digits, `-`, `_` or `.`")
            }
        })
    })
}

fn programs(table: &mut Reader<'_, '_>) -> Option<Vec<ProgramName>> {
    let written = table.text_or_texts("program")?;
    if written.is_empty() {
        let place = table.place();
        let message = "`program` names no program";
        table.findings().error(Code::BadValue, &place, message, "an empty list would match nothing");
    }
    let mut names = Vec::new();
    for text in written {
        match program::ProgramName::new(&text.value) {
            Ok(name) => names.push(name),
            Err(problem) => {
                let message = format!("`program` has the value `{}`", text.value.escape_debug());
                table.findings().error(Code::BadValue, &text, message, problem);
            }
        }
    }
    Some(names)
}

fn pattern(table: &mut Reader<'_, '_>, key: &'static str, reach: Reach) -> Option<Pattern> {
    let text = table.text(key)?;
    compiled(table, key, &text, reach)
}

pub(super) fn compiled(table: &mut Reader<'_, '_>, key: &str, text: &Spanned<String>, reach: Reach) -> Option<Pattern> {
    if text.value.is_empty() {
        table.findings().error(Code::BadRegex, text, format!("`{key}` is empty"), "an empty pattern matches nothing");
        return None;
    }
    match Pattern::new(&text.value, reach) {
        Ok(pattern) => Some(pattern),
        Err(error) => {
            let span = table.part(text, error.part);
            let mut finding = Diagnostic::error(Code::BadRegex, format!("the pattern of `{key}` does not compile"))
                .at(span, error.message.replace('\n', " "));
            if !text.value.is_ascii() {
                finding.hint =
                    Some("a class such as `[a-z]` holds ASCII alone; write `(é|ü)` instead of `[éü]`".into());
            } else if error.message.contains("look-around") {
                finding.hint = Some("say it in a deny rule of its own; deny beats allow".into());
            }
            table.findings().add(text.file, finding);
            None
        }
    }
}

/// Directories in which a rule holds, as patterns from the workspace roots.
fn directories(table: &mut Reader<'_, '_>) -> Option<Vec<GlobMatcher>> {
    let texts = table.text_or_texts("cwd")?;
    check_plain_all(table, &texts);
    let mut patterns = Vec::new();
    for text in texts {
        let written = text.value.trim_start_matches("./").trim_end_matches('/');
        match GlobBuilder::new(if written.is_empty() { "." } else { written }).literal_separator(true).build() {
            Ok(glob) => patterns.push(glob.compile_matcher()),
            Err(error) => {
                let message = format!("`cwd` has the entry `{}`", text.value.escape_debug());
                table.findings().error(Code::BadValue, &text, message, &error.kind().to_string());
            }
        }
    }
    Some(patterns)
}

fn check_plain_all(table: &mut Reader<'_, '_>, texts: &[Spanned<String>]) {
    texts.iter().for_each(|text| check_plain("cwd", text, table.findings()));
}

fn variables(table: &mut Reader<'_, '_>) -> Option<Vec<NameGlob>> {
    let texts = table.texts("env")?;
    let mut names = Vec::new();
    for text in texts {
        match NameGlob::new(&text.value) {
            Ok(name) => names.push(name),
            Err(problem) => {
                let message = format!("`env` has the entry `{}`", text.value.escape_debug());
                table.findings().error(Code::BadValue, &text, message, problem);
            }
        }
    }
    Some(names)
}

fn stdin(table: &mut Reader<'_, '_>, verdict: Option<Verdict>) -> StdinGrant {
    let Some(text) = table.text("stdin") else { return StdinGrant::None };
    let grant = match text.value.as_str() {
        "none" => StdinGrant::None,
        "any" => StdinGrant::Any,
        _ => compiled(table, "stdin", &text, Reach::Permits).map_or(StdinGrant::None, StdinGrant::Matching),
    };
    if verdict == Some(Verdict::Deny) && grant != StdinGrant::None {
        table.findings().error(Code::BadValue, &text, "`stdin` grants input", "a deny rule grants nothing");
    }
    grant
}

fn reason(table: &mut Reader<'_, '_>, verdict: Option<Verdict>) -> String {
    match table.text("reason") {
        Some(reason) => {
            if reason.value.trim().is_empty() {
                table.findings().error(Code::BadValue, &reason, "`reason` is empty", "say why the rule is there");
            }
            reason.value
        }
        None => {
            if verdict == Some(Verdict::Deny) {
                table.missing("reason", "whoever is refused has to learn why");
            } else if !table.holds("reason") {
                let place = table.place();
                let finding = Diagnostic::warning(Code::NoReason, "the rule has no `reason`")
                    .at(place.span, "nobody will know later why it is there");
                table.findings().add(place.file, finding);
            }
            String::new()
        }
    }
}

fn examples(table: &mut Reader<'_, '_>) -> (Vec<Spanned<String>>, Vec<Spanned<String>>) {
    let Some(mut examples) = table.table("examples", "`examples`") else { return Default::default() };
    let matching = examples.texts("match").unwrap_or_default();
    let not_matching = examples.texts("no_match").unwrap_or_default();
    examples.finish();
    (matching, not_matching)
}
