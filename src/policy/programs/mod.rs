//! What programs can do with their arguments: facts as data, and what they say about one command.
//!
//! The facts are a closed world. What they do not list is unknown, and no rule covers it by naming the program alone.

mod added;
mod address;
mod facts;
mod known;
mod library;
mod line;
mod scan;
mod uses;
mod written;

use std::{collections::BTreeSet, sync::Arc};

use toml::de::DeTable;

use crate::diagnostic::{Code, Source, Span};

use super::{
    findings::Findings,
    args::Args,
    inside::{base_name, inside},
    subject::Subject,
    reader::Reader,
    words::Words,
};

use self::facts::{Facts, Kind, Operand, OptionFact, Takes};
pub use self::facts::Need;
pub(super) use self::known::{Known, KnownOption, Listed};
pub(super) use self::uses::{NamedFile, Used, Uses};

/// The facts that hold in a policy: the built-in ones, and its own about other programs.
#[derive(Clone, Debug, Default)]
pub(super) struct Programs {
    own: Vec<Arc<Facts>>,
}

/// The facts of one program as a policy writes them.
#[derive(Clone, Debug)]
pub(super) struct RawProgram(Arc<Facts>);

impl RawProgram {
    /// Reads a `[[program]]` table of a policy. What is wrong with it is in the findings.
    pub(super) fn read<'a>(
        source: &'a Source,
        entries: &'a DeTable<'a>,
        span: Span,
        file: usize,
        findings: &mut Findings,
    ) -> Self {
        let table = Reader::new(source, entries, "a program", span, file, findings);
        let names = table.places("names");
        let facts = written::facts(table, &written::Sets::default(), true);
        for (name, place) in names.iter().filter(|(name, _)| library::knows(name)) {
            let message = format!("the facts of `{}` are built in", name.escape_debug());
            let hint = "leave them out; a rule grants what it wants to cover by `grants`";
            let label = "a policy adds facts about programs that have none";
            findings.error_with_hint(Code::BadValue, place, message, label, hint);
        }
        Self(Arc::new(facts))
    }
}

impl Programs {
    /// The built-in facts and those of a policy.
    pub(super) fn with(own: Vec<RawProgram>) -> Self {
        Self { own: own.into_iter().map(|raw| raw.0).collect() }
    }

    /// What is known of a program by its name.
    pub(super) fn known(&self, name: &str) -> Option<Known<'_>> {
        self.find(name).map(Known::new)
    }

    /// What a command does.
    pub(super) fn uses(&self, words: &Words, bases: &[String], added: Option<&[String]>) -> Uses {
        let name = words.argv.first().map_or("", |word| base_name(word));
        uses::uses(words, self.find(name), bases, added)
    }

    /// What a command of a program does of which nothing is known, as far as a rule says which options there are.
    pub(super) fn read_by(args: &Args, subject: &Subject<'_>) -> Uses {
        let kind = if args.paths.is_some() { Kind::Read } else { Kind::Data };
        let entries = args.options.iter().flatten().chain(&args.any_option);
        let options = entries.map(|entry| OptionFact {
            spellings: vec![entry.name.clone()],
            takes: if entry.value.is_some() { Takes::Value } else { Takes::Nothing },
            kind,
            effects: Vec::new(),
        });
        let operands = Some(vec![Operand { kind, repeats: true }]);
        let facts = Facts { options: options.collect(), operands, ..Facts::default() };
        let words = Words { argv: subject.command.argv.clone(), unknown: subject.command.unknown.clone() };
        Uses { modelled: false, ..uses::uses(&words, Some(&facts), &[], None) }
    }

    /// All texts in a command that may name files: by the facts of its programs, or every word where there are none.
    pub(super) fn files(&self, words: &Words) -> BTreeSet<String> {
        let mut texts = BTreeSet::new();
        for part in inside(self, words).parts {
            texts.extend(part.uses.files.iter().map(|file| file.text.clone()));
            if !part.uses.modelled {
                let values = part.uses.options.iter().filter_map(|used| used.value.clone());
                let operands = part.uses.operands.iter().filter_map(|at| part.words.argv.get(*at)).cloned();
                texts.extend(values.chain(operands).filter(|text| !text.is_empty()));
            }
        }
        texts
    }

    fn find(&self, name: &str) -> Option<&Facts> {
        let own = self.own.iter().map(Arc::as_ref).find(|facts| facts.is_called(name));
        own.or_else(|| library::find(name))
    }
}

#[cfg(test)]
mod tests;
