//! `[limits]`: what jobs may use.

use std::time::Duration;

use crate::{
    diagnostic::Code,
    model::{
        limits::{Limits, Rate},
        size::{ByteSize, TimeSpan},
    },
};

use super::{
    findings::{Spanned, over},
    reader::Reader,
};

#[derive(Clone, Debug, Default)]
pub(super) struct RawLimits {
    jobs: Option<Spanned<usize>>,
    queue: Option<Spanned<usize>>,
    rate: Option<Spanned<Option<Rate>>>,
    wall: Option<Spanned<Duration>>,
    idle: Option<Spanned<Duration>>,
    cpu: Option<Spanned<Duration>>,
    memory: Option<Spanned<ByteSize>>,
    processes: Option<Spanned<u64>>,
    files: Option<Spanned<u64>>,
    file_size: Option<Spanned<ByteSize>>,
    output: Option<Spanned<ByteSize>>,
    stdin: Option<Spanned<ByteSize>>,
    grace: Option<Spanned<Duration>>,
    retention: Option<Spanned<Duration>>,
}

/// Fewer descriptors than this and no program starts: three streams, the loader's files, and a few to work with.
const FILES_MIN: u64 = 16;

impl RawLimits {
    pub(super) fn read(mut table: Reader<'_, '_>) -> Self {
        let raw = Self {
            jobs: count(&mut table, "jobs", 1),
            queue: count(&mut table, "queue", 0),
            rate: table.parsed("rate", |text| if text == "0" { Ok(None) } else { text.parse().map(Some) }),
            wall: span(&mut table, "wall"),
            idle: span(&mut table, "idle"),
            cpu: span(&mut table, "cpu"),
            memory: table.parsed("memory", str::parse),
            processes: at_least(&mut table, "processes", 0),
            files: at_least(&mut table, "files", FILES_MIN),
            file_size: table.parsed("file_size", str::parse),
            output: table.parsed("output", str::parse),
            stdin: table.parsed("stdin", str::parse),
            grace: span(&mut table, "grace"),
            retention: span(&mut table, "retention"),
        };
        table.finish();
        raw
    }

    pub(super) fn over(self, base: Self) -> Self {
        Self {
            jobs: over(self.jobs, base.jobs),
            queue: over(self.queue, base.queue),
            rate: over(self.rate, base.rate),
            wall: over(self.wall, base.wall),
            idle: over(self.idle, base.idle),
            cpu: over(self.cpu, base.cpu),
            memory: over(self.memory, base.memory),
            processes: over(self.processes, base.processes),
            files: over(self.files, base.files),
            file_size: over(self.file_size, base.file_size),
            output: over(self.output, base.output),
            stdin: over(self.stdin, base.stdin),
            grace: over(self.grace, base.grace),
            retention: over(self.retention, base.retention),
        }
    }

    pub(super) fn finish(self) -> Limits {
        let default = Limits::default();
        Limits {
            jobs: or(self.jobs, default.jobs),
            queue: or(self.queue, default.queue),
            rate: or(self.rate, default.rate),
            wall: or(self.wall, default.wall),
            idle: or(self.idle, default.idle),
            cpu: or(self.cpu, default.cpu),
            memory: or(self.memory, default.memory),
            processes: or(self.processes, default.processes),
            files: or(self.files, default.files),
            file_size: or(self.file_size, default.file_size),
            output: or(self.output, default.output),
            stdin: or(self.stdin, default.stdin),
            grace: or(self.grace, default.grace),
            retention: or(self.retention, default.retention),
        }
    }
}

fn or<T>(written: Option<Spanned<T>>, default: T) -> T {
    written.map_or(default, |written| written.value)
}

fn span(table: &mut Reader<'_, '_>, key: &'static str) -> Option<Spanned<Duration>> {
    table.parsed(key, |text| text.parse::<TimeSpan>().map(|span| span.0))
}

fn at_least(table: &mut Reader<'_, '_>, key: &'static str, least: u64) -> Option<Spanned<u64>> {
    let number = table.whole(key)?;
    if number.value < least {
        let message = format!("`{key}` has the value `{}`", number.value);
        table.findings().error(Code::BadValue, &number, message, &format!("has to be at least {least}"));
        return None;
    }
    Some(number)
}

fn count(table: &mut Reader<'_, '_>, key: &'static str, least: u64) -> Option<Spanned<usize>> {
    let number = at_least(table, key, least)?;
    Some(number.map(|value| usize::try_from(value).unwrap_or(usize::MAX)))
}
