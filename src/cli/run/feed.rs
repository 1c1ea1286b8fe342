//! Standard input of this program to standard input of the job.

use std::{io, mem, sync::Arc};

use tokio::io::AsyncReadExt as _;

use crate::{diagnostic::Code, job::Haste, model::denial::Denial, model::outcome::Reason};

use super::{Cut, Target};

/// Why input did not reach the job.
#[derive(Debug)]
pub(super) enum Unfed {
    /// The policy or the log does not take it.
    Refused(Denial),
    /// There is input, and it cannot be read.
    Unreadable(io::Error),
}

/// Hands input on, end of file included. What cannot be handed on ends the job: it would wait for the rest for ever, or
/// take a part for the whole.
pub(super) async fn feed(job: Target, lines: bool, cut: Arc<Cut>) {
    if let Err(unfed) = hand_on(&job, lines).await {
        // Nobody else sets it.
        let _ = cut.unfed.set(unfed);
        job.end(Reason::Cancelled, Haste::Grace).await;
    }
}

async fn hand_on(job: &Target, lines: bool) -> Result<(), Unfed> {
    let mut stdin = tokio::io::stdin();
    let (mut buffer, mut held) = (vec![0; CHUNK], Vec::new());
    loop {
        let n = stdin.read(&mut buffer).await.map_err(Unfed::Unreadable)?;
        let end = n == 0;
        held.extend_from_slice(buffer.get(..n).unwrap_or(&[]));
        let bytes = if lines && !end { whole_lines(&mut held) } else { mem::take(&mut held) };
        if bytes.is_empty() && !end {
            continue;
        }
        match job.stockade.feed(&job.who, job.id, bytes, end).await {
            Ok(_) if end => return Ok(()),
            Ok(_) => {}
            // The job needs no more, which is its own affair.
            Err(denial) if matches!(denial.code, Code::JobEnded | Code::StdinClosed | Code::UnknownJob) => {
                return Ok(());
            }
            Err(denial) => return Err(Unfed::Refused(denial)),
        }
    }
}

/// Takes the whole lines, and leaves what may become one. A line that is too long to wait for is taken as it is.
fn whole_lines(held: &mut Vec<u8>) -> Vec<u8> {
    match held.iter().rposition(|byte| *byte == b'\n') {
        Some(at) => {
            let rest = held.split_off(at + 1);
            mem::replace(held, rest)
        }
        None if held.len() > LONGEST_LINE => mem::take(held),
        None => Vec::new(),
    }
}

/// Bytes read at once.
const CHUNK: usize = 64 * 1024;
const LONGEST_LINE: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_go_when_they_are_whole() {
        for (held, goes, stays) in [("a\nb\nc", "a\nb\n", "c"), ("abc", "", "abc"), ("a\n", "a\n", ""), ("", "", "")] {
            let mut bytes = held.as_bytes().to_vec();
            assert_eq!(whole_lines(&mut bytes), goes.as_bytes(), "{held:?}");
            assert_eq!(bytes, stays.as_bytes(), "{held:?}");
        }
        let mut endless = vec![b'x'; LONGEST_LINE + 1];
        assert_eq!(whole_lines(&mut endless).len(), LONGEST_LINE + 1);
    }
}
