//! F1 to F3: bounds, canonical text, and places.

use stockade::{
    command::{
        AndOr, Direction, List, MAX_COMMANDS, MAX_DEPTH, MAX_TEXT, MAX_WORDS, Node, Piece, Pipeline, Redirect, Script,
        SimpleCommand, Word, canonical, parse, parse_counted,
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

/// A tree of one literal command is written as its fields are.
pub fn fields_are_written_alike(text: &str) {
    let Ok(script) = parse(text) else { return };
    let [item] = script.root.items.as_slice() else { return };
    let [Node::Simple(command)] = item.first.commands.as_slice() else { return };
    let argv: Option<Vec<String>> = command.words.iter().map(Word::literal).collect();
    let alone = item.rest.is_empty() && !item.first.negated;
    if let Some(argv) = argv.filter(|_| alone && command.assignments.is_empty() && command.redirections.is_empty()) {
        assert_eq!(script.canonical(), canonical(&argv), "{text:?}");
    }
}

fn depth(list: &List) -> usize {
    let nodes = list.items.iter().flat_map(AndOr::pipelines).flat_map(|pipeline| &pipeline.commands);
    nodes
        .map(|node| match node {
            Node::Simple(command) => command.inner().map(|list| 1 + depth(list)).max().unwrap_or(0),
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
    if canonical.len() > MAX_TEXT {
        // Braces and quotes can make it longer than a text may be.
        return;
    }
    let again = parse(&canonical).unwrap_or_else(|error| panic!("{text:?} is printed as {canonical:?}: {error:?}"));
    assert_eq!(again.unplaced(), script.unplaced(), "{text:?} is printed as {canonical:?}");
    assert_eq!(again.canonical(), canonical);
    if script.commands().all(|command| command.redirections.iter().all(|to| !is_document(&to.to))) {
        let odd = unquoted(&canonical)
            .find(|c| !c.is_ascii_alphanumeric() && !" \n_@%+=:,./-<>&|;!()'\"$*?[]{}~".contains(*c));
        assert_eq!(odd, None, "{canonical:?}");
    }
}

fn is_document(to: &Redirect) -> bool {
    matches!(to, Redirect::HereDocument(_))
}

/// The characters of canonical text that stand outside quotes.
fn unquoted(text: &str) -> impl Iterator<Item = char> {
    let (mut open, mut escaped, mut before) = (Vec::new(), false, ' ');
    text.chars().filter(move |&c| {
        let quote = open.last().copied();
        let shown = matches!(quote, None | Some('(')) && !escaped;
        match (quote, c) {
            _ if escaped => escaped = false,
            (None | Some('e' | '('), '\\') => escaped = true,
            (None | Some('('), '\'') => open.push(if before == '$' { 'e' } else { '\'' }),
            (None | Some('('), '"' | '(') => open.push(c),
            (Some('"'), '(') if before == '$' => open.push(c),
            (Some('\'' | 'e'), '\'') | (Some('"'), '"') | (Some('('), ')') => {
                open.pop();
            }
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
        assert!(pair[0].span == pair[1].span || pair[0].span.end <= pair[1].span.start);
    }
    for assignment in &command.assignments {
        inside(assignment.span, command.span, text);
        reads_as(&format!("{} x", assignment.span.of(text)), |found| &found.assignments[0].value, &assignment.value);
    }
    if let Some(program) = command.words.first() {
        inside(program.span, command.span, text);
        // One operand is what every builtin takes.
        reads_as(&format!("{} 1", program.span.of(text)), |found| &found.words[0], program);
    }
    // The words that braces make have one place, which makes all of them.
    for words in command.words[1..].chunk_by(|one, other| one.span == other.span) {
        inside(words[0].span, command.span, text);
        let alone = format!("x {}", words[0].span.of(text));
        let script = parse(&alone).unwrap_or_else(|error| panic!("{alone:?}: {error:?}"));
        let found = &only(&script).words[1..];
        assert_eq!(found.len(), words.len(), "{alone:?}");
        for (found, word) in found.iter().zip(words) {
            assert_eq!(unplaced(found), unplaced(word), "{alone:?}");
        }
    }
    for found in command.words.iter().filter_map(Word::process) {
        let covered = found.span.of(text);
        let arrow = if found.direction == Direction::Read { "<(" } else { ">(" };
        assert!(covered.starts_with(arrow) && covered.ends_with(')'), "{covered:?}");
        within(&found.list, found.span, text);
    }
    for found in command.substitutions() {
        let covered = found.span.of(text);
        let parentheses = covered.starts_with("$(") && covered.ends_with(')');
        assert!(parentheses || covered.starts_with('`') && covered.ends_with('`'), "{covered:?}");
        within(&found.list, found.span, text);
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

/// A list inside a word.
fn within(inner: &List, outer: Span, text: &str) {
    list(inner, outer, text);
    let alone = parse(inner.span.of(text)).expect("a list alone");
    assert_eq!(alone.unplaced().root, rooted(inner).root);
}

/// Asserts that a text of one command holds the word.
fn reads_as(text: &str, pick: impl Fn(&SimpleCommand) -> &Word, word: &Word) {
    let script = parse(text).unwrap_or_else(|error| panic!("{text:?}: {error:?}"));
    let found = pick(only(&script));
    assert_eq!(unplaced(found), unplaced(word), "{text:?}");
}

/// The command itself, which comes after those of its substitutions.
fn only(script: &Script) -> &SimpleCommand {
    script.commands().last().expect("a script holds a command")
}

/// A list as a script without places.
fn rooted(list: &List) -> Script {
    Script { text: String::new(), root: list.clone() }.unplaced()
}

/// The pieces without their places.
fn unplaced(word: &Word) -> Vec<Piece> {
    let mut same = parse("x").expect("one word");
    let Node::Simple(place) = &mut same.root.items[0].first.commands[0] else { unreachable!() };
    place.words = vec![word.clone()];
    only(&same.unplaced()).words[0].pieces.clone()
}

fn inside(span: Span, outer: Span, text: &str) {
    assert!(text.get(span.start..span.end).is_some(), "{span:?} in {text:?}");
    assert!(
        outer.start <= span.start && span.start < span.end && span.end <= outer.end,
        "{span:?} in {outer:?} of {text:?}"
    );
}
