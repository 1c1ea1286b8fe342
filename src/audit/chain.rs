//! The chain: how one record becomes one line, and how a line is known to be the next one. Pure.
//!
//! The writer and the verifier use the same [`Head`]: what [`Head::append`] writes, [`Head::accept`] takes, and nothing
//! else. A line is hashed as the bytes that stand in the file, never as an object that was read and written again.
//! `docs/audit-format.md` is the specification.

use std::{borrow::Cow, fmt};

use jiff::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

use crate::model::ids::ExecId;

use super::digest::Hash;

/// The version of the format.
pub(super) const VERSION: u64 = 1;
/// Bytes of a line, without its line feed. What C2SP's `tlog-tiles` can carry as one entry.
pub(super) const MAX_LINE: usize = 65_535;
/// Bytes that a record's own fields may take. The rest is for the envelope, whose values all have a bounded length.
pub(super) const MAX_FIELDS: usize = 64_000;
/// The kind of a stream's first record.
pub(super) const OPEN: &str = "log.open";
/// The kind of a stream's last record. Nothing is linked to it, so it carries a hash of itself.
pub(super) const CLOSE: &str = "log.close";

/// Length of a hash as text.
const SUM: usize = "sha256:".len() + 64;

/// Where a stream stands: what the next record has to say.
#[derive(Clone, Debug)]
pub(super) struct Head {
    stream: Uuid,
    seq: u64,
    prev: Hash,
    mono_ns: u64,
    closed: bool,
}

/// When a record came to be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stamp {
    pub(super) ts: Timestamp,
    pub(super) mono_ns: u64,
}

/// A record before it has a place in the chain.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) kind: &'static str,
    pub(super) exec: Option<ExecId>,
    /// The record's own fields as [`super::fit::fit`] gives them.
    pub(super) fields: Vec<u8>,
}

/// The place of a record in the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) seq: u64,
    pub(super) hash: Hash,
}

/// The part of a record that every kind has.
#[derive(Debug, Deserialize)]
pub(super) struct Envelope<'a> {
    v: u64,
    #[serde(borrow)]
    pub(super) kind: Cow<'a, str>,
    pub(super) seq: u64,
    #[serde(borrow)]
    stream: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) ts: Cow<'a, str>,
    mono_ns: u64,
    #[serde(borrow)]
    prev: Cow<'a, str>,
}

/// Why a line is not the next record of its stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// What does not hold.
    pub what: What,
    /// What should stand there.
    pub expected: String,
    /// What stands there.
    pub found: String,
}

/// What does not hold for a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// The line is longer than a record can be.
    Length,
    /// The line holds a byte that is not printable ASCII.
    Ascii,
    /// The line is not a record.
    Shape,
    /// The record is of another version of the format.
    Version,
    /// The record belongs to another stream.
    Stream,
    /// The first record of a stream opens it, and no other does; nothing follows the one that closes it.
    Kind,
    /// The record's number is not the next one.
    Seq,
    /// The hash of the record before it is another one.
    Prev,
    /// The last record's hash of itself does not fit.
    Sum,
    /// The clock that cannot go back went back.
    Clock,
}

impl Head {
    /// The head of a stream that has no record yet.
    pub(super) fn start(stream: Uuid) -> Self {
        Self { stream, seq: 0, prev: Hash::ZERO, mono_ns: 0, closed: false }
    }

    /// The number of the next record.
    pub(super) fn next_seq(&self) -> u64 {
        self.seq
    }

