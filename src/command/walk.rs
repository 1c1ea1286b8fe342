//! Ways through the tree. The parser bounds its depth, so recursion over it is bounded, too.

use crate::diagnostic::Span;

use super::{
    AndOr, List, Node, Piece, Pipeline, Process, Redirect, Redirection, Script, SimpleCommand, Substitution, Word,
};

impl Script {
    /// The simple commands, in the order by which everything names them: that of the text, but the commands of
    /// a substitution, and those that run beside a command, come before that command.
    ///
    /// Whoever follows the tree and counts has to count those of [`SimpleCommand::inner`] first, one after the other, and
    /// then the command itself.
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

impl SimpleCommand {
    /// All words of the command itself: the values of assignments, then the words, then the targets.
    pub fn own_words(&self) -> impl Iterator<Item = &Word> {
        let values = self.assignments.iter().map(|assignment| &assignment.value);
        values.chain(&self.words).chain(self.redirections.iter().filter_map(Redirection::word))
    }

    /// The command's own substitutions, without those inside them, in the order in which they run. They all stand in
    /// values, or all in words, or all in targets.
    pub fn substitutions(&self) -> impl Iterator<Item = &Substitution> {
        self.own_words().flat_map(Word::substitutions)
    }

    /// The lists that stand in the command's own words, without those inside them: of substitutions and of what runs
    /// beside it.
    pub fn inner(&self) -> impl Iterator<Item = &List> {
        self.own_words().flat_map(|word| &word.pieces).filter_map(Piece::inner)
    }

    pub(super) fn own_words_mut(&mut self) -> impl Iterator<Item = &mut Word> {
        let values = self.assignments.iter_mut().map(|assignment| &mut assignment.value);
        values.chain(&mut self.words).chain(self.redirections.iter_mut().filter_map(Redirection::word_mut))
    }
}

impl Word {
    /// The word's own substitutions, without those inside them.
    pub fn substitutions(&self) -> impl Iterator<Item = &Substitution> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Substitution(substitution) => Some(substitution),
            Piece::Known(_) | Piece::Variable { .. } | Piece::Glob { .. } | Piece::Tilde { .. } | Piece::Process(_) => {
                None
            }
        })
    }

    /// What runs beside the command and is named by the word.
    pub fn process(&self) -> Option<&Process> {
        match self.pieces.as_slice() {
            [Piece::Process(process)] => Some(process),
            _ => None,
        }
    }
}

impl Piece {
    /// The list that stands in it.
    pub fn inner(&self) -> Option<&List> {
        match self {
            Self::Substitution(substitution) => Some(&substitution.list),
            Self::Process(process) => Some(&process.list),
            Self::Known(_) | Self::Variable { .. } | Self::Glob { .. } | Self::Tilde { .. } => None,
        }
    }

    fn inner_mut(&mut self) -> Option<&mut List> {
        match self {
            Self::Substitution(substitution) => Some(&mut substitution.list),
            Self::Process(process) => Some(&mut process.list),
            Self::Known(_) | Self::Variable { .. } | Self::Glob { .. } | Self::Tilde { .. } => None,
        }
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

    pub(super) fn word_mut(&mut self) -> Option<&mut Word> {
        match &mut self.to {
            Redirect::Read(word) | Redirect::Write(word) | Redirect::Append(word) | Redirect::HereString(word) => {
                Some(word)
            }
            Redirect::Copy(_) | Redirect::Close | Redirect::HereDocument(_) => None,
        }
    }
}

/// Visits the simple commands in the order of [`Script::commands`].
pub(super) fn for_each_command(list: &mut List, visit: &mut impl FnMut(&mut SimpleCommand)) {
    for pipeline in list.items.iter_mut().flat_map(pipelines_mut) {
        for node in &mut pipeline.commands {
            match node {
                Node::Simple(command) => {
                    for list in command.own_words_mut().flat_map(|word| &mut word.pieces).filter_map(Piece::inner_mut) {
                        for_each_command(list, visit);
                    }
                    visit(command);
                }
                Node::Subshell(subshell) => for_each_command(&mut subshell.list, visit),
            }
        }
    }
}

fn collect<'s>(list: &'s List, found: &mut Vec<&'s SimpleCommand>) {
    for node in list.items.iter().flat_map(AndOr::pipelines).flat_map(|pipeline| &pipeline.commands) {
        match node {
            Node::Simple(command) => {
                command.inner().for_each(|list| collect(list, found));
                found.push(command);
            }
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
    command.own_words_mut().for_each(forget_word);
    command.assignments.iter_mut().for_each(|assignment| assignment.span = Span::default());
    for redirection in &mut command.redirections {
        redirection.span = Span::default();
        if let Redirect::HereDocument(document) = &mut redirection.to {
            document.span = Span::default();
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
            Piece::Process(process) => {
                process.span = Span::default();
                forget_list(&mut process.list);
            }
        }
    }
}
