//! What a job has written: its two streams, and who reads them at which pace.

use crate::model::outcome::StreamTotals;

use super::{Cursor, Output, StreamSlice, ring::Ring};

/// One of a job's two output streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stream {
    Stdout,
    Stderr,
}

/// Who reads a job's output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    /// Whoever asks, if anybody: the job is never held up, and the oldest output leaves.
    Free,
    /// One follower, who gets all of it: the job is held up when the follower is slow.
    Followed,
}

/// The output of one job.
#[derive(Debug)]
pub(super) struct Streams {
    stdout: Ring,
    stderr: Ring,
    /// What a follower has taken, while there is one: nothing beyond it is dropped.
    taken: Option<Cursor>,
}

impl Streams {
    /// Empty streams that keep so many bytes each.
    pub(super) fn new(capacity: usize, pace: Pace) -> Self {
        let (capacity, taken) = match pace {
            Pace::Free => (capacity, None),
            // With less the two would take turns at every few bytes; with nothing there would be no turn at all.
            Pace::Followed => (capacity.max(FOLLOWED_MIN), Some(Cursor::default())),
        };
        Self { stdout: Ring::new(capacity), stderr: Ring::new(capacity), taken }
    }

    /// Takes in bytes of one stream.
    pub(super) fn push(&mut self, stream: Stream, bytes: &[u8]) {
        match stream {
            Stream::Stdout => self.stdout.push(bytes),
            Stream::Stderr => self.stderr.push(bytes),
        }
    }

    /// How many bytes of a stream may come before a follower has to take some.
    pub(super) fn room(&self, stream: Stream) -> usize {
        let Some(taken) = self.taken else { return usize::MAX };
        let (ring, taken) = match stream {
            Stream::Stdout => (&self.stdout, taken.stdout),
            Stream::Stderr => (&self.stderr, taken.stderr),
        };
        ring.capacity().saturating_sub(waiting(ring, taken))
    }

    /// The follower takes what comes next, at most `max` bytes.
    pub(super) fn take(&mut self, max: usize) -> Output {
        let output = self.after(self.taken.unwrap_or_default(), max);
        self.taken = Some(output.next);
        output
    }

    /// Whether there is something for the follower.
    pub(super) fn has_untaken(&self) -> bool {
        self.has_after(self.taken.unwrap_or_default())
    }

    /// There is no follower any more.
    pub(super) fn run_free(&mut self) {
        self.taken = None;
    }

    pub(super) fn has_after(&self, cursor: Cursor) -> bool {
        self.stdout.end() > cursor.stdout || self.stderr.end() > cursor.stderr
    }

    /// Output after a cursor. When both streams together exceed `max`, each may fill at least half of it.
    pub(super) fn after(&self, since: Cursor, max: usize) -> Output {
        let half = max / 2;
        let err_wants = waiting(&self.stderr, since.stderr);
        let stdout = self.stdout.slice(since.stdout, max - half.min(err_wants));
        let stderr = self.stderr.slice(since.stderr, max - stdout.bytes.len().min(max));
        let next = Cursor { stdout: end(&stdout), stderr: end(&stderr) };
        let more = self.has_after(next);
        Output { stdout, stderr, next, more }
    }

    /// The last lines of each stream. Of lines too long for `max`, the end is given.
    pub(super) fn tail(&self, lines: usize, max: usize) -> Output {
        let last = |ring: &Ring, max: usize| {
            let from = ring.tail_start(lines).max(ring.end().saturating_sub(max as u64));
            ring.slice(from, max)
        };
        let stderr = last(&self.stderr, max / 2);
        let stdout = last(&self.stdout, max - stderr.bytes.len());
        let next = Cursor { stdout: end(&stdout), stderr: end(&stderr) };
        Output { stdout, stderr, next, more: false }
    }

    pub(super) fn totals(&self, stream: Stream) -> StreamTotals {
        match stream {
            Stream::Stdout => self.stdout.totals(),
            Stream::Stderr => self.stderr.totals(),
        }
    }

    /// Bytes in memory.
    pub(super) fn kept(&self) -> usize {
        self.stdout.kept() + self.stderr.kept()
    }

    /// Gives back memory that is not in use.
    pub(super) fn shrink(&mut self) {
        self.stdout.shrink();
        self.stderr.shrink();
    }
}

fn waiting(ring: &Ring, since: u64) -> usize {
    usize::try_from(ring.end().saturating_sub(since)).unwrap_or(usize::MAX)
}

fn end(slice: &StreamSlice) -> u64 {
    slice.start + slice.bytes.len() as u64
}

/// What a follower's job may at least write before it is held up.
const FOLLOWED_MIN: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(stdout: &[u8], stderr: &[u8]) -> Streams {
        let mut streams = Streams::new(1000, Pace::Free);
        streams.push(Stream::Stdout, stdout);
        streams.push(Stream::Stderr, stderr);
        streams
    }

    #[test]
    fn no_stream_crowds_the_other_out() {
        for (out, err, max, given) in [
            (9, 9, 6, (3, 3)),
            (9, 1, 6, (5, 1)),
            (1, 9, 6, (1, 5)),
            (9, 0, 6, (6, 0)),
            (9, 9, 1, (1, 0)),
            (2, 2, 9, (2, 2)),
        ] {
            let output = filled(&vec![b'o'; out], &vec![b'e'; err]).after(Cursor::default(), max);
            assert_eq!((output.stdout.bytes.len(), output.stderr.bytes.len()), given, "{out} {err} {max}");
            assert_eq!(output.more, out + err > max);
        }
    }

    #[test]
    fn reads_that_follow_each_other_give_every_byte_once() {
        let streams = filled(b"abcdefg", b"12345");
        let (mut at, mut out, mut err) = (Cursor::default(), Vec::new(), Vec::new());
        loop {
            let output = streams.after(at, 3);
            out.extend(output.stdout.bytes);
            err.extend(output.stderr.bytes);
            at = output.next;
            if !output.more {
                break;
            }
        }
        assert_eq!((out.as_slice(), err.as_slice()), (b"abcdefg".as_slice(), b"12345".as_slice()));
        assert!(!streams.has_after(at));
    }

    #[test]
    fn a_follower_holds_back_what_would_push_out_what_it_has_not_taken() {
        let mut streams = Streams::new(0, Pace::Followed);
        assert_eq!(streams.room(Stream::Stdout), FOLLOWED_MIN);
        streams.push(Stream::Stdout, &vec![b'o'; FOLLOWED_MIN]);
        assert_eq!((streams.room(Stream::Stdout), streams.room(Stream::Stderr)), (0, FOLLOWED_MIN));
        let output = streams.take(10);
        assert_eq!((output.stdout.bytes.len(), output.stdout.dropped), (10, 0));
        assert_eq!(streams.room(Stream::Stdout), 10);
        streams.push(Stream::Stdout, b"0123456789");
        assert_eq!(streams.take(usize::MAX).stdout.dropped, 0);
        assert!(!streams.has_untaken());
        streams.run_free();
        assert_eq!(streams.room(Stream::Stdout), usize::MAX);
    }
}
