//! Findings as text and as JSON. What a finding quotes was written by somebody else, so nothing reaches the text forms
//! that could act on a terminal.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use serde_json::{Value, json};

use super::{
    Diagnostic, Label, Severity, Source, Span,
    visible::{push_visible, visible},
};

/// How findings are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// With the line and a caret; in colour when asked.
    Human {
        /// Whether to use terminal colours.
        color: bool,
    },
    /// One line for each finding, `file:line:column: severity[code]: message; hint: what to do`. Without a place there
    /// is no line and column, without a hint nothing after the message.
    Plain,
    /// One JSON object for each finding, one a line.
    Json,
}

/// Renders one finding, with a final newline.
pub fn render(source: &Source, finding: &Diagnostic, format: Format) -> String {
    match format {
        Format::Human { color: true } => human(source, finding, &Renderer::styled()),
        Format::Human { color: false } => human(source, finding, &Renderer::plain()),
        Format::Plain => plain(source, finding),
        Format::Json => format!("{}\n", json(source, finding)),
    }
}

/// One finding as a JSON object.
pub fn json(source: &Source, finding: &Diagnostic) -> Value {
    let place = finding.primary.as_ref().map(|label| {
        let (line, column) = source.position(label.span.start);
        json!({ "start": label.span.start, "end": label.span.end, "line": line, "column": column, "label": label.text })
    });
    json!({
        "code": finding.code.as_str(),
        "severity": finding.severity.as_str(),
        "message": finding.message,
        "file": source.name,
        "span": place,
        "hint": finding.hint,
    })
}

/// `2 errors, 1 warning`, or nothing when there is none.
pub fn summary(findings: &[Diagnostic]) -> String {
    let count = |severity| findings.iter().filter(|f| f.severity == severity).count();
    let words = |n: usize, word: &str| match n {
        0 => None,
        1 => Some(format!("1 {word}")),
        n => Some(format!("{n} {word}s")),
    };
    [words(count(Severity::Error), "error"), words(count(Severity::Warning), "warning")]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(", ")
}

fn plain(source: &Source, finding: &Diagnostic) -> String {
    let name = visible(&source.name);
    let place = finding.primary.as_ref().map_or_else(String::new, |label| {
        let (line, column) = source.position(label.span.start);
        format!(":{line}:{column}")
    });
    let hint = finding.hint.as_ref().map_or_else(String::new, |hint| format!("; hint: {}", visible(hint)));
    let message = visible(&finding.message);
    format!("{name}{place}: {}[{}]: {message}{hint}\n", finding.severity.as_str(), finding.code)
}

fn human(source: &Source, finding: &Diagnostic, renderer: &Renderer) -> String {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level.primary_title(visible(&finding.message)).id(finding.code.as_str());
    let path = visible(&source.name);
    let shown = finding.primary.as_ref().map(|label| Shown::new(&source.text, label));
    let mut group = Group::with_title(title);
    group = match &shown {
        Some(shown) => group.element(shown.snippet().path(path)),
        // What no text is about has no place to point at.
        None if path.is_empty() => group,
        None => group.element(Origin::path(path)),
    };
    if let Some(hint) = &finding.hint {
        group = group.element(Level::HELP.with_name("hint").message(visible(hint)));
    }
    let mut text = renderer.render(&[group]);
    text.push('\n');
    text
}

/// The part of a source that a finding is about, with hidden characters written out and the span moved along.
struct Shown {
    text: String,
    first_line: usize,
    span: Range<usize>,
    label: String,
}

impl Shown {
    fn new(text: &str, label: &Label) -> Self {
        let span = clamp(text, label.span);
        let start = text.get(..span.start).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
        let end = text.get(span.end..).and_then(|after| after.find('\n')).map_or(text.len(), |at| span.end + at);
        let first_line = text.bytes().take(start).filter(|b| *b == b'\n').count() + 1;
        let piece = |from, to| text.get(from..to).unwrap_or("");

        let mut shown = String::new();
        push_lines(&mut shown, piece(start, span.start));
        let from = shown.len();
        push_lines(&mut shown, piece(span.start, span.end));
        let to = shown.len();
        push_lines(&mut shown, piece(span.end, end).trim_end_matches('\r'));
        Self { text: shown, first_line, span: from..to, label: visible(&label.text).into_owned() }
    }

