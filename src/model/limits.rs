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
