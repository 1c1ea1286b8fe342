//! `explain --batch`: many commands, one decision a line.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read as _},
    path::Path,
};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    cli::{exit::Exit, output::Printer},
    diagnostic::Code,
    service::{Setup, judge},
};

#[derive(Deserialize)]
struct Row {
    command: String,
}

/// Judges every line of a file, or of standard input for `-`. Answers and lines stay in step: each line that is not blank
/// has one answer, whatever it holds.
pub(super) fn explain(setup: &Setup, path: &Path, printer: &mut Printer) -> Exit {
    let done = if path == Path::new("-") {
        judge_lines(setup, &mut io::stdin().lock(), printer)
    } else {
        File::open(path).and_then(|file| judge_lines(setup, &mut BufReader::new(file), printer))
    };
    done.unwrap_or_else(|error| {
        printer.talk(format_args!("error[{}]: `{}` cannot be read: {error}", Code::FileUnreadable, path.display()));
        Exit::Failure
    })
}

fn judge_lines(setup: &Setup, reader: &mut impl BufRead, printer: &mut Printer) -> io::Result<Exit> {
    let (mut line, mut number, mut exit) = (Vec::new(), 0usize, Exit::Success);
    // Nobody reads answers that cannot be written.
    while !printer.is_broken() && next_line(reader, &mut line)? {
        number += 1;
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        match row(&line) {
            Ok(Row { command }) => {
                let judgement = judge(setup, &super::explain::request(command.clone(), None));
                printer.data(super::explain::decision(&command, &judgement));
            }
            Err(why) => {
                let reason = format!("line {number} {why}");
                printer.talk(format_args!("error[{}]: {reason}", Code::BadArgument));
                printer.data(bad_row(&reason));
                exit = Exit::Findings;
            }
        }
    }
    Ok(exit)
}

/// Reads a line; false at the end of the input. Of one that is too long, the beginning is kept, and is too long still.
fn next_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    let most = u64::try_from(LONGEST_LINE).unwrap_or(u64::MAX).saturating_add(1);
    let read = reader.take(most).read_until(b'\n', line)?;
    if line.len() > LONGEST_LINE && !line.ends_with(b"\n") {
        reader.skip_until(b'\n')?;
    }
    Ok(read > 0)
}

fn row(line: &[u8]) -> Result<Row, String> {
    if line.len() > LONGEST_LINE {
        return Err(format!("is longer than {LONGEST_LINE} bytes"));
    }
    serde_json::from_slice(line).map_err(|error| format!("is not an object with a text `command`: {error}"))
}

fn bad_row(reason: &str) -> Value {
    json!({ "command": null, "decision": "deny", "rule": null, "code": Code::BadArgument.as_str(), "span": null, "reason": reason, "hint": null, "canonical": null })
}

/// The longest command, every byte of it written as `\u0000`, fits twice over.
const LONGEST_LINE: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_without_end_does_not_fill_the_memory_and_does_not_hide_the_next() {
        let mut text = vec![b'x'; 3 * LONGEST_LINE];
        text.extend_from_slice(b"\n{}\n");
        let (mut reader, mut line) = (text.as_slice(), Vec::new());
        assert!(next_line(&mut reader, &mut line).unwrap());
        assert_eq!(line.len(), LONGEST_LINE + 1);
        assert!(row(&line).is_err_and(|why| why.contains("longer")));
        assert!(next_line(&mut reader, &mut line).unwrap());
        assert_eq!(line, b"{}\n");
        assert!(!next_line(&mut reader, &mut line).unwrap());
    }

    #[test]
    fn the_longest_line_is_read_with_and_without_its_end() {
        for end in ["", "\n"] {
            let text = format!("{{\"command\":\"{}\"}}{end}", "x".repeat(LONGEST_LINE - 14 - end.len()));
            assert_eq!(text.len(), LONGEST_LINE);
            let mut line = Vec::new();
            assert!(next_line(&mut text.as_bytes(), &mut line).unwrap());
            assert!(row(&line).is_ok(), "{end:?}");
        }
    }

    #[test]
    fn what_is_no_row_says_why() {
        for bad in ["", "not json", "[]", "{}", "{\"command\":1}", "{\"command\":\"a\"} x", "{\"command\":\"\\ud800\"}"]
        {
            assert!(row(bad.as_bytes()).is_err_and(|why| why.contains("text `command`")), "{bad}");
        }
        assert!(row(b"{\"command\":\"\xff\"}").is_err());
        assert_eq!(row(b" {\"command\":\"ls\",\"more\":1}\r\n").unwrap().command, "ls");
    }
}
