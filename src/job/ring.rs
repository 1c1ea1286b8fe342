//! The last bytes of one stream.

use std::collections::VecDeque;

use crate::model::outcome::StreamTotals;

use super::StreamSlice;

/// A bounded buffer that keeps the newest bytes and counts all of them. Offsets are absolute: byte 0 is the first one
/// that the job ever wrote to the stream.
#[derive(Debug)]
pub(super) struct Ring {
    kept: VecDeque<u8>,
    /// Offset of the first kept byte, which is also the number of bytes dropped.
    start: u64,
    capacity: usize,
}

impl Ring {
    pub(super) fn new(capacity: usize) -> Self {
        Self { kept: VecDeque::new(), start: 0, capacity }
    }

    /// Takes in bytes; the oldest ones leave when the buffer is full.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        let excess = (self.kept.len() + bytes.len()).saturating_sub(self.capacity);
        let from_kept = excess.min(self.kept.len());
        self.kept.drain(..from_kept);
        self.kept.extend(bytes.get(excess - from_kept..).unwrap_or(&[]));
        self.start += excess as u64;
    }

    /// Offset one past the newest byte: the number of bytes that ever came.
    pub(super) fn end(&self) -> u64 {
        self.start + self.kept.len() as u64
    }

    /// Bytes that are kept at most.
    pub(super) fn capacity(&self) -> usize {
        self.capacity
    }

    /// Gives back memory that is not in use.
    pub(super) fn shrink(&mut self) {
        self.kept.shrink_to_fit();
    }

    /// Bytes in memory.
    pub(super) fn kept(&self) -> usize {
        self.kept.len()
    }

    pub(super) fn totals(&self) -> StreamTotals {
        StreamTotals { bytes: self.end(), dropped: self.start }
    }

    /// At most `max` bytes from an offset on. An offset past the end gives nothing and starts at the end.
    pub(super) fn slice(&self, from: u64, max: usize) -> StreamSlice {
        let start = from.clamp(self.start, self.end());
        let skip = usize::try_from(start - self.start).unwrap_or(self.kept.len());
        let (older, newer) = self.kept.as_slices();
        let mut bytes = Vec::new();
        for part in [older.get(skip..), newer.get(skip.saturating_sub(older.len())..)].into_iter().flatten() {
            let part = part.get(..part.len().min(max - bytes.len())).unwrap_or(part);
            bytes.extend_from_slice(part);
        }
        StreamSlice { start, bytes, dropped: start.saturating_sub(from) }
    }

    /// Offset at which the last `lines` lines start. A last line without its newline counts as a line.
    pub(super) fn tail_start(&self, lines: usize) -> u64 {
        if lines == 0 {
            return self.end();
        }
        let mut left = lines;
        for (index, byte) in self.kept.iter().enumerate().rev() {
            let last = index + 1 == self.kept.len();
            if *byte == b'\n' && !last {
                left = left.saturating_sub(1);
                if left == 0 {
                    return self.start + index as u64 + 1;
                }
            }
        }
        self.start
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ring(capacity: usize, parts: &[&str]) -> Ring {
        let mut ring = Ring::new(capacity);
        for part in parts {
            ring.push(part.as_bytes());
        }
        ring
    }

    #[test]
    fn a_full_ring_drops_the_oldest_bytes_and_counts_them() {
        let ring = ring(4, &["ab", "cdef"]);
        assert_eq!(ring.totals(), StreamTotals { bytes: 6, dropped: 2 });
        assert_eq!(ring.slice(0, 10), StreamSlice { start: 2, bytes: b"cdef".to_vec(), dropped: 2 });
    }

    #[test]
    fn one_push_larger_than_the_ring_keeps_its_end() {
        let ring = ring(3, &["xy", "abcdefgh"]);
        assert_eq!(ring.slice(0, 10), StreamSlice { start: 7, bytes: b"fgh".to_vec(), dropped: 7 });
    }

    #[test]
    fn a_reader_past_the_end_gets_nothing() {
        let ring = ring(8, &["abc"]);
        assert_eq!(ring.slice(9, 10), StreamSlice { start: 3, bytes: vec![], dropped: 0 });
    }

    #[test]
    fn the_tail_counts_lines_and_an_unfinished_last_one() {
        let ring = ring(64, &["one\ntwo\nthree\n"]);
        assert_eq!(ring.slice(ring.tail_start(1), 64).bytes, b"three\n");
        assert_eq!(ring.slice(ring.tail_start(2), 64).bytes, b"two\nthree\n");
        assert_eq!(ring.slice(ring.tail_start(9), 64).bytes, b"one\ntwo\nthree\n");
        assert_eq!(ring.slice(ring.tail_start(0), 64).bytes, b"");
        let open = self::ring(64, &["one\nprompt> "]);
        assert_eq!(open.slice(open.tail_start(1), 64).bytes, b"prompt> ");
    }

    proptest! {
        #[test]
        fn a_ring_is_the_end_of_everything_that_came(capacity in 1usize..40, parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..30), 0..12)) {
            let mut ring = Ring::new(capacity);
            let mut all = Vec::new();
            for part in &parts {
                ring.push(part);
                all.extend_from_slice(part);
                let kept = &all[all.len().saturating_sub(capacity)..];
                let slice = ring.slice(0, usize::MAX);
                prop_assert_eq!(&slice.bytes[..], kept);
                for (from, max) in [(0, 3), (kept.len() / 2, usize::MAX), (kept.len() / 3, 7), (kept.len(), 1)] {
                    let end = kept.len().min(from.saturating_add(max));
                    let offset = (all.len() - kept.len() + from) as u64;
                    prop_assert_eq!(&ring.slice(offset, max).bytes[..], &kept[from..end]);
                }
                prop_assert_eq!(ring.totals(), StreamTotals { bytes: all.len() as u64, dropped: (all.len() - kept.len()) as u64 });
            }
        }
    }
}
