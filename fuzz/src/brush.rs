//! F4: what the language takes, an independent parser of bash takes with the same commands and the same arguments.
//!
//! brush-parser 0.4.0 hangs, overflows or panics on some texts and misreads a few; those are not given to it (see
//! [`is_safe`]).

use std::io::Cursor;

use brush_parser::{
    Parser, ParserOptions,
    ast::{self, CommandPrefixOrSuffixItem as Item},
    word::{self, WordPiece, WordPieceWithSource},
};
use stockade::command::{
    AndOr, Connector, Direction, List, Node, Piece, Pipeline, Redirect, Script, SimpleCommand, parse,
};

/// Asserts that brush reads what the language takes, as the same commands.
pub fn agrees(text: &str) {
    let Ok(script) = parse(text) else { return };
    for list in script.commands().flat_map(SimpleCommand::inner) {
        agrees_as_a_whole(list.span.of(text));
    }
    agrees_as_a_whole(text);
}

/// As [`agrees`], without a look into words.
fn agrees_as_a_whole(text: &str) {
    let script = parse(text).expect("what stands in a substitution is a script");
    if !is_safe(text, &script) {
        return;
    }
    let mut parser = Parser::new(Cursor::new(text), &ParserOptions::default());
    let program = parser.parse_program().unwrap_or_else(|error| panic!("brush refuses {text:?}: {error:?}"));
    let (mut theirs, mut ours) = (Shape::default(), Shape::default());
    program.complete_commands.iter().for_each(|list| theirs.brush_list(list));
    ours.list(&script.root);
    assert_eq!(ours.outline, theirs.outline, "{text:?}");
    assert_eq!(ours.words.len(), theirs.words.len(), "{text:?}");
    for (our, their) in ours.words.iter().zip(&theirs.words) {
        match (our, their) {
            (Word::Known(our), Word::Known(their)) => assert_eq!(our, their, "{text:?}"),
            (Word::Process(our), their) => assert_eq!(&Word::Process(our.clone()), their, "{text:?}"),
            (our, Word::Process(their)) => panic!("brush sees {their:?} for {our:?} of {text:?}"),
            (Word::Known(our), Word::Expands(their)) => panic!("{our:?} expands to brush: {their:?} of {text:?}"),
            _ => {}
        }
    }
}

/// Known bugs of the oracle: `( (` is arithmetic to it and doubles its time with each level; a here-document with an
/// empty delimiter takes all memory; long numbers before `<&-` panic; its reader of words doubles its time with each open
/// bracket (found here: twenty `[` take more than five seconds), and so does its reader of substitutions (`$(` two thousand
/// times). It leaves braces in words as they are; those are held to bash itself. An escaped dollar sign before a quote is
/// the start of `$'…'` to it, and behind a line that goes on it does not end a comment where it ends.
fn is_safe(text: &str, script: &Script) -> bool {
    let nested = text.split('(').skip(1).any(|rest| rest.trim_start_matches([' ', '\t', '\n', '\\']).is_empty());
    let odd = |to: &Redirect| matches!(to, Redirect::HereDocument(_) | Redirect::Close);
    let redirects =
        script.commands().any(|command| command.redirections.iter().any(|redirection| odd(&redirection.to)));
    let brackets = text.matches('[').count();
    let substitutions = ["$(", "<(", ">("].map(|open| text.matches(open).count()).iter().sum::<usize>();
    let braces =
        text.split_once('{').is_some_and(|(_, rest)| rest.contains('}') && (rest.contains(',') || rest.contains("..")));
    let dollar = text.contains("\\$'");
    let comment = text.split("\\\n").skip(1).any(|rest| rest.trim_start_matches([' ', '\t']).starts_with('#'));
    !nested && !redirects && !braces && !dollar && !comment && brackets <= 6 && substitutions <= 3
}

/// A word as far as it is known before it is expanded.
#[derive(Debug, PartialEq)]
enum Word {
    Known(String),
    Expands(String),
    /// `$'…'`, which brush leaves undecoded.
    Escapes,
    /// `<( … )` and `>( … )`, with the outline of the list inside.
    Process(String),
}

#[derive(Default)]
struct Shape {
    outline: String,
    words: Vec<Word>,
}

impl Shape {
    fn list(&mut self, list: &List) {
        for item in &list.items {
            self.and_or(item);
            self.outline.push(';');
        }
    }

    fn and_or(&mut self, item: &AndOr) {
        self.pipeline(&item.first);
        for link in &item.rest {
            self.outline.push(if link.connector == Connector::And { '&' } else { '/' });
            self.pipeline(&link.pipeline);
        }
    }

