//! What a command runs: itself, and the commands that its arguments hold, through all layers.

use crate::command::{self, Redirect};

use super::{
    programs::{Programs, Uses},
    rough,
    words::Words,
};

/// Shells, which take a command as text after `-c`.
const SHELLS: &[&str] = &["sh", "bash", "dash", "ash", "zsh", "ksh", "mksh", "busybox-sh", "rbash"];

/// So many layers of commands inside commands are looked through.
const DEPTH_MAX: usize = 8;

/// What a command without words of its own may hold at most: the words of the longest text of a shell.
const WORDS_MIN: usize = command::MAX_WORDS;

/// Behind an option that is not known, a command may begin at so many places.
const STARTS_MAX: usize = 8;

/// All commands that one command runs.
#[derive(Clone, Debug, Default)]
pub(super) struct Inside {
    /// The command itself first, then layer by layer.
    pub(super) parts: Vec<Part>,
    /// The files that the text of a shell opens for writing, as far as their names are known.
    pub(super) writes: Vec<String>,
    /// Whether unknown words decide what else runs.
    pub(super) open: bool,
    /// Whether there is more than is looked through. Commands that overlap, as in `find -exec find -exec …`, would be
    /// more with each layer than any memory holds.
    pub(super) over: bool,
}

/// One of these commands.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) words: Words,
    pub(super) uses: Uses,
    pub(super) how: How,
    /// The place of the command that runs it; its own for the first.
    pub(super) parent: usize,
}

/// How surely a command is one that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// It is the command, or an argument vector of another one: it has to be allowed like any command.
    Itself,
    /// It may be one: it stands in text that somebody else reads. Rules that forbid look at it; whoever allows the
    /// command that hands it on relies on the sandbox, as the rule that allows it says by its grants.
    Perhaps,
}

/// Looks through a command.
pub(super) fn inside(programs: &Programs, words: &Words) -> Inside {
    // Wrappers around wrappers hold no more words than this, so what holds more is no command that anybody means.
    let room = DEPTH_MAX.saturating_mul(words.argv.len().saturating_add(WORDS_MIN));
    let mut search = Search { programs, found: Inside::default(), room };
    search.add(words.clone(), How::Itself, 0, &[], None);
    let mut next = 0;
    for _ in 0..DEPTH_MAX {
        let end = search.found.parts.len();
        for at in next..end {
            search.look_into(at);
        }
        next = end;
    }
    search.found.over |= next < search.found.parts.len();
    search.found
}

/// The last component of a program's word.
pub(super) fn base_name(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

struct Search<'p> {
    programs: &'p Programs,
    found: Inside,
    /// How many words may still be added.
    room: usize,
}

impl Search<'_> {
    fn add(&mut self, words: Words, how: How, parent: usize, bases: &[String], added: Option<&[String]>) {
        // Also for what turns out empty: to look at it is work as well.
        match self.room.checked_sub(words.argv.len() + 1) {
            Some(room) => self.room = room,
            None => {
                self.found.over = true;
                return;
            }
        }
        if words.argv.is_empty() {
            return;
        }
        if words.unknown.first() == Some(&0) {
            // Which program it is depends on words that are not known.
            self.found.open = true;
            return;
        }
        let uses = self.programs.uses(&words, bases, added);
        self.found.parts.push(Part { words, uses, how, parent });
    }

    /// Adds what one command runs itself.
    fn look_into(&mut self, at: usize) {
        let Some(Part { words, uses, how, .. }) = self.found.parts.get(at) else { return };
        let (words, uses, how) = (words.clone(), uses.clone(), *how);
        self.found.open |= uses.runs && uses.open;
        // An unknown word before a command leaves open which one it is.
        let unsure = |place: usize| uses.open && words.unknown.iter().any(|unknown| *unknown < place);
        if let Some(first) = uses.unlisted.first().filter(|_| uses.runs) {
            for start in (first + 1..words.argv.len()).take(STARTS_MAX) {
                self.add(words.from(start), How::Perhaps, at, &[], None);
            }
        }
        for inner in uses.inner.iter().filter(|inner| !unsure(inner.at)) {
            let name = inner.words.argv.first().map_or("", String::as_str);
            if name.starts_with('-') {
                // No program is called like that; whoever reads on as if it were an option finds the next words.
                for start in (1..inner.words.argv.len()).take(STARTS_MAX) {
                    self.add(inner.words.from(start), How::Perhaps, at, &[], None);
                }
            }
            // Some programs hand a word on to a shell, mostly behind `-c`.
            let texts = inner.words.argv.iter().take(if name.starts_with('-') { STARTS_MAX } else { 1 });
            texts.filter(|text| text.contains(' ')).for_each(|text| self.text(text, at));
            self.add(inner.words.clone(), how, at, &inner.bases, inner.added.as_deref());
        }
        if !unsure(usize::MAX) {
            uses.texts.iter().for_each(|text| self.text(text, at));
        }
        if words.argv.first().is_some_and(|word| SHELLS.contains(&base_name(word))) {
            self.shell(&words, at);
        }
        if words.argv.first().is_some_and(|word| base_name(word) == "env") {
            split_strings(&words).into_iter().for_each(|words| self.add(words, How::Perhaps, at, &[], None));
        }
    }

    /// The text that a shell takes as its first operand with `-c`.
    fn shell(&mut self, words: &Words, parent: usize) {
        let args = words.argv.get(1..).unwrap_or_default();
        // The place of the first unknown argument.
        let known_to = words.known_to().saturating_sub(1);
        let (operand, commands) = shell_operand(args);
        if operand >= known_to && known_to < args.len() {
            self.found.open = true;
        } else if let Some(text) = args.get(operand).filter(|_| commands) {
            self.text(text, parent);
        }
    }

    /// The commands of a shell's text, as our own language reads it, or else as they look.
    fn text(&mut self, text: &str, parent: usize) {
        let Ok(script) = command::parse(text) else {
            for argv in rough::commands(text).take(STARTS_MAX * STARTS_MAX) {
                self.add(argv.into(), How::Perhaps, parent, &[], None);
            }
            return;
        };
        for command in script.commands() {
            self.add(Words::of(command, &script), How::Perhaps, parent, &[], None);
        }
        let redirections = script.commands().flat_map(|command| &command.redirections);
        let written = redirections.filter_map(|redirection| match &redirection.to {
            Redirect::Write(word) | Redirect::Append(word) => word.literal(),
            Redirect::Read(_)
            | Redirect::Copy(_)
            | Redirect::Close
            | Redirect::HereDocument(_)
            | Redirect::HereString(_) => None,
        });
        self.found.writes.extend(written);
    }
}

