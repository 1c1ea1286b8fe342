//! What is known of a program, and which rules are about it.

use crate::model::denial::RuleRef;

use super::super::{
    PolicySet,
    inside::base_name,
    programs::{Known, KnownOption, Need},
    rule::Verdict,
};

/// What is known of a program or of one of its subcommands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgramShown {
    /// The names that it is called by.
    pub names: Vec<String>,
    /// The manual page or release that the facts come from.
    pub source: String,
    /// The file that holds the facts.
    pub file: String,
    /// How options are written: `gnu`, `posix`, `words` or `none`.
    pub syntax: &'static str,
    /// Its options.
    pub options: Vec<OptionShown>,
    /// The kinds of its operands; nothing when every operand is unknown.
    pub operands: Option<Vec<String>>,
    /// Operands of the form `key=value`, each with the kind of its value.
    pub keys: Vec<(String, &'static str)>,
    /// What every use needs.
    pub always: Vec<Need>,
    /// What a use with fewer operands needs, and how many are enough.
    pub bare: (Vec<Need>, usize),
    /// Values of a `modules` option that run the code of the workspace and nothing else.
    pub modules: Vec<String>,
    /// Its subcommands by their names, each with what every use of it needs.
    pub subcommands: Vec<(Vec<String>, Vec<Need>)>,
    /// Other things that hold, a sentence each.
    pub remarks: Vec<&'static str>,
    /// The rules that name the program, with their words.
    pub rules: Vec<(RuleRef, &'static str)>,
}

/// One option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptionShown {
    /// All its spellings.
    pub spellings: Vec<String>,
    /// How facts write that it takes a value: nothing, `=`, `=?` or `=2`.
    pub value: &'static str,
    /// The kind of the value.
    pub kind: &'static str,
    /// What its use adds: needs, and effects such as `stop`.
    pub words: Vec<&'static str>,
    /// What its use does, in the words of [`USES`].
    pub uses: Vec<&'static str>,
}

/// What the use of an option can do, in the order in which people read it: the needs; a file that its value names, written
/// or read; a text in a language of its own, which is looked into; to print something and end; and nothing of that kind.
pub const USES: [&str; 12] =
    ["exec", "code", "config", "network", "host", "secrets", "write", "read", "run", "looked into", "ends", "harmless"];

const HARMLESS: &str = "harmless";

/// What a policy knows of a program, or of the subcommand that the words name. Nothing when nothing is known.
pub fn show_program(set: &PolicySet, name: &str, subcommand: &[String]) -> Option<ProgramShown> {
    let program = set.programs.known(base_name(name))?;
    let known = program.subcommand(subcommand)?;
    let (source, file) = program.source();
    Some(ProgramShown {
        names: known.names().to_vec(),
        source: source.to_owned(),
        file: file.to_owned(),
        syntax: known.syntax(),
        options: known.options().map(option).collect(),
        operands: known.operands(),
        keys: known.keys().into_iter().map(|(name, kind)| (name.to_owned(), kind)).collect(),
        always: known.always().to_vec(),
        bare: (known.bare().0.to_vec(), known.bare().1),
        modules: known.modules().to_vec(),
        subcommands: known.subcommands().map(|sub| (sub.names().to_vec(), sub.always().to_vec())).collect(),
        remarks: remarks(known),
        rules: rules_about(set, name),
    })
}

/// The rules that name a program, with their words.
pub fn rules_about(set: &PolicySet, name: &str) -> Vec<(RuleRef, &'static str)> {
    let about = |rule: &&super::super::Rule| rule.programs().any(|own| own == name || base_name(own) == name);
    let word = |verdict: Verdict| verdict.as_str();
    set.rules().iter().filter(about).map(|rule| (rule.place().clone(), word(rule.verdict()))).collect()
}

fn option(option: KnownOption<'_>) -> OptionShown {
    OptionShown {
        spellings: option.spellings().to_vec(),
        value: option.value(),
        kind: option.kind(),
        words: option.effects().collect(),
        uses: uses(option),
    }
}

fn uses(option: KnownOption<'_>) -> Vec<&'static str> {
    let by_value = match option.kind() {
        "data" | "assign" => &[][..],
        "read" | "read@" | "atfile" | "cd" => &["read"],
        "write" | "write@" => &["write"],
        "pipe" => &["write", "exec"],
        "shell" | "command" => &["exec"],
        "sed" | "awk" | "jq" | "sql" | "make" | "modules" => &["looked into"],
        need => std::slice::from_ref(USES.iter().find(|word| **word == need).unwrap_or(&"looked into")),
    };
    let effects = option.effects().map(|effect| match effect {
        "stop" => "ends",
        "edits" => "write",
        "reads" => "read",
        "inner" => "exec",
        "script" | "replaces" => HARMLESS,
        need => need,
    });
    let all: Vec<&str> = by_value.iter().copied().chain(effects).filter(|word| *word != HARMLESS).collect();
    let harmless = all.is_empty().then_some(HARMLESS);
    USES.into_iter().filter(|word| all.contains(word)).chain(harmless).collect()
}

fn remarks(known: Known<'_>) -> Vec<&'static str> {
    [
        (known.is_harmless_alone(), "it is harmless without a subcommand"),
        (known.is_bundled(), "a first argument without a dash is a cluster of short options"),
        (known.appends(), "it adds words that nobody knows before to the command that it runs"),
    ]
    .into_iter()
    .filter_map(|(holds, remark)| holds.then_some(remark))
    .collect()
}
