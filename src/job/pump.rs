//! Bytes from a pipe, without a buffer for each job.

use std::{cell::RefCell, io::ErrorKind};

use tokio::net::unix::pipe;

/// Reads what is there, at most `room` bytes, and hands it on; false when the other end is closed for good.
pub(super) fn pump(pipe: &pipe::Receiver, mut room: usize, mut take: impl FnMut(&[u8])) -> bool {
    SCRATCH.with_borrow_mut(|scratch| {
        // A few reads, then other jobs have their turn.
        for _ in 0..READS {
            let space = room.min(scratch.len());
            // Without room there would be nothing to read into, and a read of nothing looks like the end.
            let Some(space) = scratch.get_mut(..space).filter(|space| !space.is_empty()) else { return true };
            match pipe.try_read(space) {
                Ok(0) => return false,
                Ok(n) => {
                    take(space.get(..n).unwrap_or(&[]));
                    room = room.saturating_sub(n);
                }
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => return true,
                Err(error) => {
                    tracing::warn!(%error, "a job's output cannot be read any further");
                    return false;
                }
            }
        }
        true
    })
}

const READS: usize = 4;

thread_local! {
    /// One buffer for each worker thread: reads never wait, so no two jobs hold it at once.
    static SCRATCH: RefCell<Vec<u8>> = RefCell::new(vec![0; 256 * 1024]);
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use rustix::pipe::{PipeFlags, pipe_with};

    use super::*;

    #[tokio::test]
    async fn no_more_is_read_than_there_is_room_for() {
        let (reader, writer) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK).unwrap();
        let mut writer = std::fs::File::from(writer);
        let pipe = pipe::Receiver::from_owned_fd(reader).unwrap();
        writer.write_all(b"abcdef").unwrap();
        pipe.readable().await.unwrap();
        let mut got = Vec::new();
        for (room, so_far) in [(0, ""), (2, "ab"), (3, "abcde"), (9, "abcdef")] {
            assert!(pump(&pipe, room, |bytes| got.extend_from_slice(bytes)));
            assert_eq!(got, so_far.as_bytes());
        }
        drop(writer);
        pipe.readable().await.unwrap();
        assert!(pump(&pipe, 0, |_| ()), "without room the end is not seen, and not claimed");
        assert!(!pump(&pipe, 1, |_| ()));
    }
}