/// The place of a shell's first operand, past the end without one, and whether options before it hold a `c`, so that it
/// is the text that the shell runs. `-o` and `-O` take a name (bash(1)).
fn shell_operand(args: &[String]) -> (usize, bool) {
    let mut commands = false;
    let mut at = 0;
    while let Some(arg) = args.get(at) {
        match arg.strip_prefix(['-', '+']) {
            None => return (at, commands),
            Some("o" | "O") => at += 1,
            Some(letters) => commands |= !letters.starts_with('-') && letters.contains('c'),
        }
        at += 1;
    }
    (at, commands)
}

/// The commands that `env -S` splits itself: `-S 'rm -rf /'`, `-S'rm -rf /'`, `--split-string=...`.
fn split_strings(words: &Words) -> Vec<Words> {
    let known_to = words.known_to().saturating_sub(1);
    let args = words.argv.get(1..).unwrap_or_default();
    let found = args.iter().enumerate().filter_map(|(at, arg)| {
        let next = || (args.get(at + 1).map_or("", String::as_str), at + 1);
        let long = arg.strip_prefix("--").filter(|long| long.starts_with('s'));
        let (text, last) = if let Some((_, value)) = long.and_then(|long| long.split_once('=')) {
            (value, at)
        } else if long.is_some() {
            next()
        } else if let Some((_, value)) = arg.strip_prefix('-').and_then(|short| short.split_once('S')) {
            if value.is_empty() { next() } else { (value, at) }
        } else {
            return None;
        };
        if last >= known_to {
            return None;
        }
        // Wherever they stand in a word, quotes and backslashes go.
        let split = text.split_ascii_whitespace().map(|word| word.replace(['"', '\'', '\\'], ""));
        let first = std::iter::once("env".to_owned()).chain(split).collect();
        Some(words.from(last + 2).after(first))
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inside(words: &Words) -> Inside {
        super::inside(&Programs::default(), words)
    }

    fn commands(all: &Inside) -> Vec<Words> {
        all.parts.iter().skip(1).map(|part| part.words.clone()).collect()
    }

    fn argv(text: &str) -> Vec<String> {
        text.split(' ').map(String::from).collect()
    }

    #[test]
    fn the_inner_command_is_found() {
        for (text, inner) in [
            ("env -i A=1 -u B C=2 ls -l", "ls -l"),
            ("env A=1 -- B=2 ls", "ls"),
            ("timeout -k 5 --signal KILL 10 ls", "ls"),
            ("timeout -k5 -sKILL 10 ls", "ls"),
            ("nice -n 5 nohup setsid ls -l", "ls -l"),
            ("nice -5 ls", "ls"),
            ("stdbuf -oL ls", "ls"),
            ("xargs -0 -n 1 -I {} ls {}", "ls {}"),
            ("/usr/bin/env /bin/ls", "/bin/ls"),
            ("busybox ls -l", "ls -l"),
            ("time -p ls", "ls"),
            ("find . -name x -exec ls -l {} ;", "ls -l {}"),
            ("env -S ls -l", "env ls -l"),
            ("env -S'l's", "ls"),
            ("env -S\"l\"\\s", "ls"),
            ("bash -c ls", "ls"),
            ("/bin/sh -ec ls", "ls"),
            ("bash --norc -o pipefail -c ls name", "ls"),
        ] {
            let all = inside(&argv(text).into());
            assert!(commands(&all).contains(&argv(inner).into()), "{text}: {all:?}");
            assert!(!all.open, "{text}");
        }
    }

    #[test]
    fn an_argument_of_another_program_is_no_command() {
        for text in ["grep -r sudo .", "echo env rm", "nice grep sudo x", "bash --rcfile sudo", "bash x -c sudo"] {
            let all = commands(&inside(&argv(text).into()));
            assert!(all.iter().all(|words| words.argv[0] != "sudo" && words.argv[0] != "rm"), "{text}");
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let deep = vec!["env".to_owned(); 1000];
        assert!(commands(&inside(&deep.into())).len() <= DEPTH_MAX);
    }

    #[test]
    fn commands_that_overlap_are_not_looked_through_without_end() {
        for (start, more) in
            [("find", "-exec find"), ("env", "-S env"), ("env", "-Senv"), ("find", "-exec env -S find")]
        {
            let all = inside(&argv(&format!("{start}{}", format!(" {more}").repeat(1000))).into());
            let words: usize = commands(&all).iter().map(|words| words.argv.len()).sum();
            assert!(all.over, "{more}");
            assert!(words <= DEPTH_MAX * (4 * 1000 + WORDS_MIN), "{more}: {words}");
        }
    }

    #[test]
    fn what_people_write_is_looked_through_to_its_end() {
        let names = " x".repeat(30_000);
        for text in ["nice timeout 5 nohup env A=1 stdbuf -oL time ls", "find . -exec ls {} + -exec", "xargs -0 env ls"]
        {
            let all = inside(&argv(&format!("{text}{names}")).into());
            assert!(!all.over, "{text}");
            assert!(!commands(&all).is_empty(), "{text}");
        }
        let many = " -exec ls {} ;".repeat(1000);
        assert!(!inside(&argv(&format!("find .{many}")).into()).over);
    }

    /// The words of a text in which `?` is a word that is not known.
    fn with_unknown(text: &str) -> Words {
        let argv = argv(text);
        let unknown = argv.iter().enumerate().filter(|(_, word)| *word == "?").map(|(at, _)| at).collect();
        Words { argv, unknown }
    }

    #[test]
    fn an_unknown_word_before_the_inner_command_leaves_it_open() {
        for text in [
            "env ?",
            "env ? ls",
            "env A=1 ? ls",
            "env -u ? ls",
            "env -S ?",
            "env -- ?",
            "timeout 5 ?",
            "timeout ? ls",
            "timeout -k ? 5 ls",
            "nice -n ? ls",
            "xargs ?",
            "xargs -I ? ls",
            "busybox ?",
            "find ? -exec ls {} ;",
            "find . -name ? -exec ls {} ;",
            "find . -exec ? ;",
            "bash ?",
            "bash ? -c ls",
            "bash -c ?",
            "bash -o ? -c ls",
        ] {
            let all = inside(&with_unknown(text));
            assert!(all.open, "{text}: {all:?}");
            assert!(!commands(&all).iter().any(|words| words.argv[0] == "ls"), "{text}: {all:?}");
        }
    }

    #[test]
    fn an_unknown_word_behind_the_inner_program_is_one_of_its_own() {
        for (text, inner) in [
            ("env ls ?", "ls ?"),
            ("env -u A B=1 ls -l ? x", "ls -l ? x"),
            ("timeout 5 nice ls ?", "ls ?"),
            ("xargs rm ?", "rm ?"),
            ("find . -exec ls ? {} ;", "ls ? {}"),
            ("env -S ls ?", "env ls ?"),
        ] {
            let all = inside(&with_unknown(text));
            assert!(commands(&all).contains(&with_unknown(inner)), "{text}: {all:?}");
        }
        assert!(!inside(&with_unknown("timeout 5 nice ls ?")).open);
        assert!(!inside(&with_unknown("bash run.sh ?")).open);
        assert!(!inside(&with_unknown("ls ?")).open);
    }

    #[test]
    fn the_text_of_a_shell_is_looked_through() {
        let all = inside(&vec!["sh".to_owned(), "-c".into(), "ls *.c | env cat $x > out 2>> $y".into()].into());
        let found: Vec<_> = commands(&all).iter().map(Words::canonical).collect();
        assert_eq!(found, ["ls *.c", "env cat $x", "cat $x"]);
        assert_eq!(all.writes, ["out"]);
        for text in
            ["rm \"$1\"", "for f in *; do rm $f; done", "a=1; if x; then\nrm y; fi", "{ rm x; }", "x && ! rm $0"]
        {
            let all = inside(&vec!["sh".to_owned(), "-c".into(), text.into()].into());
            assert!(commands(&all).iter().any(|words| words.argv[0] == "rm"), "{text}");
        }
    }
}
