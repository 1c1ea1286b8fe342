//! Whether a question is one that the tree can ask. What is known in the tree has to be in the question as it stands there;
//! only what the tree leaves open may be anything.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    command::{Builtin, MAX_DEPTH, Piece, Redirect, Script, SimpleCommand, Word},
    script::{Access, Act, Question},
};

/// How often one redirection may be asked about: a file whose name changes hands meanwhile is looked up again.
const LOOKS: u8 = 8;

/// What a tree has been asked about. Nothing in it runs twice, so nothing is asked twice.
#[derive(Debug, Default)]
pub(super) struct Asked {
    executed: BTreeSet<usize>,
    entered: BTreeSet<usize>,
    opened: BTreeMap<(usize, usize), u8>,
}

impl Asked {
    /// Checks a question and remembers it. The error says in a few words what does not fit.
    pub(super) fn fit(&mut self, script: &Script, question: &Question, files: usize) -> Result<(), String> {
        let index = question.command;
        let command = script.commands().nth(index).ok_or_else(|| format!("there is no command {index}"))?;
        let (wanted, fits) = match &question.act {
            Act::Enter { name } => (1, self.enters(index, command, name)),
            Act::Open { redirection, access, name, new } => {
                (1, self.opens((index, *redirection), command, *access, name, new.as_deref()))
            }
            Act::Execute { fields, variables } => (2, self.executes(index, command, fields, variables)),
            Act::GiveUp(_) => (0, Ok(())),
        };
        fits.map_err(str::to_owned)?;
        if files == wanted { Ok(()) } else { Err(format!("{files} files came with it instead of {wanted}")) }
    }

    fn enters(&mut self, index: usize, command: &SimpleCommand, name: &str) -> Result<(), &'static str> {
        check(command.builtin() == Some(Builtin::Cd), "the command is not `cd`")?;
        // The name alone is the operand of a `cd`.
        let known = command.words.get(1).and_then(Word::literal);
        check(known.is_none_or(|known| known == name), "the directory is another")?;
        check(self.entered.insert(index), "the directory was entered before")
    }

    fn opens(
        &mut self,
        place: (usize, usize),
        command: &SimpleCommand,
        access: Access,
        name: &str,
        new: Option<&str>,
    ) -> Result<(), &'static str> {
        let redirection = command.redirections.get(place.1).ok_or("there is no such redirection")?;
        let (word, written) = match &redirection.to {
            Redirect::Read(word) => (word, Access::Read),
            Redirect::Write(word) => (word, Access::Write),
            Redirect::Append(word) => (word, Access::Append),
            Redirect::Copy(_) | Redirect::Close | Redirect::HereDocument(_) | Redirect::HereString(_) => {
                return Err("the redirection opens no file");
            }
        };
        check(access == written, "the file is opened for something else")?;
        check(word.literal().is_none_or(|known| known == name), "the file has another name")?;
        if let Some(new) = new {
            check(access != Access::Read, "a file that is read cannot be made")?;
            check(is_component(new) && name.rsplit('/').next() == Some(new), "the new file has another name")?;
        }
        let looks = self.opened.entry(place).or_default();
        *looks = looks.saturating_add(1);
        check(*looks <= LOOKS, "the file was asked about too often")
    }

    fn executes(
        &mut self,
        index: usize,
        command: &SimpleCommand,
        fields: &[Vec<String>],
        variables: &[(String, String)],
    ) -> Result<(), &'static str> {
        check(command.builtin().is_none(), "the command runs no program")?;
        check(fields.len() == command.words.len(), "the words are not as many")?;
        let mut words = command.words.iter().zip(fields);
        check(words.all(|(word, fields)| may_become(word, fields)), "a word is another")?;
        check(variables.len() == command.assignments.len(), "the variables are not as many")?;
        let mut pairs = command.assignments.iter().zip(variables);
        let same = pairs.all(|(assignment, (name, value))| {
            assignment.name == *name && assignment.value.literal().is_none_or(|known| known == *value)
        });
        check(same, "a variable is another")?;
        check(self.executed.insert(index), "the command was executed before")
    }
}

