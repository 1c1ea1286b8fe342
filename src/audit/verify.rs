//! Reads streams back and judges them: whether what is there is what was written, and whether all of it is there.
//!
//! The two verdicts are apart. A crash leaves an incomplete stream, never one that looks altered; an altered one is never
//! excused as a crash. A stream whose writer lives is judged as far as it goes. Memory is bounded by one line, whatever
//! the file holds.

use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader, Read as _},
    path::{Path, PathBuf},
};

use rustix::{
    fs::{FlockOperation, OFlags},
    io::Errno,
};
use uuid::Uuid;

use super::chain::{Flaw, Head, MAX_LINE, What};

/// Flaws of one stream that are told in full. One change breaks at most two links; what comes after is counted.
const MAX_FAULTS: usize = 16;
/// What a read takes at most: one byte more than a line, so that a longer one shows.
const LINE_AND_ONE: u64 = 65_536;

/// What a directory's streams are worth.
#[derive(Clone, Debug)]
pub struct Report {
    /// The directory, or the one file.
    pub path: PathBuf,
    /// One entry for each stream, oldest first.
    pub streams: Vec<StreamReport>,
    /// Why nothing can be said, when that is so.
    pub trouble: Option<String>,
}

/// What one stream is worth.
#[derive(Clone, Debug)]
pub struct StreamReport {
    /// Its file.
    pub path: PathBuf,
    /// Whole lines that were read.
    pub records: u64,
    /// When the last sound record was made, as it says itself.
    pub last: Option<String>,
    /// Whether what is there is what was written.
    pub integrity: Integrity,
    /// Whether all of it is there.
    pub completeness: Completeness,
}

/// Whether what is there is what was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Integrity {
    /// Every record follows from the one before it.
    Intact,
    /// Some do not.
    Broken {
        /// The first of them.
        faults: Vec<Fault>,
        /// How many there are in all.
        count: u64,
    },
    /// The file cannot be judged; the text says why.
    Undecided(String),
}

/// A record that does not follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The number that the record should have.
    pub seq: u64,
    /// Where its line starts in the file.
    pub offset: u64,
    /// What does not hold.
    pub flaw: Flaw,
}

/// Whether all of a stream is there, as far as the stream itself can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completeness {
    /// It ends with the record that closes it.
    Closed,
    /// Its writer is alive.
    Open,
    /// It ends with a whole record, but nobody closed it.
    Unclosed,
    /// It ends within a record: a write that a crash cut off.
    Torn {
        /// Where the rest of the record starts.
        offset: u64,
        /// How long it is.
        bytes: u64,
    },
}

/// What a verification comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conclusion {
    /// Nothing is wrong.
    Ok,
    /// Something was altered.
    Tampered,
    /// Something is missing at the end of a stream.
    Incomplete,
    /// There is no log, or it cannot be read.
    Undecided,
}

/// Verifies all streams of a directory.
pub fn verify_dir(dir: &Path) -> Report {
    let report = |streams, trouble| Report { path: dir.to_owned(), streams, trouble };
    match streams(dir) {
        Ok(paths) if paths.is_empty() => report(Vec::new(), Some("the directory holds no stream".to_owned())),
        Ok(paths) => report(paths.iter().map(|path| verify_file(path)).collect(), None),
        Err(error) => report(Vec::new(), Some(error.to_string())),
    }
}

/// Verifies one stream.
pub fn verify_file(path: &Path) -> StreamReport {
    let undecided = |why: String| StreamReport {
        path: path.to_owned(),
        records: 0,
        last: None,
        integrity: Integrity::Undecided(why),
        completeness: Completeness::Unclosed,
    };
    let name = path.file_stem().and_then(|name| name.to_str()).and_then(|name| Uuid::try_parse(name).ok());
    let Some(stream) = name else {
        return undecided("the file's name is not that of a stream".to_owned());
    };
    match open(path).and_then(|(file, live, len)| Walk::new(stream).read(file, len).map(|walk| (walk, live))) {
        Ok((walk, live)) => walk.report(path, live),
        Err(error) => undecided(error.to_string()),
    }
}

fn streams(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "jsonl") {
            paths.push(path);
        }
    }
    // Names start with the time at which the stream was opened.
    paths.sort();
    Ok(paths)
}

/// Opens a stream, finds out whether its writer lives, and how much of it there is at this moment.
fn open(path: &Path) -> io::Result<(File, bool, u64)> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let file = File::from(rustix::fs::open(path, flags, rustix::fs::Mode::empty())?);
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    // The writer holds the exclusive lock from the file's first byte to its own end.
    let live = match rustix::fs::flock(&file, FlockOperation::NonBlockingLockShared) {
        Ok(()) => {
            rustix::fs::flock(&file, FlockOperation::Unlock)?;
            false
        }
        Err(Errno::WOULDBLOCK) => true,
        Err(errno) => return Err(errno.into()),
    };
    let len = file.metadata()?.len();
    Ok((file, live, len))
}

/// The walk along one stream.
#[derive(Debug)]
struct Walk {
    head: Head,
    records: u64,
    offset: u64,
    last: Option<String>,
    faults: Vec<Fault>,
    count: u64,
    tail: Option<Tail>,
}

impl Walk {
    fn new(stream: Uuid) -> Self {
        let head = Head::start(stream);
        Self { head, records: 0, offset: 0, last: None, faults: Vec::new(), count: 0, tail: None }
    }

