use crate::{
    command::{Piece as Parsed, Substitution, parse},
    diagnostic::Span,
};

use super::*;

/// A script in which each word `SUB` stands for `$( … )` with a copy of the inner script.
fn script(text: &str, inner: &Script) -> Script {
    let mut script = parse(text).unwrap();
    for item in &mut script.root.items {
        for node in &mut item.first.commands {
            let command::Node::Simple(command) = node else { continue };
            for word in &mut command.words {
                if word.literal().as_deref() == Some("SUB") {
                    let list = inner.root.clone();
                    let span = Span::new(word.span.start, word.span.end);
                    word.pieces = vec![Parsed::Substitution(Substitution { list, quoted: false, span })];
                }
            }
        }
    }
    script
}

/// Index and first word of every command of the tree.
fn indices(tree: &Tree) -> Vec<(usize, String)> {
    let nodes = tree.lists.iter().flat_map(|list| &list.items).flat_map(|item| {
        let rest = item.rest.iter().map(|(_, pipeline)| pipeline);
        std::iter::once(&item.first).chain(rest).flat_map(|pipeline| &pipeline.nodes)
    });
    let simple = nodes.filter_map(|node| match node {
        Node::Simple(simple) => Some(simple),
        Node::Subshell(_) => None,
    });
    let mut found: Vec<_> = simple.map(|simple| (simple.index, first(simple))).collect();
    found.sort();
    found
}

fn first(simple: &Simple) -> String {
    match simple.words.first().map(|word| word.0.as_slice()) {
        Some([Piece::Known(name)]) => name.clone(),
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn check(script: &Script) -> Tree {
    let names: Vec<_> = script.commands().map(|command| command.words[0].literal().unwrap()).collect();
    let programs: Vec<_> = names.iter().map(|name| (name != "cd").then(|| PathBuf::from(name))).collect();
    let tree = Tree::new(script, &programs);
    assert_eq!(indices(&tree), names.into_iter().enumerate().collect::<Vec<_>>());
    tree
}

#[test]
fn commands_have_their_place_in_the_script() {
    let inner = parse("i1; (i2 && i3)").unwrap();
    let middle = script("m1 SUB; m2 SUB x SUB", &inner);
    for text in ["a; b | c && d", "(a; (b)); c || ! d", "cd x; a >f 2>&1; A=b c"] {
        check(&parse(text).unwrap());
    }
    let tree = check(&script("a; b SUB | c SUB SUB; d", &middle));
    assert_eq!(tree.root(), Some(ListId(tree.lists.len() - 1)));
}

#[test]
fn programs_go_to_their_commands() {
    let script = script("cd SUB; p SUB; ./q; exit; :", &parse("x").unwrap());
    let programs = [Some("/bin/x".into()), None, Some("/bin/x".into()), Some("/bin/p".into()), None, None, None];
    let tree = Tree::new(&script, &programs);
    let root = tree.list(tree.root().unwrap()).unwrap();
    let work = root.items.iter().map(|item| match &item.first.nodes[0] {
        Node::Simple(simple) => simple.work.clone(),
        Node::Subshell(_) => panic!("there is none"),
    });
    assert_eq!(
        work.collect::<Vec<_>>(),
        [Work::Cd, Work::Program("/bin/p".into()), Work::Named, Work::Exit, Work::Null]
    );
}

#[test]
fn the_deepest_script_travels() {
    let mut script = script("a", &parse("b").unwrap());
    for _ in 0..crate::command::MAX_DEPTH {
        let inner = parse(&format!("x y | ({})", "a | b")).unwrap();
        script = self::script("a SUB", &if script.text == "a" { inner } else { script });
    }
    let tree = check(&script);
    let text = serde_json::to_vec(&tree).unwrap();
    assert_eq!(serde_json::from_slice::<Tree>(&text).unwrap(), tree);
}

#[test]
fn strangers_are_refused() {
    assert!(serde_json::from_str::<Tree>(r#"{"lists":[],"more":1}"#).is_err());
    assert!(Tree { lists: vec![] }.root().is_none());
}
