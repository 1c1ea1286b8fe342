//! Where a script asks: the server's end.
//!
//! A process of the script that has a question makes a socket pair, sends one end over the doorbell, and speaks on the
//! other: one question, one answer. So the questions of processes that run at the same time never mix, and no process
//! holds a line while it has nothing to ask. Whatever comes over either is from inside the sandbox: bounded, never waited
//! for in a way that a peer could prolong, and an error is final.

use std::{
    io,
    os::{
        fd::{AsFd as _, OwnedFd},
        unix::net::UnixStream as StdStream,
    },
};

use tokio::{io::Interest, net::UnixStream};

use crate::script::{Answer, Question};

use super::channel::{Inbox, MESSAGE_LIMIT, QUESTION_LIMIT, pack, receive_descriptor, send_now};

/// Where a script asks.
#[derive(Debug)]
pub struct Doorbell {
    socket: UnixStream,
}

/// A process of a script that has something to ask.
#[derive(Debug)]
pub struct Caller {
    line: UnixStream,
    inbox: Inbox,
}

impl Doorbell {
    /// A doorbell, and the end that the script rings.
    pub(super) fn new() -> io::Result<(Self, OwnedFd)> {
        let (ours, theirs) = StdStream::pair()?;
        ours.set_nonblocking(true)?;
        Ok((Self { socket: UnixStream::from_std(ours)? }, theirs.into()))
    }

