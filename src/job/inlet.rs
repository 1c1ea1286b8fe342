//! A job's standard input: what waits to be written, and who waits for it.

use std::{
    collections::VecDeque,
    future::pending,
    io::ErrorKind,
    os::fd::OwnedFd,
    time::{Duration, Instant},
};

use tokio::{net::unix::pipe, sync::oneshot};

use crate::{diagnostic::Code, model::denial::Denial};

/// Bytes for a job's standard input, and who wants to know what became of them.
#[derive(Debug)]
pub(super) struct Input {
    pub(super) bytes: Vec<u8>,
    /// Whether the input is closed after these.
    pub(super) eof: bool,
    pub(super) patience: Patience,
    pub(super) reply: oneshot::Sender<Result<(), Denial>>,
}

/// How long input may wait for a job that does not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Patience {
    /// Not long: somebody waits for an answer and can try again.
    Short,
    /// As long as the job lives.
    Endless,
}

/// The server's end of the pipe, and the writes that have not fitted yet.
#[derive(Debug)]
pub(super) struct Inlet {
    pipe: Option<pipe::Sender>,
    waiting: VecDeque<Write>,
    /// Since when the first of the waiting writes is the first.
    first: Instant,
    /// Since when it has made no progress.
    stalled: Instant,
}

#[derive(Debug)]
struct Write {
    input: Input,
    written: usize,
}

impl Inlet {
    pub(super) fn new(fd: Option<OwnedFd>) -> Self {
        let pipe = fd.and_then(|fd| pipe::Sender::from_owned_fd(fd).ok());
        let now = Instant::now();
        Self { pipe, waiting: VecDeque::new(), first: now, stalled: now }
    }

    /// Takes a write. It is answered when all of it is in the pipe, or when it cannot be.
    pub(super) fn send(&mut self, input: Input) {
        if self.waiting.is_empty() {
            self.turn(Instant::now());
        }
        self.waiting.push_back(Write { input, written: 0 });
        self.flush();
    }

    /// Waits until the pipe takes more of what waits, and writes it. Never returns while nothing waits. Nothing is lost
    /// when the future is dropped: between its one wait and its end nothing can interrupt it.
    pub(super) async fn writable(&mut self) {
        match &self.pipe {
            Some(pipe) if !self.waiting.is_empty() => {
                // An error shows again at the write, which answers it.
                let _ = pipe.writable().await;
                self.flush();
            }
            Some(_) | None => pending().await,
        }
    }

