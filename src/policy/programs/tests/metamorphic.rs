//! Other spellings of one command say no less about it: order, clusters, abbreviations, glued values, quotes, wrappers.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{super::facts::Facts, *};
use crate::command::{self, Script};

/// Every row of `policy/programs/uses/` that has a need, as its words.
fn dangerous() -> Vec<Vec<String>> {
    let rows = ALL.iter().flat_map(|(_, text)| text.lines()).filter_map(|line| line.split_once(" | "));
    let rows = rows.filter(|(expected, _)| Need::from_word(expected.trim()).is_some());
    let rows = rows.filter_map(|(_, text)| words(&command::parse(text).ok()?));
    rows.collect()
}

/// The words of a script that is one command without unknown words.
fn words(script: &Script) -> Option<Vec<String>> {
    let [command] = <[_; 1]>::try_from(script.commands().collect::<Vec<_>>()).ok()?;
    command.words.iter().map(command::Word::literal).collect()
}

fn needs(argv: &[String]) -> BTreeSet<Need> {
    let uses = Programs::default().uses(&argv.to_vec().into(), &[], None);
    let unknown = !uses.modelled || !uses.unlisted.is_empty();
    // What is not known is covered by no rule, so it is no way around any need.
    let needs = uses.needs.into_iter().map(|(need, _)| need);
    // Code of the workspace is what allow rules are about.
    let needs = needs.filter(|need| *need != Need::Run);
    needs.chain(unknown.then_some(Need::ALL).into_iter().flatten()).collect()
}

#[track_caller]
fn loses_nothing(before: &[String], after: &[String]) {
    let (before_needs, after_needs) = (needs(before), needs(after));
    assert!(before_needs.is_subset(&after_needs), "{before:?} {before_needs:?}\n{after:?} {after_needs:?}");
}

/// One option with the words of its values, or one operand.
struct Unit(Vec<String>);

