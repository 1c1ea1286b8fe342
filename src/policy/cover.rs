//! Whether an allow rule covers a command, and what is missing when it does not.

use crate::{command::NamedPlace, model::workspace::Reach};

use super::{
    args::{self, Args, Scope},
    programs::{Need, Programs, Uses},
    rule::{Fit, Rule},
    subject::Subject,
};

/// The first thing that keeps an allow rule from covering a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Gap {
    /// The rule is about other programs.
    Program,
    /// `command` does not match.
    Pattern,
    /// `cwd` names other directories.
    Cwd,
    /// `env` does not name this variable.
    Variable(String),
    /// `args` wants something else, as a sentence.
    Args(String),
    /// Nothing is known of the program, and the rule says nothing about its arguments.
    Unmodelled,
    /// The facts of the program do not list this word.
    Unlisted(String),
    /// The use needs a grant; the word that says so.
    Need(Need, String),
    /// A file lies elsewhere: its word, whether it is written, and where it lies.
    File(String, bool, String),
}

/// Devices that hold nothing, and the command's own streams.
pub(super) const HARMLESS: &[&str] =
    &["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/stdin", "/dev/stdout", "/dev/stderr"];

/// Whether a rule covers a command.
pub(super) fn cover(rule: &Rule, subject: &Subject<'_>) -> Result<Fit, Gap> {
    if !rule.names(subject.command) {
        return Err(Gap::Program);
    }
    let mut fit = rule.fits_pattern(subject.command);
    if fit == Fit::No {
        return Err(Gap::Pattern);
    }
    if let Some(patterns) = rule.cwd() {
        fit = fit.min(or(subject.runs_in(patterns), || Gap::Cwd)?);
    }
    if let Some(names) = rule.env()
        && let Some(other) = subject.variables.iter().find(|name| !names.iter().any(|glob| glob.is_match(name)))
    {
        return Err(Gap::Variable(other.clone()));
    }
    // What is not modelled is read by what the rule itself says of options.
    let read = rule.args().filter(|_| !subject.uses.modelled).map(|args| Programs::read_by(args, subject));
    let uses = read.as_ref().unwrap_or(subject.uses);
    let unknown = if subject.command.is_exact() { Fit::Yes } else { Fit::Maybe };
    if let Some(args) = rule.args() {
        fits_args(args, uses, subject)?;
        fit = fit.min(unknown);
    }
    if rule.grants().any {
        return Ok(fit);
    }
    fit = fit.min(unknown);
    let says_options = rule.command().is_some() || rule.args().is_some_and(|args| args.options.is_some());
    if !subject.uses.modelled && !says_options && !rule.grants().unlisted {
        return Err(Gap::Unmodelled);
    }
    let listed = |at: &usize| lists(rule.args(), uses, *at) || rule.grants().unlisted;
    if let Some(at) = uses.unlisted.iter().find(|at| !listed(at)) {
        return Err(Gap::Unlisted(subject.word(*at)));
    }
    if let Some((need, at)) = uses.needs.iter().find(|(need, _)| !rule.grants().covers(*need)) {
        return Err(Gap::Need(*need, subject.word(*at)));
    }
    Ok(fit.min(fits_files(rule, uses, subject)?))
}

fn or(fit: Fit, gap: impl FnOnce() -> Gap) -> Result<Fit, Gap> {
    if fit == Fit::No { Err(gap()) } else { Ok(fit) }
}

/// Whether the rule itself names an option that the facts do not list.
fn lists(args: Option<&Args>, uses: &Uses, at: usize) -> bool {
    let entries = args.and_then(|args| args.options.as_ref());
    let mut used = uses.options.iter().filter(|used| used.at == at).peekable();
    used.peek().is_some()
        && entries.is_some_and(|entries| used.all(|used| entries.iter().any(|one| one.is_exactly(used))))
}

