//! Ways through the tree. The parser bounds its depth, so recursion over it is bounded, too.

use crate::diagnostic::Span;

use super::{AndOr, List, Node, Piece, Pipeline, Redirect, Redirection, Script, SimpleCommand, Word};

impl Script {
    /// The simple commands, in the order of the text.
    pub fn commands(&self) -> impl Iterator<Item = &SimpleCommand> {
        let mut found = Vec::new();
        collect(&self.root, &mut found);
        found.into_iter()
    }

    /// The same tree without its places and its text: two scripts that say the same are equal then.
    pub fn unplaced(&self) -> Self {
        let mut root = self.root.clone();
        forget_list(&mut root);
        Self { text: String::new(), root }
    }
}

impl AndOr {
    /// The pipelines, in the order of the text.
    pub fn pipelines(&self) -> impl Iterator<Item = &Pipeline> {
        std::iter::once(&self.first).chain(self.rest.iter().map(|link| &link.pipeline))
    }
}

impl Redirection {
    /// The word that names the file or is the text, if there is one.
    pub fn word(&self) -> Option<&Word> {
        match &self.to {
            Redirect::Read(word) | Redirect::Write(word) | Redirect::Append(word) | Redirect::HereString(word) => {
                Some(word)
            }
            Redirect::Copy(_) | Redirect::Close | Redirect::HereDocument(_) => None,
        }
    }
}

/// Visits the simple commands in the order of the text.
pub(super) fn for_each_command(list: &mut List, visit: &mut impl FnMut(&mut SimpleCommand)) {
    for pipeline in list.items.iter_mut().flat_map(pipelines_mut) {
        for node in &mut pipeline.commands {
            match node {
                Node::Simple(command) => visit(command),
                Node::Subshell(subshell) => for_each_command(&mut subshell.list, visit),
            }
        }
    }
}

fn collect<'s>(list: &'s List, found: &mut Vec<&'s SimpleCommand>) {
    for node in list.items.iter().flat_map(AndOr::pipelines).flat_map(|pipeline| &pipeline.commands) {
        match node {
            Node::Simple(command) => found.push(command),
            Node::Subshell(subshell) => collect(&subshell.list, found),
        }
    }
}

fn pipelines_mut(item: &mut AndOr) -> impl Iterator<Item = &mut Pipeline> {
    std::iter::once(&mut item.first).chain(item.rest.iter_mut().map(|link| &mut link.pipeline))
}

fn forget_list(list: &mut List) {
    list.span = Span::default();
    for item in &mut list.items {
        item.span = Span::default();
        item.rest.iter_mut().for_each(|link| link.span = Span::default());
        for pipeline in pipelines_mut(item) {
            pipeline.span = Span::default();
            pipeline.commands.iter_mut().for_each(forget_node);
        }
    }
}

fn forget_node(node: &mut Node) {
    match node {
        Node::Simple(command) => forget_command(command),
        Node::Subshell(subshell) => {
            subshell.span = Span::default();
            forget_list(&mut subshell.list);
        }
    }
}

fn forget_command(command: &mut SimpleCommand) {
    command.span = Span::default();
    command.words.iter_mut().for_each(forget_word);
    for assignment in &mut command.assignments {
        assignment.span = Span::default();
        forget_word(&mut assignment.value);
    }
    for redirection in &mut command.redirections {
        redirection.span = Span::default();
        match &mut redirection.to {
            Redirect::Read(word) | Redirect::Write(word) | Redirect::Append(word) | Redirect::HereString(word) => {
                forget_word(word);
            }
            Redirect::HereDocument(document) => document.span = Span::default(),
            Redirect::Copy(_) | Redirect::Close => {}
        }
    }
}

fn forget_word(word: &mut Word) {
    word.span = Span::default();
    for piece in &mut word.pieces {
        match piece {
            Piece::Known(_) => {}
            Piece::Variable { span, .. } | Piece::Glob { span, .. } | Piece::Tilde { span } => *span = Span::default(),
            Piece::Substitution(substitution) => {
                substitution.span = Span::default();
                forget_list(&mut substitution.list);
            }
        }
    }
}
