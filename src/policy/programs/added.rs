//! What a command does by words that nobody knows before: those that `xargs` adds to it, or puts in place of a text.

use super::{
    super::words::Words,
    facts::{Effect, Kind, Need},
    line::{Given, Line},
    uses::kind,
};

/// Whether unknown words make a command do more than its known ones say. They follow it, and stand in place of some texts.
pub(super) fn may_do_more(line: &Line<'_>, words: &Words, places: &[String]) -> bool {
    may_turn(line) || turns(line, words, places)
}

/// Whether more words can make a command do what its known words do not say: by an option, unless options have ended, or
/// by the meaning of an operand.
fn may_turn(line: &Line<'_>) -> bool {
    let effect = |effect: &Effect| matches!(effect, Effect::Need(need) if !matches!(need, Need::Read | Need::Write));
    let options = line.facts.options.iter();
    let by_option =
        !line.ended && options.into_iter().any(|fact| harmful(fact.kind) || fact.effects.iter().any(effect));
    let kinds = line.facts.operands.as_deref().unwrap_or_default();
    let count = line.operands.len() + 1;
    by_option || !line.facts.sub.is_empty() || kind(kinds, count - 1, count).is_none_or(harmful)
}

/// Whether a word of this kind can do more than name a file.
fn harmful(kind: Kind) -> bool {
    !matches!(kind, Kind::Data | Kind::Read | Kind::Write | Kind::ReadThere | Kind::WriteThere | Kind::AtFile)
}

/// Whether words in place of some texts can do so: as the program, in an option, or as a word that is looked through.
fn turns(line: &Line<'_>, words: &Words, places: &[String]) -> bool {
    let holds = |text: &str| places.iter().any(|place| text.contains(place.as_str()));
    let scripted =
        line.options.iter().any(|given| given.may_be.iter().any(|fact| fact.effects.contains(&Effect::Script)));
    let kinds = line.facts.operands.as_deref().unwrap_or_default();
    let kinds = kinds.get(usize::from(scripted).min(kinds.len())..).unwrap_or_default();
    let is_value = |given: &&Given<'_>, at: usize| given.value.as_ref().is_some_and(|(own, _)| *own == at);
    let only_names = |given: &Given<'_>| {
        !holds(&given.written) && !given.may_be.is_empty() && !given.may_be.iter().any(|fact| harmful(fact.kind))
    };
    words.argv.iter().enumerate().filter(|(_, word)| holds(word)).any(|(at, word)| {
        if let Some(index) = line.operands.iter().position(|operand| *operand == at) {
            return word.starts_with('-') || kind(kinds, index, line.operands.len()).is_none_or(harmful);
        }
        let mut values = line.options.iter().filter(|given| is_value(given, at)).peekable();
        values.peek().is_none() || !values.all(only_names)
    })
}