    /// The next caller; nothing when no process is left that could ring. Nothing is lost when the future is dropped.
    pub async fn next(&mut self) -> io::Result<Option<Caller>> {
        let socket = &self.socket;
        match socket.async_io(Interest::READABLE, || receive_descriptor(socket)).await {
            Ok(Some(line)) => Caller::new(line).map(Some),
            Ok(None) => Ok(None),
            // The other end went away with an answer unread; there is none to read here.
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl Doorbell {
    /// What is left to say when nobody is there any more who could ring: that a process could not ask.
    pub fn last_word(&self) -> Option<io::Error> {
        loop {
            match receive_descriptor(&self.socket) {
                Ok(Some(_)) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::QuotaExceeded => return Some(error),
                Ok(None) | Err(_) => return None,
            }
        }
    }
}

impl Caller {
    fn new(line: OwnedFd) -> io::Result<Self> {
        // Asked of the descriptor, because it is the caller who chose it.
        if rustix::net::sockopt::socket_domain(&line)? != rustix::net::AddressFamily::UNIX {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a line that is no socket of a pair"));
        }
        let line = StdStream::from(line);
        line.set_nonblocking(true)?;
        Ok(Self { line: UnixStream::from_std(line)?, inbox: Inbox::new(QUESTION_LIMIT) })
    }

    /// The question, with the files that came with it; nothing when the caller died before it was out.
    pub async fn question(&mut self) -> io::Result<Option<(Question, Vec<OwnedFd>)>> {
        loop {
            if let Some(question) = self.inbox.take()? {
                let files = std::iter::from_fn(|| self.inbox.take_descriptor()).collect();
                return if self.inbox.is_empty() {
                    Ok(Some((question, files)))
                } else {
                    Err(io::Error::new(io::ErrorKind::InvalidData, "more than one question on a line"))
                };
            }
            let Self { line, inbox } = self;
            // The other end can take away what made the line readable, and that it does not block, so the call says so.
            match line.async_io(Interest::READABLE, || inbox.receive_now(line.as_fd())).await {
                Ok(true) => {}
                Ok(false) => return Ok(None),
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return Ok(None),
                Err(error) => return Err(error),
            }
        }
    }

    /// Answers. A caller that is gone, or takes no answer, gets none; without one it does not go on.
    pub fn answer(self, answer: Answer) -> io::Result<()> {
        let bytes = pack(&answer, MESSAGE_LIMIT)?;
        let sent = send_now(&self.line, &bytes)?;
        if sent == bytes.len() { Ok(()) } else { Err(io::ErrorKind::WriteZero.into()) }
    }
}

#[cfg(test)]
mod tests {
    use std::{io::Write as _, os::fd::AsFd as _};

    use super::*;
    use crate::{
        sandbox::{asker::Asker, channel::send_bytes},
        script::{Act, Judge as _, Trouble},
    };

    fn question(command: usize) -> Question {
        Question { command, act: Act::GiveUp(Trouble::OutputNotText) }
    }

    /// Asks from a thread, as another process would.
    fn asking(bell: &OwnedFd, question: Question) -> std::thread::JoinHandle<io::Result<Answer>> {
        let mut asker = Asker::new(bell).unwrap();
        std::thread::spawn(move || {
            let null = std::fs::File::open("/dev/null").unwrap();
            asker.judge(&question, &[null.as_fd()])
        })
    }

    #[tokio::test]
    async fn each_caller_gets_the_answer_to_its_own_question() {
        let (mut doorbell, bell) = Doorbell::new().unwrap();
        let asked = [asking(&bell, question(0)), asking(&bell, question(1))];
        let mut callers = [doorbell.next().await.unwrap().unwrap(), doorbell.next().await.unwrap().unwrap()];
        let mut order = Vec::new();
        for caller in &mut callers {
            let (question, files) = caller.question().await.unwrap().unwrap();
            assert_eq!(files.len(), 1);
            order.push(question.command);
        }
        for (caller, command) in callers.into_iter().zip(order) {
            caller.answer(if command == 0 { Answer::Go } else { Answer::Refused }).unwrap();
        }
        assert_eq!(asked.map(|asked| asked.join().unwrap().unwrap()), [Answer::Go, Answer::Refused]);
        drop(bell);
        assert!(doorbell.next().await.unwrap().is_none());
    }

    #[tokio::test]
    async fn who_gets_no_answer_hears_a_refusal() {
        let (mut doorbell, bell) = Doorbell::new().unwrap();
        let asked = asking(&bell, question(0));
        drop(doorbell.next().await.unwrap().unwrap());
        assert!(asked.join().unwrap().is_err());
        let asked = asking(&bell, question(0));
        drop(doorbell);
        assert!(asked.join().unwrap().is_err(), "a ring that nobody heard");
    }

    #[tokio::test]
    async fn the_largest_list_of_names_fits_and_more_is_refused() {
        let (mut doorbell, bell) = Doorbell::new().unwrap();
        let fields = vec![vec!["x".repeat(250); 10_000]];
        let act = Act::Execute { fields: fields.clone(), variables: Vec::new() };
        let asked = asking(&bell, Question { command: 0, act: act.clone() });
        let mut caller = doorbell.next().await.unwrap().unwrap();
        assert_eq!(caller.question().await.unwrap().unwrap().0.act, act);
        caller.answer(Answer::Go).unwrap();
        assert_eq!(asked.join().unwrap().unwrap(), Answer::Go);
        let act = Act::Execute { fields: vec![vec!["x".repeat(QUESTION_LIMIT)]], variables: Vec::new() };
        assert!(asking(&bell, Question { command: 0, act }).join().unwrap().is_err());
    }

    #[tokio::test]
    async fn who_cannot_ask_says_so() {
        let (mut doorbell, bell) = Doorbell::new().unwrap();
        let long = Act::Execute { fields: vec![vec!["x".repeat(QUESTION_LIMIT)]], variables: Vec::new() };
        for _ in 0..2 {
            assert!(asking(&bell, Question { command: 0, act: long.clone() }).join().unwrap().is_err());
        }
        assert_eq!(doorbell.next().await.unwrap_err().kind(), io::ErrorKind::QuotaExceeded);
        drop(bell);
        assert!(doorbell.last_word().is_some());
        assert!(doorbell.last_word().is_none());
    }

    #[tokio::test]
    async fn nonsense_is_an_error() {
        let (mut doorbell, bell) = Doorbell::new().unwrap();
        let ring = |end: &OwnedFd| send_bytes(&bell, b"?", &[end.as_fd()]).unwrap();
        for bytes in [&b"\xff\xff\xff\xff"[..], b"\0\0\0\x02[]", b"\0\0\0\x01x"] {
            let (mut ours, theirs) = StdStream::pair().unwrap();
            ring(&theirs.into());
            let mut caller = doorbell.next().await.unwrap().unwrap();
            ours.write_all(bytes).unwrap();
            assert!(caller.question().await.is_err(), "{bytes:?}");
        }
        let (mut ours, theirs) = StdStream::pair().unwrap();
        ring(&theirs.into());
        let mut caller = doorbell.next().await.unwrap().unwrap();
        let twice = pack(&question(0), QUESTION_LIMIT).unwrap().repeat(2);
        ours.write_all(&twice).unwrap();
        assert!(caller.question().await.is_err(), "two questions");
        let file = std::fs::File::open("/dev/null").unwrap();
        ring(&file.into());
        assert!(doorbell.next().await.is_err(), "no socket");
        rustix::io::write(&bell, b"?").unwrap();
        assert!(doorbell.next().await.is_err(), "no descriptor");
    }

    #[tokio::test]
    async fn a_line_that_others_set_to_block_never_makes_the_server_wait() {
        let (mut doorbell, bell) = Doorbell::new().unwrap();
        let (ours, theirs) = StdStream::pair().unwrap();
        let shared = theirs.try_clone().unwrap();
        send_bytes(&bell, b"?", &[theirs.as_fd()]).unwrap();
        let mut caller = doorbell.next().await.unwrap().unwrap();
        shared.set_nonblocking(false).unwrap();
        (&ours).write_all(b"\0").unwrap();
        let question = tokio::time::timeout(std::time::Duration::from_millis(200), caller.question());
        assert!(question.await.is_err(), "it waits for the rest, and the runtime goes on");
    }
}
