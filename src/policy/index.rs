//! Which rules can be about a command at all, so that a judgement does not look at a thousand others.

use std::{collections::HashMap, path::Path};

use regex_syntax::hir::literal::{ExtractKind, Extractor, Seq};

use crate::command::ResolvedCommand;

use super::{
    inside::base_name,
    near,
    rule::{Rule, Verdict},
};

/// Rules by what they are about; the numbers are places in the list of rules.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    /// Rules that name programs, by the last component of each name.
    named: HashMap<String, Vec<usize>>,
    /// Rules that name none and whose patterns need certain first words, by these.
    first_words: HashMap<Vec<u8>, Vec<usize>>,
    /// The other rules that name none, with the beginnings that their patterns need. Without beginnings they may be about
    /// anything.
    others: Vec<(usize, Option<Vec<Vec<u8>>>)>,
    /// Those, by the words that their patterns start with, for people.
    heads: HashMap<String, Vec<usize>>,
    /// The programs that allow rules name, for people; each once, in order.
    pub(super) allowed: Vec<String>,
}

/// A pattern with more beginnings than this is looked at each time.
const BEGINNINGS_MAX: usize = 64;

impl Index {
    pub(super) fn new(rules: &[Rule]) -> Self {
        let mut index = Self::default();
        for (at, rule) in rules.iter().enumerate() {
            let mut names: Vec<&str> = rule.programs().map(base_name).collect();
            if names.is_empty() {
                let own = rule.command().and_then(|pattern| beginnings(pattern.as_str()));
                match own.as_deref().and_then(first_words) {
                    Some(words) => {
                        words.into_iter().for_each(|word| index.first_words.entry(word).or_default().push(at));
                    }
                    None => index.others.push((at, own)),
                }
                for head in near::names(rule) {
                    index.heads.entry(head.to_owned()).or_default().push(at);
                }
            }
            if rule.verdict() == Verdict::Allow {
                index.allowed.extend(near::names(rule).map(str::to_owned));
            }
            names.sort_unstable();
            names.dedup();
            for name in names {
                index.named.entry(name.to_owned()).or_default().push(at);
            }
        }
        index.allowed.sort_unstable();
        index.allowed.dedup();
        index
    }

    /// The places of rules that look as if they were about a program of that name.
    pub(super) fn near(&self, name: &str) -> impl Iterator<Item = usize> {
        let lists = [self.named.get(name), self.heads.get(name)];
        lists.into_iter().flatten().flatten().copied()
    }

    /// The places of the rules that may be about a command, in order.
    pub(super) fn candidates(&self, command: &ResolvedCommand) -> Vec<usize> {
        let file = |path: &'_ Path| path.file_name().and_then(|name| name.to_str()).map(str::to_owned);
        let program = &command.program;
        let mut found: Vec<usize> = Vec::new();
        let mut add = |name: &str| found.extend(self.named.get(name).into_iter().flatten());
        add(&program.name);
        // Most programs have one name.
        for name in [file(&program.path), file(&program.real)].into_iter().flatten() {
            if name != program.name {
                add(&name);
            }
        }
        let text = command.canonical.as_bytes();
        let word = text.split(|byte| *byte == b' ').next().unwrap_or_default();
        found.extend(self.first_words.get(word).into_iter().flatten());
        // Of a text that is not wholly known, the beginning may be all that is.
        let begins = |own: &[u8]| text.starts_with(own) || !command.is_exact() && own.starts_with(known(command));
        let fits = |own: &Option<Vec<Vec<u8>>>| own.as_ref().is_none_or(|own| own.iter().any(|own| begins(own)));
        found.extend(self.others.iter().filter(|(_, own)| fits(own)).map(|(at, _)| *at));
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// The first words of texts that begin like this, when each beginning holds a whole one: a blank stands behind it.
fn first_words(beginnings: &[Vec<u8>]) -> Option<Vec<Vec<u8>>> {
    let word =
        |own: &Vec<u8>| own.iter().position(|byte| *byte == b' ').and_then(|end| own.get(..end)).map(<[u8]>::to_vec);
    // Quotes may hold a blank.
    let plain = |word: &Vec<u8>| !word.contains(&b'\'');
    let words: Option<Vec<_>> = beginnings.iter().map(word).collect();
    let mut words = words.filter(|words| words.iter().all(plain))?;
    words.sort_unstable();
    words.dedup();
    Some(words)
}

/// The part of a canonical text before its first unknown word.
fn known(command: &ResolvedCommand) -> &[u8] {
    let word = command.argv.first().map_or(0, String::len);
    command.canonical.as_bytes().get(..word).unwrap_or_default()
}

/// Texts of which each match of a pattern begins with one; nothing when that is not known.
fn beginnings(pattern: &str) -> Option<Vec<Vec<u8>>> {
    let tree = regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build().parse(pattern).ok()?;
    let mut extractor = Extractor::new();
    extractor.kind(ExtractKind::Prefix).limit_total(BEGINNINGS_MAX);
    let found: Seq = extractor.extract(&tree);
    let literals = found.literals()?;
    let all: Vec<Vec<u8>> = literals.iter().map(|literal| literal.as_bytes().to_vec()).collect();
    all.iter().all(|own| !own.is_empty()).then_some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_says_how_its_texts_begin() {
        let shown = |pattern: &str| {
            let all = beginnings(pattern)?;
            Some(all.into_iter().map(|own| String::from_utf8(own).unwrap()).collect::<Vec<_>>())
        };
        assert_eq!(shown("git status"), Some(vec!["git status".to_owned()]));
        assert_eq!(shown("ls|pwd"), Some(vec!["ls".to_owned(), "pwd".to_owned()]));
        assert!(
            shown("(cargo|go) (build|test)( .*)?")
                .unwrap()
                .iter()
                .all(|own| own.starts_with("cargo ") || own.starts_with("go "))
        );
        assert_eq!(shown("^git .*").unwrap(), ["git "]);
        assert_eq!(shown(".*secret"), None);
        assert_eq!(shown("x?"), None);
        assert_eq!(shown(""), None);
    }
}
