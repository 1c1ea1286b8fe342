//! Scripts as text, in which `@0@` stands for `$( … )` with the first of some inner scripts, `@q0@` for the same between
//! double quotes, and `@PWD@` and `@qPWD@` for the variable.

use stockade::{
    command::{List, Node, Piece, Redirect, Script, Substitution, Word, parse},
    diagnostic::Span,
};

/// The tree that the text stands for.
pub fn script(text: &str, inner: &[&str]) -> Script {
    let text = shell(text, inner);
    let script = parse(&text).unwrap_or_else(|error| panic!("{text:?}: {error}"));
    script
}

/// The text for a shell.
pub fn shell(text: &str, inner: &[&str]) -> String {
    let mut text = text.replace("@PWD@", "$PWD").replace("@qPWD@", "\"$PWD\"");
    for (number, script) in inner.iter().enumerate() {
        let (bare, quoted) = (format!("@{number}@"), format!("@q{number}@"));
        if text.contains(&bare) || text.contains(&quoted) {
            let script = shell(script, inner);
            text = text.replace(&bare, &format!("$({script})")).replace(&quoted, &format!("\"$({script})\""));
        }
    }
    text
}

fn fill_list(list: &mut List, inner: &[&str]) {
    for item in &mut list.items {
        let pipelines = std::iter::once(&mut item.first).chain(item.rest.iter_mut().map(|link| &mut link.pipeline));
        for node in pipelines.flat_map(|pipeline| &mut pipeline.commands) {
            match node {
                Node::Subshell(subshell) => fill_list(&mut subshell.list, inner),
                Node::Simple(command) => {
                    command.assignments.iter_mut().for_each(|assignment| fill_word(&mut assignment.value, inner));
                    command.words.iter_mut().for_each(|word| fill_word(word, inner));
                    for redirection in &mut command.redirections {
                        match &mut redirection.to {
                            Redirect::Read(word)
                            | Redirect::Write(word)
                            | Redirect::Append(word)
                            | Redirect::HereString(word) => fill_word(word, inner),
                            Redirect::Copy(_) | Redirect::Close | Redirect::HereDocument(_) => {}
                        }
                    }
                }
            }
        }
    }
}

fn fill_word(word: &mut Word, inner: &[&str]) {
    let start = word.span.start;
    word.pieces = word.pieces.drain(..).flat_map(|piece| fill_piece(piece, start, inner)).collect();
}

fn fill_piece(piece: Piece, start: usize, inner: &[&str]) -> Vec<Piece> {
    let Piece::Known(text) = piece else { return vec![piece] };
    let mut pieces = Vec::new();
    for (at, part) in text.split('@').enumerate() {
        let span = Span::new(start + at, start + at);
        if at % 2 == 0 {
            pieces.extend((!part.is_empty()).then(|| Piece::Known(part.to_owned())));
            continue;
        }
        let (quoted, name) = part.strip_prefix('q').map_or((false, part), |name| (true, name));
        pieces.push(match name.parse::<usize>() {
            Ok(number) => Piece::Substitution(Substitution { list: script(inner[number], inner).root, quoted, span }),
            Err(_) => Piece::Variable { name: name.to_owned(), quoted, span },
        });
    }
    pieces
}
