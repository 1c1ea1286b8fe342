//! Patterns as sets of texts that can be compared: automata over the canonical text of one command.
//!
//! A rule's language is what its `program` and its `command` leave of all canonical texts. What else a rule may ask for
//! only makes the set smaller, so whoever compares has to know whether a rule says nothing else.

mod automaton;
mod rule;
mod search;

pub(super) use automaton::Automaton;
pub(super) use rule::RuleLanguage;
pub(super) use search::{Bound, Search};

/// What a comparison of two sets found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Inclusion {
    /// Every text of the first is one of the second.
    Holds,
    /// A shortest text of the first that is not one of the second.
    Fails(String),
    /// The automata are too large to tell.
    Unknown,
}

/// A shortest text of a rule's language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Shortest {
    /// This one.
    Text(String),
    /// There is none: no command has a canonical text that the rule matches.
    Nothing,
    /// The automata are too large to tell.
    Unknown,
}

/// The shortest canonical text of a rule's language.
pub(super) fn shortest(language: &RuleLanguage, canonical: &Automaton) -> Shortest {
    let parts: Vec<&Automaton> = language.parts().iter().chain(std::iter::once(canonical)).collect();
    let mut found = None;
    let is_over = |dead: &[bool]| dead.iter().any(|dead| *dead);
    let bound = Search { parts: &parts, is_over: &is_over }.run(SEARCH_MAX, &mut |accepts, text| {
        if accepts.iter().all(|accepted| *accepted) {
            found = text();
        }
        found.is_some()
    });
    match (found, bound) {
        (Some(text), _) => Shortest::Text(text),
        (None, Bound::Whole) => Shortest::Nothing,
        (None, Bound::Reached) => Shortest::Unknown,
    }
}

/// Whether every canonical text of one rule's language is one of the other's.
pub(super) fn inclusion(inner: &RuleLanguage, outer: &RuleLanguage, canonical: &Automaton) -> Inclusion {
    let split = inner.parts().len();
    let parts: Vec<&Automaton> = inner.parts().iter().chain(outer.parts()).chain(std::iter::once(canonical)).collect();
    let needed = |at: usize| at < split || at + 1 == parts.len();
    let mut witness = None;
    let is_over = |dead: &[bool]| dead.iter().enumerate().any(|(at, dead)| *dead && needed(at));
    let bound = Search { parts: &parts, is_over: &is_over }.run(SEARCH_MAX, &mut |accepts, text| {
        let inside = accepts.iter().enumerate().all(|(at, accepted)| *accepted || !needed(at));
        let covered = accepts.iter().enumerate().all(|(at, accepted)| *accepted || needed(at));
        if inside && !covered {
            witness = text();
        }
        witness.is_some()
    });
    match (witness, bound) {
        (Some(text), _) => Inclusion::Fails(text),
        (None, Bound::Whole) => Inclusion::Holds,
        (None, Bound::Reached) => Inclusion::Unknown,
    }
}

/// So many joint states of automata are looked at before a comparison gives up.
const SEARCH_MAX: usize = 20_000;

#[cfg(test)]
mod tests {
    use super::{super::pattern::Reach, *};

    fn language(pattern: &str) -> RuleLanguage {
        RuleLanguage::of_patterns(&[(pattern, Reach::Permits)]).expect(pattern)
    }

    #[track_caller]
    fn compared(inner: &str, outer: &str) -> Inclusion {
        inclusion(&language(inner), &language(outer), &Automaton::canonical())
    }

    #[test]
    fn a_pattern_lies_in_a_wider_one() {
        for (inner, outer) in [
            ("git status", "git( .*)?"),
            ("git (status|log)( .*)?", "git .*"),
            ("ls|pwd", "(pwd|ls)( .*)?"),
            ("a{2,3}", "a+"),
            // Canonical text has single blanks only, so the second blank is never there.
            ("git( )+status", "git status"),
        ] {
            assert_eq!(compared(inner, outer), Inclusion::Holds, "{inner} in {outer}");
        }
    }

    #[test]
    fn a_shortest_text_shows_that_a_pattern_does_not_lie_in_another() {
        for (inner, outer, witness) in [
            ("git( .*)?", "git status", "git"),
            ("git (status|log)", "git status", "git log"),
            ("cargo .*", "cargo [a-z]+", "cargo 0"),
            ("ls( .*)?", "ls( [^']+)?", "ls ''"),
        ] {
            assert_eq!(compared(inner, outer), Inclusion::Fails(witness.into()), "{inner} in {outer}");
        }
    }

    #[test]
    fn what_is_too_large_is_not_decided() {
        assert!(RuleLanguage::of_patterns(&[("(a|b)*a(a|b){14}", Reach::Permits)]).is_none());
    }
}
