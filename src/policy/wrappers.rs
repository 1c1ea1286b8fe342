//! Programs that run their arguments, and where the inner command starts.
//!
//! The table follows the manual pages of GNU coreutils, findutils, util-linux, busybox and strace. It is used to refuse,
//! so a mistake in it misses a refusal and never grants anything.

use crate::command;

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

/// The argument vector itself, and every one that it runs.
pub(super) fn unwrapped(argv: &[String]) -> Vec<Vec<String>> {
    let mut all = vec![argv.to_vec()];
    let mut layer = vec![argv.to_vec()];
    for _ in 0..DEPTH_MAX {
        layer = layer.iter().flat_map(|argv| inner(argv)).collect();
        if layer.is_empty() {
            break;
        }
        all.extend(layer.iter().cloned());
    }
    all
}

/// The last component of a program's word.
pub(super) fn base_name(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

fn inner(argv: &[String]) -> Vec<Vec<String>> {
    let Some((word, args)) = argv.split_first() else { return Vec::new() };
    let name = base_name(word);
    if SHELLS.contains(&name) {
        return shell_text(args).map(scripts).unwrap_or_default();
    }
    let mut found = Vec::new();
    if name == "env" {
        found.extend(split_string(args));
    }
    if name == "find" {
        found.extend(find_commands(args));
    }
    if let Some(wrapper) = WRAPPERS.iter().find(|wrapper| wrapper.names.contains(&name)) {
        found.push(after_options(wrapper, args));
    }
    found.retain(|argv| !argv.is_empty());
    found
}

/// What follows the options, the assignments of `env`, and the operands of a wrapper.
fn after_options(wrapper: &Wrapper, args: &[String]) -> Vec<String> {
    let mut operands = wrapper.operands;
    let mut rest = args.iter();
    while let Some(arg) = rest.as_slice().first() {
        if arg == "--" {
            rest.next();
            break;
        }
        if arg.starts_with('-') {
            rest.next();
            if takes_next(wrapper, arg) {
                rest.next();
            }
        } else if is_assignment(arg) && wrapper.names.contains(&"env") {
            rest.next();
        } else {
            break;
        }
    }
    while let Some(arg) = rest.as_slice().first() {
        let assignment = is_assignment(arg) && wrapper.names.contains(&"env");
        if operands == 0 && !assignment {
            break;
        }
        operands = operands.saturating_sub(usize::from(!assignment));
        rest.next();
    }
    rest.cloned().collect()
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

/// The command that `env -S` splits itself: `-S 'rm -rf /'`, `-S'rm -rf /'`, `--split-string=...`.
fn split_string(args: &[String]) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for (at, arg) in args.iter().enumerate() {
        let after = || args.iter().skip(at + 1);
        let long = arg.strip_prefix("--").filter(|long| long.starts_with('s'));
        let (text, rest) = if let Some((_, value)) = long.and_then(|long| long.split_once('=')) {
            (value, after())
        } else if long.is_some() {
            (args.get(at + 1).map_or("", String::as_str), args.iter().skip(at + 2))
        } else if let Some((_, value)) = arg.strip_prefix('-').and_then(|short| short.split_once('S')) {
            match value {
                "" => (args.get(at + 1).map_or("", String::as_str), args.iter().skip(at + 2)),
                value => (value, after()),
            }
        } else {
            continue;
        };
        let mut argv = vec!["env".to_owned()];
        argv.extend(text.split_ascii_whitespace().map(|word| word.trim_matches(['"', '\'']).to_owned()));
        argv.extend(rest.cloned());
        found.push(argv);
    }
    found
}

/// The commands that `find` runs for each file.
fn find_commands(args: &[String]) -> Vec<Vec<String>> {
    let starts =
        args.iter().enumerate().filter(|(_, arg)| matches!(arg.as_str(), "-exec" | "-execdir" | "-ok" | "-okdir"));
    let command = |at: usize| args.iter().skip(at + 1).take_while(|arg| !matches!(arg.as_str(), ";" | "+")).cloned();
    starts.map(|(at, _)| command(at).collect()).collect()
}

/// The text that a shell runs: the first operand after options that hold a `c`. `-o` and `-O` take a name (bash(1)).
fn shell_text(args: &[String]) -> Option<&str> {
    let mut commands = false;
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        match arg.strip_prefix(['-', '+']) {
            None => return commands.then_some(arg.as_str()),
            Some("o" | "O") => {
                rest.next();
            }
            Some(letters) => commands |= !letters.starts_with('-') && letters.contains('c'),
        }
    }
    None
}

/// The commands of a shell's text, as far as our own language reads it. What it does not read stays unjudged here: whoever
/// allows a shell relies on the sandbox, as the rule that allows it has to say.
fn scripts(text: &str) -> Vec<Vec<String>> {
    let Ok(script) = command::parse(text) else { return Vec::new() };
    script.commands().filter_map(|command| command.words.iter().map(command::Word::literal).collect()).collect()
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
            ("bash -c ls", "ls"),
            ("/bin/sh -ec ls", "ls"),
            ("bash --norc -o pipefail -c ls name", "ls"),
        ] {
            let all = unwrapped(&argv(text));
            assert!(all.contains(&argv(inner)), "{text}: {all:?}");
        }
    }

    #[test]
    fn an_argument_of_another_program_is_no_command() {
        for text in ["grep -r sudo .", "echo env rm", "nice grep sudo x", "bash --rcfile sudo", "bash x -c sudo"] {
            assert!(unwrapped(&argv(text)).iter().all(|argv| argv[0] != "sudo" && argv[0] != "rm"), "{text}");
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let deep = vec!["env".to_owned(); 1000];
        assert!(unwrapped(&deep).len() <= DEPTH_MAX + 1);
    }
}