    /// Whether the stream's last record was seen.
    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Writes a record as the next line of the stream, with its line feed.
    pub(super) fn append(&mut self, record: &Record, stamp: Stamp, boot: Option<&str>, out: &mut Vec<u8>) -> Link {
        let start = out.len();
        let (seq, stream) = (self.seq, self.stream.hyphenated());
        let Record { kind, exec, fields } = record;
        let Stamp { ts, mono_ns } = stamp;
        let boot = boot.map_or_else(|| "null".to_owned(), |id| format!("\"{id}\""));
        let mut line = format!(
            r#"{{"v":{VERSION},"kind":"{kind}","seq":{seq},"stream":"{stream}","ts":"{ts:.6}","mono_ns":{mono_ns},"boot":{boot}"#
        );
        if let Some(exec) = exec {
            line.push_str(&format!(r#","exec_id":"{exec}""#));
        }
        out.extend_from_slice(line.as_bytes());
        out.extend_from_slice(fields);
        if *kind == CLOSE {
            let sum = Hash::of(out.get(start..).unwrap_or_default());
            out.extend_from_slice(format!(r#","sum":"{sum}""#).as_bytes());
        }
        out.extend_from_slice(tail(&self.prev).as_bytes());
        let link = Link { seq, hash: Hash::of(out.get(start..).unwrap_or_default()) };
        out.push(b'\n');
        self.advance(link, stamp.mono_ns, kind);
        link
    }

    /// Takes a line, without its line feed, as the next record of the stream, or says why it is not. After a flaw the
    /// head goes on from the line as it is, so that the flaws of one file can be told apart.
    pub(super) fn accept<'a>(&mut self, line: &'a [u8]) -> Result<Envelope<'a>, Flaw> {
        let hash = Hash::of(line);
        match envelope(line) {
            Ok(envelope) => {
                let judged = self.judge(&envelope, line);
                self.advance(Link { seq: envelope.seq, hash }, envelope.mono_ns, &envelope.kind);
                judged.map(|()| envelope)
            }
            Err(flaw) => {
                self.advance(Link { seq: self.seq, hash }, self.mono_ns, "");
                Err(flaw)
            }
        }
    }

    fn judge(&self, found: &Envelope<'_>, line: &[u8]) -> Result<(), Flaw> {
        let same = |what, expected: String, found: &str| {
            if expected == found { Ok(()) } else { Err(Flaw::new(what, expected, found)) }
        };
        same(What::Version, VERSION.to_string(), &found.v.to_string())?;
        same(What::Stream, self.stream.hyphenated().to_string(), &found.stream)?;
        same(What::Seq, self.seq.to_string(), &found.seq.to_string())?;
        same(What::Prev, self.prev.to_string(), &found.prev)?;
        if self.closed {
            return Err(Flaw::new(What::Kind, "nothing after `log.close`", &found.kind));
        }
        if (self.seq == 0) != (found.kind == OPEN) {
            return Err(Flaw::new(What::Kind, "`log.open` as the first record and only there", &found.kind));
        }
        if found.mono_ns < self.mono_ns {
            return Err(Flaw::new(What::Clock, format!("{} or more", self.mono_ns), &found.mono_ns.to_string()));
        }
        judge_end(line, &self.prev)?;
        judge_sum(line, &self.prev, found.kind == CLOSE)
    }

    fn advance(&mut self, link: Link, mono_ns: u64, kind: &str) {
        self.seq = link.seq.saturating_add(1);
        self.prev = link.hash;
        self.mono_ns = mono_ns;
        self.closed |= kind == CLOSE;
    }
}

/// The end of a line: `prev` is always last.
fn tail(prev: &Hash) -> String {
    format!(r#","prev":"{prev}"}}"#)
}

fn envelope(line: &[u8]) -> Result<Envelope<'_>, Flaw> {
    if line.len() > MAX_LINE {
        return Err(Flaw::too_long());
    }
    if let Some(at) = line.iter().position(|b| !(0x20..0x7f).contains(b)) {
        let byte = line.get(at).copied().unwrap_or_default();
        return Err(Flaw::new(What::Ascii, "printable ASCII", &format!("byte 0x{byte:02x} at {at} of the line")));
    }
    serde_json::from_slice(line).map_err(|error| Flaw::new(What::Shape, "a record", &error.to_string()))
}

fn judge_end(line: &[u8], prev: &Hash) -> Result<(), Flaw> {
    if line.ends_with(tail(prev).as_bytes()) {
        return Ok(());
    }
    Err(Flaw::new(What::Shape, "`prev` as the last field", "another end of the line"))
}

/// The sum is in the closing record and in no other: a closing record whose kind was changed still shows by it.
fn judge_sum(line: &[u8], prev: &Hash, closes: bool) -> Result<(), Flaw> {
    const NAME: &str = r#","sum":""#;
    let body = line.strip_suffix(tail(prev).as_bytes()).unwrap_or_default();
    let (summed, found) = match body.len().checked_sub(NAME.len() + SUM + 1).and_then(|at| body.split_at_checked(at)) {
        Some((summed, found)) if closes || found.starts_with(NAME.as_bytes()) => (summed, found),
        _ if closes => return Err(Flaw::new(What::Sum, "a hash of the record", "a line too short for one")),
        _ => return Ok(()),
    };
    let expected = format!("{NAME}{}\"", Hash::of(summed));
    if found == expected.as_bytes() && closes {
        return Ok(());
    }
    let expected = if closes { expected } else { "no `sum` outside `log.close`".to_owned() };
    Err(Flaw::new(What::Sum, expected, &String::from_utf8_lossy(found)))
}

impl Flaw {
    /// What was found comes from the file: it is shortened and made safe for a terminal.
    fn new(what: What, expected: impl Into<String>, found: &str) -> Self {
        let found = found.chars().take(200).flat_map(char::escape_default).collect();
        Self { what, expected: expected.into(), found }
    }

    fn too_long() -> Self {
        Self::new(What::Length, format!("at most {MAX_LINE} bytes"), "a longer line")
    }

    /// Bytes at a file's end that no crash leaves.
    pub(super) fn not_torn() -> Self {
        Self::new(What::Shape, "whole records, or the beginning of one", "other bytes at the end of the file")
    }
}

impl What {
    /// The word for people and machines.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Length => "length",
            Self::Ascii => "ascii",
            Self::Shape => "shape",
            Self::Version => "version",
            Self::Stream => "stream",
            Self::Kind => "kind",
            Self::Seq => "seq",
            Self::Prev => "prev",
            Self::Sum => "sum",
            Self::Clock => "clock",
        }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: expected {}, found {}", self.what.as_str(), self.expected, self.found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOOT: &str = "8e6d5b0c-4f7a-4f0e-9d0a-0f3c5a9f7b11";

    /// The lines of a closed stream, without their line feeds.
    fn golden() -> Vec<Vec<u8>> {
        let mut head = Head::start(stream());
        let kinds = [OPEN, "server.start", "exec.request", "exec.decision", "exec.exit", CLOSE];
        let lines = kinds.into_iter().enumerate().map(|(at, kind)| {
            let fields = format!(r#","n":{at},"text":"\u001b[31m""#).into_bytes();
            let exec = kind.starts_with("exec").then(|| "0197a3c4-0000-7000-8000-000000000001".parse().unwrap());
            let mut line = Vec::new();
            let stamp = Stamp { ts: Timestamp::constant(1_790_000_000, 123_456_789), mono_ns: at as u64 * 1000 };
            head.append(&Record { kind, exec, fields }, stamp, Some(BOOT), &mut line);
            assert_eq!(line.pop(), Some(b'\n'));
            line
        });
        lines.collect()
    }

    fn stream() -> Uuid {
        Uuid::from_u128(0x0197_a3c4_0000_7000_8000_0000_0000_0000)
    }

    fn judge(lines: &[Vec<u8>]) -> Result<Head, (usize, What)> {
        let mut head = Head::start(stream());
        for (at, line) in lines.iter().enumerate() {
            head.accept(line).map_err(|flaw| (at, flaw.what))?;
        }
        Ok(head)
    }

    #[track_caller]
    fn breaks(at: usize, what: What, change: impl FnOnce(&mut Vec<Vec<u8>>)) {
        let mut lines = golden();
        change(&mut lines);
        assert_eq!(judge(&lines).err(), Some((at, what)));
    }

    fn replace(line: &mut Vec<u8>, from: &str, to: &str) {
        let text = String::from_utf8(line.clone()).unwrap();
        assert!(text.contains(from), "{text}");
        *line = text.replace(from, to).into_bytes();
    }

    #[test]
    fn what_is_appended_is_accepted() {
        let head = judge(&golden()).unwrap();
        assert!(head.is_closed());
        assert_eq!(head.next_seq(), 6);
    }

    #[test]
    fn the_line_is_as_the_specification_has_it() {
        let first = String::from_utf8(golden().swap_remove(0)).unwrap();
        let zeros = "0".repeat(64);
        assert_eq!(
            first,
            concat!(
                r#"{"v":1,"kind":"log.open","seq":0,"stream":"0197a3c4-0000-7000-8000-000000000000","#,
                r#""ts":"2026-09-21T14:13:20.123456Z","mono_ns":0,"boot":"8e6d5b0c-4f7a-4f0e-9d0a-0f3c5a9f7b11","#,
                r#""n":0,"text":"\u001b[31m","prev":"sha256:"#
            )
            .to_owned()
                + &format!("{zeros}\"}}")
        );
    }

    #[test]
    fn every_flipped_bit_is_found() {
        let lines = golden();
        for line in 0..lines.len() {
            for bit in 0..lines[line].len() * 8 {
                let mut changed = lines.clone();
                changed[line][bit / 8] ^= 1 << (bit % 8);
                assert!(judge(&changed).is_err(), "bit {bit} of line {line}");
            }
        }
    }

    #[test]
    fn a_deleted_record_is_found() {
        breaks(0, What::Seq, |lines| drop(lines.remove(0)));
        breaks(3, What::Seq, |lines| drop(lines.remove(3)));
    }

    #[test]
    fn swapped_records_are_found() {
        breaks(2, What::Seq, |lines| lines.swap(2, 3));
    }

    #[test]
    fn a_doubled_record_is_found() {
        breaks(3, What::Seq, |lines| lines.insert(3, lines[2].clone()));
    }

    #[test]
    fn an_inserted_record_is_found() {
        // A record that fits before the third one, so that only the third one's link tells.
        breaks(3, What::Seq, |lines| {
            let mut forged = lines[2].clone();
            replace(&mut forged, r#""n":2"#, r#""n":7"#);
            lines.insert(2, forged);
        });
    }

    #[test]
    fn a_changed_record_is_found_at_the_next_one() {
        breaks(4, What::Prev, |lines| replace(&mut lines[3], r#""n":3"#, r#""n":4"#));
    }

    #[test]
    fn a_change_in_the_last_record_is_found_by_its_sum() {
        breaks(5, What::Sum, |lines| replace(&mut lines[5], r#""n":5"#, r#""n":6"#));
    }

    #[test]
    fn a_record_of_another_stream_is_found() {
        breaks(1, What::Stream, |lines| replace(&mut lines[1], "8000-000000000000", "8000-000000000001"));
    }

    #[test]
    fn a_record_of_another_version_is_found() {
        breaks(0, What::Version, |lines| replace(&mut lines[0], r#""v":1"#, r#""v":2"#));
    }

    #[test]
    fn a_record_after_the_last_is_found() {
        let mut lines = golden();
        let mut head = judge(&lines).unwrap();
        let mut more = Vec::new();
        let stamp = Stamp { ts: Timestamp::UNIX_EPOCH, mono_ns: 9000 };
        head.append(&Record { kind: "server.start", exec: None, fields: Vec::new() }, stamp, None, &mut more);
        more.pop();
        lines.push(more);
        assert_eq!(judge(&lines).err(), Some((6, What::Kind)));
    }

    #[test]
    fn a_stream_starts_with_its_opening() {
        let mut line = Vec::new();
        let stamp = Stamp { ts: Timestamp::UNIX_EPOCH, mono_ns: 0 };
        let record = Record { kind: "server.start", exec: None, fields: Vec::new() };
        Head::start(stream()).append(&record, stamp, None, &mut line);
        line.pop();
        assert_eq!(judge(&[line]).err(), Some((0, What::Kind)));
    }

    #[test]
    fn a_clock_that_goes_back_is_found() {
        let mut head = Head::start(stream());
        let mut lines = Vec::new();
        for (kind, mono_ns) in [(OPEN, 5), ("server.start", 4)] {
            let mut line = Vec::new();
            let stamp = Stamp { ts: Timestamp::UNIX_EPOCH, mono_ns };
            head.append(&Record { kind, exec: None, fields: Vec::new() }, stamp, None, &mut line);
            line.pop();
            lines.push(line);
        }
        assert_eq!(judge(&lines).err(), Some((1, What::Clock)));
    }

    #[test]
    fn what_is_not_a_record_is_found() {
        for (line, what) in [
            (&b""[..], What::Shape),
            (b"{}", What::Shape),
            (b"null", What::Shape),
            (b"{\"v\":1,\"v\":1}", What::Shape),
            ("{\"v\":1,\"kind\":\"é\"}".as_bytes(), What::Ascii),
            (b"{\"v\":1}\r", What::Ascii),
            (&[b' '; MAX_LINE + 1], What::Length),
        ] {
            assert_eq!(Head::start(stream()).accept(line).err().map(|flaw| flaw.what), Some(what));
        }
    }

    #[test]
    fn prev_has_to_be_the_last_field() {
        let mut lines = golden();
        replace(&mut lines[0], r#"000"}"#, r#"000","x":1}"#);
        assert_eq!(judge(&lines[..1]).err(), Some((0, What::Shape)));
    }

    #[test]
    fn what_was_found_is_safe_for_a_terminal() {
        let mut lines = golden();
        replace(&mut lines[0], r#""log.open""#, r#""\u001b]0;\u202e""#);
        let flaw = Head::start(stream()).accept(&lines[0]).unwrap_err();
        assert!(flaw.to_string().bytes().all(|b| (0x20..0x7f).contains(&b)), "{flaw}");
    }
}
