//! F1 to F3: bounds, canonical text, and places.

use stockade::{
    command::{
        AndOr, List, MAX_COMMANDS, MAX_DEPTH, MAX_TEXT, MAX_WORDS, Node, Piece, Pipeline, Redirect, Script,
        SimpleCommand, Word, canonical, parse, parse_counted, parse_single, single,
    },
    diagnostic::{Span, is_hidden},
};

/// F1: the parser ends, in time that grows no faster than the text, within its limits; and what it refuses it explains.
pub fn bounded(text: &str) {
    let (parsed, steps) = parse_counted(text);
    assert!(steps <= 64 * text.len() + 1000, "{steps} steps for {} bytes: {text:?}", text.len());
    match parsed {
        Ok(script) => {
            let commands = script.commands().count();
            let words: usize = script.commands().map(|command| command.words.len()).sum();
            assert!(text.len() <= MAX_TEXT && (1..=MAX_COMMANDS).contains(&commands) && words <= MAX_WORDS);
            assert!(depth(&script.root) <= MAX_DEPTH);
            assert_eq!(script.text, text);
        }
        Err(error) => {
            assert!(text.get(error.span.start..error.span.end).is_some(), "{text:?}: {error:?}");
            assert!(!error.message.is_empty() && !error.hint.is_empty(), "{text:?}: {error:?}");
            assert!(!error.message.contains(is_hidden), "{text:?}: {error:?}");
        }
    }
}

/// What the house runs today is a part of the language, and both ways to ask for it agree.
pub fn single_is_a_part(text: &str) {
    if parse_single(text).is_ok() {
        let script = parse(text).expect("the whole language takes it");
        let command = single(&script).expect("it is one literal command");
        let argv: Vec<String> = command.words.iter().map(|word| word.literal().expect("it is literal")).collect();
        assert_eq!(script.canonical(), canonical(&argv), "a tree of one command is written as its fields are");
    }
}

fn depth(list: &List) -> usize {
    let nodes = list.items.iter().flat_map(AndOr::pipelines).flat_map(|pipeline| &pipeline.commands);
    nodes
        .map(|node| match node {
            Node::Simple(_) => 0,
            Node::Subshell(subshell) => 1 + depth(&subshell.list),
        })
        .max()
        .unwrap_or(0)
}

/// F2: canonical text parses to the same tree, is its own canonical text, and says nothing outside quotes that shells
/// read differently.
pub fn printed(text: &str) {
    let Ok(script) = parse(text) else { return };
    let canonical = script.canonical();
    let again = parse(&canonical).unwrap_or_else(|error| panic!("{text:?} is printed as {canonical:?}: {error:?}"));
    assert_eq!(again.unplaced(), script.unplaced(), "{text:?} is printed as {canonical:?}");
    assert_eq!(again.canonical(), canonical);
    if script.commands().all(|command| command.redirections.iter().all(|to| !is_document(&to.to))) {
        let odd = unquoted(&canonical)
            .find(|c| !c.is_ascii_alphanumeric() && !" \n_@%+=:,./-<>&|!()'\"$*?[]{}~".contains(*c));
        assert_eq!(odd, None, "{canonical:?}");
    }
}

fn is_document(to: &Redirect) -> bool {
    matches!(to, Redirect::HereDocument(_))
}

/// The characters of canonical text that stand outside quotes.
fn unquoted(text: &str) -> impl Iterator<Item = char> {
    let (mut quote, mut escaped, mut before) = (None, false, ' ');
    text.chars().filter(move |&c| {
        let shown = quote.is_none() && !escaped;
        match (quote, c) {
            _ if escaped => escaped = false,
            (None | Some('e'), '\\') => escaped = true,
            (None, '\'') => quote = Some(if before == '$' { 'e' } else { '\'' }),
            (None, '"') => quote = Some('"'),
            (Some('\'' | 'e'), '\'') | (Some('"'), '"') => quote = None,
            _ => {}
        }
        before = c;
        shown && c != '\\'
    })
}

