//! Bounded lines from a byte stream.

use rmcp::model::RequestId;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

use super::identifier::IdScan;

/// What the stream gave next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// A line without its newline.
    Whole(Vec<u8>),
    /// A line that was longer than the limit and is gone, with the id of its message where one was found.
    TooLong(Option<RequestId>),
    /// The stream has ended. What stood after the last newline is not a message.
    End,
}

/// Reads lines of a bounded length.
#[derive(Debug)]
pub(super) struct LineReader<R> {
    input: BufReader<R>,
    limit: usize,
    line: Vec<u8>,
    /// Set while the rest of a line over the limit goes by.
    too_long: Option<IdScan>,
}

/// One read takes a pipe's worth of bytes (pipe(7): 64 KiB by default).
const BUFFER: usize = 64 * 1024;

impl<R: AsyncRead + Unpin> LineReader<R> {
    /// Reads from `input`; a line holds at most `limit` bytes.
    pub(super) fn new(input: R, limit: usize) -> Self {
        Self { input: BufReader::with_capacity(BUFFER, input), limit, line: Vec::new(), too_long: None }
    }

    /// The next line. Cancel safe: what was read stays here, and the next call goes on from it.
    pub(super) async fn next(&mut self) -> Line {
        loop {
            let (used, ended) = match self.input.fill_buf().await {
                Ok([]) => return Line::End,
                Err(error) => {
                    tracing::debug!(%error, "standard input cannot be read any more");
                    return Line::End;
                }
                Ok(bytes) => {
                    let newline = bytes.iter().position(|byte| *byte == b'\n');
                    let part = bytes.get(..newline.unwrap_or(bytes.len())).unwrap_or_default();
                    take(&mut self.line, &mut self.too_long, part, self.limit);
                    (part.len() + usize::from(newline.is_some()), newline.is_some())
                }
            };
            self.input.consume(used);
            if ended {
                return match self.too_long.take() {
                    Some(scan) => Line::TooLong(scan.finish()),
                    None => Line::Whole(std::mem::take(&mut self.line)),
                };
            }
        }
    }
}

/// Adds a part of a line, or, once the line is over the limit, only looks through it.
fn take(line: &mut Vec<u8>, too_long: &mut Option<IdScan>, part: &[u8], limit: usize) {
    if too_long.is_none() && line.len() + part.len() > limit {
        let mut scan = IdScan::default();
        scan.feed(&std::mem::take(line));
        *too_long = Some(scan);
    }
    match too_long {
        Some(scan) => scan.feed(part),
        None => line.extend_from_slice(part),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn all(input: &[u8], limit: usize) -> Vec<Line> {
        let mut reader = LineReader::new(input, limit);
        let mut lines = Vec::new();
        loop {
            let line = reader.next().await;
            let done = line == Line::End;
            lines.push(line);
            if done {
                return lines;
            }
        }
    }

    #[tokio::test]
    async fn lines_come_one_by_one_and_a_cut_last_one_is_dropped() {
        let lines = all(b"one\n\ntwo\ncut", 10).await;
        assert_eq!(lines, [Line::Whole(b"one".into()), Line::Whole(vec![]), Line::Whole(b"two".into()), Line::End]);
    }

    #[tokio::test]
    async fn a_line_of_the_limit_passes_and_one_byte_more_does_not() {
        assert_eq!(all(b"12345\n", 5).await, [Line::Whole(b"12345".into()), Line::End]);
        assert_eq!(all(b"123456\n1\n", 5).await, [Line::TooLong(None), Line::Whole(b"1".into()), Line::End]);
    }

    #[tokio::test]
    async fn the_id_of_a_long_line_is_found_and_its_bytes_are_not_kept() {
        let long = format!("{{\"params\":\"{}\",\"id\":42}}\nnext\n", "a".repeat(300_000));
        let lines = all(long.as_bytes(), 1000).await;
        assert_eq!(lines, [Line::TooLong(Some(RequestId::Number(42))), Line::Whole(b"next".into()), Line::End]);
    }

    #[tokio::test]
    async fn a_read_that_is_dropped_loses_nothing() {
        use tokio::io::AsyncWriteExt;
        let (mut far, near) = tokio::io::duplex(64);
        let mut reader = LineReader::new(near, 100);
        far.write_all(b"half").await.unwrap();
        tokio::select! {
            biased;
            _ = reader.next() => panic!("no newline yet"),
            () = tokio::task::yield_now() => {}
        }
        far.write_all(b" whole\n").await.unwrap();
        assert_eq!(reader.next().await, Line::Whole(b"half whole".into()));
    }
}
