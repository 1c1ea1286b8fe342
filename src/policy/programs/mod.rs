//! What programs can do with their arguments: facts as data, and what they say about one command.
//!
//! The facts are a closed world. What they do not list is unknown, and no rule covers it by naming the program alone.

mod facts;
mod library;
mod line;
mod scan;
mod uses;
mod written;

use std::sync::Arc;

use toml::de::DeTable;

use crate::diagnostic::{Code, Source, Span};

use super::{
    findings::{Findings, Spanned},
    reader::Reader,
    words::Words,
};

pub use self::facts::Need;
pub(super) use self::uses::{Inner, NamedFile, Used, Uses};

/// The facts that hold in a policy: the built-in ones, and its own about other programs.
#[derive(Clone, Debug, Default)]
pub(super) struct Programs {
    own: Vec<Arc<facts::Facts>>,
}

/// The facts of one program as a policy writes them.
#[derive(Clone, Debug)]
pub(super) struct RawProgram(Arc<facts::Facts>);

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
        let facts = written::facts(table, &written::Sets::default(), true);
        for name in facts.names.iter().filter(|name| library::knows(name)) {
            let message = format!("the facts of `{}` are built in", name.escape_debug());
            let hint = "leave them out; a rule grants what it wants to cover by `grants`";
            let label = "a policy adds facts about programs that have none";
            findings.error_with_hint(Code::BadValue, &Spanned { value: (), span, file }, message, label, hint);
        }
        Self(Arc::new(facts))
    }
}

impl Programs {
    /// The built-in facts and those of a policy.
    pub(super) fn with(own: Vec<RawProgram>) -> Self {
        Self { own: own.into_iter().map(|raw| raw.0).collect() }
    }

    /// What a command does.
    pub(super) fn uses(&self, words: &Words, bases: &[String]) -> Uses {
        let name = words.argv.first().map_or("", |word| word.rsplit('/').next().unwrap_or(word));
        uses::uses(words, self.find(name), bases)
    }

    /// Whether anything is known of a program of that name.
    pub(super) fn knows(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    fn find(&self, name: &str) -> Option<&facts::Facts> {
        let own = self.own.iter().map(Arc::as_ref).find(|facts| facts.is_called(name));
        own.or_else(|| library::find(name))
    }
}

#[cfg(test)]
mod tests;
