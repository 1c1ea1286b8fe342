//! `args` of a rule: what has to be true of a command's arguments, as its program reads them.

use crate::diagnostic::Code;

use super::{
    findings::Spanned,
    pattern::{Pattern, Reach},
    programs::{Used, Uses},
    reader::Reader,
    rule::compiled,
};

/// The places that the files of a command may lie in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Scope {
    /// The workspace roots.
    #[default]
    Workspace,
    /// Wherever the sandbox lets the job reach in the same way.
    Sandbox,
    /// Anywhere: the sandbox alone decides.
    Any,
}

/// Conditions on arguments.
#[derive(Clone, Debug, Default)]
pub(super) struct Args {
    /// Subcommands as words with blanks between them; the beginning of one stands for all of its own.
    pub(super) subcommand: Vec<Vec<String>>,
    /// The only options that there may be.
    pub(super) options: Option<Vec<Entry>>,
    /// Options of which there has to be one.
    pub(super) any_option: Vec<Entry>,
    /// Patterns of which each operand has to match one.
    pub(super) operands: Vec<Pattern>,
    /// Patterns of which some operand has to match one.
    pub(super) any_operand: Vec<Pattern>,
    pub(super) min_operands: Option<u64>,
    pub(super) max_operands: Option<u64>,
    pub(super) paths: Option<Scope>,
}

/// An option in a rule: `--stat`, or `-n=[0-9]{1,4}` for one whose value has to match.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) value: Option<Pattern>,
}

impl Scope {
    pub(super) fn from_word(word: &str) -> Result<Self, &'static str> {
        match word {
            "workspace" => Ok(Self::Workspace),
            "sandbox" => Ok(Self::Sandbox),
            "any" => Ok(Self::Any),
            _ => Err("places are `workspace`, `sandbox` or `any`"),
        }
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Workspace => "workspace",
            Self::Sandbox => "sandbox",
            Self::Any => "any",
        }
    }
}

impl Args {
    /// Reads the table `args` of a rule. What is wrong with it is in the findings.
    pub(super) fn read(mut table: Reader<'_, '_>, reach: Reach) -> Self {
        let permits = reach == Reach::Permits;
        let subcommand = table.text_or_texts("subcommand").unwrap_or_default();
        let subcommand: Vec<_> = subcommand.into_iter().filter_map(|text| words(&mut table, &text)).collect();
        let options = table.texts("options").map(|entries| self::entries(&mut table, "options", entries, reach));
        let any_option = table.texts("any_option").unwrap_or_default();
        let any_option = self::entries(&mut table, "any_option", any_option, reach);
        let operands = patterns(&mut table, "operands", reach);
        let any_operand = patterns(&mut table, "any_operand", reach);
        let min_operands = table.whole("min_operands").map(|count| count.value);
        let max_operands = table.whole("max_operands").map(|count| count.value);
        let written = table.text("paths");
        let paths = written.as_ref().and_then(|text| match (Scope::from_word(&text.value), permits) {
            (Ok(scope), true) => Some(scope),
            (Ok(_), false) => {
                let message = "`paths` stands in a rule that does not allow";
                let label = "it says where the files of an allowed command may lie";
                table.findings().error(Code::BadValue, text, message, label);
                None
            }
            (Err(problem), _) => {
                let message = format!("`paths` has the value `{}`", text.value.escape_debug());
                table.findings().error(Code::BadValue, text, message, problem);
                None
            }
        });
        if options.is_some() && !permits {
            let place = table.place_of("options");
            let label = "it says which options an allowed command may have and no others";
            let hint = "to forbid options write them in `any_option`";
            let message = "`options` stands in a rule that does not allow";
            table.findings().error_with_hint(Code::BadValue, &place, message, label, hint);
        }
        table.finish();
        Self { subcommand, options, any_option, operands, any_operand, min_operands, max_operands, paths }
    }
}