    fn read(mut self, file: File, len: u64) -> io::Result<Self> {
        let mut reader = BufReader::with_capacity(1 << 17, file.take(len));
        let mut line = Vec::new();
        loop {
            line.clear();
            reader.by_ref().take(LINE_AND_ONE).read_until(b'\n', &mut line)?;
            match line.pop() {
                None => return Ok(self),
                Some(b'\n') => self.line(&line, length(&line).saturating_add(1)),
                Some(byte) => {
                    line.push(byte);
                    self.unended(&mut reader, &line)?;
                }
            }
        }
    }

    fn line(&mut self, line: &[u8], bytes: u64) {
        let seq = self.head.next_seq();
        match self.head.accept(line) {
            Ok(envelope) => self.last = Some(envelope.ts.into_owned()),
            Err(flaw) => self.fault(seq, flaw),
        }
        self.records = self.records.saturating_add(1);
        self.offset = self.offset.saturating_add(bytes);
    }

    /// Bytes without a line feed among them: a line that is too long, or the file's end.
    fn unended(&mut self, reader: &mut impl BufRead, start: &[u8]) -> io::Result<()> {
        let mut tail = Tail::default();
        tail.add(start);
        loop {
            let buffer = reader.fill_buf()?;
            let Some(at) = buffer.iter().position(|byte| *byte == b'\n') else {
                let read = buffer.len();
                if read == 0 {
                    self.tail = Some(tail);
                    return Ok(());
                }
                tail.add(buffer);
                reader.consume(read);
                continue;
            };
            tail.add(buffer.get(..=at).unwrap_or_default());
            reader.consume(at + 1);
            self.line(start, tail.bytes);
            return Ok(());
        }
    }

    fn fault(&mut self, seq: u64, flaw: Flaw) {
        self.count = self.count.saturating_add(1);
        if self.faults.len() < MAX_FAULTS {
            self.faults.push(Fault { seq, offset: self.offset, flaw });
        }
    }

    fn report(mut self, path: &Path, live: bool) -> StreamReport {
        let torn = self.tail.take().filter(|_| !live);
        if let Some(tail) = &torn
            && (self.head.is_closed() || !tail.is_torn())
        {
            let seq = self.head.next_seq();
            self.fault(seq, Flaw::not_torn());
        }
        let completeness = match torn {
            Some(tail) => Completeness::Torn { offset: self.offset, bytes: tail.bytes },
            None if self.head.is_closed() => Completeness::Closed,
            None if live => Completeness::Open,
            None => Completeness::Unclosed,
        };
        let integrity = match self.faults.first() {
            None => Integrity::Intact,
            Some(Fault { seq: 0, flaw: Flaw { what: What::Version, found, .. }, .. }) => {
                Integrity::Undecided(format!("this program does not know version {found} of the format"))
            }
            Some(_) => Integrity::Broken { faults: self.faults, count: self.count },
        };
        StreamReport { path: path.to_owned(), records: self.records, last: self.last, integrity, completeness }
    }
}

/// What stands after the last line feed.
#[derive(Clone, Copy, Debug, Default)]
struct Tail {
    bytes: u64,
    text: usize,
    zeros: bool,
    odd: bool,
}

impl Tail {
    fn add(&mut self, bytes: &[u8]) {
        self.bytes = self.bytes.saturating_add(length(bytes));
        for byte in bytes {
            match byte {
                0 => self.zeros = true,
                0x20..0x7f if !self.zeros => self.text = self.text.saturating_add(1),
                _ => self.odd = true,
            }
        }
    }

    /// Whether a crash can have left it: the beginning of a record, then at most zeros, which a file system shows where
    /// a file had grown but its data had not arrived.
    fn is_torn(self) -> bool {
        !self.odd && self.text <= MAX_LINE
    }
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

impl Report {
    /// What it all comes to: what is worst about any stream.
    pub fn conclusion(&self) -> Conclusion {
        let all: Vec<Conclusion> = self.streams.iter().map(StreamReport::conclusion).collect();
        let has = |what| all.contains(&what);
        if has(Conclusion::Tampered) {
            Conclusion::Tampered
        } else if self.trouble.is_some() || has(Conclusion::Undecided) {
            Conclusion::Undecided
        } else if has(Conclusion::Incomplete) {
            Conclusion::Incomplete
        } else {
            Conclusion::Ok
        }
    }
}

impl StreamReport {
    /// What it comes to.
    pub fn conclusion(&self) -> Conclusion {
        match (&self.integrity, self.completeness) {
            (Integrity::Broken { .. }, _) => Conclusion::Tampered,
            (Integrity::Undecided(_), _) => Conclusion::Undecided,
            (Integrity::Intact, Completeness::Unclosed | Completeness::Torn { .. }) => Conclusion::Incomplete,
            (Integrity::Intact, Completeness::Closed | Completeness::Open) => Conclusion::Ok,
        }
    }
}

impl Integrity {
    /// The word for people and machines.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Intact => "intact",
            Self::Broken { .. } => "broken",
            Self::Undecided(_) => "undecided",
        }
    }
}

impl Completeness {
    /// The word for people and machines.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::Unclosed => "unclosed",
            Self::Torn { .. } => "torn",
        }
    }
}

impl Conclusion {
    /// The word for people and machines.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Tampered => "tampered",
            Self::Incomplete => "incomplete",
            Self::Undecided => "undecided",
        }
    }
}