/// F3: places lie in the text, in its order and inside each other, and what they cover reads back as the same node.
pub fn placed(text: &str) {
    let Ok(script) = parse(text) else { return };
    let whole = Span::new(0, text.len());
    list(&script.root, whole, text);
}

fn list(list: &List, outer: Span, text: &str) {
    inside(list.span, outer, text);
    let mut from = list.span.start;
    for item in &list.items {
        inside(item.span, Span::new(from, list.span.end), text);
        let mut at = item.span.start;
        for pipeline in item.pipelines() {
            inside(pipeline.span, Span::new(at, item.span.end), text);
            members(pipeline, text);
            at = pipeline.span.end;
        }
        for link in &item.rest {
            assert!(["&&", "||"].contains(&link.span.of(text)));
        }
        from = item.span.end;
    }
}

fn members(pipeline: &Pipeline, text: &str) {
    let mut from = pipeline.span.start;
    assert!(!pipeline.negated || pipeline.span.of(text).starts_with('!'));
    for node in &pipeline.commands {
        inside(node.span(), Span::new(from, pipeline.span.end), text);
        from = node.span().end;
        match node {
            Node::Simple(command) => simple(command, text),
            Node::Subshell(subshell) => {
                let covered = subshell.span.of(text);
                assert!(covered.starts_with('(') && covered.ends_with(')'), "{covered:?}");
                list(&subshell.list, subshell.span, text);
            }
        }
    }
}

fn simple(command: &SimpleCommand, text: &str) {
    for pair in command.words.windows(2) {
        assert!(pair[0].span.end <= pair[1].span.start);
    }
    for assignment in &command.assignments {
        inside(assignment.span, command.span, text);
        reads_as(&format!("{} x", assignment.span.of(text)), |found| &found.assignments[0].value, &assignment.value);
    }
    for (at, word) in command.words.iter().enumerate() {
        inside(word.span, command.span, text);
        let before = if at == 0 { "" } else { "x " };
        reads_as(&format!("{before}{}", word.span.of(text)), |found| &found.words[at.min(1)], word);
    }
    let mut documents = false;
    for redirection in &command.redirections {
        inside(redirection.span, command.span, text);
        documents |= is_document(&redirection.to);
        if let Some(word) = redirection.word() {
            inside(word.span, redirection.span, text);
            let covered = format!("x {}", redirection.span.of(text));
            reads_as(&covered, |found| found.redirections[0].word().expect("the same kind"), word);
        }
    }
    if !documents {
        let alone = parse(command.span.of(text)).expect("a command alone");
        let mut same = parse("x").expect("one word");
        let Node::Simple(place) = &mut same.root.items[0].first.commands[0] else { unreachable!() };
        *place = command.clone();
        assert_eq!(alone.unplaced(), same.unplaced());
    }
}

/// Asserts that a text of one command holds the word.
fn reads_as(text: &str, pick: impl Fn(&SimpleCommand) -> &Word, word: &Word) {
    let script = parse(text).unwrap_or_else(|error| panic!("{text:?}: {error:?}"));
    let found = pick(only(&script));
    assert_eq!(unplaced(found), unplaced(word), "{text:?}");
}

fn only(script: &Script) -> &SimpleCommand {
    script.commands().next().expect("a script holds a command")
}

/// The pieces without their places.
fn unplaced(word: &Word) -> Vec<Piece> {
    let mut pieces = word.pieces.clone();
    for piece in &mut pieces {
        match piece {
            Piece::Known(_) => {}
            Piece::Variable { span, .. } | Piece::Glob { span, .. } | Piece::Tilde { span } => *span = Span::default(),
            Piece::Substitution(_) => {}
        }
    }
    pieces
}

fn inside(span: Span, outer: Span, text: &str) {
    assert!(text.get(span.start..span.end).is_some(), "{span:?} in {text:?}");
    assert!(
        outer.start <= span.start && span.start < span.end && span.end <= outer.end,
        "{span:?} in {outer:?} of {text:?}"
    );
}
