//! Limits: what one job, and all jobs together, may use.

use std::{fmt, str::FromStr, time::Duration};

use super::size::{ByteSize, TimeSpan};

/// The limits of a policy. A duration of zero means no limit, where the field says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Jobs that run at the same time.
    pub jobs: usize,
    /// Jobs that wait for a place.
    pub queue: usize,
    /// Requests that one principal may make, and in which time; `None` is without a limit.
    pub rate: Option<Rate>,
    /// Wall-clock time of a job; zero is no limit.
    pub wall: Duration,
    /// Time without output or input; zero is no limit.
    pub idle: Duration,
    /// Processor time of one process (RLIMIT_CPU); zero is no limit.
    pub cpu: Duration,
    /// Data segment of one process (RLIMIT_DATA); zero is no limit.
    pub memory: ByteSize,
    /// Processes of the user (RLIMIT_NPROC; root is exempt); zero is no limit.
    pub processes: u64,
    /// Open files of one process (RLIMIT_NOFILE); never zero.
    pub files: u64,
    /// Size of one file (RLIMIT_FSIZE); zero is no limit.
    pub file_size: ByteSize,
    /// Output kept of each stream of a job.
    pub output: ByteSize,
    /// Input that a job may receive in all.
    pub stdin: ByteSize,
    /// Time between SIGTERM and SIGKILL.
    pub grace: Duration,
    /// Time for which a finished job can still be asked about.
    pub retention: Duration,
}

/// So many events in such a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Events.
    pub count: u32,
    /// The window they are counted in.
    pub per: Duration,
}

impl Default for Limits {
    /// What holds where a policy says nothing.
    fn default() -> Self {
        const MINUTE: u64 = 60;
        Self {
            jobs: 10,
            queue: 100,
            rate: Some(Rate { count: 60, per: Duration::from_secs(MINUTE) }),
            wall: Duration::from_secs(30 * MINUTE),
            idle: Duration::ZERO,
            cpu: Duration::from_secs(10 * MINUTE),
            memory: ByteSize(4 << 30),
            processes: 512,
            files: 4096,
            file_size: ByteSize(4 << 30),
            output: ByteSize(10_000_000),
            stdin: ByteSize(1_000_000),
            grace: Duration::from_secs(5),
            retention: Duration::from_secs(60 * MINUTE),
        }
    }
}

impl Limits {
    /// What is left when both hold.
    #[must_use]
    pub fn narrower(self, other: Self) -> Self {
        Self {
            jobs: self.jobs.min(other.jobs),
            queue: self.queue.min(other.queue),
            rate: match (self.rate, other.rate) {
                (Some(one), Some(other)) => Some(one.narrower(other)),
                (one, other) => one.or(other),
            },
            wall: lower(self.wall, other.wall),
            idle: lower(self.idle, other.idle),
            cpu: lower(self.cpu, other.cpu),
            memory: lower(self.memory, other.memory),
            processes: lower(self.processes, other.processes),
            files: self.files.min(other.files),
            file_size: lower(self.file_size, other.file_size),
            output: self.output.min(other.output),
            stdin: self.stdin.min(other.stdin),
            grace: self.grace.min(other.grace),
            retention: self.retention.min(other.retention),
        }
    }
}

/// The lower of two limits, where zero is none.
pub fn lower<T: Ord + Default>(one: T, other: T) -> T {
    let none = T::default();
    match (one == none, other == none) {
        (true, _) => other,
        (_, true) => one,
        (false, false) => one.min(other),
    }
}

impl Rate {
    /// A rate that keeps to both: one of the two where it does, else the smaller count in the longer time.
    fn narrower(self, other: Self) -> Self {
        if self.keeps_to(other) {
            self
        } else if other.keeps_to(self) {
            other
        } else {
            Self { count: self.count.min(other.count), per: self.per.max(other.per) }
        }
    }

