//! Programs that run their arguments, and where the inner command starts.
//!
//! The table follows the manual pages of GNU coreutils, findutils, util-linux, busybox and strace. It is used to refuse,
//! so a mistake in it misses a refusal and never grants anything.

use crate::command::{self, Redirect};

use super::words::Words;

/// A program that runs its arguments.
struct Wrapper {
    names: &'static [&'static str],
    /// Letters of short options that take a value.
    valued: &'static str,
    /// Long options that take a value.
    valued_long: &'static [&'static str],
    /// Operands before the inner command.
    operands: usize,
}

const fn wrapper(
    names: &'static [&'static str],
    valued: &'static str,
    valued_long: &'static [&'static str],
    operands: usize,
) -> Wrapper {
    Wrapper { names, valued, valued_long, operands }
}

const WRAPPERS: &[Wrapper] = &[
    wrapper(&["env"], "uCS", &["unset", "chdir", "split-string"], 0),
    wrapper(&["nice"], "n", &["adjustment"], 0),
    wrapper(&["nohup", "setsid", "busybox", "toybox", "unbuffer", "command", "exec", "builtin", "noglob"], "", &[], 0),
    wrapper(&["timeout"], "ks", &["kill-after", "signal"], 1),
    wrapper(&["stdbuf"], "ioe", &["input", "output", "error"], 0),
    wrapper(&["time"], "fo", &["format", "output"], 0),
    wrapper(
        &["xargs"],
        "adEILnPs",
        &["arg-file", "delimiter", "max-args", "max-procs", "max-chars", "process-slot-var"],
        0,
    ),
    wrapper(&["ionice"], "cnpPu", &["class", "classdata"], 0),
    wrapper(&["chrt"], "TPD", &["sched-runtime", "sched-period", "sched-deadline"], 1),
    wrapper(&["taskset"], "", &[], 1),
    wrapper(&["flock"], "wE", &["timeout", "wait", "conflict-exit-code"], 1),
    wrapper(&["prlimit"], "p", &["pid"], 0),
    wrapper(&["setarch", "linux32", "linux64"], "", &[], 0),
    wrapper(&["strace", "ltrace"], "abeEIoOpPsSuUX", &["trace", "output", "user", "env"], 0),
    wrapper(&["watch"], "nq", &["interval", "equexit"], 0),
    wrapper(&["catchsegv", "eatmydata", "fakeroot", "faketime", "proot", "firejail"], "", &[], 0),
];

/// Shells, which take a command as text after `-c`.
const SHELLS: &[&str] = &["sh", "bash", "dash", "ash", "zsh", "ksh", "mksh", "busybox-sh", "rbash"];

/// So many layers of wrappers are looked through.
const DEPTH_MAX: usize = 8;

/// What a command without words of its own may hold at most: the words of the longest text of a shell.
const WORDS_MIN: usize = command::MAX_WORDS;

/// What a command runs, through all layers of wrappers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Inside {
    /// The commands that run whatever the unknown words turn out to be.
    pub(super) commands: Vec<Words>,
    /// The files that the text of a shell opens for writing, as far as their names are known.
    pub(super) writes: Vec<String>,
    /// Whether unknown words decide what else runs.
    pub(super) open: bool,
    /// Whether there is more than is looked through. Commands that overlap, as in `find -exec find -exec …`, would be
    /// more with each layer than any memory holds.
    pub(super) over: bool,
}

/// What a command runs beside its own program.
pub(super) fn inside(words: &Words) -> Inside {
    let mut all = Inside::default();
    let mut layer = vec![words.clone()];
    // Wrappers around wrappers hold no more words than this, so what holds more is no command that anybody means.
    let mut room = DEPTH_MAX.saturating_mul(words.argv.len().saturating_add(WORDS_MIN));
    for _ in 0..DEPTH_MAX {
        let mut found = Layer { inside: Inside::default(), room };
        layer.iter().for_each(|words| found.look_into(words));
        room = found.room;
        let found = found.inside;
        layer = found.commands;
        all.writes.extend(found.writes);
        all.open |= found.open;
        all.over |= found.over;
        if layer.is_empty() {
            break;
        }
        all.commands.extend(layer.iter().cloned());
    }
    all
}

