//! Regular expressions of a policy. A pattern always has to match the whole text, means ASCII by its classes, tells
//! upper from lower case, and cannot grow without bound.

use std::{fmt, ops::Range, sync::OnceLock};

use regex::bytes::{Regex, RegexBuilder};
use regex_automata::{Anchored, Input, hybrid::dfa::DFA, nfa::thompson, util::syntax};

/// A compiled pattern.
#[derive(Clone)]
pub struct Pattern {
    text: String,
    regex: Regex,
    reach: Reach,
    /// The same as an automaton that can be stopped half-way, once somebody asks; none when it cannot be built.
    steps: OnceLock<Option<Box<DFA>>>,
}

/// What a pattern's `.` and negated classes are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// The pattern permits: `.` stops at a line feed.
    Permits,
    /// The pattern forbids: `.` is any byte, so that a line feed in an argument is no way around it.
    Forbids,
}

/// Why a pattern does not compile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PatternError {
    /// One line.
    pub(super) message: String,
    /// The part of the pattern that is wrong, in bytes, when it is known.
    pub(super) part: Option<Range<usize>>,
}

/// A compiled pattern may take as much memory.
const SIZE_LIMIT: usize = 1 << 20;

impl Pattern {
    /// Compiles a pattern.
    pub(super) fn new(text: &str, reach: Reach) -> Result<Self, PatternError> {
        // The bare text has to stand on its own first: `a)|(?:b` would otherwise break out of the anchors.
        // To read it is enough; why it cannot be read, the engine says best.
        if !reads(text, reach) {
            build(text, reach).map_err(|error| PatternError::of(text, &error))?;
        }
        let anchored = build(&format!(r"\A(?:{text})\z"), reach).map_err(|error| {
            if matches!(error, regex::Error::CompiledTooBig(_)) {
                return PatternError::of(text, &error);
            }
            let message = "the pattern cannot be anchored; leave out the comment of `(?x)`".into();
            PatternError { message, part: None }
        })?;
        Ok(Self { text: text.to_owned(), regex: anchored, reach, steps: OnceLock::new() })
    }

    /// The pattern that matches what any of these matches; `None` when there is none to join.
    pub(super) fn any_of(patterns: &[&Self], reach: Reach) -> Option<Self> {
        match patterns {
            [] => None,
            [one] => Some((*one).clone()),
            many => {
                let parts: Vec<_> = many.iter().map(|pattern| format!("(?:{})", pattern.text)).collect();
                Self::new(&parts.join("|"), reach).ok()
            }
        }
    }

    /// Whether the pattern matches the whole text.
    pub fn is_match(&self, text: &str) -> bool {
        self.regex.is_match(text.as_bytes())
    }

    /// Whether the pattern matches all of the bytes.
    pub fn is_match_bytes(&self, bytes: &[u8]) -> bool {
        self.regex.is_match(bytes)
    }

    /// Whether the pattern may match some text that starts like this. True when it cannot be told.
    pub(super) fn may_start(&self, beginning: &str) -> bool {
        let Some(steps) = self.steps.get_or_init(|| steps(&self.text, self.reach)) else { return true };
        let mut cache = steps.create_cache();
        let Ok(mut state) = steps.start_state_forward(&mut cache, &Input::new("").anchored(Anchored::Yes)) else {
            return true;
        };
        for byte in beginning.bytes() {
            match steps.next_state(&mut cache, state, byte) {
                Ok(next) if next.is_dead() => return false,
                Ok(next) if !next.is_quit() => state = next,
                Ok(_) | Err(_) => return true,
            }
        }
        true
    }

    /// The pattern as its author wrote it.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pattern").field(&self.text).finish()
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Pattern {}

impl PatternError {
    fn of(text: &str, error: &regex::Error) -> Self {
        match error {
            regex::Error::CompiledTooBig(_) => {
                Self { message: format!("the pattern needs more than {SIZE_LIMIT} bytes once compiled"), part: None }
            }
            regex::Error::Syntax(report) => Self::from_report(text, report),
            other => Self { message: other.to_string(), part: None },
        }
    }