    /// The moment at which [`Self::expire`] has to be called next.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.waiting.front().and_then(|write| match write.input.patience {
            Patience::Short => Some((self.stalled + STALL).min(self.first + LONGEST)),
            Patience::Endless => None,
        })
    }

    /// Gives up a write that waits for too long.
    pub(super) fn expire(&mut self, now: Instant) {
        if self.deadline().is_none_or(|at| now < at) {
            return;
        }
        let Some(Write { input, written }) = self.waiting.pop_front() else { return };
        let text = format!("the job does not read its input; {written} of {} bytes were written", input.bytes.len());
        let denial =
            Denial::new(Code::StdinBlocked, text).with_hint("read its output to see what it waits for, or kill it");
        // Who does not wait any more needs no answer; neither do those below.
        let _ = input.reply.send(Err(denial));
        self.turn(now);
    }

    /// Another write is the first.
    fn turn(&mut self, now: Instant) {
        self.first = now;
        self.stalled = now;
    }

    fn flush(&mut self) {
        while let Some(mut write) = self.waiting.pop_front() {
            let before = write.written;
            let put = self.put(&mut write);
            let now = Instant::now();
            match put {
                Put::Done | Put::Closed => self.turn(now),
                Put::Full if write.written > before => self.stalled = now,
                Put::Full => {}
            }
            match put {
                Put::Done => {
                    if write.input.eof {
                        self.pipe = None;
                    }
                    let _ = write.input.reply.send(Ok(()));
                }
                Put::Full => {
                    self.waiting.push_front(write);
                    return;
                }
                Put::Closed => {
                    self.pipe = None;
                    let denial = Denial::new(Code::StdinClosed, "the job's standard input is closed")
                        .with_hint("start a new job to send more");
                    let _ = write.input.reply.send(Err(denial));
                }
            }
        }
    }

    fn put(&self, write: &mut Write) -> Put {
        let Some(pipe) = &self.pipe else { return Put::Closed };
        while let Some(rest) = write.input.bytes.get(write.written..).filter(|rest| !rest.is_empty()) {
            match pipe.try_write(rest) {
                Ok(n) => write.written += n,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Put::Full,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return Put::Closed,
            }
        }
        Put::Done
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Put {
    Done,
    Full,
    Closed,
}

/// How long a write of which nothing is taken may hold up whoever waits for it.
const STALL: Duration = Duration::from_secs(5);
/// The same for one of which a little is taken now and then.
const LONGEST: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use rustix::pipe::{PipeFlags, fcntl_getpipe_size, pipe_with};
    use tokio::sync::oneshot::error::TryRecvError;

    use super::*;

    type Answer = oneshot::Receiver<Result<(), Denial>>;

    /// An inlet that has been found writable, the other end of its pipe, and what fits in between.
    async fn inlet() -> (Inlet, std::fs::File, usize) {
        let (reader, writer) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK).unwrap();
        let size = fcntl_getpipe_size(&writer).unwrap();
        let inlet = Inlet::new(Some(writer));
        inlet.pipe.as_ref().unwrap().writable().await.unwrap();
        (inlet, reader.into(), size)
    }

    fn send(inlet: &mut Inlet, bytes: &[u8], eof: bool, patience: Patience) -> Answer {
        let (reply, answer) = oneshot::channel();
        inlet.send(Input { bytes: bytes.to_vec(), eof, patience, reply });
        answer
    }

    fn code(mut answer: Answer) -> Option<Code> {
        answer.try_recv().unwrap().err().map(|denial| denial.code)
    }

    #[tokio::test]
    async fn what_does_not_fit_goes_when_the_job_reads_and_the_end_after_it() {
        let (mut inlet, mut reader, size) = inlet().await;
        let mut first = send(&mut inlet, &vec![b'a'; size + 3], false, Patience::Short);
        let second = send(&mut inlet, b"b", true, Patience::Short);
        assert_eq!(first.try_recv(), Err(TryRecvError::Empty));
        let mut taken = vec![0; size];
        reader.read_exact(&mut taken).unwrap();
        inlet.writable().await;
        assert_eq!((code(first), code(second)), (None, None));
        let mut rest = String::new();
        reader.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "aaab", "and then the end of the file");
        assert_eq!(code(send(&mut inlet, b"c", false, Patience::Short)), Some(Code::StdinClosed));
    }

    #[tokio::test]
    async fn a_job_that_does_not_read_holds_nobody_up_for_long() {
        let (mut inlet, _reader, size) = inlet().await;
        let impatient = send(&mut inlet, &vec![b'a'; size + 1], false, Patience::Short);
        let mut patient = send(&mut inlet, b"b", false, Patience::Endless);
        let due = inlet.deadline().unwrap();
        inlet.expire(due - Duration::from_millis(1));
        assert_eq!(inlet.deadline(), Some(due));
        inlet.expire(due);
        assert_eq!(code(impatient), Some(Code::StdinBlocked));
        assert_eq!((inlet.deadline(), patient.try_recv()), (None, Err(TryRecvError::Empty)));
    }

    #[tokio::test]
    async fn a_job_that_reads_slowly_is_not_one_that_does_not_read() {
        let (mut inlet, mut reader, size) = inlet().await;
        let _first = send(&mut inlet, &vec![b'a'; 3 * size], false, Patience::Short);
        let due = inlet.deadline().unwrap();
        reader.read_exact(&mut vec![0; size]).unwrap();
        inlet.writable().await;
        assert!(inlet.deadline().unwrap() > due);
        inlet.stalled += LONGEST;
        assert_eq!(inlet.deadline(), Some(inlet.first + LONGEST), "and yet has not for ever");
    }

    #[tokio::test]
    async fn a_job_that_has_closed_its_input_is_told() {
        let (mut inlet, reader, _) = inlet().await;
        drop(reader);
        assert_eq!(code(send(&mut inlet, b"a", false, Patience::Short)), Some(Code::StdinClosed));
        assert_eq!(code(send(&mut Inlet::new(None), b"a", false, Patience::Short)), Some(Code::StdinClosed));
    }
}