/// How many questions a tree can ask at most: each command's own, and one last word from each process, of which there are
/// no more than commands, and subshells and substitutions around them.
pub(super) fn questions(script: &Script) -> usize {
    let own = |command: &SimpleCommand| 2 + command.redirections.len() * usize::from(LOOKS);
    script.commands().map(|command| own(command) + 1 + MAX_DEPTH).sum::<usize>() + 1
}

fn check(holds: bool, otherwise: &'static str) -> Result<(), &'static str> {
    if holds { Ok(()) } else { Err(otherwise) }
}

fn is_component(name: &str) -> bool {
    !matches!(name, "" | "." | "..") && !name.contains(['/', '\0'])
}

/// Whether a word can have become these fields.
fn may_become(word: &Word, fields: &[String]) -> bool {
    match word.literal() {
        Some(known) => fields == [known],
        None if word.process().is_some() => is_descriptor(fields),
        None if word.pieces.iter().any(splits) => true,
        None if word.pieces.iter().any(matches_names) => !fields.is_empty(),
        None => fields.len() == 1,
    }
}

/// Whether a piece can become any number of fields.
fn splits(piece: &Piece) -> bool {
    match piece {
        Piece::Substitution(substitution) => !substitution.quoted,
        Piece::Known(_) | Piece::Variable { .. } | Piece::Glob { .. } | Piece::Tilde { .. } | Piece::Process(_) => {
            false
        }
    }
}

fn matches_names(piece: &Piece) -> bool {
    match piece {
        Piece::Glob { .. } => true,
        Piece::Known(_) | Piece::Variable { .. } | Piece::Tilde { .. } | Piece::Substitution(_) | Piece::Process(_) => {
            false
        }
    }
}

/// Whether the fields are the one name under which a program finds a descriptor (proc_pid_fd(5)).
fn is_descriptor(fields: &[String]) -> bool {
    let [name] = fields else { return false };
    name.strip_prefix("/dev/fd/").is_some_and(|number| number.parse::<u16>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{command::parse, script::Trouble};

    fn execute(fields: &[&[&str]], variables: &[(&str, &str)]) -> Act {
        let texts = |list: &&[&str]| list.iter().map(ToString::to_string).collect();
        let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Act::Execute { fields: fields.iter().map(texts).collect(), variables: variables.iter().map(pair).collect() }
    }

    fn open(redirection: usize, access: Access, name: &str, new: Option<&str>) -> Act {
        Act::Open { redirection, access, name: name.into(), new: new.map(str::to_owned) }
    }

    fn enter(name: &str) -> Act {
        Act::Enter { name: name.into() }
    }

    /// What the first question about a text is told.
    fn fit(text: &str, command: usize, act: Act, files: usize) -> Result<(), String> {
        Asked::default().fit(&parse(text).unwrap(), &Question { command, act }, files)
    }

    #[track_caller]
    fn refused(text: &str, command: usize, act: Act, files: usize, why: &str) {
        let said = fit(text, command, act, files).unwrap_err();
        assert!(said.contains(why), "{said}");
    }

    #[test]
    fn what_the_tree_says_fits() {
        fit("ls -l", 0, execute(&[&["ls"], &["-l"]], &[]), 2).unwrap();
        fit("a | B=1 b 'x y'", 1, execute(&[&["b"], &["x y"]], &[("B", "1")]), 2).unwrap();
        fit("rm *", 0, execute(&[&["rm"], &["x", "y"]], &[]), 2).unwrap();
        fit("rm \"$X\"", 0, execute(&[&["rm"], &["anything"]], &[]), 2).unwrap();
        fit("a > f 2>&1 < g", 0, open(2, Access::Read, "g", None), 1).unwrap();
        fit("a >> d/f", 0, open(0, Access::Append, "d/f", Some("f")), 1).unwrap();
        fit("cd src", 0, enter("src"), 1).unwrap();
        fit("cd \"$X\"", 0, enter("/anything"), 1).unwrap();
        fit("a", 0, Act::GiveUp(Trouble::OutputNotText), 0).unwrap();
    }

    #[test]
    fn known_words_are_what_they_are_and_no_others() {
        let others: [&[&[&str]]; 6] = [
            &[&["ls"], &["-a"]],
            &[&["ls"], &["-l", "x"]],
            &[&["ls"]],
            &[&["ls"], &[]],
            &[&["ls"], &["-l"], &["x"]],
            &[&["sh"], &["-l"]],
        ];
        for fields in others {
            refused("ls -l", 0, execute(fields, &[]), 2, "word");
        }
        refused("rm *", 0, execute(&[&["rm"], &[]], &[]), 2, "word");
        refused("rm \"$X\"", 0, execute(&[&["rm"], &["a", "b"]], &[]), 2, "word");
    }

    #[test]
    fn variables_are_what_they_are() {
        for variables in [&[("A", "2")][..], &[("B", "1")], &[], &[("A", "1"), ("LD_PRELOAD", "x")]] {
            refused("A=1 a", 0, execute(&[&["a"]], variables), 2, "variable");
        }
        fit("A=\"$X\" a", 0, execute(&[&["a"]], &[("A", "any")]), 2).unwrap();
    }

    #[test]
    fn only_what_a_command_does_is_asked_about_it() {
        refused("cd d", 0, execute(&[&["cd"], &["d"]], &[]), 2, "no program");
        refused("ls d", 0, enter("d"), 1, "not `cd`");
        refused("cd d", 0, enter("e"), 1, "another");
        refused("ls", 1, execute(&[&["ls"]], &[]), 2, "no command 1");
        refused("ls", usize::MAX, Act::GiveUp(Trouble::OutputNotText), 0, "no command");
    }

    #[test]
    fn redirections_are_what_they_are() {
        refused("a > f", 0, open(1, Access::Write, "f", None), 1, "no such redirection");
        refused("a > f", 0, open(0, Access::Append, "f", None), 1, "something else");
        refused("a > f", 0, open(0, Access::Write, "g", None), 1, "another name");
        refused("a 2>&1", 0, open(0, Access::Write, "f", None), 1, "opens no file");
        refused("a < f", 0, open(0, Access::Read, "f", Some("f")), 1, "cannot be made");
        for new in ["g", "", "..", "d/f"] {
            refused("a > d/f", 0, open(0, Access::Write, "d/f", Some(new)), 1, "the new file");
        }
        refused("a > d/..", 0, open(0, Access::Write, "d/..", Some("..")), 1, "the new file");
    }

    #[test]
    fn files_come_in_the_number_that_the_act_needs() {
        for (act, files) in [
            (execute(&[&["a"]], &[]), [0, 1, 3]),
            (open(0, Access::Write, "f", None), [0, 2, 3]),
            (Act::GiveUp(Trouble::OutputNotText), [1, 2, 8]),
        ] {
            for files in files {
                refused("a > f", 0, act.clone(), files, "files came");
            }
        }
    }

    #[test]
    fn nothing_happens_twice() {
        let script = parse("a > f; cd d").unwrap();
        let mut asked = Asked::default();
        let mut ask = |command, act: &Act, files| asked.fit(&script, &Question { command, act: act.clone() }, files);
        let (run, enter, look) = (execute(&[&["a"]], &[]), enter("d"), open(0, Access::Write, "f", None));
        ask(0, &run, 2).unwrap();
        assert!(ask(0, &run, 2).is_err());
        ask(1, &enter, 1).unwrap();
        assert!(ask(1, &enter, 1).is_err());
        for _ in 0..LOOKS {
            ask(0, &look, 1).unwrap();
        }
        assert!(ask(0, &look, 1).is_err());
    }
}