/// The units behind the program and its subcommand, when its options may stand in any order.
fn units(argv: &[String]) -> Option<(usize, Vec<Unit>, Vec<Unit>)> {
    let facts = Programs::default();
    let facts: &Facts = facts.find(argv.first()?)?;
    let words: Words = argv.to_vec().into();
    let line = super::super::line::read(&words, facts);
    let free = line.facts.syntax == super::super::facts::Syntax::Gnu && line.facts.sub.is_empty() && !line.facts.bundle;
    // Behind an operand `--help` stops nothing.
    let stops = |given: &super::super::line::Given<'_>| given.may_be.iter().any(|fact| fact.effects.contains(&super::super::facts::Effect::Stop));
    if !free || line.options.iter().any(stops) || !line.unlisted.is_empty() || argv.iter().any(|word| word == "--") {
        return None;
    }
    let start = line.subcommand.last().map_or(1, |at| at + 1);
    let mut options = Vec::new();
    let mut seen = BTreeSet::new();
    for given in line.options.iter().filter(|given| given.at >= start) {
        if !seen.insert(given.at) {
            continue;
        }
        // The words of all options of one cluster, of which the last may have a value.
        let last = line.options.iter().filter(|other| other.at == given.at);
        let end = last.filter_map(|other| Some(other.value.as_ref()?.0)).max().unwrap_or(given.at);
        options.push(Unit(argv.get(given.at..=end)?.to_vec()));
    }
    if line.options.iter().any(|given| given.inner.is_some()) {
        return None;
    }
    let operands = line.operands.iter().filter_map(|at| Some(Unit(vec![argv.get(*at)?.clone()]))).collect();
    Some((start, options, operands))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_options_hides_nothing(argv in prop::sample::select(dangerous()), seed in any::<u64>()) {
        let Some((start, options, operands)) = units(&argv) else { return Ok(()) };
        let mut rest: Vec<Unit> = Vec::new();
        let mut state = seed;
        let mut next = |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(state >> 33).unwrap() % below.max(1)
        };
        for operand in operands {
            rest.push(operand);
        }
        for option in options {
            let at = next(rest.len() + 1);
            rest.insert(at, option);
        }
        let after: Vec<_> = argv[..start].iter().cloned().chain(rest.into_iter().flat_map(|unit| unit.0)).collect();
        loses_nothing(&argv, &after);
    }

    #[test]
    fn a_shorter_or_glued_long_option_hides_nothing(argv in prop::sample::select(dangerous()), cut in 1_usize..12, at in any::<prop::sample::Index>()) {
        let long: Vec<_> = (1..argv.len()).filter(|at| argv[*at].starts_with("--") && argv[*at].len() > 3).collect();
        if long.is_empty() {
            return Ok(());
        }
        let at = *at.get(&long);
        let (name, value) = argv[at].split_once('=').map_or((argv[at].clone(), None), |(name, value)| (name.to_owned(), Some(value.to_owned())));
        let mut short = name.clone();
        short.truncate(name.len().saturating_sub(cut).max(3));
        let mut after = argv.clone();
        after[at] = value.as_ref().map_or(short.clone(), |value| format!("{short}={value}"));
        let words: Words = after.clone().into();
        let uses = Programs::default().uses(&words, &[], None);
        // A beginning can be another option's whole name, which it then is.
        let is_another = uses.options.iter().any(|used| used.at == at && !used.spellings.iter().any(|own| own.starts_with(&name)));
        let gnu = Programs::default().find(&argv[0]).is_some_and(|facts| facts.syntax == super::super::facts::Syntax::Gnu);
        if gnu && !is_another {
            loses_nothing(&argv, &after);
        }
    }

    #[test]
    fn quotes_hide_nothing(argv in prop::sample::select(dangerous()), style in 0_usize..4) {
        let quoted: Vec<_> = argv.iter().enumerate().map(|(at, word)| match (at + style) % 4 {
            0 => format!("'{}'", word.replace('\'', r"'\''")),
            1 if !word.contains(['"', '\\', '$', '`', '\n', '!']) => format!("\"{word}\""),
            2 if !word.is_empty() && word.chars().all(|c| c.is_ascii_graphic()) => word.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_string() } else { format!("\\{c}") }).collect(),
            _ => command::canonical(&[":".to_owned(), word.clone()]).trim_start_matches(": ").to_owned(),
        }).collect();
        let text = quoted.join(" ");
        let Ok(script) = command::parse(&text) else { return Ok(()) };
        prop_assert_eq!(words(&script).unwrap(), argv);
    }

    #[test]
    fn a_wrapper_hides_nothing(argv in prop::sample::select(dangerous()), wrapper in prop::sample::select(vec!["env", "env A=1", "timeout 5", "timeout -k 1 -s KILL 5", "nice -n 5", "nohup", "setsid -f", "stdbuf -oL", "xargs", "xargs -0 -n1"])) {
        let wrapped: Vec<String> = wrapper.split(' ').map(str::to_owned).chain(argv.iter().cloned()).collect();
        let inside = crate::policy::inside::inside(&Programs::default(), &wrapped.into());
        let found = inside.parts.iter().find(|part| part.words.argv == argv);
        let found = found.unwrap_or_else(|| panic!("{wrapper} {argv:?} is not looked through: {:?}", inside.parts.iter().map(|part| &part.words.argv).collect::<Vec<_>>()));
        let needs_inside: BTreeSet<Need> = found.uses.needs.iter().map(|(need, _)| *need).collect();
        let uses = Programs::default().uses(&argv.into(), &[], None);
        prop_assert!(uses.needs.iter().all(|(need, _)| needs_inside.contains(need)));
    }
}

#[test]
fn there_is_something_to_try() {
    assert!(dangerous().len() > 500, "{}", dangerous().len());
    assert!(dangerous().iter().filter(|argv| units(argv).is_some()).count() > 100);
}
