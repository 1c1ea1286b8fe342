//! Messages and descriptors over a stream socket between the server and a launcher.
//!
//! A message is a length in four bytes, big-endian, and so many bytes of JSON. Descriptors travel as `SCM_RIGHTS` with the
//! first byte of the message they belong to (unix(7)). Both sides bound what they take: a peer that sends more than the
//! bound, more descriptors than expected, or no JSON gets an error and no second chance.

use std::{
    collections::VecDeque,
    io::{self, IoSlice, IoSliceMut},
    mem::MaybeUninit,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
};

use rustix::{
    cmsg_space,
    net::{
        RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer, SendAncillaryMessage,
        SendFlags, recvmsg, sendmsg,
    },
};
use serde::{Serialize, de::DeserializeOwned};

/// What has come in over a socket and has not been taken yet.
#[derive(Debug)]
pub(super) struct Inbox {
    bytes: Vec<u8>,
    descriptors: VecDeque<OwnedFd>,
    limit: usize,
}

/// The largest plan: an argument vector of 64 KiB, a whole environment and thousands of paths fit many times over.
pub(super) const PLAN_LIMIT: usize = 4 << 20;
/// The largest message otherwise.
pub(super) const MESSAGE_LIMIT: usize = 64 << 10;
/// The largest question: what execve takes, a mebibyte, when every fourth character of it has to be escaped.
pub(super) const QUESTION_LIMIT: usize = 4 << 20;

impl Inbox {
    pub(super) fn new(limit: usize) -> Self {
        Self { bytes: Vec::new(), descriptors: VecDeque::new(), limit }
    }

    /// Takes what the socket has, once. False at the end of the stream.
    pub(super) fn receive(&mut self, socket: impl AsFd) -> io::Result<bool> {
        self.receive_with(socket, RecvFlags::empty())
    }

    /// The same, and never waits, whatever the socket is set to.
    pub(super) fn receive_now(&mut self, socket: impl AsFd) -> io::Result<bool> {
        self.receive_with(socket, RecvFlags::DONTWAIT)
    }

    fn receive_with(&mut self, socket: impl AsFd, flags: RecvFlags) -> io::Result<bool> {
        let mut chunk = [0; 16 << 10];
        let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(MAX_DESCRIPTORS))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let flags = flags | RecvFlags::CMSG_CLOEXEC;
        let got = recvmsg(socket, &mut [IoSliceMut::new(&mut chunk)], &mut control, flags)?;
        self.keep(&mut control);
        if got.flags.contains(ReturnFlags::CTRUNC) || self.descriptors.len() > MAX_DESCRIPTORS {
            return Err(bad("more descriptors than expected"));
        }
        self.bytes.extend_from_slice(chunk.get(..got.bytes).unwrap_or(&[]));
        Ok(got.bytes > 0)
    }

    fn keep(&mut self, control: &mut RecvAncillaryBuffer<'_>) {
        for message in control.drain() {
            if let RecvAncillaryMessage::ScmRights(descriptors) = message {
                self.descriptors.extend(descriptors);
            }
        }
    }

    /// The next whole message, when there is one.
    pub(super) fn take<T: DeserializeOwned>(&mut self) -> io::Result<Option<T>> {
        let Some((head, rest)) = self.bytes.split_first_chunk::<HEAD>() else { return Ok(None) };
        let length = usize::try_from(u32::from_be_bytes(*head)).map_err(|_| bad("a message that is too long"))?;
        if length > self.limit {
            return Err(bad("a message that is too long"));
        }
        let Some(body) = rest.get(..length) else { return Ok(None) };
        let message = serde_json::from_slice(body).map_err(|_| bad("a message that does not parse"))?;
        self.bytes.drain(..HEAD + length);
        Ok(Some(message))
    }

    /// Whether nothing has come in that was not taken.
    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty() && self.descriptors.is_empty()
    }

    /// The oldest descriptor that has come in.
    pub(super) fn take_descriptor(&mut self) -> Option<OwnedFd> {
        self.descriptors.pop_front()
    }
}

/// A message in the form in which it travels.
pub(super) fn pack(message: &impl Serialize, limit: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; HEAD];
    serde_json::to_writer(&mut bytes, message)?;
    let length = bytes.len() - HEAD;
    let head =
        u32::try_from(length).ok().filter(|_| length <= limit).ok_or_else(|| bad("a message that is too long"))?;
    if let Some(start) = bytes.first_chunk_mut() {
        *start = head.to_be_bytes();
    }
    Ok(bytes)
}