impl Entry {
    /// Whether a given option is certainly this one, with a value that fits.
    pub(super) fn is_exactly(&self, used: &Used) -> bool {
        let named = used.written == self.name || used.spellings.contains(&self.name) && used.is_certain;
        let fits = match (&self.value, &used.value) {
            (Some(pattern), Some(value)) => pattern.is_match(value),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        named && fits
    }

    /// Whether a given option may be this one: by any spelling, by the beginning of a long name, in a cluster.
    pub(super) fn may_be(&self, used: &Used) -> bool {
        let begins = used.written.len() > 2 && used.written.starts_with("--") && self.name.starts_with(&used.written);
        // Where one dash and two mean the same, the rule may write either.
        let bare = |name: &str| name.trim_start_matches('-').to_owned();
        let is_bare = self.name.len() > 2
            && bare(&self.name).len() > 1
            && used.spellings.iter().chain([&used.written]).any(|own| bare(own) == bare(&self.name));
        let named = used.written == self.name || begins || is_bare || used.spellings.contains(&self.name);
        let fits = match (&self.value, &used.value) {
            (Some(pattern), Some(value)) => {
                pattern.is_match(value) || value.strip_prefix('=').is_some_and(|value| pattern.is_match(value))
            }
            (Some(_) | None, _) => true,
        };
        named && fits
    }

    /// Whether a word may be this option, whatever its program makes of it: `-exec`, `-agentlib:x`, `-Wl,-x`.
    pub(super) fn may_be_word(&self, word: &str) -> bool {
        let rest = word.strip_prefix(self.name.as_str()).filter(|_| self.name.len() > 2);
        let fits = |value: &str| self.value.as_ref().is_none_or(|pattern| pattern.is_match(value));
        rest.is_some_and(|rest| rest.is_empty() || rest.strip_prefix(['=', ':', ',']).is_some_and(fits))
    }

    pub(super) fn shown(&self) -> String {
        match &self.value {
            Some(pattern) => format!("{}={}", self.name, pattern.as_str()),
            None => self.name.clone(),
        }
    }
}

/// Whether the subcommand of a command is one of these, or, when nothing is known of the program, its first operands are.
pub(super) fn has_subcommand(wanted: &[Vec<String>], uses: &Uses, argv: &[String]) -> bool {
    let operands = || uses.operands.iter().filter_map(|at| argv.get(*at)).cloned().collect::<Vec<_>>();
    let given = if uses.modelled { uses.subcommand.clone() } else { operands() };
    wanted.iter().any(|words| given.starts_with(words))
}

fn words(table: &mut Reader<'_, '_>, text: &Spanned<String>) -> Option<Vec<String>> {
    let words: Vec<_> = text.value.split(' ').map(str::to_owned).collect();
    let plain = words.iter().all(|word| !word.is_empty() && !word.starts_with('-'));
    if !plain {
        let message = format!("`subcommand` has the entry `{}`", text.value.escape_debug());
        let label = "a subcommand is one word, or several with one blank between them";
        table.findings().error(Code::BadValue, text, message, label);
    }
    plain.then_some(words)
}

fn entries(table: &mut Reader<'_, '_>, key: &str, texts: Vec<Spanned<String>>, reach: Reach) -> Vec<Entry> {
    let mut entries = Vec::new();
    for text in texts {
        let (name, value) = match text.value.split_once('=') {
            Some((name, pattern)) => (name, Some(pattern)),
            None => (text.value.as_str(), None),
        };
        if name.len() < 2 || !name.starts_with(['-', '+']) || name.contains(char::is_whitespace) {
            let message = format!("`{key}` has the entry `{}`", text.value.escape_debug());
            let label = "an option is `-x`, `--name` or `--name=REGEX`";
            table.findings().error(Code::BadValue, &text, message, label);
            continue;
        }
        let name = name.to_owned();
        let value = match value {
            None => None,
            Some(pattern) => {
                let pattern = Spanned { value: pattern.to_owned(), span: text.span, file: text.file };
                match compiled(table, key, &pattern, reach) {
                    Some(pattern) => Some(pattern),
                    None => continue,
                }
            }
        };
        entries.push(Entry { name, value });
    }
    entries
}

fn patterns(table: &mut Reader<'_, '_>, key: &'static str, reach: Reach) -> Vec<Pattern> {
    let texts = table.text_or_texts(key).unwrap_or_default();
    texts.into_iter().filter_map(|text| compiled(table, key, &text, reach)).collect()
}