fn fits_args(args: &Args, uses: &Uses, subject: &Subject<'_>) -> Result<(), Gap> {
    let argv = &subject.command.argv;
    if !args.subcommand.is_empty() && !args::has_subcommand(&args.subcommand, uses, argv) {
        let wanted: Vec<_> = args.subcommand.iter().map(|words| words.join(" ")).collect();
        return Err(Gap::Args(format!("it takes the subcommands {}", super::reader::few(&wanted))));
    }
    if let Some(options) = &args.options
        && let Some(other) = uses.options.iter().find(|used| !options.iter().any(|one| one.is_exactly(used)))
    {
        let near = options.iter().find(|entry| entry.name == other.written || other.spellings.contains(&entry.name));
        let wants = match near {
            Some(entry) => format!("the rule takes `{}`", entry.shown()),
            None => "it is not in the rule's `args.options`".to_owned(),
        };
        return Err(Gap::Args(format!("option `{}`: {wants}", other.written)));
    }
    if !args.any_option.is_empty()
        && !uses.options.iter().any(|used| args.any_option.iter().any(|one| one.is_exactly(used)))
    {
        return Err(Gap::Args("it wants one of the options of `args.any_option`".to_owned()));
    }
    let operands = || uses.operands.iter().filter_map(|at| Some((*at, argv.get(*at)?)));
    let matches = |text: &String, patterns: &[super::Pattern]| patterns.iter().any(|pattern| pattern.is_match(text));
    if !args.operands.is_empty()
        && let Some((at, _)) = operands().find(|(_, text)| !matches(text, &args.operands))
    {
        return Err(Gap::Args(format!("`{}` does not match `args.operands`", subject.word(at))));
    }
    if !args.any_operand.is_empty() && !operands().any(|(_, text)| matches(text, &args.any_operand)) {
        return Err(Gap::Args("no operand matches `args.any_operand`".to_owned()));
    }
    let count = u64::try_from(uses.operands.len()).unwrap_or(u64::MAX);
    if args.min_operands.is_some_and(|min| count < min) || args.max_operands.is_some_and(|max| count > max) {
        return Err(Gap::Args(format!("it has {count} operands")));
    }
    Ok(())
}

/// Whether all named files lie where the rule lets them.
fn fits_files(rule: &Rule, uses: &Uses, subject: &Subject<'_>) -> Result<Fit, Gap> {
    let scope = rule.args().and_then(|args| args.paths).unwrap_or_default();
    let mut fit = Fit::Yes;
    let needs = |written: bool| if written { Need::Write } else { Need::Read };
    for file in uses.files.iter().filter(|file| !rule.grants().needs.contains(&needs(file.written))) {
        if scope == Scope::Any || HARMLESS.contains(&file.text.as_str()) {
            continue;
        }
        let Some(place) = subject.place(file) else {
            fit = Fit::Maybe;
            continue;
        };
        let reached = if file.written { place.reach == Reach::Write } else { place.reach >= Reach::Read };
        if !reached || scope == Scope::Workspace && !place.inside {
            return Err(Gap::File(subject.word(file.at), file.written, lies(place, reached)));
        }
    }
    Ok(fit)
}

/// Where a file is that does not fit.
fn lies(place: &NamedPlace, reached: bool) -> String {
    let path = place.path.display();
    match (place.inside, reached) {
        (true, false) => format!("`{path}`, where jobs cannot"),
        (_, true) => format!("`{path}`, outside the workspace"),
        (false, false) => format!("`{path}`, outside of what jobs reach"),
    }
}

impl Gap {
    /// Why the rule does not match, as a clause with "it" for the rule.
    pub(super) fn why(&self, rule: &Rule) -> String {
        match self {
            Self::Program => "it is about other programs".to_owned(),
            Self::Pattern => {
                format!("it takes commands that match `{}`", rule.command().map_or("", |pattern| pattern.as_str()))
            }
            Self::Cwd => "it holds in other directories, see its `cwd`".to_owned(),
            Self::Variable(name) => format!("its `env` does not name the variable `{name}`"),
            Self::Args(why) => why.clone(),
            Self::Unmodelled => {
                "nothing is known of what this program can do; the rule has to list its `args.options`, or grant `any`"
                    .to_owned()
            }
            Self::Unlisted(word) => format!("it is not known what `{word}` does; the rule could grant `unlisted`"),
            Self::Need(need, word) => format!("`{word}` {}; the rule would have to grant `{need}`", need.does()),
            Self::File(word, written, lies) => {
                let verb = if *written { "writes" } else { "reads" };
                format!("`{word}` {verb} {lies}")
            }
        }
    }
}