    /// Whether whoever keeps to this rate keeps to the other one. The other's time is covered by so many of this one's.
    fn keeps_to(self, other: Self) -> bool {
        let windows = other.per.as_nanos().div_ceil(self.per.as_nanos().max(1));
        windows.saturating_mul(self.count.into()) <= other.count.into()
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let per = TimeSpan(self.per).to_string();
        // One of a unit is written as the unit alone: `60/m`, not `60/1m`.
        match per.strip_prefix('1').filter(|unit| unit.bytes().all(|b| b.is_ascii_alphabetic())) {
            Some(unit) => write!(f, "{}/{unit}", self.count),
            None => write!(f, "{}/{per}", self.count),
        }
    }
}

/// The text was not a rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseRateError;

impl fmt::Display for ParseRateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a rate; write a whole number above zero and a unit of time, such as `60/min` or `5/10s`")
    }
}

impl std::error::Error for ParseRateError {}

impl FromStr for Rate {
    type Err = ParseRateError;

    /// Reads a count and a time: `60/min`, `2/s`, `1000/h`, `5/10s`.
    fn from_str(text: &str) -> Result<Self, ParseRateError> {
        let (count, per) = text.split_once('/').ok_or(ParseRateError)?;
        if !count.bytes().all(|b| b.is_ascii_digit()) {
            return Err(ParseRateError);
        }
        let count: u32 = count.parse().map_err(|_| ParseRateError)?;
        let per = if per.starts_with(|c: char| c.is_ascii_digit()) { per.to_owned() } else { format!("1{per}") };
        let per: TimeSpan = per.parse().map_err(|_| ParseRateError)?;
        if count == 0 || per.0.is_zero() { Err(ParseRateError) } else { Ok(Self { count, per: per.0 }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lower_limit_holds_and_none_is_the_highest() {
        assert_eq!([lower(0, 0), lower(0, 5), lower(5, 0), lower(5, 3)], [0, 5, 5, 3]);
        let one = Limits { wall: Duration::ZERO, grace: Duration::ZERO, rate: None, queue: 0, ..Limits::default() };
        let other = Limits { wall: Duration::from_secs(9), jobs: 2, memory: ByteSize(0), ..Limits::default() };
        let both = one.narrower(other);
        assert_eq!((both.wall, both.grace, both.jobs, both.queue), (Duration::from_secs(9), Duration::ZERO, 2, 0));
        assert_eq!((both.rate, both.memory), (other.rate, one.memory));
        assert_eq!(both, other.narrower(one));
        assert_eq!(one.narrower(one), one);
    }

    #[test]
    fn of_two_rates_both_are_kept() {
        for (one, other, both) in [
            ("60/min", "60/min", "60/m"),
            ("60/min", "30/min", "30/m"),
            ("5/10s", "60/min", "5/10s"),
            ("2/s", "60/min", "2/m"),
            ("1/h", "60/min", "1/h"),
        ] {
            let [one, other] = [one, other].map(|text| text.parse::<Rate>().expect(text));
            assert_eq!(one.narrower(other).to_string(), both, "{one} {other}");
            assert_eq!(other.narrower(one).to_string(), both, "{other} {one}");
        }
    }

    #[test]
    fn rates_read_and_print() {
        for (text, count, seconds, printed) in [
            ("60/min", 60, 60, "60/m"),
            ("2/s", 2, 1, "2/s"),
            ("1000/h", 1000, 3600, "1000/h"),
            ("5/10s", 5, 10, "5/10s"),
        ] {
            let rate = Rate { count, per: Duration::from_secs(seconds) };
            assert_eq!(text.parse(), Ok(rate), "{text}");
            assert_eq!(rate.to_string(), printed);
            assert_eq!(printed.parse(), Ok(rate));
        }
    }

    #[test]
    fn rates_without_sense_are_refused() {
        for text in ["", "60", "/min", "60/", "0/min", "-1/min", "+1/min", "60/0", "60/0s", "1.5/s", "60/fortnight"] {
            assert_eq!(text.parse::<Rate>(), Err(ParseRateError), "{text}");
        }
    }
}