    /// The `regex` crate gives its syntax errors as text alone: the pattern after four blanks, a line of carets below it,
    /// then the message. Where that shape does not hold, the whole pattern is the place.
    fn from_report(text: &str, report: &str) -> Self {
        let lines: Vec<_> = report.lines().collect();
        let message = lines.last().map_or(report, |line| line.strip_prefix("error: ").unwrap_or(line)).to_owned();
        let shown = lines.iter().position(|line| line.strip_prefix("    ") == Some(text));
        let carets = shown.and_then(|at| lines.get(at + 1)).and_then(|line| line.strip_prefix("    "));
        Self { message, part: carets.and_then(|line| under_carets(text, line)) }
    }
}

fn reads(text: &str, reach: Reach) -> bool {
    let mut parser = regex_syntax::ParserBuilder::new();
    parser.unicode(false).utf8(false).dot_matches_new_line(reach == Reach::Forbids).build().parse(text).is_ok()
}

fn build(text: &str, reach: Reach) -> Result<Regex, regex::Error> {
    RegexBuilder::new(text)
        .unicode(false)
        .case_insensitive(false)
        .dot_matches_new_line(reach == Reach::Forbids)
        .size_limit(SIZE_LIMIT)
        .dfa_size_limit(SIZE_LIMIT)
        .build()
}

/// The automaton of a pattern, anchored at both ends, with the meaning that [`build`] gives it.
fn steps(text: &str, reach: Reach) -> Option<Box<DFA>> {
    let meaning = syntax::Config::new().unicode(false).utf8(false).dot_matches_new_line(reach == Reach::Forbids);
    let limits = thompson::Config::new().utf8(false).nfa_size_limit(Some(SIZE_LIMIT));
    let config = DFA::config().cache_capacity(SIZE_LIMIT).skip_cache_capacity_check(true);
    DFA::builder()
        .syntax(meaning)
        .thompson(limits)
        .configure(config)
        .build(&format!(r"\A(?:{text})\z"))
        .ok()
        .map(Box::new)
}

/// The bytes above the first run of carets. Carets count characters.
fn under_carets(text: &str, carets: &str) -> Option<Range<usize>> {
    let skipped = carets.chars().take_while(|c| *c == ' ').count();
    let marked = carets.chars().skip(skipped).take_while(|c| *c == '^').count();
    let byte = |character: usize| text.char_indices().nth(character).map_or(text.len(), |(at, _)| at);
    (marked > 0).then(|| byte(skipped)..byte(skipped + marked))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permits(pattern: &str) -> Pattern {
        Pattern::new(pattern, Reach::Permits).expect(pattern)
    }

    #[track_caller]
    fn refused(pattern: &str, part: Option<&str>) {
        let error = Pattern::new(pattern, Reach::Permits).expect_err(pattern);
        assert_eq!(error.part.and_then(|range| pattern.get(range)), part, "{}", error.message);
    }

    #[test]
    fn a_pattern_matches_the_whole_text_or_nothing() {
        assert!(permits("a|b").is_match("b"));
        assert!(!permits("a|b").is_match("ab"));
        assert!(!permits("ls").is_match("ls\n"));
        assert!(permits("^ls$").is_match("ls"));
        assert!(!permits("(?m)^ls$").is_match("ls\nrm"));
    }

    #[test]
    fn classes_are_ascii() {
        assert!(permits(r"git\s+status").is_match("git  status"));
        assert!(!permits(r"git\s+status").is_match("git\u{a0}status"));
        assert!(!permits(r"\d").is_match("\u{663}"));
        assert!(!permits(r"\w").is_match("é"));
        assert!(permits(r"a\b.*").is_match("aé"), "`\\b` sees a border before a letter outside ASCII");
    }

    #[test]
    fn case_matters_and_its_folding_is_ascii() {
        assert!(!permits("make").is_match("MAKE"));
        assert!(permits("(?i)make").is_match("MAKE"));
        assert!(!permits("(?i)make").is_match("ma\u{212a}e"));
        assert!(!permits("(?i)ls").is_match("l\u{17f}"));
    }

    #[test]
    fn a_dot_stops_at_a_line_feed_only_where_the_pattern_permits() {
        assert!(!permits("echo .*").is_match("echo 'a\nb'"));
        assert!(Pattern::new("echo .*", Reach::Forbids).expect("valid").is_match("echo 'a\nb'"));
    }

    #[test]
    fn a_beginning_shows_what_can_still_match() {
        for (pattern, beginning, may) in [
            ("git (status|log)( .*)?", "git", true),
            ("git (status|log)( .*)?", "git ", true),
            ("git (status|log)( .*)?", "git log ", true),
            ("git (status|log)( .*)?", "git push ", false),
            ("git (status|log)( .*)?", "ls ", false),
            (".* b", "ls ", true),
            ("ls", "ls", true),
            ("ls", "ls ", false),
            ("ls|a b", "a ", true),
            ("(?i)LS .*", "ls ", true),
            (r"a\b.*", "ab", false),
            (r"\w+ .*", "é ", false),
            ("[a-z]{1,3} x", "abcd", false),
        ] {
            assert_eq!(permits(pattern).may_start(beginning), may, "{pattern} {beginning}");
        }
        assert!(!permits("echo .*").may_start("echo a\nb "));
        assert!(Pattern::new("echo .*", Reach::Forbids).expect("valid").may_start("echo a\nb "));
    }

    #[test]
    fn a_pattern_cannot_break_out_of_its_anchors() {
        refused("a)|(?:b", Some(")"));
        refused("(?x) a # b", None);
    }

    #[test]
    fn what_the_engine_lacks_is_refused_with_its_place() {
        refused("git (?!push)", Some("(?!"));
        refused(r"(a)\1", Some(r"\1"));
        refused("a(b", Some("("));
        refused("aé(b", Some("("));
        refused("a[é]", Some("é"));
        assert!(permits("aé+").is_match("aé"));
        refused("a\n(b", None);
        refused("(a{1000}){1000}", None);
    }
}