/// The last component of a program's word.
pub(super) fn base_name(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

/// What the commands of one layer run.
struct Layer {
    inside: Inside,
    /// How many words may still be added.
    room: usize,
}

impl Layer {
    /// Adds what one command runs itself.
    fn look_into(&mut self, words: &Words) {
        let Some((word, args)) = words.argv.split_first() else { return };
        let name = base_name(word);
        // The place of the first unknown argument.
        let known_to = words.known_to().saturating_sub(1);
        if SHELLS.contains(&name) {
            return self.shell(args, known_to);
        }
        if name == "env" {
            self.add(split_strings(words, known_to));
        }
        if name == "find" {
            // Any word may be an action, or make the next one its value.
            self.inside.open |= known_to < args.len();
            self.add(find_commands(words, known_to));
        }
        if let Some(wrapper) = WRAPPERS.iter().find(|wrapper| wrapper.names.contains(&name)) {
            let start = after_options(wrapper, args);
            match start < known_to {
                true => self.add([words.from(start + 1)]),
                false => self.inside.open = true,
            }
        }
    }

    fn add(&mut self, commands: impl IntoIterator<Item = Words>) {
        for words in commands {
            // Also for what turns out empty: to look at it is work as well.
            match self.room.checked_sub(words.argv.len() + 1) {
                Some(room) => self.room = room,
                None => {
                    self.inside.over = true;
                    return;
                }
            }
            if !words.argv.is_empty() {
                self.inside.commands.push(words);
            }
        }
    }

    /// The commands of a shell's text, as far as our own language reads it. What it does not read stays unjudged here:
    /// whoever allows a shell relies on the sandbox, as the rule that allows it has to say.
    fn shell(&mut self, args: &[String], known_to: usize) {
        let (operand, commands) = shell_operand(args);
        if operand >= known_to && known_to < args.len() {
            self.inside.open = true;
        } else if let Some(Ok(script)) = args.get(operand).filter(|_| commands).map(|text| command::parse(text)) {
            self.add(script.commands().map(|command| Words::of(command, &script)));
            let redirections = script.commands().flat_map(|command| &command.redirections);
            let written = redirections.filter_map(|redirection| match &redirection.to {
                Redirect::Write(word) | Redirect::Append(word) => word.literal(),
                Redirect::Read(_)
                | Redirect::Copy(_)
                | Redirect::Close
                | Redirect::HereDocument(_)
                | Redirect::HereString(_) => None,
            });
            self.inside.writes.extend(written);
        }
    }
}

/// The place among the arguments of what follows the options, the assignments of `env`, and the operands of a wrapper.
fn after_options(wrapper: &Wrapper, args: &[String]) -> usize {
    let mut operands = wrapper.operands;
    let mut at = 0;
    while let Some(arg) = args.get(at) {
        if arg == "--" {
            at += 1;
            break;
        }
        if arg.starts_with('-') {
            at += 1 + usize::from(takes_next(wrapper, arg));
        } else if is_assignment(arg) && wrapper.names.contains(&"env") {
            at += 1;
        } else {
            break;
        }
    }
    while let Some(arg) = args.get(at) {
        let assignment = is_assignment(arg) && wrapper.names.contains(&"env");
        if operands == 0 && !assignment {
            break;
        }
        operands = operands.saturating_sub(usize::from(!assignment));
        at += 1;
    }
    at
}

fn is_assignment(arg: &str) -> bool {
    arg.split_once('=').is_some_and(|(name, _)| !name.is_empty() && !name.contains('/'))
}

/// Whether an option takes the next argument as its value: `-k 5` does, `-k5` and `--signal=9` do not.
fn takes_next(wrapper: &Wrapper, option: &str) -> bool {
    if let Some(long) = option.strip_prefix("--") {
        return wrapper.valued_long.iter().any(|name| name.starts_with(long));
    }
    let letters = option.trim_start_matches('-');
    let first = letters.char_indices().find(|(_, letter)| wrapper.valued.contains(*letter));
    first.is_some_and(|(at, letter)| at + letter.len_utf8() == letters.len())
}

/// The commands that `env -S` splits itself: `-S 'rm -rf /'`, `-S'rm -rf /'`, `--split-string=...`.
fn split_strings(words: &Words, known_to: usize) -> impl Iterator<Item = Words> {
    let args = words.argv.get(1..).unwrap_or_default();
    args.iter().enumerate().filter_map(move |(at, arg)| {
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
    })
}

/// The commands that `find` runs for each file.
fn find_commands(words: &Words, known_to: usize) -> impl Iterator<Item = Words> {
    let args = words.argv.get(1..).unwrap_or_default();
    let starts = args
        .iter()
        .enumerate()
        .filter(move |(at, arg)| matches!(arg.as_str(), "-exec" | "-execdir" | "-ok" | "-okdir") && at + 1 < known_to);
    starts.map(|(at, _)| {
        let length = args.iter().skip(at + 1).take_while(|arg| !matches!(arg.as_str(), ";" | "+")).count();
        words.part(at + 2, at + 2 + length)
    })
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

#[cfg(test)]
mod tests {
    use super::*;

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
            assert!(all.commands.contains(&argv(inner).into()), "{text}: {all:?}");
            assert!(!all.open, "{text}");
        }
    }

    #[test]
    fn an_argument_of_another_program_is_no_command() {
        for text in ["grep -r sudo .", "echo env rm", "nice grep sudo x", "bash --rcfile sudo", "bash x -c sudo"] {
            let all = inside(&argv(text).into()).commands;
            assert!(all.iter().all(|words| words.argv[0] != "sudo" && words.argv[0] != "rm"), "{text}");
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let deep = vec!["env".to_owned(); 1000];
        assert!(inside(&deep.into()).commands.len() <= DEPTH_MAX);
    }

    #[test]
    fn commands_that_overlap_are_not_looked_through_without_end() {
        for (start, more) in [
            ("find", "-exec find"),
            ("find", "-exec"),
            ("env", "-S env"),
            ("env", "-Senv"),
            ("find", "-exec env -S find"),
        ] {
            let all = inside(&argv(&format!("{start}{}", format!(" {more}").repeat(1000))).into());
            let words: usize = all.commands.iter().map(|words| words.argv.len()).sum();
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
            assert!(!all.commands.is_empty(), "{text}");
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
            assert!(!all.commands.iter().any(|words| words.argv[0] == "ls"), "{text}: {all:?}");
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
            assert!(all.commands.contains(&with_unknown(inner)), "{text}: {all:?}");
        }
        assert!(!inside(&with_unknown("timeout 5 nice ls ?")).open);
        assert!(!inside(&with_unknown("bash run.sh ?")).open);
        assert!(!inside(&with_unknown("ls ?")).open);
    }

    #[test]
    fn the_text_of_a_shell_is_looked_through() {
        let all = inside(&vec!["sh".to_owned(), "-c".into(), "ls *.c | env cat $x > out 2>> $y".into()].into());
        let found: Vec<_> = all.commands.iter().map(Words::canonical).collect();
        assert_eq!(found, ["ls *.c", "env cat $x", "cat $x"]);
        assert_eq!(all.writes, ["out"]);
    }
}