    fn pipeline(&mut self, pipeline: &Pipeline) {
        self.outline.push_str(if pipeline.negated { "!" } else { "" });
        for node in &pipeline.commands {
            self.outline.push('|');
            match node {
                Node::Simple(command) => self.simple(command),
                Node::Subshell(subshell) => {
                    self.outline.push('(');
                    self.list(&subshell.list);
                    self.outline.push(')');
                }
            }
        }
    }

    fn simple(&mut self, command: &SimpleCommand) {
        let assignments = "=".repeat(command.assignments.len());
        self.outline.push_str(&format!("{assignments}{}", command.words.len()));
        for word in &command.words {
            if let Some(process) = word.process() {
                let mut inner = Self::default();
                inner.list(&process.list);
                self.words.push(Word::Process(format!("{:?} {}", process.direction, inner.outline)));
                continue;
            }
            let text: String = word
                .pieces
                .iter()
                .map(|piece| match piece {
                    Piece::Known(text) => text.as_str(),
                    Piece::Variable { .. }
                    | Piece::Glob { .. }
                    | Piece::Tilde { .. }
                    | Piece::Substitution(_)
                    | Piece::Process(_) => "",
                })
                .collect();
            self.words.push(if word.literal().is_some() { Word::Known(text) } else { Word::Expands(text) });
        }
    }

    fn brush_list(&mut self, list: &ast::CompoundList) {
        for item in &list.0 {
            self.brush_pipeline(&item.0.first);
            for next in &item.0.additional {
                let (sign, pipeline) = match next {
                    ast::AndOr::And(pipeline) => ('&', pipeline),
                    ast::AndOr::Or(pipeline) => ('/', pipeline),
                };
                self.outline.push(sign);
                self.brush_pipeline(pipeline);
            }
            self.outline.push(';');
        }
    }

    fn brush_pipeline(&mut self, pipeline: &ast::Pipeline) {
        self.outline.push_str(if pipeline.bang { "!" } else { "" });
        for command in &pipeline.seq {
            self.outline.push('|');
            match command {
                ast::Command::Simple(command) => self.brush_simple(command),
                ast::Command::Compound(ast::CompoundCommand::Subshell(subshell), None) => {
                    self.outline.push('(');
                    self.brush_list(&subshell.list);
                    self.outline.push(')');
                }
                other => panic!("brush sees another kind of command: {other:?}"),
            }
        }
    }

    fn brush_simple(&mut self, command: &ast::SimpleCommand) {
        let prefix = command.prefix.iter().flat_map(|prefix| &prefix.0);
        let assignments = prefix.filter(|item| matches!(item, Item::AssignmentWord(..))).count();
        let suffix = command.suffix.iter().flat_map(|suffix| &suffix.0);
        let arguments = suffix.filter_map(|item| match item {
            Item::Word(word) | Item::AssignmentWord(_, word) => Some(read(word)),
            Item::ProcessSubstitution(kind, subshell) => Some(process(kind, subshell)),
            Item::IoRedirect(_) => None,
        });
        let words: Vec<_> = command.word_or_name.iter().map(read).chain(arguments).collect();
        self.outline.push_str(&format!("{}{}", "=".repeat(assignments), words.len()));
        self.words.extend(words);
    }
}

fn read(word: &ast::Word) -> Word {
    flattened(&word::parse(&word.value, &ParserOptions::default()).expect("a word of its own"))
}

fn process(kind: &ast::ProcessSubstitutionKind, subshell: &ast::SubshellCommand) -> Word {
    let direction = match kind {
        ast::ProcessSubstitutionKind::Read => Direction::Read,
        ast::ProcessSubstitutionKind::Write => Direction::Write,
    };
    let mut inner = Shape::default();
    inner.brush_list(&subshell.list);
    Word::Process(format!("{direction:?} {}", inner.outline))
}

fn flattened(pieces: &[WordPieceWithSource]) -> Word {
    let mut known = String::new();
    for piece in pieces {
        match &piece.piece {
            WordPiece::Text(text) | WordPiece::SingleQuotedText(text) => known.push_str(text),
            WordPiece::EscapeSequence(text) => known.push_str(text.strip_prefix('\\').unwrap_or(text)),
            WordPiece::AnsiCQuotedText(_) => return Word::Escapes,
            WordPiece::DoubleQuotedSequence(inner) => match flattened(inner) {
                Word::Known(text) => known.push_str(&text),
                other => return other,
            },
            other => return Word::Expands(format!("{other:?}")),
        }
    }
    Word::Known(known)
}