    fn snippet(&self) -> Snippet<'_, annotate_snippets::Annotation<'_>> {
        let place = AnnotationKind::Primary.span(self.span.clone());
        let place = if self.label.is_empty() { place } else { place.label(&self.label) };
        Snippet::source(&self.text).line_start(self.first_line).annotation(place)
    }
}

/// The span as far as it fits the text, on character borders.
fn clamp(text: &str, span: Span) -> Range<usize> {
    let start = text.floor_char_boundary(span.start.min(text.len()));
    let end = text.ceil_char_boundary(span.end.clamp(start, text.len()));
    start..end
}

/// Appends text with its line breaks and tabs; everything else that is hidden is written out.
fn push_lines(shown: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '\n' | '\t' => shown.push(c),
            c => push_visible(shown, c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Code, *};

    const HUMAN: Format = Format::Human { color: false };

    fn policy() -> Source {
        Source::new("policy.toml", "version = 1\n\n[sandbox]\ndefualt = \"deny\"\n")
    }

    fn unknown_key() -> Diagnostic {
        Diagnostic::error(Code::UnknownKey, "unknown key `defualt`")
            .at(Span::new(23, 30), "not a key of `[sandbox]`")
            .with_hint("did you mean `default`?")
    }

    fn command(text: &str, code: Code, message: &str, span: Span) -> String {
        render(&Source::new("command", text), &Diagnostic::error(code, message).at(span, ""), HUMAN)
    }

    #[test]
    fn human_with_place_label_and_hint() {
        insta::assert_snapshot!(render(&policy(), &unknown_key(), HUMAN), @r#"
        error[unknown-key]: unknown key `defualt`
         --> policy.toml:4:1
          |
        4 | defualt = "deny"
          | ^^^^^^^ not a key of `[sandbox]`
          |
          = hint: did you mean `default`?
        "#);
    }

    #[test]
    fn human_without_a_place() {
        let finding =
            Diagnostic::error(Code::MissingKey, "the key `version` is missing").with_hint("add `version = 1`");
        insta::assert_snapshot!(render(&policy(), &finding, HUMAN), @r#"
        error[missing-key]: the key `version` is missing
        --> policy.toml
         = hint: add `version = 1`
        "#);
    }

    #[test]
    fn human_without_place_and_hint() {
        let finding = Diagnostic::warning(Code::FileWritable, "others can write the file");
        insta::assert_snapshot!(render(&policy(), &finding, HUMAN), @r#"
        warning[file-writable]: others can write the file
        --> policy.toml
        "#);
    }

    #[test]
    fn human_about_no_text() {
        let finding = Diagnostic::error(Code::AuditBusy, "another process writes the log").with_hint("wait for it");
        insta::assert_snapshot!(render(&Source::new("", ""), &finding, HUMAN), @"
        error[audit-busy]: another process writes the log
         |
         = hint: wait for it
        ");
    }

    #[test]
    fn human_in_colour_says_the_same() {
        let text = render(&policy(), &unknown_key(), Format::Human { color: true });
        assert!(text.contains("\u{1b}["));
        let mut bare = String::new();
        for (at, part) in text.split('\u{1b}').enumerate() {
            bare.push_str(if at == 0 { part } else { part.split_once('m').unwrap().1 });
        }
        assert_eq!(bare, render(&policy(), &unknown_key(), HUMAN));
    }

    #[test]
    fn human_at_the_end_of_the_text() {
        insta::assert_snapshot!(command("ls 'a", Code::UnclosedQuote, "the quote `'` is not closed", Span::new(3, 4)), @r#"
        error[unclosed-quote]: the quote `'` is not closed
         --> command:1:4
          |
        1 | ls 'a
          |    ^
        "#);
        insta::assert_snapshot!(command("", Code::EmptyCommand, "the command holds no word", Span::new(0, 0)), @r#"
        error[empty-command]: the command holds no word
         --> command:1:1
          |
        1 |
          | ^
        "#);
    }

    #[test]
    fn human_over_several_lines() {
        let span = Span::new(5, 12);
        insta::assert_snapshot!(command("ls\np $'\n\n\\xff' a\nb\n", Code::EscapeNotUnicode, "not UTF-8", span), @r#"
        error[escape-not-unicode]: not UTF-8
         --> command:2:3
          |
        2 |   p $'
          |  ___^
        3 | |
        4 | | \xff' a
          | |___^
        "#);
    }

    #[test]
    fn human_writes_hidden_characters_out() {
        let text = "ls\techo \u{1b}[31m \u{202e}x\u{9b}y\r\nb";
        let span = Span::new(8, 9);
        insta::assert_snapshot!(command(text, Code::ControlCharacter, "holds \u{1b}[2J and\nmore", span), @r#"
        error[control-character]: holds \u{1b}[2J and\nmore
         --> command:1:9
          |
        1 | ls    echo \u{1b}[31m \u{202e}x\u{9b}y
          |            ^^^^^^
        "#);
    }

    #[test]
    fn human_shows_a_line_without_its_carriage_return() {
        insta::assert_snapshot!(command("a = 1\r\nb = 2\r\n", Code::UnknownKey, "unknown key `b`", Span::new(7, 8)), @r#"
        error[unknown-key]: unknown key `b`
         --> command:2:1
          |
        2 | b = 2
          | ^
        "#);
    }

    #[test]
    fn human_points_at_wide_characters() {
        insta::assert_snapshot!(command("echo 日本 | wc", Code::PipeBoth, "`|` joins", Span::new(12, 13)), @r#"
        error[pipe-both]: `|` joins
         --> command:1:9
          |
        1 | echo 日本 | wc
          |           ^
        "#);
    }

    #[test]
    fn human_cuts_long_lines() {
        let text = format!("{} | {}", "a".repeat(60_000), "b".repeat(4_000));
        let shown = command(&text, Code::PipeBoth, "`|` joins", Span::new(60_001, 60_002));
        assert!(shown.len() < 2_000, "{}", shown.len());
        assert!(shown.contains("aa | bb"), "{shown}");
    }

    #[test]
    fn places_outside_the_text_are_drawn_inside_it() {
        for span in [Span::new(99, 120), Span::new(1, 99), Span::new(4, 2), Span::new(1, 2)] {
            assert!(command("é", Code::PipeBoth, "x", span).starts_with("error[pipe-both]: x\n"));
        }
    }

    #[test]
    fn plain_is_one_line() {
        let rows = [
            (
                unknown_key(),
                "policy.toml:4:1: error[unknown-key]: unknown key `defualt`; hint: did you mean `default`?\n",
            ),
            (Diagnostic::warning(Code::BadValue, "a\nb\u{1b}c"), "policy.toml: warning[bad-value]: a\\nb\\u{1b}c\n"),
        ];
        for (finding, line) in rows {
            assert_eq!(render(&policy(), &finding, Format::Plain), line);
        }
    }

    #[test]
    fn json_is_one_object_a_line() {
        let text = render(&policy(), &unknown_key(), Format::Json);
        let expected = r#"{"code":"unknown-key","file":"policy.toml","hint":"did you mean `default`?","message":"unknown key `defualt`","severity":"error","span":{"column":1,"end":30,"label":"not a key of `[sandbox]`","line":4,"start":23}}"#;
        assert_eq!(text, format!("{expected}\n"));
    }

    #[test]
    fn nothing_hidden_reaches_a_text_form() {
        let hostile = "a\u{1b}]0;x\u{7}\u{9b}2J\u{202e}\u{e0041}\u{2028}\r";
        let source = Source::new(hostile, hostile);
        let finding =
            Diagnostic::error(Code::BadValue, hostile).at(Span::new(0, hostile.len()), hostile).with_hint(hostile);
        for format in [HUMAN, Format::Plain] {
            let text = render(&source, &finding, format);
            assert!(!text.contains(|c| c != '\n' && super::super::is_hidden(c)), "{text:?}");
        }
    }

    #[test]
    fn summaries_count_both_kinds() {
        let error = || Diagnostic::error(Code::BadValue, "x");
        let warning = || Diagnostic::warning(Code::BadValue, "x");
        assert_eq!(summary(&[]), "");
        assert_eq!(summary(&[error()]), "1 error");
        assert_eq!(summary(&[warning(), error(), error()]), "2 errors, 1 warning");
    }
}
