//! Which commands of a script can read the job's own standard input. Where that is not plain, a command can.

use crate::command::{AndOr, List, Node, Redirect, Script, SimpleCommand, Word};

/// Descriptors that a redirection can name.
const DESCRIPTORS: usize = 10;

/// Whether a command, by its place in [`Script::commands`], can read the job's own standard input.
pub(super) fn reads(script: &Script, index: usize) -> bool {
    let mut readers = Vec::new();
    walk(&script.root, true, &mut readers);
    readers.get(index).copied().unwrap_or(true)
}

/// Adds the commands of a list in the order of [`Script::commands`].
fn walk(list: &List, has_input: bool, readers: &mut Vec<bool>) {
    for pipeline in list.items.iter().flat_map(AndOr::pipelines) {
        for (at, node) in pipeline.commands.iter().enumerate() {
            // The others read what the one before them writes.
            let has_input = has_input && at == 0;
            match node {
                Node::Simple(command) => {
                    // Nobody says here when in the life of its command a substitution runs.
                    command.inner().for_each(|list| walk(list, true, readers));
                    readers.push(has_input && keeps_input(command));
                }
                Node::Subshell(subshell) => walk(&subshell.list, has_input, readers),
            }
        }
    }
}

/// Whether any descriptor of a command whose standard input is the job's still is that, once it is redirected.
fn keeps_input(command: &SimpleCommand) -> bool {
    let mut holds = [false; DESCRIPTORS];
    let [first, ..] = &mut holds;
    *first = true;
    for redirection in &command.redirections {
        let held = |fd: u8, holds: &[bool]| holds.get(usize::from(fd)).copied().unwrap_or(true);
        let now = match &redirection.to {
            Redirect::Copy(from) => held(*from, &holds),
            Redirect::Read(word) | Redirect::Write(word) | Redirect::Append(word) => may_be_input(word),
            Redirect::Close | Redirect::HereDocument(_) | Redirect::HereString(_) => false,
        };
        if let Some(descriptor) = holds.get_mut(usize::from(redirection.fd)) {
            *descriptor = now;
        }
    }
    holds.contains(&true)
}

/// Whether a file's name may be another one for the standard input, such as `/dev/stdin` and `/proc/self/fd/0`.
fn may_be_input(word: &Word) -> bool {
    word.literal().is_none_or(|path| {
        let inside = path.contains("dev/") || path.contains("proc/");
        inside && path != "/dev/null"
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::parse;

    #[test]
    fn the_readers_of_a_script() {
        for (text, expected) in [
            ("a", &[true][..]),
            ("a | b | c", &[true, false, false]),
            ("a; b && c || d", &[true, true, true, true]),
            ("a | b; c", &[true, false, true]),
            ("a | (b; c) ; d", &[true, false, false, true]),
            ("(a; b) | c", &[true, true, false]),
            ("a <x", &[false]),
            ("a </dev/null", &[false]),
            ("a </dev/stdin", &[true]),
            ("a <../../dev/stdin", &[true]),
            ("a <\"$(b)\"", &[true, true]),
            ("a <$x", &[true]),
            ("a <<<x", &[false]),
            ("a <<'E'\nx\nE", &[false]),
            ("a <&-", &[false]),
            ("a >x 2>&1", &[true]),
            ("a 3<&0 <x", &[true]),
            ("a 3<&0 <x 3<&-", &[false]),
            ("a 3<&0 <x <&3", &[true]),
            ("a <x | b $(c | d)", &[false, true, false, false]),
            ("a | b \"$(c)\"", &[true, true, false]),
        ] {
            let script = parse(text).expect(text);
            let count = script.commands().count();
            let readers: Vec<_> = (0..count).map(|index| reads(&script, index)).collect();
            assert_eq!(readers, expected, "{text}");
        }
        assert!(reads(&parse("a | b").expect("a | b"), 2));
    }
}