/// Sends as much as the socket takes; the descriptors go with the first byte.
pub(super) fn send_some(socket: impl AsFd, bytes: &[u8], descriptors: &[BorrowedFd<'_>]) -> io::Result<usize> {
    send_with(socket, bytes, descriptors, SendFlags::empty())
}

/// Sends as much as the socket takes and never waits, whatever the socket is set to.
pub(super) fn send_now(socket: impl AsFd, bytes: &[u8]) -> io::Result<usize> {
    send_with(socket, bytes, &[], SendFlags::DONTWAIT)
}

fn send_with(socket: impl AsFd, bytes: &[u8], descriptors: &[BorrowedFd<'_>], flags: SendFlags) -> io::Result<usize> {
    let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(MAX_DESCRIPTORS))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !descriptors.is_empty() && !control.push(SendAncillaryMessage::ScmRights(descriptors)) {
        return Err(io::Error::other("too many descriptors for one message"));
    }
    Ok(sendmsg(socket, &[IoSlice::new(bytes)], &mut control, flags | SendFlags::NOSIGNAL)?)
}

/// Sends a whole message over a blocking socket.
pub(super) fn send(socket: impl AsFd, message: &impl Serialize, descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
    send_bytes(socket, &pack(message, MESSAGE_LIMIT)?, descriptors)
}

/// Sends all of the bytes over a blocking socket, the descriptors with the first.
pub(super) fn send_bytes(socket: impl AsFd, bytes: &[u8], descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
    let (mut rest, mut descriptors) = (bytes, descriptors);
    while !rest.is_empty() {
        match send_some(&socket, rest, descriptors) {
            Ok(n) => (rest, descriptors) = (rest.get(n..).unwrap_or(&[]), &[]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The byte of who cannot send a descriptor, and so cannot ask.
pub(super) const UNASKED: u8 = b'!';

/// Takes one byte and the one descriptor that comes with it; nothing at the end of the stream. On a stream socket a read
/// never joins what was sent with descriptors to what was sent after it (unix(7)), so each keeps its own.
pub(super) fn receive_descriptor(socket: impl AsFd) -> io::Result<Option<OwnedFd>> {
    let mut inbox = Inbox::new(0);
    let mut byte = [0];
    let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(MAX_DESCRIPTORS))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let flags = RecvFlags::CMSG_CLOEXEC | RecvFlags::DONTWAIT;
    let got = recvmsg(socket, &mut [IoSliceMut::new(&mut byte)], &mut control, flags)?;
    inbox.keep(&mut control);
    match (got.bytes, inbox.take_descriptor(), inbox.is_empty() && !got.flags.contains(ReturnFlags::CTRUNC)) {
        (0, None, true) => Ok(None),
        (1, Some(descriptor), true) => Ok(Some(descriptor)),
        (1, None, true) if byte == [UNASKED] => {
            Err(io::Error::new(io::ErrorKind::QuotaExceeded, "a process of the script could not ask"))
        }
        _ => Err(bad("a byte without exactly one descriptor")),
    }
}

const HEAD: usize = 4;
/// A launch passes five: program, working directory and three streams.
const MAX_DESCRIPTORS: usize = 8;

fn bad(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use std::{io::Write as _, os::unix::net::UnixStream};

    use super::*;

    fn pair() -> (UnixStream, UnixStream) {
        UnixStream::pair().unwrap()
    }

    #[test]
    fn messages_and_descriptors_arrive_in_order() {
        let (ours, theirs) = pair();
        let null = std::fs::File::open("/dev/null").unwrap();
        send(&ours, &"one", &[null.as_fd()]).unwrap();
        send(&ours, &"two", &[]).unwrap();
        let mut inbox = Inbox::new(MESSAGE_LIMIT);
        let mut seen: Vec<String> = Vec::new();
        while seen.len() < 2 {
            match inbox.take().unwrap() {
                Some(message) => seen.push(message),
                None => assert!(inbox.receive(&theirs).unwrap()),
            }
        }
        assert_eq!(seen, ["one", "two"]);
        assert!(inbox.take_descriptor().is_some());
        assert!(inbox.take_descriptor().is_none());
    }

    #[test]
    fn a_message_split_anywhere_is_put_together() {
        let bytes = pack(&vec!["a", "b"], MESSAGE_LIMIT).unwrap();
        for cut in 0..bytes.len() {
            let (mut ours, theirs) = pair();
            let mut inbox = Inbox::new(MESSAGE_LIMIT);
            ours.write_all(&bytes[..cut]).unwrap();
            if cut > 0 {
                inbox.receive(&theirs).unwrap();
                assert_eq!(inbox.take::<Vec<String>>().unwrap(), None);
            }
            ours.write_all(&bytes[cut..]).unwrap();
            inbox.receive(&theirs).unwrap();
            assert_eq!(inbox.take::<Vec<String>>().unwrap().unwrap(), ["a", "b"]);
        }
    }

    #[test]
    fn what_makes_no_sense_is_an_error() {
        let cases: [&[u8]; 3] = [b"\xff\xff\xff\xff", b"\x00\x00\x00\x01{", b"\x00\x00\x00\x02\xff\xfe"];
        for bytes in cases {
            let (mut ours, theirs) = pair();
            let mut inbox = Inbox::new(MESSAGE_LIMIT);
            ours.write_all(bytes).unwrap();
            inbox.receive(&theirs).unwrap();
            assert!(inbox.take::<String>().is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn too_many_descriptors_are_an_error() {
        let (ours, theirs) = pair();
        let null = std::fs::File::open("/dev/null").unwrap();
        let mut inbox = Inbox::new(MESSAGE_LIMIT);
        send(&ours, &"one", &[null.as_fd(); MAX_DESCRIPTORS]).unwrap();
        assert!(inbox.receive(&theirs).is_ok());
        send(&ours, &"two", &[null.as_fd(); 1]).unwrap();
        assert!(inbox.receive(&theirs).is_err());
    }

    #[test]
    fn a_message_over_the_limit_is_not_packed() {
        assert!(pack(&"x".repeat(100), 50).is_err());
    }
}
